import { deepEqual, equal, ok, rejects } from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { afterEach, beforeEach, test } from 'node:test';
import { toHex } from '@holdfast/contract/wire';
import type { Database } from '@holdfast/storage/database';
import type { UserActionGrant } from '../pipeline/types.ts';
import { type Behaviour, type FakeCluster, fakeCluster } from '../testing/cluster.ts';
import { type TestEnv, testEnv } from '../testing/env.ts';
import { createSigners, type Signers } from './index.ts';

let env: TestEnv;
let cluster: FakeCluster;
let signers: Signers;
let spent = 0;

beforeEach(() => {
  env = testEnv();
  cluster = fakeCluster();
  signers = createSigners({ link: cluster.link, roster: cluster.roster, env, db: {} as Database });
});
afterEach(() => signers.close());

const payload = JSON.stringify({ domain: '0x01', seed: '0x02' });
const right = createHash('sha256').update(`key-x ${payload}`).digest('hex');
const wrong = (fill: number): string => toHex(new Uint8Array(32).fill(fill));

function grant(): UserActionGrant {
  spent += 1;
  const clientData = Buffer.from(`derivation ${spent}`).toString('base64url');
  return {
    request: { method: 'POST', path: '/keys/key-x/derive', payload },
    assertion: { kind: 'Key', credId: 'Y3JlZA', clientData, signature: 'c2ln' },
    tokens: [1, 2, 3, 4, 5].map((index) => [index, Buffer.alloc(16, index).toString('base64url')] as const),
    challenge: 'challenge',
    nullifier: createHash('sha256').update(clientData).digest(),
  };
}
const onAct =
  (answer: ReturnType<Behaviour>): Behaviour =>
  (command) =>
    command.kind === 'Act' ? answer : undefined;
const saying = (output: string): Behaviour => onAct({ t: 'output', output, culprits: [] });
const acts = () =>
  cluster.commands.flatMap(({ index, command }) => (command.kind === 'Act' ? [{ index, command }] : []));
/** Derives and keeps the clock going, for attempts that wait. */
async function deriving(): Promise<string> {
  const outcome = signers.derive(grant());
  outcome.catch(() => {});
  await env.advance(20_000);
  return toHex(await outcome);
}

test('everybody who is there takes part, and three equal outputs are the answer', async () => {
  equal(await deriving(), right);

  deepEqual(acts()[0]?.command.participants, [1, 2, 3, 4, 5]);
});

test('two lying signers, silent ones and lost ones change nothing', async () => {
  const ways: [number, Behaviour][][] = [
    [
      [1, saying(wrong(1))],
      [2, saying(wrong(1))],
    ],
    [
      [1, saying(wrong(1))],
      [5, saying(wrong(2))],
    ],
    [
      [3, onAct('silent')],
      [4, onAct('lost')],
    ],
    [
      [1, onAct({ refuse: 'E_CHALLENGE_STALE' })],
      [2, saying(wrong(3))],
    ],
  ];
  for (const behaviours of ways) {
    cluster.behaviours.clear();
    for (const [index, behaviour] of behaviours) cluster.behaviours.set(index, behaviour);

    equal(await deriving(), right);
  }
});

test('an answer is given as soon as three agree, whoever is still silent', async () => {
  cluster.behaviours.set(1, onAct('silent'));

  equal(toHex(await signers.derive(grant())), right);
});

test('where no three agree there is no output, after a second try with a run nonce of its own', async () => {
  for (const index of [1, 2, 3]) cluster.behaviours.set(index, saying(wrong(index)));

  await rejects(deriving(), { code: 'E_CLUSTER_DISAGREES', status: 500 });

  const nonces = new Set(acts().map(({ command }) => command.runNonce));
  equal(nonces.size, 2);
});

test('a run that failed once is tried again', async () => {
  let failures = 5;
  for (const index of [1, 2, 3, 4, 5])
    cluster.behaviours.set(index, (command) =>
      command.kind === 'Act' && failures-- > 0 ? { refuse: 'E_PEER_GONE' } : undefined,
    );

  equal(await deriving(), right);
});

test('three signers that refuse the request with one code end it at once', async () => {
  for (const index of [1, 2, 3]) cluster.behaviours.set(index, onAct({ refuse: 'E_KEY_KIND' }));
  for (const index of [4, 5]) cluster.behaviours.set(index, onAct({ refuse: 'E_PEER_GONE' }));

  await rejects(deriving(), { code: 'E_KEY_KIND', status: 400 });
  equal(acts().length, 5);
});

test('with two signers away the other three derive; with three away nobody is asked', async () => {
  cluster.setOnline(1, 3, 5);
  equal(await deriving(), right);
  deepEqual(acts()[0]?.command.participants, [1, 3, 5]);
  const asked = acts().length;

  cluster.setOnline(1, 3);
  await rejects(signers.derive(grant()), (error: { code: string; message: string }) => {
    ok(/not enough signers: 2 of 5/.test(error.message));
    return error.code === 'E_SIGNERS_UNAVAILABLE';
  });
  equal(acts().length, asked);
});
