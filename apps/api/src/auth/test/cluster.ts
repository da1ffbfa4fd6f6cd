/**
 * Test only: five signers reduced to what authority asks of them. Each runs the real reducer, keeps its own chain,
 * has one vote for a height, and signs acknowledgements with a real key. Keys and shares are devnet's business.
 */
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { clusterFingerprint, encodeChallenge, nullifier, sortedBySignerId } from '@holdfast/authority/challenge';
import { type ActDeps, checkAct, claimedChallenge } from '@holdfast/authority/consent';
import { authorityDeps } from '@holdfast/authority/contract-rules';
import {
  ackBytes,
  acknowledge,
  type EntryAfterGenesis,
  encodeEntry,
  headOf,
  NO_VOTES,
  release,
  type Votes,
  verifyAcks,
  verifyWithdrawals,
  withdraw,
  withdrawBytes,
} from '@holdfast/authority/log';
import { apply, initialState, type State } from '@holdfast/authority/reduce';
import type { Ack, Assertion, FreshToken, LogEntry, SignedRequest, Withdrawal } from '@holdfast/authority/types';
import { nodeVerify } from '@holdfast/authority/verify-node';
import { fromBase64Url, toBase64Url } from '@holdfast/contract/wire';
import type { CertifiedEntry, GovernOutcome, HeadAt, Signers } from '../../signers/types.ts';

type Shown = { request: SignedRequest; assertion: Assertion; tokens: readonly FreshToken[] };

interface Tail {
  readonly entry: LogEntry;
  readonly state: State;
}

export interface TestSigner {
  readonly index: number;
  isOnline: boolean;
  /** Takes the entry, and its answer is lost. */
  isMute: boolean;
  token: string;
  committed: State | undefined;
  tail: Tail | undefined;
  never: Votes['never'];
  genesis(text: string, proof: Assertion): Ack;
  act(shown: Shown): Ack;
  commit(acks: readonly Ack[]): void;
  catchUp(entries: readonly CertifiedEntry[]): void;
  withdraw(at: HeadAt): Withdrawal;
  release(at: HeadAt, withdrawals: readonly Withdrawal[]): void;
}

export interface TestCluster {
  readonly signers: readonly TestSigner[];
  readonly door: Signers;
}

export function testCluster(now: () => number, random: (n: number) => Uint8Array): TestCluster {
  const pairs = Array.from({ length: 5 }, () => generateKeyPairSync('ed25519'));
  const keys = new Map(pairs.map(({ publicKey, privateKey }) => [toBase64Url(rawKey(publicKey)), privateKey]));
  const identityKeys = sortedBySignerId(pairs.map(({ publicKey }) => rawKey(publicKey)));
  const fingerprint = toBase64Url(clusterFingerprint(0, identityKeys));
  const signers = identityKeys.map((identityKey, k) => {
    const privateKey = keys.get(toBase64Url(identityKey));
    if (privateKey === undefined) throw new TypeError('every identity has a key');
    return testSigner({ index: k + 1, privateKey, identityKeys, fingerprint, now, token: toBase64Url(random(16)) });
  });
  return { signers, door: testDoor(signers, identityKeys, fingerprint) };
}

