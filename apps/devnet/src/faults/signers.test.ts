/**
 * kill −9 of signers, with real processes. Two may die: FROST goes on, the rest says plainly what it waits for. A third
 * may die: everything says so at once. They come back: nothing is lost, nothing missing, nothing resumed.
 */
import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { after, before, beforeEach, test } from 'node:test';
import { newWalletExportContext } from '@holdfast/client/key-export';
import { type AccountFile, until } from '../harness/index.ts';
import { type Answer, Caller, codeOf, good, messageOf } from './caller.ts';
import { everyFolder, Pieces } from './pieces.ts';
import { recordPoints } from './points.ts';
import {
  askSignature,
  createWallet,
  importBody,
  type KindName,
  kinds,
  newPrivateKey,
  signs,
  verifySignature,
  type Wallet,
  walletIn,
} from './wallets.ts';

let pieces: Pieces;
let account: AccountFile;
let caller: Caller;
let admin: Caller;
const wallets = {} as Record<KindName, Wallet>;

before(async () => {
  pieces = await Pieces.found();
  await pieces.startApi({ online: 5 });
  account = await pieces.createOrg('Acme');
  caller = new Caller(account);
  admin = new Caller(account, account.admin);
  for (const kind of ['ed25519', 'bip340', 'ecdsa'] as const) wallets[kind] = await createWallet(caller, kind);
});
// Whatever the test before left: five signers, none of them armed.
beforeEach(async () => {
  await start(...everyFolder.filter((n) => !pieces.isSignerRunning(n)));
});
after(async () => {
  await pieces.stop();
  pieces.remove();
});

const pairs = everyFolder.flatMap((a) => everyFolder.filter((b) => b > a).map((b) => [a, b] as const));
const frost = ['ed25519', 'bip340'] as const;

async function kill(...folders: readonly number[]): Promise<void> {
  const before = await pieces.online();
  await Promise.all(folders.map((n) => pieces.killSigner(n)));
  await pieces.untilOnline(before - folders.length);
}

async function start(...folders: readonly number[]): Promise<void> {
  for (const n of folders) pieces.startSigner(n);
  await pieces.untilOnline(everyFolder.filter((n) => pieces.isSignerRunning(n)).length);
}

function unavailable(answer: Answer, message: string): void {
  deepEqual([answer.status, codeOf(answer), messageOf(answer)], [503, 'E_SIGNERS_UNAVAILABLE', message]);
  match(answer.headers.get('retry-after') ?? '', /^[1-9][0-9]*$/);
}

/** Once every act that asks five signers for something; export and records ask three. */
function needsFive(prepared: object): readonly Promise<Answer>[] {
  return [
    askSignature(caller, wallets.ecdsa),
    ...Object.values(kinds).map(({ create }) => caller.act('POST', '/wallets', create)),
    caller.act('POST', '/keys', { scheme: 'EdDSA', curve: 'ed25519' }),
    caller.act('POST', '/wallets/import', prepared),
    caller.read('/signers'),
  ];
}

function needsThree(): readonly Promise<Answer>[] {
  const conf = newWalletExportContext().getConf();
  const { keyId } = wallets.ed25519;
  return [
    ...frost.map((kind) => askSignature(caller, wallets[kind])),
    caller.act('POST', `/keys/${keyId}/export`, conf),
    admin.act('DELETE', `/keys/${keyId}`),
    caller.act('POST', '/wallets', { network: 'KeyEdDSA', signingKey: { id: keyId } }),
    admin.act('PUT', `/orgs/${account.orgId}/settings`, { keyImport: true }),
  ];
}

test('any two signers killed: FROST signs, the rest answers what it needs; started again, everything works', async () => {
  const prepared = await importBody(caller, 'ed25519', newPrivateKey());
  for (const [a, b] of pairs) {
    await kill(a, b);

    for (const kind of frost) await signs(caller, wallets[kind]);
    for (const answer of needsFive(prepared)) unavailable(await answer, '3 of 5 signers available, 5 needed');

    await start(a, b);
    await until(`five hold a session after ${a} and ${b} came back`, async () => pieces.hasSession(), 20_000);
    await signs(caller, wallets.ecdsa);
  }
});

