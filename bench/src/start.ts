/**
 * Row 12: from spawning every process of a stopped system to the first signature that verifies, with many keys in the
 * vault of each signer and without. Processes are cold; the files are as warm as the machine keeps them.
 */
import { execFile } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { verifyRaw } from '@holdfast/chains/schemes';
import { fromHex } from '@holdfast/contract/wire';
import { type AccountFile, Cluster, type Engine, sdk, until } from '@holdfast/devnet/harness';
import { cpuOfProcesses, memoryOf, type Row, row } from './measure.ts';

const KEYS = Number(process.env['HOLDFAST_BENCH_KEYS'] ?? 100_000);
const STARTS = 3;
const SIGNERS = ['1', '2', '3', '4', '5'] as const;
const MIB = 2 ** 20;
const environment = { HOLDFAST_RATE_LIMIT: '0' };
const run = promisify(execFile);

export async function coldStart(engine: Engine): Promise<Row[]> {
  const cluster = await Cluster.start({ engine, env: environment });
  try {
    const account = cluster.createOrg('Bench');
    const wallet = await sdk(account).wallets.createWallet({ body: { network: 'KeyEdDSA' } });
    const { id: keyId, publicKey } = wallet.signingKey;
    const target = { cluster, account, walletId: wallet.id, publicKey };
    const empty = await starts(target, { count: STARTS, what: `1 key, ${engine}` });
    await fill(cluster, keyId);
    // Nobody has read these journals yet, as after a process that died before it had.
    const unread = await starts(target, { count: 1, what: `${KEYS} keys, journals not read before, ${engine}` });
    const full = await starts(target, { count: STARTS, isBehind: true, what: `${KEYS} keys, ${engine}` });
    const store = statSync(join(cluster.dir, 'data/signer-1/store.sqlite')).size / MIB;
    return [...empty, ...unread, ...full, row(`12 … the store of a signer, ${KEYS} keys, ${engine}`, 'MB', [store])];
  } finally {
    await cluster.stop();
    cluster.remove();
  }
}

interface Target {
  readonly cluster: Cluster;
  readonly account: AccountFile;
  readonly walletId: string;
  readonly publicKey: string;
}

/** Leaves the system stopped, after every signer has read its journal. */
async function starts(
  target: Target,
  o: { readonly count: number; readonly what: string; readonly isBehind?: true },
): Promise<Row[]> {
  const { cluster } = target;
  const { what } = o;
  const [online, signed, cpu, memory]: number[][] = [[], [], [], []] as const;
  await cluster.stop();
  for (let k = 0; k < o.count; k += 1) {
    console.log(`load before the start: ${loadavg()[0]?.toFixed(1)}`);
    const behind = journalsRead(cluster);
    const start = performance.now();
    await cluster.run(environment);
    online?.push(performance.now() - start);
    // Signers that the api can reach may still be on their way to each other: asked again until there is a signature.
    let isSigned = false;
    while (!isSigned) isSigned = await signOnce(target).then(() => true, isTooEarly);
    signed?.push(performance.now() - start);
    const signers = Object.entries(cluster.processes()).flatMap(([name, pid]) => (name === 'api' ? [] : [pid]));
    for (const pid of signers) {
      cpu?.push(cpuOfProcesses([pid]));
      memory?.push(memoryOf(pid));
    }
    // One that is stopped earlier reads everything at its next start.
    if (o.isBehind) await until('the journals are read', async () => journalsRead(cluster) >= behind + 5, 600_000);
    await cluster.stop();
  }
  return [
    row(`12 start to five signers connected, ${what}`, 'ms', online ?? []),
    row(`12 start to the first verified signature, ed25519, ${what}`, 'ms', signed ?? []),
    row(`12 … CPU of a signer until then, ${what}`, 'ms', cpu ?? []),
    row(`12 … memory of a signer then, ${what}`, 'MB', memory ?? []),
  ];
}

function isTooEarly(error: { readonly httpStatus?: number }): false {
  if (error.httpStatus === 503) return false;
  throw error;
}

function journalsRead(cluster: Cluster): number {
  const logs = SIGNERS.map((n) => readFileSync(join(cluster.dir, `data/logs/signer-${n}.log`), 'utf8'));
  return logs.reduce((sum, log) => sum + log.split('"event":"journal.read"').length - 1, 0);
}

async function signOnce({ account, walletId, publicKey }: Target): Promise<void> {
  const message = '00'.repeat(32);
  const made = await sdk(account).wallets.generateSignature({
    walletId,
    body: { kind: 'Message', message: `0x${message}` },
  });
  const { r, s } = made.signature ?? { r: '', s: '' };
  const holds = verifyRaw(
    { algorithm: 'eddsa', message: fromHex(message) },
    { scheme: 'EdDSA', curve: 'ed25519', publicKey: fromHex(publicKey) },
    { signature: fromHex(`${r}${s}`.replaceAll('0x', '')) },
  );
  if (!holds) throw new Error('the first signature does not verify');
}

/** As many signers at a time as there are cores. */
async function fill(cluster: Cluster, keyId: string): Promise<void> {
  const script = fileURLToPath(new URL('fill-vault.js', import.meta.url));
  const start = performance.now();
  const left: string[] = [...SIGNERS];
  await Promise.all(
    cpus().map(async () => {
      for (let n = left.shift(); n !== undefined; n = left.shift())
        await run(process.execPath, [script, join(cluster.dir, 'data'), n, keyId, String(KEYS)]);
    }),
  );
  console.log(`filled five vaults with ${KEYS} keys each in ${((performance.now() - start) / 1000).toFixed(0)} s`);
}
