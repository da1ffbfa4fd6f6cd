/**
 * Real processes: any one or two signers are killed while ECDSA is being signed, and it goes on being signed, by engine C.
 * The auxiliary set-up, which takes minutes to make, is the published one; everything else is as `npm start` has it.
 */
import { deepEqual, equal, ok } from 'node:assert/strict';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { verifyRaw } from '@holdfast/chains/schemes';
import { fromHex } from '@holdfast/contract/wire';
import { openStore } from '@holdfast/signer/store';
import { keepTestAuxiliary } from '@holdfast/testkit/cluster';
import { type AccountFile, Cluster, sdk, until } from '../harness/index.ts';

const hash = '22'.repeat(32);
/** After the kill, on two cores; where more wants to run than there are cores, everything takes so much longer. */
const MS_MAX = { ecdsa: 10_000, frost: 3_000 };
const crowd = () => Math.max(1, (loadavg()[0] ?? 0) / cpus().length);

let cluster: Cluster;
let account: AccountFile;
let ecdsa: { id: string; publicKey: string };
let eddsa: { id: string };

before(async () => {
  const env = { HOLDFAST_AUXILIARY_QUIET: 'off', HOLDFAST_RATE_LIMIT: '0' };
  cluster = await Cluster.start({ env });
  account = cluster.createOrg('acme');
  await cluster.stop();
  for (const n of [1, 2, 3, 4, 5]) await setUp(n);
  await cluster.run(env);
  const { wallets } = sdk(account);
  // Connected to the api is not yet connected to each other.
  await until(
    'the five make a key',
    () =>
      wallets.createWallet({ body: { network: 'KeyECDSA' } }).then(
        () => true,
        () => false,
      ),
    60_000,
  );
  const made = await wallets.createWallet({ body: { network: 'KeyECDSA' } });
  ecdsa = { id: made.id, publicKey: made.signingKey.publicKey };
  eddsa = await wallets.createWallet({ body: { network: 'KeyEdDSA' } });
});
after(async () => {
  await cluster.stop();
  cluster.remove();
});

/** Puts the published set-up where a run of all five would have left it. The signer is stopped. */
async function setUp(n: number): Promise<void> {
  // The signer's own way into its folder; no room but its tests' may have it.
  const config = (await import(new URL('../../../signer/dist/config.js', import.meta.url).href)) as {
    readConfig(env: Record<string, string>): unknown;
    openFolder(config: unknown): Parameters<typeof keepTestAuxiliary>[0] & {
      storeFile: string;
      signerId: Uint8Array;
      keys: { sealKey: Uint8Array; macKey: Uint8Array };
    };
  };
  const folder = config.openFolder(config.readConfig({ HOLDFAST_SIGNER_DIR: join(cluster.dir, `data/signer-${n}`) }));
  const store = openStore({
    file: folder.storeFile,
    signerId: folder.signerId,
    ...folder.keys,
    now: Date.now,
    random: (bytes) => crypto.getRandomValues(new Uint8Array(bytes)),
    point: () => {},
  });
  keepTestAuxiliary({ store, roster: folder.roster, index: folder.index, time: Date.now() });
  store.close();
}

async function signEcdsa(): Promise<void> {
  const made = await sdk(account).wallets.generateSignature({
    walletId: ecdsa.id,
    body: { kind: 'Hash', hash: `0x${hash}` },
  });
  const { r, s } = made.signature ?? { r: '', s: '' };
  equal(made.status, 'Signed');
  ok(
    verifyRaw(
      { algorithm: 'ecdsa', digest: fromHex(hash) },
      { scheme: 'ECDSA', curve: 'secp256k1', publicKey: fromHex(ecdsa.publicKey) },
      { signature: fromHex(`${r}${s}`.replaceAll('0x', '')) },
    ),
  );
}
async function signEddsa(): Promise<void> {
  const made = await sdk(account).wallets.generateSignature({
    walletId: eddsa.id,
    body: { kind: 'Message', message: '0x01' },
  });
  equal(made.status, 'Signed');
}
async function timed(work: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}
async function figures(): Promise<Record<string, number>> {
  const reply = await fetch(`${cluster.apiUrl}/holdfast/cluster`);
  return ((await reply.json()) as { signing: { figures: Record<string, number> } }).signing.figures;
}

for (const killed of [[2], [1, 4]] as const) {
  test(`signer ${killed.join(' and ')} killed while ECDSA is signed: signatures go on, by engine C`, async (t) => {
    const before = await figures();
    const underWay = Promise.allSettled([signEcdsa()]);
    for (const n of killed) await cluster.kill(`signer-${n}`);
    const ms = { ecdsa: await timed(signEcdsa), frost: await timed(signEddsa) };
    const settled = await underWay;

    t.diagnostic(`after the kill: ECDSA ${ms.ecdsa.toFixed(0)} ms, FROST ${ms.frost.toFixed(0)} ms`);
    deepEqual(
      settled.map(({ status }) => status),
      ['fulfilled'],
    );
    ok(((await figures())['c_signed'] ?? 0) > (before['c_signed'] ?? 0));
    ok(ms.ecdsa <= MS_MAX.ecdsa * crowd(), `ECDSA took ${ms.ecdsa} ms`);
    ok(ms.frost <= MS_MAX.frost * crowd(), `FROST took ${ms.frost} ms`);

    for (const n of killed) cluster.startSigner(n);
    await cluster.untilOnline(5);
  });
}

test('when they are back, engine H signs again', async () => {
  const before = (await figures())['h_signed'] ?? 0;
  const deadline = performance.now() + 60_000;
  // The five make a session first; until then C signs.
  while (((await figures())['h_signed'] ?? 0) === before && performance.now() < deadline) await signEcdsa();

  ok(((await figures())['h_signed'] ?? 0) > before);
});