function testSigner(o: {
  index: number;
  privateKey: KeyObject;
  identityKeys: readonly Uint8Array[];
  fingerprint: string;
  now: () => number;
  token: string;
}): TestSigner {
  const deps = authorityDeps({ clusterFingerprint: o.fingerprint, verify: nodeVerify });
  const spent = new Set<string>();
  const ack = ({ org, height, head }: State): Ack => {
    const signature = sign(null, ackBytes(org, height, fromBase64Url(head)), o.privateKey);
    return { index: o.index, org, height, head, signature: toBase64Url(signature) };
  };
  const spend = (state: Tail) => {
    if (state.entry.height === 0) return;
    const record = claimedChallenge((state.entry as EntryAfterGenesis).assertion);
    if (record !== undefined) spent.add(toBase64Url(nullifier(encodeChallenge(record))));
  };
  return {
    index: o.index,
    isOnline: true,
    isMute: false,
    token: o.token,
    committed: undefined,
    tail: undefined,
    never: NO_VOTES.never,
    genesis(genesis, proof) {
      const entry = { v: 1, height: 0, genesis, proof } as const;
      const state = initialState(entry, deps);
      if (this.committed === undefined) this.tail = { entry, state };
      return ack(state);
    },
    act(shown) {
      for (const held of [this.tail, this.committed === undefined ? undefined : lastEntries.get(this.committed)]) {
        if (held === undefined || held.entry.height === 0) continue;
        const { request, assertion } = shown;
        const again = { ...(held.entry as EntryAfterGenesis), request, assertion };
        if (encodeEntry(again) === encodeEntry(held.entry)) return ack(held.state);
      }
      const { committed } = this;
      if (committed === undefined) return fail('E_NOT_FOUND');
      const actDeps: ActDeps = {
        ...deps,
        holdsOwnToken: (tokens) => tokens.some(([index, token]) => index === o.index && token === this.token),
        checkNullifier: (id) => {
          if (spent.has(toBase64Url(id))) fail('E_REPLAY');
        },
      };
      checkAct(committed, shown, o.now(), actDeps);
      const { org, height, head } = committed;
      const { request, assertion } = shown;
      const entry: EntryAfterGenesis = { v: 1, org, height: height + 1, prev: head, request, assertion };
      const state = apply(committed, entry, deps);
      acknowledge(votesOf(this), state.head);
      this.tail = { entry, state };
      spend(this.tail);
      return ack(state);
    },
    commit(acks) {
      const { tail } = this;
      if (tail === undefined || acks[0]?.head !== tail.state.head) return;
      const { org, height, head } = tail.state;
      verifyAcks({ acks, org, height, head, identityKeys: o.identityKeys, verify: nodeVerify });
      lastEntries.set(tail.state, tail);
      this.committed = tail.state;
      this.tail = undefined;
      this.never = NO_VOTES.never;
    },
    catchUp(entries) {
      for (const { entry, acks } of entries) {
        const before = this.committed;
        if (before !== undefined && entry.height <= before.height) continue;
        const state =
          before === undefined ? initialState(entry as never, deps) : apply(before, entry as EntryAfterGenesis, deps);
        const { org, height, head } = state;
        verifyAcks({ acks, org, height, head, identityKeys: o.identityKeys, verify: nodeVerify });
        if (head !== toBase64Url(headOf(entry, before && fromBase64Url(before.head)))) fail('E_ENTRY');
        lastEntries.set(state, { entry, state });
        this.committed = state;
        this.tail = undefined;
        this.never = NO_VOTES.never;
        spend({ entry, state });
      }
    },
    withdraw(at) {
      if (at.height !== (this.committed?.height ?? -1) + 1) fail('E_STALE_HEAD');
      this.never = withdraw(votesOf(this), at.head).never;
      const signature = sign(null, withdrawBytes(at.org, at.height, fromBase64Url(at.head)), o.privateKey);
      return { index: o.index, ...at, signature: toBase64Url(signature) };
    },
    release(at, withdrawals) {
      if (at.height !== (this.committed?.height ?? -1) + 1) fail('E_STALE_HEAD');
      verifyWithdrawals({ ...at, withdrawals, identityKeys: o.identityKeys, verify: nodeVerify, self: o.index });
      const next = release(votesOf(this), at.head);
      this.never = next.never;
      if (next.held === undefined) this.tail = undefined;
    },
  };
}

const votesOf = ({ tail, never }: TestSigner): Votes => ({ held: tail?.state.head, never });

/** The entry that led to a committed state. */
const lastEntries = new WeakMap<State, Tail>();

function testDoor(signers: readonly TestSigner[], identityKeys: readonly Uint8Array[], fingerprint: string): Signers {
  const online = () => signers.filter(({ isOnline }) => isOnline);
  const show = (ask: (signer: TestSigner) => Ack): GovernOutcome => {
    const acks: Ack[] = [];
    const refusals: { index: number; code: string; message: string }[] = [];
    for (const signer of online()) {
      const { index } = signer;
      try {
        const ack = ask(signer);
        if (signer.isMute) refusals.push({ index, code: 'E_CLUSTER_TIMEOUT', message: 'no answer' });
        else acks.push(ack);
      } catch (error) {
        const { code, message } = error as Error & { code?: string };
        if (code === undefined) throw error;
        refusals.push({ index, code, message });
      }
    }
    return { acks, refusals };
  };
  const door: Partial<Signers> = {
    fingerprint,
    identityKeys,
    online: () => online().map(({ index }) => index),
    tokens: () => online().map(({ index, token }) => [index, token] as const),
    genesis: async (text, proof) => show((signer) => signer.genesis(text, proof)),
    govern: async (_org, shown) => show((signer) => signer.act(shown)),
    commit: async (_org, acks) => {
      for (const signer of online()) signer.commit(acks);
    },
    heads: async () =>
      online().flatMap(({ index, committed, tail }) =>
        committed === undefined
          ? []
          : [
              {
                index,
                height: committed.height,
                head: committed.head,
                ...(tail === undefined ? {} : { tail: { height: tail.state.height, head: tail.state.head } }),
              },
            ],
      ),
    withdraw: async (at, indices) =>
      online().flatMap((signer) => {
        if (!indices.includes(signer.index) || signer.isMute) return [];
        try {
          return [signer.withdraw(at)];
        } catch {
          // It holds that head, or is elsewhere: no promise.
          return [];
        }
      }),
    release: async (at, { withdrawals }, indices) =>
      online().flatMap((signer) => {
        if (!indices.includes(signer.index)) return [];
        signer.release(at, withdrawals);
        return signer.isMute ? [] : [signer.index];
      }),
    onSilent: () => () => {},
    catchUp: async (_org, index, entries) => signers[index - 1]?.catchUp(entries),
  };
  return door as Signers;
}

function rawKey(key: KeyObject): Uint8Array {
  return Uint8Array.from(key.export({ format: 'der', type: 'spki' }).subarray(-32));
}

function fail(code: string): never {
  throw Object.assign(new Error(`refused: ${code}`), { code });
}
