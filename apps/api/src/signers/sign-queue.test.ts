/** Who signs with whom, in which order, and what happens when too many ask (docs/specs/group-signing.md §2). */

import { deepEqual, equal, ok, rejects, throws } from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { afterEach, beforeEach, test } from 'node:test';
import type { ChallengeAssertion } from '@holdfast/authority/types';
import type { Command, ElementOutcome } from '@holdfast/cluster/commands';
import type { Database } from '@holdfast/storage/database';
import type { UserActionGrant } from '../pipeline/types.ts';
import { type Behaviour, type FakeCluster, fakeCluster } from '../testing/cluster.ts';
import { type TestEnv, testEnv } from '../testing/env.ts';
import { createSigners, type Signers, type SignOrder } from './index.ts';
import { WAIT_MS_MAX, WAITING_MAX, WAITING_PER_ORG_MAX } from './sign-queue.ts';

type Group = Extract<Command, { kind: 'Group' }>;
type Act = Extract<Command, { kind: 'Act' }>;

const session = 'aa'.repeat(32);
const signature = 'ab'.repeat(64);
const orgA = 'or-alpha-alpha-0123456789abcdef';
const orgB = 'or-bravo-bravo-0123456789abcdef';

let env: TestEnv;
let cluster: FakeCluster;
let signers: Signers;
let spent = 0;
/** Answers that are held back until a test lets them go. */
let held: (() => void)[] = [];

beforeEach(() => begin());

function begin(ecdsaNonces: 'apart' | 'together' = 'apart'): void {
  env = testEnv();
  cluster = fakeCluster();
  held = [];
  const { send } = cluster.link;
  const link: FakeCluster['link'] = {
    ...cluster.link,
    send: async (index, command, o) => {
      const reply = await send(index, command, o);
      const { kind } = JSON.parse(String(command)) as Command;
      if (kind === 'Act' || kind === 'Group') await new Promise<void>((resolve) => void held.push(resolve));
      return reply;
    },
  };
  signers = createSigners({ link, roster: cluster.roster, env, db: {} as Database, ecdsaNonces });
  for (const index of [1, 2, 3, 4, 5]) {
    cluster.behaviours.set(index, signing);
    cluster.push(index, { v: 1, push: 'Session', session });
  }
}
afterEach(() => signers.close());

const signing: Behaviour = (command) => {
  if (command.kind === 'Act') return { t: 'signatures', signatures: [{ signature }] };
  if (command.kind !== 'Group') return undefined;
  return { t: 'group', outcomes: command.elements.map(() => ({ ok: true, signatures: [{ signature }] })) };
};

const grant = (name = `request ${spent++}`, payload = '{}'): UserActionGrant => ({
  request: { method: 'POST', path: '/keys/key-x/signatures', payload },
  assertion: { kind: 'Key', credId: 'Y3JlZA', clientData: Buffer.from(name).toString('base64url'), signature: 'c2ln' },
  tokens: [1, 2, 3, 4, 5].map((index) => [index, Buffer.alloc(16, index).toString('base64url')] as const),
  challenge: 'challenge',
  nullifier: createHash('sha256').update(name).digest(),
});
const nameOf = (each: { assertion: Act['assertion'] }) =>
  Buffer.from((each.assertion as ChallengeAssertion).clientData, 'base64url').toString();

function ask(org: string, o: Partial<SignOrder> & { name?: string; payload?: string } = {}) {
  const { name, payload, ...order } = o;
  const answer = signers.sign(grant(name, payload), {
    org,
    protocol: 'ecdsa-h/secp256k1',
    items: 1,
    verifies: () => true,
    ...order,
  });
  answer.catch(() => {});
  return answer;
}
/** What signer 1 was asked to sign, one entry for each run: the names of its requests. */
const runs = (): string[][] =>
  cluster.commands
    .filter(({ index }) => index === 1)
    .flatMap(({ command }) =>
      command.kind === 'Act' ? [[nameOf(command)]] : command.kind === 'Group' ? [command.elements.map(nameOf)] : [],
    );
const groups = (): Group[] =>
  cluster.commands.flatMap(({ index, command }) => (index === 1 && command.kind === 'Group' ? [command] : []));
