import { deepEqual, equal, ok, rejects } from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { afterEach, beforeEach, test } from 'node:test';
import { deriveId } from '@holdfast/authority/ids';
import type { Database } from '@holdfast/storage/database';
import type { UserActionGrant } from '../pipeline/types.ts';
import { type Behaviour, type FakeCluster, fakeCluster, ORG } from '../testing/cluster.ts';
import { type TestEnv, testEnv } from '../testing/env.ts';
import { createSigners, type Signers } from './index.ts';

let env: TestEnv;
let cluster: FakeCluster;
let signers: Signers;
let spent = 0;

beforeEach(() => {
  env = testEnv();
  cluster = fakeCluster();
  // Catching up needs a database; that it fails here is logged and harms nothing.
  signers = createSigners({ link: cluster.link, roster: cluster.roster, env, db: {} as Database, ecdsaEngines: ['H'] });
});
afterEach(() => signers.close());

function grant(path: string, body: unknown = {}, method: 'POST' | 'DELETE' = 'POST'): UserActionGrant {
  spent += 1;
  const clientData = Buffer.from(`challenge ${spent}`).toString('base64url');
  return {
    request: { method, path, payload: JSON.stringify(body) },
    assertion: { kind: 'Key', credId: 'Y3JlZA', clientData, signature: 'c2ln' },
    tokens: [1, 2, 3, 4, 5].map((index) => [index, Buffer.alloc(16, index).toString('base64url')] as const),
    challenge: 'challenge',
    nullifier: createHash('sha256').update(clientData).digest(),
  };
}
const key = (given: UserActionGrant) => ({
  org: ORG,
  keyId: deriveId('key', given.nullifier),
  curve: 'ed25519' as const,
});
const refusing =
  (code: string): Behaviour =>
  (command) =>
    command.kind === 'Act' ? { refuse: code } : undefined;
const only =
  (what: 'lost' | 'silent'): Behaviour =>
  (command) =>
    command.kind === 'Act' ? what : undefined;
const acts = () => cluster.commands.filter(({ command }) => command.kind === 'Act');
const create = () => {
  const given = grant('/keys', { scheme: 'EdDSA', curve: 'ed25519' });
  return signers.createKey(given, key(given));
};
const frost = (verifies = () => true) => ({ org: ORG, protocol: 'frost/ed25519', items: 1, verifies }) as const;
const ecdsa = () => ({ ...frost(), protocol: 'ecdsa-h/secp256k1' }) as const;
/** Signs and keeps the clock going, for attempts that wait. */
async function signing(given = grant('/keys/key-x/signatures')) {
  const outcome = signers.sign(given, frost());
  outcome.catch(() => {});
  await env.advance(20_000);
  return outcome;
}
const signed: Behaviour = (command) =>
  command.kind === 'Act' ? { t: 'signatures', signatures: [{ signature: 'ab'.repeat(64) }] } : undefined;
const allSign = () => {
  for (const index of [1, 2, 3, 4, 5]) cluster.behaviours.set(index, signed);
};

test('a key has five statements by five signers over one public key', async () => {
  const made = await create();

  deepEqual(
    made.statements.map(({ index }) => index),
    [1, 2, 3, 4, 5],
  );
  equal(made.publicKey.length, 64);
  equal(new Set(acts().map(({ command }) => 'runNonce' in command && command.runNonce)).size, 1);
});

test('creating and importing need all five: 3 of 5', async () => {
  cluster.setOnline(1, 3, 5);

  await rejects(create(), {
    code: 'E_SIGNERS_UNAVAILABLE',
    message: '3 of 5 signers available, 5 needed',
    status: 503,
  });
  equal(acts().length, 0);
});

test('with two signers nothing works, and the answer is immediate: 2 of 5', async () => {
  cluster.setOnline(1, 2);
  const expected = { code: 'E_SIGNERS_UNAVAILABLE', message: 'not enough signers: 2 of 5 available, 3 needed' };

  await rejects(create(), expected);
  await rejects(signers.sign(grant('/keys/key-x/signatures'), frost()), expected);
  await rejects(signers.sign(grant('/keys/key-x/signatures'), ecdsa()), expected);
  await rejects(signers.exportKey(grant('/keys/key-x/export'), { org: ORG, keyId: 'key-x' }), expected);
});

for (const [what, change] of Object.entries({
  'another public key': { publicKey: '11'.repeat(32) },
  'another epoch': { epoch: '22'.repeat(32) },
  'another key id': { keyId: 'key-other' },
  'a statement by somebody else': { statement: { index: 1, signature: 'A'.repeat(86) } },
})) {
  test(`a key on which one signer states ${what} is no key`, async () => {
    const given = grant('/keys', { scheme: 'EdDSA', curve: 'ed25519' });
    const honest = await signers.createKey(given, key(given));
    cluster.behaviours.set(4, (command) => {
      if (command.kind !== 'Act') return undefined;
      const statement = honest.statements[3];
      return (
        statement && {
          t: 'key',
          keyId: key(given).keyId,
          publicKey: honest.publicKey,
          epoch: honest.epoch,
          statement,
          ...change,
        }
      );
    });

    await rejects(signers.createKey(given, key(given)), { code: 'E_CLUSTER_DISAGREES' });
  });
}