test('a third one killed while requests are under way: each ends within 5 s, then 503 at once, reading goes on', async () => {
  const prepared = await importBody(caller, 'bip340', newPrivateKey());
  await kill(1, 2);

  const underWay = Array.from({ length: 6 }, (_, k) => askSignature(caller, wallets[frost[k % 2] ?? 'ed25519']));
  await pieces.killSigner(3);
  for (const answer of await Promise.all(underWay)) {
    ok(answer.status === 200 || answer.status === 503, answer.text);
    ok(answer.ms < 5_000, `answered after ${answer.ms} ms`);
  }
  await pieces.untilOnline(2);

  for (const pending of [...needsFive(prepared), ...needsThree()]) {
    const answer = await pending;
    unavailable(answer, 'not enough signers: 2 of 5 available, 3 needed');
    ok(answer.ms < 5_000, `answered after ${answer.ms} ms`);
  }
  equal(good(await caller.read(`/wallets/${wallets.ed25519.id}`)).body.status, 'Active');

  await start(1);
  for (const kind of frost) await signs(caller, wallets[kind]);
  await start(2, 3);
  await until('five hold a session', async () => pieces.hasSession(), 20_000);
  await signs(caller, wallets.ecdsa);
});

test('the first signatures after everything was started: made, or 503 with the time to wait, and made then', async () => {
  await Promise.all(everyFolder.map((n) => pieces.killSigner(n)));
  await pieces.killApi();
  await pieces.startApi({ online: 0 });
  for (const n of everyFolder) pieces.startSigner(n);
  await until('three are connected here', async () => (await pieces.online()) >= 3, 20_000);

  // Whether they have met each other, nobody has asked yet.
  const first = await Promise.all([...frost, 'ecdsa' as const].map((kind) => askSignature(caller, wallets[kind])));

  for (const [k, answer] of first.entries()) {
    const wallet = wallets[[...frost, 'ecdsa' as const][k] ?? 'ecdsa'];
    ok(answer.ms < 10_000, `answered after ${answer.ms} ms`);
    if (answer.status === 200) {
      verifySignature(wallet, answer);
      continue;
    }
    deepEqual([answer.status, answer.headers.get('retry-after')], [503, '5'], answer.text);
    ok(['E_SIGNERS_UNAVAILABLE', 'E_CLUSTER_BUSY'].includes(codeOf(answer) ?? ''), answer.text);
  }
  await until('five hold a session', async () => pieces.hasSession(), 20_000);
  for (const kind of [...frost, 'ecdsa'] as const) await signs(caller, wallets[kind]);
});

test('what happened while two were down is made up for when they are back, and they act on it', async () => {
  const [exported, deleted, base] = [
    await createWallet(caller, 'ed25519'),
    await createWallet(caller, 'ed25519'),
    await createWallet(caller, 'ed25519'),
  ];
  await kill(1, 2);
  const context = newWalletExportContext();
  const reply = good(await caller.act('POST', `/wallets/${exported.id}/export`, context.getConf())).body;
  equal(context.recoverSecretKey(reply).length, 32);
  good(await admin.act('DELETE', `/keys/${deleted.keyId}`));
  const further = walletIn(
    await caller.act('POST', '/wallets', { network: 'KeyEdDSA', signingKey: { id: base.keyId } }),
    'ed25519',
  );
  const robot = await serviceAccount('made while two signers were down');

  await start(1, 2);

  await until('the stores of both show all of it', async () => [1, 2].every(knows), 15_000);
  function knows(n: number): boolean {
    const marks = pieces.rows<{ keyId: string; exported: number; archived: number }>(
      n,
      'select keyId, exported, archived from keys',
    );
    const key = (id: string) => marks.find(({ keyId }) => keyId === id);
    const made = pieces.rows<{ walletId: string }>(n, 'select walletId from wallets');
    return (
      headsOf(n) === headsOf(5) &&
      key(exported.keyId)?.exported === 1 &&
      key(deleted.keyId)?.archived === 1 &&
      made.some(({ walletId }) => walletId === further.id)
    );
  }
  // Without two of the others both must take part: on the new wallet, on the word of the new account.
  await kill(3, 4);
  await signs(robot, further);
  equal(codeOf(await askSignature(robot, exported)), 'E_KEY_EXPORTED');
  equal(codeOf(await askSignature(robot, deleted)), 'E_KEY_INACTIVE');
  await start(3, 4);
});

