/** Which engine signs, with whom, and who is set aside (docs/specs/engine-controller.md). */
import { deepEqual, equal, ok, rejects, throws } from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { afterEach, test } from 'node:test';
import type { Command, Refusal } from '@holdfast/cluster/commands';
import type { Database } from '@holdfast/storage/database';
import type { UserActionGrant } from '../pipeline/types.ts';
import { type Behaviour, type FakeCluster, fakeCluster } from '../testing/cluster.ts';
import { type TestEnv, testEnv } from '../testing/env.ts';
import {
  C_SETTING_UP_MS,
  type EcdsaEngine,
  H_FAILURES_MAX,
  H_REST_MS,
  NAMED_MAX,
  QUARANTINE_MS,
} from './controller.ts';
import { createSigners, type Signers } from './index.ts';

type Act = Extract<Command, { kind: 'Act' }>;

const session = 'aa'.repeat(32);
const org = 'or-alpha-alpha-0123456789abcdef';
const everybody = [1, 2, 3, 4, 5];

let env: TestEnv;
let cluster: FakeCluster;
let signers: Signers;
let spent = 0;

function start(engines: readonly EcdsaEngine[], sessions = everybody): void {
  env = testEnv();
  cluster = fakeCluster();
  signers = createSigners({
    link: cluster.link,
    roster: cluster.roster,
    env,
    db: {} as Database,
    ecdsaEngines: engines,
  });
  for (const index of everybody) cluster.behaviours.set(index, signing);
  for (const index of sessions) cluster.push(index, { v: 1, push: 'Session', session });
}
afterEach(() => signers.close());

const signing: Behaviour = (command) =>
  command.kind === 'Act' ? { t: 'signatures', signatures: [{ signature: 'ab'.repeat(64) }] } : undefined;
/** What a signer does in each engine's runs: H has a session, C has none. */
const by =
  (o: { H?: Behaviour; C?: Behaviour }): Behaviour =>
  (command) =>
    command.kind !== 'Act' ? undefined : ((command.session === undefined ? o.C : o.H) ?? signing)(command);
const refusing =
  (code: string, o: Partial<Refusal> = {}): Behaviour =>
  () => ({ refuse: code, ...o });
const silent: Behaviour = () => 'silent';
const lost: Behaviour = () => 'lost';

function grant(): UserActionGrant {
  spent += 1;
  const clientData = Buffer.from(`controller ${spent}`).toString('base64url');
  return {
    request: { method: 'POST', path: '/keys/key-x/signatures', payload: '{}' },
    assertion: { kind: 'Key', credId: 'Y3JlZA', clientData, signature: 'c2ln' },
    tokens: everybody.map((index) => [index, Buffer.alloc(16, index).toString('base64url')] as const),
    challenge: 'challenge',
    nullifier: createHash('sha256').update(clientData).digest(),
  };
}
async function ask(ms = 60_000) {
  const answer = signers.sign(grant(), {
    org,
    protocol: 'ecdsa-h/secp256k1',
    items: 1,
    verifies: () => true,
  });
  answer.catch(() => {});
  await env.advance(ms);
  return answer;
}
/** The runs that were asked for, in order: engine and participants. */
const runs = (): { engine: string; participants: readonly number[]; nonce: string }[] => {
  const acts = cluster.commands.flatMap(({ command }) => (command.kind === 'Act' ? [command] : []));
  const first = new Map<string, Act>(acts.map((act) => [act.runNonce, act]));
  return [...first.values()].map((act) => ({
    engine: act.session === undefined ? 'C' : 'H',
    participants: act.participants,
    nonce: act.runNonce,
  }));
};
const engines = () => runs().map(({ engine }) => engine);
const events = () => env.lines.filter(({ facts }) => facts['alert'] === true).map(({ event }) => event);

test('with five signers ECDSA is signed by engine H, and C is not asked', async () => {
  start(['H', 'C']);

  equal((await ask()).length, 1);

  deepEqual(engines(), ['H']);
  deepEqual(runs()[0]?.participants, everybody);
});

for (const online of [
  [1, 2, 3, 4],
  [2, 4, 5],
]) {
  test(`with ${online.length} signers ECDSA is signed by engine C with three of them, at once`, async () => {
    start(['H', 'C']);
    cluster.setOnline(...online);

    equal((await ask(0)).length, 1);

    const [run] = runs();
    equal(run?.engine, 'C');
    equal(run?.participants.length, 3);
    ok(run?.participants.every((index) => online.includes(index)));
  });
}