test('a refusal of the request is passed on with who gave it', async () => {
  cluster.behaviours.set(2, refusing('E_KEY_EXISTS'));
  cluster.behaviours.set(3, refusing('E_PEER_GONE'));

  await rejects(create(), { code: 'E_KEY_EXISTS', status: 409, details: { refusedBy: [2] } });
});

test('a FROST signature asks exactly three, and the first that verifies wins', async () => {
  allSign();
  const signatures = await signing();

  equal(signatures.length, 1);
  equal(acts().length, 3);
});

test('a signer that dies is left out of the next attempt, which has a run nonce of its own', async () => {
  allSign();
  cluster.behaviours.set(1, only('lost'));
  cluster.behaviours.set(2, only('lost'));
  for (const index of [3, 4, 5]) {
    cluster.behaviours.set(index, (command) =>
      command.kind === 'Act' && command.participants.some((each) => each < 3) ? 'silent' : signed(command),
    );
  }

  for (let k = 0; k < 10; k += 1) await signing();

  const byNonce = new Map(acts().map(({ command }) => ['runNonce' in command ? command.runNonce : '', command]));
  for (const command of byNonce.values()) ok('participants' in command && command.participants.length === 3);
  const attempts = env.lines.filter(({ event }) => event === 'sign.attempt');
  ok(attempts.length > 0 && attempts.every(({ facts }) => Number(facts['attempt']) <= 2));
});

/** Signers that have not met: those that are asked miss others which are connected here. */
const alone =
  (until: () => boolean): Behaviour =>
  (command) => {
    if (command.kind !== 'Act') return undefined;
    return until() ? signed(command) : { refuse: 'E_PEER_GONE', details: { missing: '1,2,3,4,5' } };
  };

test('signers that have just started and not met yet are waited for, and then sign', async () => {
  for (const index of [1, 2, 3, 4, 5])
    cluster.behaviours.set(
      index,
      alone(() => env.now() >= started + 1_400),
    );
  const started = env.now();

  equal((await signing()).length, 1);

  // Within what signers take of one request.
  ok(new Set(acts().map(({ command }) => ('runNonce' in command ? command.runNonce : ''))).size <= 10);
});

test('signers that go on missing each other are a busy cluster, within two seconds; one that is gone is not waited for', async () => {
  for (const index of [1, 2, 3, 4, 5])
    cluster.behaviours.set(
      index,
      alone(() => false),
    );
  const started = env.now();
  let endedAt = 0;
  const outcome = signers.sign(grant('/keys/key-x/signatures'), frost());
  outcome.catch(() => {
    endedAt = env.now();
  });
  for (let k = 0; k < 100; k += 1) await env.advance(100);
  await rejects(outcome, { code: 'E_CLUSTER_BUSY', status: 503 });
  ok(endedAt - started <= 3_000, `${endedAt - started} ms`);

  // Signer 5 is connected to nobody: who misses it says so, and there is nothing to wait for.
  cluster.setOnline(1, 2, 3);
  for (const index of [1, 2, 3])
    cluster.behaviours.set(index, (command) =>
      command.kind === 'Act' ? { refuse: 'E_PEER_GONE', details: { missing: '5' } } : undefined,
    );
  cluster.commands.length = 0;
  await rejects(signing(), { code: 'E_PEER_GONE' });
  equal(acts().length, 9);
});

test('signers that waited for each other in their runs have met: no round more, however long they are silent', async () => {
  const usual = cluster.link.send.bind(cluster.link);
  const late: FakeCluster['link']['send'] = async (...sent) => {
    const reply = await usual(...sent);
    await new Promise<void>((resolve) => void env.setTimer(4_000, resolve));
    return reply;
  };
  Object.assign(cluster.link, { send: late });
  for (const index of [1, 2, 3, 4, 5])
    cluster.behaviours.set(
      index,
      alone(() => false),
    );

  await rejects(signing(), { code: 'E_PEER_GONE' });

  equal(acts().length, 9);
});

test('signers that came after the challenge was made: 503 to sign again; one that the challenge names and that refuses it: 403', async () => {
  // ECDSA by five, and by them alone.
  for (const index of [1, 2, 3, 4, 5]) cluster.push(index, { v: 1, push: 'Session', session: 'ab'.repeat(32) });
  for (const index of [1, 2, 3]) cluster.behaviours.set(index, refusing('E_PEER_GONE'));
  for (const index of [4, 5]) cluster.behaviours.set(index, refusing('E_CHALLENGE_STALE'));
  const given = grant('/keys/key-x/signatures');
  const ask = async (tokens: typeof given.tokens) => {
    const outcome = signers.sign({ ...given, tokens }, ecdsa());
    outcome.catch(() => {});
    await env.advance(20_000);
    return outcome;
  };

  await rejects(ask(given.tokens.slice(0, 3)), { code: 'E_CLUSTER_BUSY', status: 503 });
  await rejects(ask(given.tokens.slice(0, 4)), { code: 'E_CHALLENGE_STALE', status: 403 });
  await rejects(ask(given.tokens), { code: 'E_CHALLENGE_STALE', status: 403 });
});

