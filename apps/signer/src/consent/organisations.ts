/**
 * The authority log of every organisation (docs/specs/authority-log.md): what this signer acknowledged, what three
 * signers committed, and the state that follows. Nothing but a committed entry is ever used.
 */

import type { AuthorityDeps, State } from '@holdfast/authority/consent';
import { nullifierOfAct } from '@holdfast/authority/consent';
import { genesisHash } from '@holdfast/authority/genesis';
import { orgIdOf } from '@holdfast/authority/ids';
import {
  ackBytes,
  disregardBytes,
  type EntryAfterGenesis,
  encodeEntry,
  type GenesisEntry,
  headOf,
  isDisregard,
  release as letGo,
  withdraw as promise,
  QUORUM,
  type Votes,
  verifyAcks,
  verifyDisregards,
  verifyStatement,
  verifyWithdrawals,
  acknowledge as vote,
  withdrawBytes,
} from '@holdfast/authority/log';
import {
  apply,
  initialState,
  readState,
  rulesOf,
  SNAPSHOT_STEP,
  snapshotBytes,
  snapshotOf,
} from '@holdfast/authority/reduce';
import type { Ack, Assertion, Disregard, LogEntry, SignedRequest, Withdrawal } from '@holdfast/authority/types';
import type { ChainHead } from '@holdfast/cluster/commands';
import type { Env } from '@holdfast/contract/types';
import { toBase64Url, toHex, utf8 } from '@holdfast/contract/wire';
import { enc, i as item, sha256 } from '@holdfast/crypto/transcript';
import type { ClusterView } from '../cluster-view/index.ts';
import { check, refuse } from '../refusal/index.ts';
import type { Store } from '../store/index.ts';
import { authorityDeps } from './contract.ts';
import type { ConsentedAct } from './index.ts';

export interface Organisations {
  readonly deps: AuthorityDeps;
  /** The committed state; undefined while there is none, or while its records are damaged. */
  state(org: string): State | undefined;
  /** Every organisation in which this credential is enrolled. */
  statesWith(credentialId: string): State[];
  heads(): ChainHead[];
  /** Uses nothing of the organisation before a committed entry has reached this height. */
  setAside(org: string, height: number): void;
  /** How many organisations this signer uses nothing of, because it does not know what it acknowledged there. */
  countAside(): number;
  /** The first entry of an organisation that this signer's operator pinned. */
  found(genesis: string, proof: Assertion): Ack;
  /** The acknowledgement of an entry this signer holds already; whoever asks again learns nothing new. */
  acknowledgedAlready(act: { readonly request: SignedRequest; readonly assertion: Assertion }): Ack | undefined;
  /** Takes a consented governance act as the next entry, acknowledged and not yet used. */
  propose(act: ConsentedAct): Ack;
  /** Three acknowledgements make the entry this signer holds part of the chain. */
  commit(org: string, acks: readonly Ack[]): void;
  /** The promise never to acknowledge a head at the next height; only where that has not happened. */
  withdraw(at: HeadAt): Withdrawal;
  /**
   * Lets go of the acknowledged entry: three others promised never to acknowledge it, or are disregarded by all five, so
   * it can never be certified.
   */
  release(at: HeadAt, withdrawals: readonly Withdrawal[], disregards?: readonly Disregard[]): void;
  /**
   * What this signer says about the votes of `about` at the next height, which `about` has forgotten
   * (docs/specs/authority-log.md §7). Shown what all five said, `about` uses the organisation again.
   */
  disregard(at: ForgottenAt, by: readonly Disregard[]): Disregard;
  /** This signer's acknowledgements of committed entries from this height on, made again: the same bytes as the first time. */
  acksFrom(org: string, from: number): Ack[];
  /** Entries this signer missed; each re-checked in all but freshness, for which its three acknowledgements stand. */
  catchUp(org: string, entries: readonly { readonly entry: LogEntry; readonly acks: readonly Ack[] }[]): void;
}

/** A head somebody may have acknowledged at one height. */
export interface HeadAt {
  readonly org: string;
  readonly height: number;
  /** base64url of 32 bytes. */
  readonly head: string;
}

/** The votes of one signer at one height of one chain. */
export interface ForgottenAt {
  readonly org: string;
  readonly height: number;
  /** Roster index. */
  readonly about: number;
}