test('with two signers ECDSA is refused before anything is asked', async () => {
  start(['H', 'C']);
  cluster.setOnline(1, 2);
  const order = { org, protocol: 'ecdsa-h/secp256k1' } as const;

  throws(() => signers.requireSigners(order), { code: 'E_SIGNERS_UNAVAILABLE', status: 503 });
  cluster.setOnline(1, 2, 3);
  signers.requireSigners(order);
});

test('without engine C, four signers are too few', async () => {
  start(['H']);
  cluster.setOnline(1, 2, 3, 4);

  throws(() => signers.requireSigners({ org, protocol: 'ecdsa-h/secp256k1' }), {
    code: 'E_SIGNERS_UNAVAILABLE',
    message: '4 of 5 signers available, 5 needed',
  });
});

test('engine C alone signs ECDSA, whoever is there', async () => {
  start(['C']);

  equal((await ask()).length, 1);

  deepEqual(engines(), ['C']);
});

test('five signers without a common session do not keep a request waiting: C signs it', async () => {
  start(['H', 'C'], [1, 2, 3, 4]);

  equal((await ask(400)).length, 1);

  deepEqual(engines(), ['C']);
});

test('when H fails, C signs under a new run nonce, without who was silent', async () => {
  start(['H', 'C']);
  cluster.behaviours.set(4, by({ H: silent, C: silent }));
  for (const index of [1, 2, 3, 5]) cluster.behaviours.set(index, by({ H: refusing('E_PEER_GONE') }));

  equal((await ask()).length, 1);

  const [h, c] = runs();
  deepEqual([h?.engine, c?.engine], ['H', 'C']);
  ok(h?.nonce !== c?.nonce);
  deepEqual(events(), ['engine.h.failed']);
});

test('while the set-up of C is not there, ECDSA needs five, and says so before anything is written', async () => {
  start(['H', 'C']);
  for (const index of everybody) cluster.behaviours.set(index, by({ C: refusing('E_ENGINE') }));
  cluster.setOnline(1, 2, 3, 4);
  const order = { org, protocol: 'ecdsa-h/secp256k1' } as const;
  const unavailable = { code: 'E_SIGNERS_UNAVAILABLE', message: '4 of 5 signers available, 5 needed' };

  signers.requireSigners(order);
  await rejects(ask(0), unavailable);
  throws(() => signers.requireSigners(order), unavailable);
  await env.advance(C_SETTING_UP_MS);
  signers.requireSigners(order);
});

test('five signers of whom none can sign are a busy cluster while the set-up of C is not there', async () => {
  start(['H', 'C']);
  for (const index of everybody) cluster.behaviours.set(index, by({ H: refusing('E_H_SIG'), C: refusing('E_ENGINE') }));

  await rejects(ask(), { code: 'E_CLUSTER_BUSY', status: 503 });
});

test('a request that three signers refuse is not tried by the other engine', async () => {
  start(['H', 'C']);
  for (const index of everybody) cluster.behaviours.set(index, refusing(index <= 3 ? 'E_KEY_EXPORTED' : 'E_PEER_GONE'));

  await rejects(ask(), { code: 'E_KEY_EXPORTED' });

  deepEqual(engines(), ['H']);
});

test('a request that one signer of five refuses is signed by three others', async () => {
  start(['H', 'C']);
  cluster.behaviours.set(2, refusing('E_CHALLENGE_STALE'));
  for (const index of [1, 3, 4, 5]) cluster.behaviours.set(index, by({ H: refusing('E_PEER_GONE') }));

  equal((await ask()).length, 1);

  const [, c] = runs();
  ok(!c?.participants.includes(2));
});

test('when C names a culprit, three others sign', async () => {
  start(['C']);
  let first: readonly number[] | undefined;
  for (const index of everybody) cluster.behaviours.set(index, naming);
  function naming(command: Command): ReturnType<Behaviour> {
    if (command.kind !== 'Act') return undefined;
    first ??= command.participants;
    const [culprit] = first;
    if (command.participants !== first && !command.participants.includes(culprit ?? 0)) return signing(command);
    return { refuse: 'E_C_PARTIAL', culprits: [culprit ?? 0] };
  }

  equal((await ask()).length, 1);

  const [one, two] = runs();
  ok(!two?.participants.includes(one?.participants[0] ?? 0));
});