test('a signer that is up to date is told once: its journal does not grow while nothing happens', async () => {
  const before = everyFolder.map(caughtUp);

  // Coming back makes the api look at all it knows of this signer, which was brought up before.
  await kill(1);
  await start(1);
  await until('five hold a session', async () => pieces.hasSession(), 20_000);
  await signs(caller, wallets.ecdsa);

  deepEqual(everyFolder.map(caughtUp), before);
});

const headsOf = (n: number): string =>
  JSON.stringify(pieces.rows(n, 'select org, height, hex(head) as head, committed from log order by org, height'));
const caughtUp = (n: number): number =>
  pieces.rows<{ facts: string }>(n, `select facts from journal where event like 'record.%'`).length;

async function serviceAccount(name: string): Promise<Caller> {
  const pair = generateKeyPairSync('ed25519');
  const { items } = good(await admin.read('/permissions')).body as { items: { id: string; name: string }[] };
  const made = good(
    await admin.act('POST', '/auth/service-accounts', {
      name,
      publicKey: pair.publicKey.export({ type: 'spki', format: 'pem' }),
      permissionId: items.find((each) => each.name === 'ManagedKeyUser')?.id,
    }),
  ).body;
  return new Caller(account, {
    userId: made.userInfo.userId,
    credentialId: made.accessTokens[0].credId,
    authToken: made.accessTokens[0].accessToken,
    privateKey: pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  });
}

// ── crash points ────────────────────────────────────────────────────────────────────────────────────────────────

let armed = 0;

/**
 * One signer, armed for the nth passage of a point, with the other four; with five, the session is up as well. It may
 * come straight from its last death: what it missed is then shown to it, which may kill it again, and is waited for.
 */
async function arm(n: number, crashAt: string, o: { readonly session: boolean }): Promise<void> {
  // A signer takes part in so many set-ups of a session a minute and no more; a new process counts anew.
  armed += 1;
  if (o.session && armed % 4 === 0) await pieces.restartSigners();
  for (let attempt = 1; attempt <= 5; attempt += 1) {
    await pieces.killSigner(n);
    pieces.startSigner(n, { crashAt });
    await until(
      `signer ${n} is ready for ${crashAt}`,
      async () =>
        !pieces.isSignerRunning(n) || ((await pieces.online()) === running() && (!o.session || pieces.hasSession())),
      30_000,
    );
    if (pieces.isSignerRunning(n)) return;
    await pieces.killSigner(n);
    await start(n);
    await until(`signer ${n} holds every key that others hold`, async () => lacks(n).length === 0, 15_000);
    if (o.session) await until('five hold a session', async () => pieces.hasSession(), 20_000);
  }
  throw new Error(`signer ${n} dies of ${crashAt} before anything is asked`);
}

/** Keys that wait for their certificate at this signer and for nothing at another. */
function lacks(n: number): readonly string[] {
  const keysOf = (at: number, state: string) =>
    pieces
      .rows<{ keyId: string }>(at, `select keyId from keys where activeEpoch is ${state}`)
      .map(({ keyId }) => keyId);
  const active = new Set(keysOf((n % 5) + 1, 'not null'));
  return keysOf(n, 'null').filter((id) => active.has(id));
}