test('a signature that does not verify is never answered', async () => {
  allSign();

  await rejects(
    async () => {
      const outcome = signers.sign(
        grant('/keys/key-x/signatures'),
        frost(() => false),
      );
      outcome.catch(() => {});
      await env.advance(20_000);
      return outcome;
    },
    { code: 'E_CLUSTER_DISAGREES' },
  );
  equal(acts().length, 9);
});

test('three signers that refuse end the request; two may be lying and do not', async () => {
  for (const index of [1, 2, 3, 4, 5]) cluster.behaviours.set(index, refusing('E_KEY_EXPORTED'));
  await rejects(signing(), { code: 'E_KEY_EXPORTED', status: 400 });
  equal(acts().length, 3);

  allSign();
  cluster.behaviours.set(1, refusing('E_KEY_EXPORTED'));
  cluster.behaviours.set(2, refusing('E_KEY_EXPORTED'));
  for (let k = 0; k < 5; k += 1) equal((await signing()).length, 1);
});

test('ECDSA waits for one session that all five hold', async () => {
  allSign();
  const given = grant('/keys/key-x/signatures');
  const outcome = signers.sign(given, ecdsa());
  for (const index of [1, 2, 3, 4]) cluster.push(index, { v: 1, push: 'Session', session: 'aa'.repeat(32) });
  cluster.push(5, { v: 1, push: 'Session', session: 'bb'.repeat(32) });
  await env.advance(100);
  equal(acts().length, 0);

  cluster.push(5, { v: 1, push: 'Session', session: 'aa'.repeat(32) });
  await outcome;

  equal(acts().length, 5);
  ok(acts().every(({ command }) => 'session' in command && command.session === 'aa'.repeat(32)));
});

test('without a common session ECDSA says so', async () => {
  const outcome = signers.sign(grant('/keys/key-x/signatures'), ecdsa());
  outcome.catch(() => {});
  await env.advance(10_000);

  await rejects(outcome, { code: 'E_CLUSTER_BUSY', status: 503 });
});

test('keeps the latest token of each signer and forgets it when the signer leaves', () => {
  const token = (fill: number) => Buffer.alloc(16, fill).toString('base64url');
  cluster.push(2, { v: 1, push: 'Token', token: token(1) });
  cluster.push(2, { v: 1, push: 'Token', token: token(2) });
  cluster.push(4, { v: 1, push: 'Token', token: token(3) });
  deepEqual(signers.tokens(), [
    [2, token(2)],
    [4, token(3)],
  ]);

  cluster.setOnline(1, 3, 4, 5);
  cluster.setOnline(1, 2, 3, 4, 5);

  deepEqual(signers.tokens(), [[4, token(3)]]);
});

test('an export comes back with three shares at least, each marked by its signer', async () => {
  const given = grant('/keys', { scheme: 'EdDSA', curve: 'ed25519' });
  const { keyId } = key(given);
  await signers.createKey(given, key(given));
  cluster.setOnline(1, 2, 4);
  const { shares, marks } = await signers.exportKey(grant(`/keys/${keyId}/export`), { org: ORG, keyId });

  deepEqual(
    shares.map(({ index }) => index),
    [1, 2, 4],
  );
  equal(marks.length, 3);
});

test('acknowledgements that do not verify, or of another head, do not count', async () => {
  const head = Buffer.alloc(32, 1).toString('base64url');
  const other = Buffer.alloc(32, 2).toString('base64url');
  for (const index of [1, 2, 3]) {
    cluster.behaviours.set(index, (command) =>
      command.kind === 'Act' ? cluster.ack(index, { org: ORG, height: 1, head }) : undefined,
    );
  }
  cluster.behaviours.set(4, (command) =>
    command.kind === 'Act' ? cluster.ack(4, { org: ORG, height: 1, head: other }) : undefined,
  );
  // Signer 5 passes on what signer 1 signed.
  cluster.behaviours.set(5, (command) =>
    command.kind === 'Act' ? cluster.ack(1, { org: ORG, height: 1, head }) : undefined,
  );

  const { acks } = await signers.govern(ORG, grant('/auth/users'));

  deepEqual(
    acks.map(({ index }) => index),
    [1, 2, 3],
  );
});

test('import keys that are not signed by their signer are not handed out', async () => {
  equal((await signers.importKeys()).length, 5);

  cluster.behaviours.set(3, (command) =>
    command.kind === 'ImportKey'
      ? {
          t: 'importKey',
          encryptionKey: Buffer.alloc(34, 1).toString('base64'),
          encryptionKeySignature: Buffer.alloc(64).toString('base64'),
          expires: '2026-11-20T10:00:00.000Z',
        }
      : undefined,
  );
  await rejects(signers.importKeys(), { code: 'E_CLUSTER_DISAGREES' });
});

test('silence of all is answered as not knowing', async () => {
  for (const index of [1, 2, 3, 4, 5]) cluster.behaviours.set(index, only('lost'));

  await rejects(create(), { code: 'E_CLUSTER_TIMEOUT', status: 503 });
});