/** Everybody else names this signer in every run of C that it is in. */
function accuse(culprit: number, accusers = everybody): void {
  for (const index of everybody)
    cluster.behaviours.set(
      index,
      by({
        C: (command) =>
          command.kind === 'Act' && command.participants.includes(culprit)
            ? {
                refuse: 'E_C_PARTIAL',
                ...(accusers.includes(index) && index !== culprit ? { culprits: [culprit] } : {}),
              }
            : signing(command),
      }),
    );
}

test('a signer that C names again and again comes last, H rests meanwhile, and it is let in again later', async () => {
  start(['H', 'C']);
  accuse(3);
  cluster.setOnline(1, 2, 3);
  for (let k = 0; k < NAMED_MAX; k += 1) await rejects(ask(), { code: 'E_C_PARTIAL' }).catch(() => {});
  deepEqual(signers.signing().quarantined, [3]);
  cluster.setOnline(...everybody);
  for (const index of everybody) cluster.push(index, { v: 1, push: 'Session', session });
  const before = runs().length;

  for (let k = 0; k < 10; k += 1) await ask(1_000);

  const later = runs().slice(before);
  equal(later.length, 10);
  ok(later.every(({ engine, participants }) => engine === 'C' && !participants.includes(3)));
  ok(events().includes('signer.quarantined'));
  equal(signers.signing().figures['quarantined'], 1);

  await env.advance(QUARANTINE_MS);
  deepEqual(signers.signing().quarantined, []);
  await ask();
  equal(runs().at(-1)?.engine, 'H');
});

test('one signer alone cannot have another set aside', async () => {
  start(['C']);
  accuse(3, [1]);
  cluster.setOnline(1, 2, 3);

  for (let k = 0; k < 3 * NAMED_MAX; k += 1) await ask().catch(() => {});

  deepEqual(signers.signing().quarantined, []);
});

for (const liars of [
  [1, 2],
  [2, 5],
  [3, 4],
] as const) {
  test(`two liars, ${liars.join(' and ')}, that name the honest are told apart: three honest signers sign`, async () => {
    start(['C']);
    const honest = everybody.filter((index) => !liars.includes(index as never));
    for (const index of everybody)
      cluster.behaviours.set(
        index,
        by({
          C(command) {
            if (command.kind !== 'Act') return undefined;
            const present = liars.filter((liar) => command.participants.includes(liar));
            if (present.length === 0) return signing(command);
            const culprits = honest.includes(index)
              ? present.slice(0, 1)
              : command.participants.filter((each) => honest.includes(each));
            return { refuse: 'E_C_PARTIAL', culprits };
          },
        }),
      );

    for (let k = 0; k < 10; k += 1) equal((await ask()).length, 1);
  });
}

test('a quarantined signer still signs where there are not three others', async () => {
  start(['C']);
  accuse(3);
  cluster.setOnline(1, 2, 3);
  for (let k = 0; k < NAMED_MAX; k += 1) await ask().catch(() => {});
  for (const index of everybody) cluster.behaviours.set(index, signing);

  equal((await ask()).length, 1);

  deepEqual(runs().at(-1)?.participants, [1, 2, 3]);
});

test('H that fails again and again with all five there rests, and is tried again after that', async () => {
  start(['H', 'C']);
  for (const index of everybody) cluster.behaviours.set(index, by({ H: refusing('E_H_SIG') }));

  for (let k = 0; k < H_FAILURES_MAX; k += 1) await ask(1_000);
  await ask(1_000);

  deepEqual(engines(), [...Array(H_FAILURES_MAX).fill(['H', 'C']).flat(), 'C']);
  deepEqual(events(), ['engine.h.failed', 'engine.h.rests']);
  for (const index of everybody) cluster.behaviours.set(index, signing);
  await env.advance(H_REST_MS);
  await ask();
  equal(engines().at(-1), 'H');
});

test('C is tried with at most four sets of signers', async () => {
  start(['C']);
  for (const index of everybody) cluster.behaviours.set(index, lost);

  await rejects(ask(), { code: 'E_CLUSTER_TIMEOUT' });

  equal(runs().length, 4);
});

test('only two runs of C are under way at once, and no more wait than a bound', async () => {
  start(['C']);
  for (const index of everybody) cluster.behaviours.set(index, silent);
  const answers = Array.from({ length: 2 + 64 }, () =>
    signers.sign(grant(), { org, protocol: 'ecdsa-h/secp256k1', items: 1, verifies: () => true }),
  );
  for (const answer of answers) answer.catch(() => {});
  await env.advance(0);

  equal(runs().length, 2);
  throws(() => signers.requireSigners({ org, protocol: 'ecdsa-h/secp256k1' }), { code: 'E_QUEUE_FULL', status: 429 });
});