const running = () => everyFolder.filter((n) => pieces.isSignerRunning(n)).length;

async function disarm(n: number): Promise<void> {
  await pieces.killSigner(n);
  await start(n);
  await until('five hold a session', async () => pieces.hasSession(), 20_000);
}

test('FROST: a signer killed at any point of a signature costs a retry, not the signature', async () => {
  const points = await recordPoints();
  // With four there is no session whose set-up would pass the same points.
  await kill(5);
  for (const kind of frost) {
    ok(points[kind].length >= 4, `points of ${kind}: ${points[kind].join(', ')}`);
    for (const [k, point] of points[kind].entries()) {
      const n = (k % 4) + 1;
      await arm(n, `${point}:1`, { session: false });

      // Three of four are drawn each time: sooner or later the armed one is among them.
      for (let drawn = 0; pieces.isSignerRunning(n); drawn += 1) {
        ok(drawn < 30, `signer ${n} never passed ${point}`);
        const ms = await signs(caller, wallets[kind]);
        ok(ms < 3_000, `killed at ${point}: signed after ${ms.toFixed(0)} ms`);
      }
      equal(await pieces.signerEnded(n), 'SIGKILL');
      await start(n);
    }
  }
  await start(5);
});

test('derivation: two signers killed at any point cost nobody the output', async () => {
  const { derive: points } = await recordPoints();
  ok(points.length >= 3, `points of a derivation: ${points.join(', ')}`);
  const key = good(await admin.act('POST', '/keys', { scheme: 'DH', curve: 'secp256k1' })).body;
  const derive = () => admin.act('POST', `/keys/${key.id}/derive`, { domain: '0x01', seed: '0x02' });
  const { output } = good(await derive()).body;
  for (const [k, point] of points.entries()) {
    const victims = [(k % 5) + 1, ((k + 2) % 5) + 1];
    for (const n of victims) await arm(n, `${point}:1`, { session: false });
    const started = performance.now();

    equal(good(await derive()).body.output, output, point);

    const ms = performance.now() - started;
    ok(ms < 3_000, `killed at ${point}: derived after ${ms.toFixed(0)} ms`);
    for (const n of victims) equal(await pieces.signerEnded(n), 'SIGKILL', point);
    await start(...victims);
  }
});

test('ECDSA: a signer killed at any point is a clear error or a signature; restarted, it signs', async () => {
  const { ecdsa, session } = await recordPoints();
  const n = 4;
  for (const point of ecdsa) {
    await arm(n, `${point}:${(session.get(point) ?? 0) + 1}`, { session: true });

    const answer = await askSignature(caller, wallets.ecdsa);

    equal(await pieces.signerEnded(n), 'SIGKILL', point);
    if (answer.status === 200) verifySignature(wallets.ecdsa, answer);
    else clearError(answer, point);
  }
  await start(n);
  await until('five hold a session', async () => pieces.hasSession(), 20_000);
  await signs(caller, wallets.ecdsa);
});

test('a signer killed at any point of setting up a session: the next start sets one up', async () => {
  const { session } = await recordPoints();
  await pieces.restartSigners();
  for (const point of session.keys()) {
    await pieces.killSigner(2);
    pieces.startSigner(2, { crashAt: `${point}:1` });
    equal(await pieces.signerEnded(2), 'SIGKILL', point);
  }
  await disarm(2);
  await signs(caller, wallets.ecdsa);
});