/** Lets everything that has been asked so far be answered, and what follows from that be asked. */
async function answerAll(): Promise<void> {
  await settle();
  const now = held;
  held = [];
  for (const go of now) go();
  await settle();
}
async function settle(): Promise<void> {
  for (let turn = 0; turn < 6; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

test('a request that finds the signers idle leaves at once, alone, as an act of its own', async () => {
  void ask(orgA, { name: 'one' });
  await settle();

  deepEqual(runs(), [['one']]);
  equal(groups().length, 0);
});

test('requests that arrive while a run is in progress form the next group, each under a run nonce of its own', async () => {
  const answers = ['one', 'two', 'three', 'four'].map((name) => ask(orgA, { name }));
  await answerAll();
  await answerAll();

  deepEqual(runs(), [['one'], ['two', 'three', 'four']]);
  deepEqual(
    await Promise.all(answers),
    Array(4).fill(
      [{ signature: Buffer.from(signature, 'hex') }].map((each) => ({ signature: new Uint8Array(each.signature) })),
    ),
  );
  const [group] = groups();
  equal(new Set([group?.runNonce, ...(group?.elements ?? []).map(({ runNonce }) => runNonce)]).size, 4);
  deepEqual([group?.protocol, group?.session, group?.participants], ['ecdsa-h/secp256k1', session, [1, 2, 3, 4, 5]]);
});

test('the nonces of a group are made together where the setting says so, of engine H alone', async () => {
  for (const [nonces, expected] of [
    ['apart', undefined],
    ['together', 'together'],
  ] as const) {
    signers.close();
    begin(nonces);
    for (const name of ['one', 'two', 'three']) {
      void ask(orgA, { name });
      void ask(orgA, { name, protocol: 'frost/ed25519' });
    }
    await answerAll();
    await answerAll();

    deepEqual(
      groups()
        .map(({ protocol, nonces: said }) => `${protocol} ${said}`)
        .sort(),
      [`ecdsa-h/secp256k1 ${expected}`, 'frost/ed25519 undefined'],
    );
  }
});

test('a group never mixes protocols, and one protocol does not wait for another', async () => {
  void ask(orgA, { name: 'e1' });
  void ask(orgA, { name: 'f1', protocol: 'frost/ed25519' });
  for (const name of ['e2', 'e3']) void ask(orgA, { name });
  await settle();

  const asked = new Set(cluster.commands.flatMap(({ command }) => (command.kind === 'Act' ? [nameOf(command)] : [])));
  deepEqual([...asked].sort(), ['e1', 'f1']);
});

test('one request of an organisation waits for one group, not for the thousand of another', async () => {
  void ask(orgA, { name: 'first' });
  for (let k = 0; k < 1_000; k += 1) void ask(orgA, { name: `a${k}` });
  void ask(orgB, { name: 'b' });
  await answerAll();

  const [, group = []] = runs();
  equal(group.length, 128);
  deepEqual(group.slice(0, 3), ['a0', 'b', 'a1']);
});

test('organisations take turns, and whose turn it was last comes last', async () => {
  void ask(orgA, { name: 'first' });
  for (const name of ['a1', 'a2', 'a3']) void ask(orgA, { name });
  for (const name of ['b1', 'b2', 'b3']) void ask(orgB, { name });
  await answerAll();

  deepEqual(runs()[1], ['a1', 'b1', 'a2', 'b2', 'a3', 'b3']);
});

test('a full queue answers 429 with the time to wait, and has room again when requests have left', async () => {
  void ask(orgA);
  for (let k = 0; k < WAITING_PER_ORG_MAX; k += 1) void ask(orgA);
  const order = { org: orgA, protocol: 'ecdsa-h/secp256k1' } as const;

  throws(() => signers.requireSigners(order), { code: 'E_QUEUE_FULL', status: 429 });
  await rejects(ask(orgA), (error: { details: { retryAfterS: number } }) => error.details.retryAfterS > 0);
  signers.requireSigners({ ...order, org: orgB });
  signers.requireSigners({ ...order, protocol: 'frost/ed25519' });
  for (let k = 0; k < WAITING_MAX - WAITING_PER_ORG_MAX; k += 1) void ask(`or-${k % 7}`);
  throws(() => signers.requireSigners({ ...order, org: orgB }), { code: 'E_QUEUE_FULL' });

  await answerAll();
  signers.requireSigners(order);
});

test('a request whose turn does not come in time is answered 429 and never sent', async () => {
  for (let k = 0; k < 8; k += 1) {
    void ask(orgA);
    // Runs that take too long hold up nobody, but eight are enough.
    await env.advance(500);
  }
  const late = ask(orgA, { name: 'late' });

  await env.advance(WAIT_MS_MAX);

  await rejects(late, { code: 'E_QUEUE_FULL', status: 429 });
  ok(!runs().flat().includes('late'));
});

test('a run that takes too long holds up nobody', async () => {
  void ask(orgA, { name: 'slow' });
  void ask(orgB, { name: 'next' });
  await settle();
  deepEqual(runs(), [['slow']]);

  await env.advance(500);

  deepEqual(runs(), [['slow'], ['next']]);
});

test('a request of several items takes as many places', async () => {
  void ask(orgA, { name: 'first' });
  void ask(orgA, { name: 'wide', items: 100 });
  void ask(orgA, { name: 'wide too', items: 100 });
  void ask(orgA, { name: 'narrow', items: 28 });
  await answerAll();
  await answerAll();

  deepEqual(runs(), [['first'], ['wide'], ['wide too', 'narrow']]);
});

test('large requests go in groups of a size that a command can have', async () => {
  void ask(orgA, { name: 'first' });
  for (const name of ['l1', 'l2', 'l3']) void ask(orgA, { name, payload: 'x'.repeat(150_000) });
  await answerAll();
  await answerAll();

  deepEqual(runs(), [['first'], ['l1', 'l2'], ['l3']]);
});

test('a request that no command can carry fails alone', async () => {
  void ask(orgA, { name: 'first' });
  const answers = ['a', 'b', 'c'].map((name) =>
    ask(orgA, { name, ...(name === 'b' ? { payload: 'x'.repeat(400_000) } : {}) }),
  );
  for (let k = 0; k < 4; k += 1) await answerAll();

  const ends = await Promise.allSettled(answers);
  deepEqual(
    ends.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled'],
  );
});

// ---- Answers -------------------------------------------------------------------------------------------------

const outcomes =
  (make: (name: string) => ElementOutcome): Behaviour =>
  (command) =>
    command.kind === 'Group'
      ? { t: 'group', outcomes: command.elements.map((each) => make(nameOf(each))) }
      : signing(command);
const good: ElementOutcome = { ok: true, signatures: [{ signature }] };
const refused = (code: string): ElementOutcome => ({ ok: false, error: { code, message: code } });

test('an element that the signers refuse fails alone; its neighbours are answered', async () => {
  for (const index of [1, 2, 3, 4, 5])
    cluster.behaviours.set(
      index,
      outcomes((name) => (name === 'bad' ? refused('E_KEY_EXPORTED') : good)),
    );
  void ask(orgA);
  const [before, bad, after] = ['before', 'bad', 'after'].map((name) => ask(orgA, { name }));
  await answerAll();
  await answerAll();

  await rejects(bad as Promise<unknown>, { code: 'E_KEY_EXPORTED' });
  equal((await before)?.length, 1);
  equal((await after)?.length, 1);
});

test('an element that failed with one signer is tried again beside others, without that signer', async () => {
  for (const index of [1, 2, 3, 4, 5])
    cluster.behaviours.set(
      index,
      outcomes((name) =>
        name === 'unlucky' && index === 2
          ? refused('E_CHALLENGE_STALE')
          : name === 'unlucky'
            ? refused('E_PEER_GONE')
            : good,
      ),
    );
  void ask(orgA, { protocol: 'frost/ed25519' });
  const unlucky = ask(orgA, { name: 'unlucky', protocol: 'frost/ed25519', verifies: () => true });
  const lucky = ask(orgA, { name: 'lucky', protocol: 'frost/ed25519' });
  await answerAll();
  await answerAll();
  equal((await lucky).length, 1);
  for (const index of [1, 2, 3, 4, 5]) cluster.behaviours.set(index, signing);
  await env.advance(300);
  await answerAll();

  equal((await unlucky).length, 1);
});

for (const [what, behaviour] of Object.entries({
  'one outcome too few': (command) =>
    command.kind === 'Group' ? { t: 'group', outcomes: command.elements.slice(1).map(() => good) } : signing(command),
  'the answer of an act': (command) =>
    command.kind === 'Group' ? { t: 'signatures', signatures: [{ signature }] } : signing(command),
  'a refusal of the whole': (command) => (command.kind === 'Group' ? { refuse: 'E_BUSY' } : signing(command)),
} satisfies Record<string, Behaviour>)) {
  test(`a signer that gives a group ${what} counts as failed for each element`, async () => {
    for (const index of [1, 2, 3, 4]) cluster.behaviours.set(index, behaviour);
    void ask(orgA);
    const answers = [ask(orgA), ask(orgA)];
    await answerAll();
    await answerAll();

    // The fifth signer's answer is as good as five.
    equal((await Promise.all(answers)).length, 2);
  });
}