/** In one answer; a page of entries is not longer. */
const ACKS_MAX = 64;

interface Entry {
  readonly entry: LogEntry;
  readonly head: Uint8Array;
  readonly state: State;
}

interface Chain {
  committed: State | undefined;
  /** Acknowledged, not committed. One for a height, ever: two acknowledgements would let two certificates exist. */
  tail: Entry | undefined;
  /** Heads of the next height that are never acknowledged (again). */
  never: Votes['never'];
  /** Signers (roster index) whose acknowledgements count nothing at the next height. */
  disregarded: ReadonlySet<number>;
  /** Highest height on the disk of a chain whose records are damaged; below it nothing is used. */
  damagedTop: number | undefined;
  /** Up to here it may have acknowledged what it has forgotten since; nothing is used before that is passed. */
  forgottenTop: number | undefined;
}

export function createOrganisations(o: {
  env: Env;
  store: Store;
  cluster: ClusterView;
  pin(orgId: string): Uint8Array | undefined;
}): Organisations {
  const { env, store, cluster } = o;
  const deps = authorityDeps(cluster.roster.origin);
  const identityKeys = cluster.roster.signers.map((s) => s.identityKey);
  const chains = new Map<string, Chain>();
  for (const org of store.log.orgs()) chains.set(org, load(org));
  for (const [org, height] of store.restored.floors()) setAside(org, height);

  /**
   * Reads a chain and runs it through the reducer again: the state is derived. Of a long chain it is what this signer
   * itself derived at the last snapshot, and the entries above.
   */
  function load(org: string): Chain {
    const start = startOf(org);
    const log = store.log.read(org, start?.height);
    const chain: Chain = {
      ...noChain(),
      committed: start,
      damagedTop: log.damagedAt === undefined ? undefined : log.top,
    };
    let latest: State | undefined;
    try {
      for (const stored of log.entries) {
        const next = after(chain, stored.entry);
        check(
          toHex(next.head) === toHex(stored.head),
          'E_ENTRY',
          `entry ${stored.height} of ${org} has another head than stored`,
        );
        if (stored.committed) chain.committed = next.state;
        else chain.tail = next;
        if (stored.committed && isStep(stored.height)) latest = next.state;
      }
      loadPromises(org, chain);
      // Made before there were snapshots, or by other rules.
      if (latest !== undefined) store.transaction('snapshot', () => keepSnapshot(latest as State));
    } catch (error) {
      chain.damagedTop = log.top;
      env.log('authority.log.damaged', {
        org,
        code: error instanceof Error && 'code' in error ? String(error.code) : 'bug',
      });
    }
    if (chain.damagedTop !== undefined) env.log('authority.log.set-aside', { org, top: chain.damagedTop });
    return chain;
  }

  /**
   * The state this signer derived itself at an entry it holds committed, by the rules of this release. Whatever else is
   * there is as good as none: the whole chain is run again.
   */
  function startOf(org: string): State | undefined {
    const snapshot = store.log.snapshot(org);
    if (snapshot === undefined) return undefined;
    const entry = store.log.at(org, snapshot.height);
    const own = signerOf(cluster.index).identityKey;
    const signature = toBase64Url(snapshot.signature);
    const isOwn =
      toHex(snapshot.rules) === toHex(rulesOf(deps)) &&
      entry?.committed === true &&
      toHex(entry.head) === toHex(snapshot.head) &&
      verifyStatement({ identityKey: own, bytes: snapshotBytes(snapshot), signature, verify: deps.verify });
    try {
      if (isOwn) return readState(snapshot.text);
    } catch {
      // Above the bounds of a text, or no text at all: the entries say the same, and the signer starts.
    }
    env.log('authority.snapshot.refused', { org, height: snapshot.height });
    return undefined;
  }

  /** Inside a transaction: the snapshot is there with the entry it is of, or neither is. */
  function keepSnapshot(state: State): void {
    const head = decodeHead(state.head);
    const snapshot = snapshotOf(state, head, deps);
    store.log.putSnapshot({ ...snapshot, signature: cluster.identity.sign(snapshotBytes(snapshot)) });
    const { org, height } = state;
    store.journal.append('authority.snapshot', {
      ...{ org, height, head: toHex(head) },
      state: toHex(sha256(utf8(snapshot.text))),
    });
  }

  /** One that cannot be read may be about what was acknowledged: then this signer says nothing at that height. */
  function loadPromises(org: string, chain: Chain): void {
    const { list, damagedAt } = store.log.promises(org);
    const next = (chain.committed?.height ?? -1) + 1;
    const mine = list.filter(({ height }) => height === next);
    chain.never = new Map(
      mine.flatMap(({ head, kind }) => (kind === 'disregarded' ? [] : [[toBase64Url(head), kind] as const])),
    );
    const about = mine.filter(({ kind }) => kind === 'disregarded').map(({ head }) => toHex(head));
    chain.disregarded = new Set(
      cluster.roster.signers.filter(({ signerId }) => about.includes(toHex(signerId))).map(({ index }) => index),
    );
    if (damagedAt !== undefined && damagedAt >= next) chain.damagedTop = Math.max(chain.damagedTop ?? 0, damagedAt);
  }

  /** What it may have acknowledged up to there is not known, as for a chain whose records are damaged. */
  function setAside(org: string, height: number): void {
    const chain = chains.get(org) ?? noChain();
    chains.set(org, chain);
    if ((chain.committed?.height ?? -1) >= height) return;
    chain.forgottenTop = Math.max(chain.forgottenTop ?? 0, height);
    env.log('authority.log.set-aside', { org, top: chain.forgottenTop });
  }

  /** The highest height at which it does not know what it acknowledged. */
  const silentTop = ({ damagedTop, forgottenTop, disregarded, committed }: Chain): number | undefined => {
    const own = disregarded.has(cluster.index) ? [(committed?.height ?? -1) + 1] : [];
    const tops = [damagedTop, forgottenTop, ...own].filter((top) => top !== undefined);
    return tops.length === 0 ? undefined : Math.max(...tops);
  };

  /** The entry checked on top of a chain. Refusals come from the reducer. */
  function after(chain: Chain, entry: LogEntry): Entry {
    if (entry.height === 0) {
      const state = initialState(entry as GenesisEntry, deps);
      return { entry, head: headOf(entry, undefined), state };
    }
    const { committed } = chain;
    if (committed === undefined)
      return refuse('E_STALE_HEAD', 'this signer has no beginning of that organisation; send CatchUp', { height: -1 });
    const state = apply(committed, entry as EntryAfterGenesis, deps);
    return { entry, head: headOf(entry, decodeHead(committed.head)), state };
  }

  function checkPinned(genesis: string): string {
    const hash = genesisHash(genesis);
    const org = orgIdOf(hash);
    const pin = o.pin(org);
    check(
      pin !== undefined && toHex(pin) === toHex(hash),
      'E_UNPINNED',
      "the organisation's genesis is not trusted by this signer; run: holdfast signer trust",
    );
    return org;
  }

  function acknowledge(org: string, e: Entry): Ack {
    const { height } = e.entry;
    const signature = cluster.identity.sign(ackBytes(org, height, e.head));
    return { index: cluster.index, org, height, head: toBase64Url(e.head), signature: toBase64Url(signature) };
  }

  /** Writes the entry and what it burns, and flushes; memory follows the disk. */
  function accept(
    org: string,
    chain: Chain,
    e: Entry,
    how: { committed: boolean; acks: readonly Ack[]; event: string },
  ): void {
    store.transaction('authority', () => {
      store.log.put(org, {
        height: e.entry.height,
        head: e.head,
        committed: how.committed,
        entry: e.entry,
        acks: how.acks,
      });
      burn(e);
      if (how.committed) store.log.clearPromises(org, e.entry.height);
      store.journal.append(how.event, { org, height: e.entry.height, head: toHex(e.head) });
      if (how.committed && isStep(e.entry.height)) keepSnapshot(e.state);
    });
    if (how.committed) {
      chain.committed = e.state;
      if (chain.damagedTop !== undefined && e.entry.height >= chain.damagedTop) chain.damagedTop = undefined;
      if (chain.forgottenTop !== undefined && e.entry.height >= chain.forgottenTop) chain.forgottenTop = undefined;
      // None, unless the records below were damaged and have just been caught up.
      loadPromises(org, chain);
      if (chain.tail !== undefined && chain.tail.entry.height <= e.entry.height) chain.tail = undefined;
    } else {
      chain.tail = e;
    }
    chains.set(org, chain);
  }

  /** The assertion of an entry is spent on it, here as where it was proposed. */
  function burn({ entry, head }: Entry): void {
    if (entry.height === 0) return;
    const { request, assertion, org } = entry as EntryAfterGenesis;
    const nullifier = nullifierOfAct({ request, assertion });
    if (nullifier === undefined || store.used.spent(nullifier) !== undefined) return;
    const intent = sha256(
      enc(
        'holdfast/entry-intent/v1',
        item.text(org),
        item.text(request.method),
        item.text(request.path),
        item.bytes(sha256(utf8(request.payload))),
      ),
    );
    store.used.spend({ nullifier, intent, digest: head, attempts: 1, time: env.now() });
  }

  const usable = (chain: Chain | undefined): State | undefined =>
    chain?.damagedTop === undefined && chain?.forgottenTop === undefined ? chain?.committed : undefined;

  const votesOf = ({ tail, never, disregarded }: Chain): Votes => ({
    held: tail === undefined ? undefined : toBase64Url(tail.head),
    never,
    isSilent: disregarded.has(cluster.index),
  });

  /** Three acknowledgements that count: those of a signer that is disregarded at this height are as if they were not there. */
  function checkCounted(chain: Chain, acks: readonly Ack[]): void {
    const counted = acks.filter(({ index }) => !chain.disregarded.has(index)).length;
    check(
      counted >= QUORUM,
      'E_ACKS',
      `${QUORUM} signers are needed, without those that have forgotten what they acknowledged`,
      { needed: QUORUM, reached: counted },
    );
  }

  function putDisregard(org: string, chain: Chain, { height, about }: ForgottenAt): void {
    if (chain.disregarded.has(about)) return;
    const { signerId } = signerOf(about);
    store.transaction('authority', () => {
      store.log.putPromise(org, { height, head: signerId, kind: 'disregarded', proof: [] });
      store.journal.append('authority.disregarded', { org, height, signer: toHex(signerId) });
    });
    chain.disregarded = new Set([...chain.disregarded, about]);
  }

  function signerOf(index: number) {
    const signer = cluster.roster.signers[index - 1];
    return signer ?? refuse('E_WITHDRAWALS', 'there is no such signer');
  }

  /** The chain of which this is the next height. What is below is decided, what is above cannot be acknowledged yet. */
  function chainAt({ org, height }: HeadAt): Chain {
    const chain = chains.get(org);
    const committed = usable(chain);
    if (chain === undefined || committed === undefined)
      return refuse('E_STALE_HEAD', 'this signer has no beginning of that organisation; send CatchUp', { height: -1 });
    check(height === committed.height + 1, 'E_STALE_HEAD', `this signer decides on entry ${committed.height + 1} now`, {
      height: committed.height,
    });
    return chain;
  }

  return {
    deps,
    state: (org) => usable(chains.get(org)),
    statesWith: (credentialId) =>
      [...chains.values()].flatMap((chain) => {
        const state = usable(chain);
        return state?.credentials.has(credentialId) === true ? [state] : [];
      }),
    setAside,
    countAside: () => [...chains.values()].filter(({ forgottenTop }) => forgottenTop !== undefined).length,
    heads: () =>
      [...chains].flatMap(([org, chain]) => {
        const { committed, tail } = chain;
        const silent = silentTop(chain);
        return committed === undefined
          ? []
          : [
              {
                org,
                height: committed.height,
                head: committed.head,
                ...(tail === undefined ? {} : { tail: { height: tail.entry.height, head: toBase64Url(tail.head) } }),
                ...(silent === undefined || silent <= committed.height ? {} : { silent }),
              },
            ];
      }),

    found(genesis, proof) {
      const org = checkPinned(genesis);
      const chain = chains.get(org) ?? noChain();
      const entry: LogEntry = { v: 1, height: 0, genesis, proof };
      const made = after(chain, entry);
      // The head does not depend on the proof, so asking again gives the same acknowledgement.
      if (chain.committed === undefined && chain.tail === undefined)
        accept(org, chain, made, { committed: false, acks: [], event: 'authority.acknowledged' });
      return acknowledge(org, made);
    },

    acknowledgedAlready({ request, assertion }) {
      const nullifier = nullifierOfAct({ request, assertion });
      if (nullifier === undefined || store.used.spent(nullifier) === undefined) return undefined;
      for (const [org, { tail, committed, disregarded }] of chains) {
        if (tail !== undefined && disregarded.has(cluster.index)) continue;
        const held = tail === undefined ? lastOf(org, committed) : tail;
        if (held === undefined || held.entry.height === 0) continue;
        const same =
          encodeEntry({ ...(held.entry as EntryAfterGenesis), request, assertion }) === encodeEntry(held.entry);
        if (same) return acknowledge(org, held);
      }
      return undefined;
    },

    propose(act) {
      const chain = chains.get(act.org);
      const committed = usable(chain);
      if (chain === undefined || committed === undefined)
        return refuse('E_STALE_HEAD', 'this signer has no beginning of that organisation; send CatchUp', {
          height: -1,
        });
      check(store.used.spent(act.nullifier) === undefined, 'E_REPLAY', 'this signed request has been used before');
      const entry: LogEntry = {
        v: 1,
        org: act.org,
        height: committed.height + 1,
        prev: committed.head,
        request: act.request,
        assertion: act.assertion,
      };
      const made = after(chain, entry);
      const { tail } = chain;
      // An acknowledgement is a vote: a second one for this height would let two certificates exist.
      check(
        tail === undefined,
        'E_STALE_HEAD',
        'another change of the organisation waits for its acknowledgements; try again',
        { height: committed.height, pending: true },
      );
      vote(votesOf(chain), toBase64Url(made.head));
      accept(act.org, chain, made, { committed: false, acks: [], event: 'authority.acknowledged' });
      return acknowledge(act.org, made);
    },

    commit(org, acks) {
      const chain = chains.get(org);
      const [first] = acks;
      check(first !== undefined, 'E_ACKS', 'no acknowledgements');
      const { height, head } = first;
      verifyAcks({ acks, org, height, head, identityKeys, verify: deps.verify });
      const committed = chain?.committed;
      if (committed !== undefined && height <= committed.height) {
        const known = store.log.at(org, height);
        check(
          known !== undefined && toBase64Url(known.head) === head,
          'E_ACKS',
          'another entry is committed at that height',
        );
        return;
      }
      const tail = chain?.tail;
      if (
        chain === undefined ||
        tail === undefined ||
        tail.entry.height !== height ||
        toBase64Url(tail.head) !== head
      ) {
        return refuse('E_STALE_HEAD', 'this signer does not hold that entry; send CatchUp', {
          height: committed?.height ?? -1,
        });
      }
      checkCounted(chain, acks);
      accept(org, chain, tail, { committed: true, acks, event: 'authority.committed' });
    },

    withdraw(at) {
      const { org, height, head } = at;
      const chain = chainAt(at);
      const votes = votesOf(chain);
      const next = promise(votes, head);
      if (next !== votes) {
        store.transaction('authority', () => {
          store.log.putPromise(org, { height, head: decodeHead(head), kind: 'withdrawn', proof: [] });
          store.journal.append('authority.withdrawn', { org, height, head: toHex(decodeHead(head)) });
        });
        chain.never = next.never;
      }
      const signature = cluster.identity.sign(withdrawBytes(org, height, decodeHead(head)));
      return { index: cluster.index, org, height, head, signature: toBase64Url(signature) };
    },

    release(at, withdrawals, disregards = []) {
      const { org, height, head } = at;
      const chain = chainAt(at);
      verifyWithdrawals({ ...at, withdrawals, disregards, identityKeys, verify: deps.verify, self: cluster.index });
      // What it has signed itself is on its own disk, unless it was restored since: then it may hold a commit of that time.
      check(
        disregards.every(({ about }) => chain.disregarded.has(about)),
        'E_WITHDRAWALS',
        'this signer has not said that it disregards that signer',
      );
      const votes = votesOf(chain);
      const next = letGo(votes, head);
      if (next === votes) return;
      store.transaction('authority', () => {
        store.log.dropTail(org, height);
        store.log.putPromise(org, { height, head: decodeHead(head), kind: 'released', proof: withdrawals });
        const silent = disregards.map(({ about }) => about);
        const by = [...new Set([...withdrawals.map(({ index }) => index), ...silent])].sort().join(',');
        store.journal.append('authority.released', { org, height, head: toHex(decodeHead(head)), by });
      });
      // The assertion of the dropped entry stays spent.
      chain.tail = undefined;
      chain.never = next.never;
    },

    disregard(at, by) {
      const { org, height, about } = at;
      const chain = chains.get(org);
      const committed = chain?.committed;
      if (chain === undefined || committed === undefined)
        return refuse('E_STALE_HEAD', 'this signer has no beginning of that organisation; send CatchUp', {
          height: -1,
        });
      check(
        height === committed.height + 1,
        'E_STALE_HEAD',
        `this signer decides on entry ${committed.height + 1} now`,
        { height: committed.height },
      );
      const statedBy = { org, height, about, identityKeys, verify: deps.verify };
      if (about === cluster.index) {
        check(
          chain.disregarded.has(about) || (silentTop(chain) ?? -1) >= height,
          'E_VOTES_KNOWN',
          'this signer knows what it acknowledged at that height',
        );
        putDisregard(org, chain, at);
        if (by.length > 0) {
          verifyDisregards({ ...statedBy, disregards: by });
          recall(org, chain);
        }
      } else {
        const own = by.find(({ index }) => index === about);
        check(
          own !== undefined && isDisregard({ ...statedBy, disregard: own }),
          'E_WITHDRAWALS',
          'that signer has not said that it has forgotten what it acknowledged',
        );
        putDisregard(org, chain, at);
      }
      const signature = cluster.identity.sign(disregardBytes(org, height, signerOf(about).signerId));
      return { index: cluster.index, org, height, about, signature: toBase64Url(signature) };
    },

    acksFrom(org, from) {
      const committed = usable(chains.get(org));
      const acks: Ack[] = [];
      for (let height = from; height <= (committed?.height ?? -1) && acks.length < ACKS_MAX; height++) {
        const stored = store.log.at(org, height);
        if (stored?.committed !== true) break;
        const signature = cluster.identity.sign(ackBytes(org, height, stored.head));
        acks.push({
          index: cluster.index,
          org,
          height,
          head: toBase64Url(stored.head),
          signature: toBase64Url(signature),
        });
      }
      return acks;
    },

    catchUp(org, entries) {
      for (const { entry, acks } of entries) {
        const chain = chains.get(org) ?? noChain();
        if (entry.height === 0)
          check(
            checkPinned((entry as GenesisEntry).genesis) === org,
            'E_ENTRY',
            'entry belongs to another organisation',
          );
        const height = chain.committed?.height ?? -1;
        if (entry.height <= height) continue;
        check(entry.height === height + 1, 'E_STALE_HEAD', `this signer needs entry ${height + 1} first`, { height });
        const made = after(chain, entry);
        verifyAcks({
          acks,
          org,
          height: entry.height,
          head: toBase64Url(made.head),
          identityKeys,
          verify: deps.verify,
        });
        checkCounted(chain, acks);
        accept(org, chain, made, { committed: true, acks, event: 'authority.caught-up' });
      }
    },
  };

  /** Nobody has committed more than this signer has, and what it has forgotten counts nowhere: it goes on from here. */
  function recall(org: string, chain: Chain): void {
    if (chain.forgottenTop === undefined) return;
    store.transaction('rejoin', () => {
      store.restored.setFloor(org, chain.committed?.height ?? 0);
      store.journal.append('authority.recalled', { org, height: chain.committed?.height ?? 0 });
    });
    chain.forgottenTop = undefined;
    env.log('authority.log.recalled', { org, height: chain.committed?.height ?? 0 });
  }

  /** The newest committed entry, for one who did not hear the acknowledgement. */
  function lastOf(org: string, committed: State | undefined): Entry | undefined {
    const stored = committed === undefined ? undefined : store.log.at(org, committed.height);
    return stored === undefined || committed === undefined
      ? undefined
      : { entry: stored.entry, head: stored.head, state: committed };
  }
}

/** Heights of which a snapshot is kept. */
const isStep = (height: number): boolean => height > 0 && height % SNAPSHOT_STEP === 0;

function noChain(): Chain {
  return {
    committed: undefined,
    tail: undefined,
    never: new Map(),
    disregarded: new Set(),
    damagedTop: undefined,
    forgottenTop: undefined,
  };
}

/** The nullifier of an assertion whose challenge can be read; the challenge has one text only. */

function decodeHead(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'base64url'));
}
