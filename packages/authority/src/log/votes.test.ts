/**
 * Votes at one height: what one signer may say, and that five of them never certify two heads, whatever an api that
 * speaks with two tongues asks of them in whatever order, with whatever answers lost.
 */
import { deepEqual, equal, ok, throws } from 'node:assert/strict';
import { createHash, randomBytes, sign } from 'node:crypto';
import { test } from 'node:test';
import { toBase64Url } from '@holdfast/contract/wire';
import { bytesOf, testKey } from '../testing/index.ts';
import type { Withdrawal } from '../types/index.ts';
import { nodeVerify } from '../verify-node/index.ts';
import { QUORUM, verifyWithdrawals, withdrawBytes } from './index.ts';
import { acknowledge, NO_VOTES, release, type Votes, WITHDRAWALS_MAX, withdraw } from './votes.ts';

const seed = process.env['HOLDFAST_TEST_SEED'] ?? randomBytes(8).toString('hex');
console.log(`seed: ${seed}`);

test('holds one head at a time and acknowledges it as often as it is asked', () => {
  const votes = acknowledge(NO_VOTES, 'A');

  equal(acknowledge(votes, 'A'), votes);
  throws(() => acknowledge(votes, 'B'), { code: 'E_STALE_HEAD' });
});

test('never acknowledges what it promised not to, and promises nothing about what it acknowledged', () => {
  const promised = withdraw(NO_VOTES, 'A');
  equal(withdraw(promised, 'A'), promised);
  throws(() => acknowledge(promised, 'A'), { code: 'E_WITHDRAWN' });
  equal(acknowledge(promised, 'B').held, 'B');

  const holding = acknowledge(NO_VOTES, 'A');
  throws(() => withdraw(holding, 'A'), { code: 'E_ACKNOWLEDGED' });
  equal(withdraw(holding, 'B').held, 'A');
});

test('votes again after a release, never for the head it let go, and still promises nothing about it', () => {
  const freed = release(acknowledge(NO_VOTES, 'A'), 'A');

  equal(freed.held, undefined);
  equal(release(freed, 'A'), freed);
  throws(() => acknowledge(freed, 'A'), { code: 'E_WITHDRAWN' });
  throws(() => withdraw(freed, 'A'), { code: 'E_ACKNOWLEDGED' });
  equal(acknowledge(freed, 'B').held, 'B');
});

test('a release of a head it does not hold changes nothing', () => {
  const holding = acknowledge(NO_VOTES, 'A');

  equal(release(holding, 'B'), holding);
  equal(release(NO_VOTES, 'B'), NO_VOTES);
});

test('gives a bounded number of promises at one height', () => {
  let votes: Votes = NO_VOTES;
  for (let k = 0; k < WITHDRAWALS_MAX; k += 1) votes = withdraw(votes, `head ${k}`);

  equal(withdraw(votes, 'head 0'), votes);
  throws(() => withdraw(votes, 'one more'), { code: 'E_CLUSTER_BUSY' });
});

const keys = [1, 2, 3, 4, 5].map(() => testKey('Ed25519'));
const identityKeys = keys.map(({ publicKey }) =>
  Uint8Array.from(Buffer.from(publicKey.replace(/-.*-/g, ''), 'base64').subarray(-32)),
);
const head = bytesOf('head');
const at = { org: 'or-1', height: 4, head: toBase64Url(head) };
const promise = (index: number, change: Partial<Withdrawal> = {}): Withdrawal => {
  const privateKey = keys[index - 1]?.privateKey;
  if (privateKey === undefined) throw new Error('five signers');
  const signature = toBase64Url(Uint8Array.from(sign(null, withdrawBytes(at.org, at.height, head), privateKey)));
  return { index, ...at, signature, ...change };
};
const judge = (withdrawals: readonly Withdrawal[], self?: number): void =>
  verifyWithdrawals({ ...at, withdrawals, identityKeys, verify: nodeVerify, ...(self === undefined ? {} : { self }) });

test('takes three promises by three others over exactly this head', () => {
  judge([promise(3), promise(4), promise(5)], 1);

  const refused: readonly (readonly Withdrawal[])[] = [
    [promise(3), promise(4)],
    [promise(3), promise(4), promise(4)],
    [promise(1), promise(3), promise(4)],
    [promise(3), promise(4), promise(5, { index: 2 })],
    [promise(3), promise(4), promise(5, { height: 5 })],
    [promise(3), promise(4), promise(5, { org: 'or-2' })],
    [promise(3), promise(4), promise(5, { head: toBase64Url(bytesOf('another')) })],
    [promise(3), promise(4), promise(5, { signature: promise(4).signature })],
    [promise(3), promise(4), promise(5, { index: 6 })],
  ];
  for (const list of refused) throws(() => judge(list, 1), { code: 'E_WITHDRAWALS' }, JSON.stringify(list));
});

// ── five voters and an api that speaks with two tongues ──────────────────────────────────────────────────────────────

type Dice = (below: number) => number;

function diceOf(label: string): Dice {
  let counter = 0;
  let pool: Buffer = Buffer.alloc(0);
  return (below) => {
    if (pool.length < 4) {
      pool = createHash('sha512').update(`${seed}/${label}/${counter++}`).digest();
    }
    const value = pool.readUInt32BE(0) % below;
    pool = pool.subarray(4);
    return value;
  };
}