for (const { name, kind, request } of [
  { name: 'create', kind: 'ecdsa', request: async () => ['/wallets', kinds.ecdsa.create] as const },
  { name: 'import', kind: 'ed25519', request: importRequest },
] as const) {
  test(`${name}: a signer killed at any point leaves a whole key that signs, or nothing that shows`, async () => {
    const points = await recordPoints();
    const before = await walletIds();
    const shown = async () => (await walletIds()).filter((id) => !before.includes(id));
    const victim = 3;
    /** The request, for signers of which one is armed: it may die while they are asked for their keys. */
    const prepared = async (crashAt: string, secret: Uint8Array) => {
      for (let attempt = 1; ; attempt += 1) {
        await arm(victim, crashAt, { session: true });
        try {
          return await request(secret);
        } catch (error) {
          if (pieces.isSignerRunning(victim) || attempt === 5) throw error;
        }
      }
    };
    const acknowledged: Wallet[] = [];
    const unanswered: Uint8Array[] = [];
    for (const point of points[name]) {
      const secret = newPrivateKey();
      const [path, body] = await prepared(`${point}:${(points.session.get(point) ?? 0) + 1}`, secret);

      const answer = await caller.act('POST', path, body);

      equal(await pieces.signerEnded(victim), 'SIGKILL', point);
      if (answer.status === 200) acknowledged.push(walletIn(answer, kind));
      else {
        clearError(answer, point);
        unanswered.push(secret);
      }
    }
    await start(victim);
    // The one that missed the end is brought up by itself.
    for (const wallet of acknowledged) await untilUsable(victim, wallet);
    await until('five hold a session', async () => pieces.hasSession(), 20_000);

    // What the five had made before the end shows once they can tell of it, and it is whole.
    if (name === 'import') {
      for (const secret of unanswered) {
        const [path, body] = await request(secret);
        const again = await caller.act('POST', path, body);
        if (again.status !== 200) equal(codeOf(again), 'E_KEY_EXISTS', again.text);
      }
      // Each private key came in once, however often it was sent.
      equal((await shown()).length, points[name].length);
    }
    const ids = await shown();
    deepEqual(
      acknowledged.filter(({ id }) => !ids.includes(id)),
      [],
    );
    ok(ids.length <= points[name].length);
    for (const id of ids) await signs(caller, walletIn(await caller.read(`/wallets/${id}`), kind));
  });
}

async function importRequest(secret: Uint8Array) {
  return ['/wallets/import', await importBody(caller, 'ed25519', secret)] as const;
}

/** What went wrong at the signers is not the caller's fault and may be tried again. */
function clearError(answer: Answer, point: string): void {
  equal(answer.status, 503, `${point}: ${answer.text}`);
  match(codeOf(answer) ?? '', /^E_[A-Z_]+$/);
  match(answer.headers.get('retry-after') ?? '', /^[1-9][0-9]*$/);
}

async function walletIds(): Promise<readonly string[]> {
  const { items } = good(await caller.read('/wallets?limit=100')).body as { items: { id: string }[] };
  return items.map(({ id }) => id).reverse();
}

async function untilUsable(n: number, { keyId }: Wallet): Promise<void> {
  const isActive = () =>
    pieces.rows(n, `select 1 from keys where keyId = '${keyId}' and activeEpoch is not null`).length === 1;
  await until(`signer ${n} holds ${keyId}`, async () => isActive(), 15_000);
}

test('no run was ever resumed: every execution id was started once, none after a restart', () => {
  for (const n of everyFolder) {
    const rows = pieces.rows<{ event: string; facts: string }>(n, 'select event, facts from journal order by seq');
    ok(rows.filter(({ event }) => event === 'signer.started').length > 1);
    const started = rows.flatMap(({ facts }) => {
      const { execId, execIds } = JSON.parse(facts) as { execId?: string; execIds?: string };
      return [...(execId === undefined ? [] : [execId]), ...(execIds?.split(',') ?? [])];
    });
    equal(new Set(started).size, started.length, `signer ${n}`);
    const burnt = pieces.rows<{ id: string }>(n, 'select lower(hex(execId)) as id from executions');
    const known = new Set(burnt.map(({ id }) => id));
    deepEqual(
      started.filter((id) => !known.has(id)),
      [],
      `signer ${n}: what was started is burnt`,
    );
  }
});