interface World {
  readonly voters: Votes[];
  /** Every acknowledgement and promise ever made, lost on the way or not: by head, the voters. */
  readonly acks: Map<string, Set<number>>;
  readonly promises: Map<string, Set<number>>;
  /** What reached the api: it can show nobody more than this. */
  readonly shown: Map<string, Set<number>>;
}

const newWorld = (): World => ({
  voters: [0, 1, 2, 3, 4].map(() => NO_VOTES),
  acks: new Map(),
  promises: new Map(),
  shown: new Map(),
});
const setOf = (sets: Map<string, Set<number>>, name: string): Set<number> => {
  const set = sets.get(name) ?? new Set<number>();
  sets.set(name, set);
  return set;
};
const votesOf = (w: World, voter: number): Votes => w.voters[voter] ?? NO_VOTES;
const certified = (w: World): string[] =>
  [...w.acks].filter(([, voters]) => voters.size >= QUORUM).map(([name]) => name);

/** One step of the voter; a refusal changes nothing. */
function step(w: World, voter: number, next: (votes: Votes) => Votes): boolean {
  try {
    w.voters[voter] = next(votesOf(w, voter));
    return true;
  } catch {
    return false;
  }
}

function propose(w: World, voter: number, name: string): void {
  if (step(w, voter, (votes) => acknowledge(votes, name))) setOf(w.acks, name).add(voter);
}

function askPromise(w: World, voter: number, name: string, isLost: boolean): void {
  if (!step(w, voter, (votes) => withdraw(votes, name))) return;
  setOf(w.promises, name).add(voter);
  if (!isLost) setOf(w.shown, name).add(voter);
}

/** `needed` is QUORUM; the test of the test takes fewer. */
function letGo(w: World, voter: number, name: string, needed: number): void {
  const others = [...setOf(w.shown, name)].filter((each) => each !== voter);
  if (others.length >= needed) step(w, voter, (votes) => release(votes, name));
}

function randomStep(w: World, dice: Dice, needed: number): void {
  const voter = dice(5);
  const name = `head ${dice(4)}`;
  const what = dice(10);
  if (what < 4) propose(w, voter, name);
  else if (what < 8) askPromise(w, voter, name, dice(4) === 0);
  else letGo(w, voter, name, needed);
}

/** What an honest api does with what it finds: promises of all who do not hold a head, then its release. */
function heal(w: World): void {
  for (const name of new Set(w.voters.flatMap(({ held }) => (held === undefined ? [] : [held])))) {
    for (let voter = 0; voter < 5; voter += 1) askPromise(w, voter, name, false);
    for (let voter = 0; voter < 5; voter += 1) letGo(w, voter, name, QUORUM);
  }
}

const WORLDS = 2_000;
const STEPS = 80;

test('five honest voters never certify two heads at one height, in any order, with answers lost', () => {
  let one = 0;
  for (let k = 0; k < WORLDS; k += 1) {
    const dice = diceOf(`safety ${k}`);
    const w = newWorld();
    for (let n = 0; n < STEPS; n += 1) {
      randomStep(w, dice, QUORUM);
      ok(certified(w).length <= 1, `seed ${seed}, world ${k}, step ${n}: ${certified(w)} are both certified`);
      for (const [name, voters] of w.promises)
        for (const voter of voters) equal(w.acks.get(name)?.has(voter) ?? false, false, 'a promise was broken');
    }
    one += certified(w).length;
  }
  // The steps lead somewhere: many worlds certify a head.
  ok(one > WORLDS / 20, `only ${one} of ${WORLDS} certified anything`);
});

test('the same steps find two certified heads when two promises were enough', () => {
  const forks = Array.from({ length: WORLDS }, (_, k) => {
    const dice = diceOf(`mutant ${k}`);
    const w = newWorld();
    for (let n = 0; n < STEPS; n += 1) randomStep(w, dice, QUORUM - 1);
    return certified(w).length;
  });

  ok(forks.some((count) => count > 1));
});

test('from wherever an api left them, five connected voters can always certify something', () => {
  for (let k = 0; k < WORLDS; k += 1) {
    const dice = diceOf(`liveness ${k}`);
    const w = newWorld();
    for (let n = 0; n < STEPS; n += 1) randomStep(w, dice, QUORUM);

    heal(w);
    for (let voter = 0; voter < 5; voter += 1) propose(w, voter, 'fresh');

    equal(certified(w).length, 1, `seed ${seed}, world ${k}: ${JSON.stringify(w.voters.map(({ held }) => held))}`);
  }
});

test('two and two at one height, and one undecided: all five are free after the promises', () => {
  const w = newWorld();
  for (const voter of [0, 1]) propose(w, voter, 'A');
  for (const voter of [2, 3]) propose(w, voter, 'B');

  heal(w);

  deepEqual(
    w.voters.map(({ held }) => held),
    Array(5).fill(undefined),
  );
  for (let voter = 0; voter < 5; voter += 1) propose(w, voter, 'C');
  deepEqual(certified(w), ['C']);
});
