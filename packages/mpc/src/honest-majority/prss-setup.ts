/**
 * Set-up of a PRSS session (rulings 16): commit, reveal to the members of each set, confirm. The design's source lets
 * one member choose a set's key; here every member contributes, so that one weak generator does not matter.
 */
import { hkdfSync } from 'node:crypto';
import { enc, equalBytes, f, hashCommit, i, sha512_256 } from '@holdfast/crypto/transcript';
import {
  check,
  type Effect,
  format,
  hedgedRandom,
  type Inbox,
  type Index,
  type Machine,
  RoundMachine,
  type RunContext,
  refuse,
  type Slot,
  type Stage,
} from '../runtime/index.ts';
import { type PrssSession, prssSession, type SubsetKey } from './prss.ts';
import { subsets } from './subsets.ts';

/** Five in this product; the bound keeps the number of sets small. */
const partiesMax = 7;

/** One run, all parties of the cluster; ends with the session or not at all. */
export function createPrssSetup(ctx: RunContext): Machine<PrssSession> {
  return new PrssSetup(ctx);
}

class PrssSetup extends RoundMachine<PrssSession> {
  protected override readonly stages: readonly Stage[];
  /** Every set of t'+1 parties, in order. */
  readonly #sets: readonly Index[][];
  readonly #slots: Slots;
  readonly #nonce: Uint8Array;
  /** κ_{A,i} and its opening, for every A of ours. */
  readonly #own = new Map<string, Opening>();
  /** V_{A,j} as received, ours included; key: name of A, then j. */
  readonly #commitments = new Map<string, Map<Index, Uint8Array>>();
  #keys: SubsetKey[] = [];
  #id: Uint8Array | undefined;

  constructor(ctx: RunContext) {
    super(ctx, 'prss/1');
    const n = this.ctx.parties.length;
    if (n % 2 === 0 || n < 3 || n > partiesMax) refuse('E_PARTIES', 'A PRSS session has 3, 5 or 7 parties.');
    this.#sets = subsets(this.ctx.parties, (n + 1) / 2);
    this.#slots = slotsFor({ own: this.#setsOf(ctx.self).length, common: commonSets(n) });
    const random = hedgedRandom(this.ctx, { label: 'prss' });
    this.#nonce = random(32);
    for (const A of this.#setsOf(ctx.self)) this.#own.set(nameOf(A), { kappa: random(32), u: random(32) });
    this.stages = [
      { expect: [this.#slots.commit], complete: (inbox) => this.#reveal(inbox) },
      { expect: [this.#slots.reveal], complete: (inbox) => this.#derive(inbox) },
      { expect: [this.#slots.confirm], complete: (inbox) => this.#compare(inbox) },
    ];
  }

  protected override begin(): Effect[] {
    const { self } = this.ctx;
    const commitments = this.#setsOf(self).map((A) =>
      commit(this.execId, { A, party: self, opening: this.#opening(A) }),
    );
    return [this.broadcast(this.#slots.commit, this.#note(self, { nonce: this.#nonce, commitments }))];
  }

  /** Round 2: κ_{A,i} to the members of A only. */
  #reveal(inbox: Inbox): Effect[] {
    const nonces = new Map<Index, Commit>([[this.ctx.self, this.#noted(this.ctx.self)]]);
    for (const { from, value } of inbox.all(this.#slots.commit)) nonces.set(from, this.#note(from, value));
    this.#id = sessionId(
      this.execId,
      this.ctx.parties.map((party) => ({ party, ...(nonces.get(party) as Commit) })),
    );
    return this.peers.map((to) =>
      this.tell(
        to,
        this.#slots.reveal,
        this.#setsWith(to).map((A) => this.#opening(A)),
      ),
    );
  }

  /** Round 3: the keys, and to each peer one tag for every set it shares with us. */
  #derive(inbox: Inbox): Effect[] {
    const { self } = this.ctx;
    const opened = new Map<string, Uint8Array[]>();
    for (const A of this.#setsOf(self)) opened.set(nameOf(A), [this.#opening(A).kappa]);
    for (const { from, value } of inbox.all(this.#slots.reveal)) {
      for (const [at, A] of this.#setsWith(from).entries()) {
        const opening = value[at] as Opening;
        const committed = this.#commitments.get(nameOf(A))?.get(from) as Uint8Array;
        check(equalBytes(committed, commit(this.execId, { A, party: from, opening })), 'E_H_PRSS', [from]);
        opened.get(nameOf(A))?.push(opening.kappa);
      }
    }
    const id = this.#id as Uint8Array;
    this.#keys = this.#setsOf(self).map((A) => {
      const kappas = opened.get(nameOf(A)) as Uint8Array[];
      const key = subsetKey(this.execId, { id, A, kappas });
      for (const kappa of kappas) kappa.fill(0);
      return { A, key };
    });
    return this.peers.map((to) =>
      this.tell(to, this.#slots.confirm, { id, tags: this.#tags({ about: self, with: to }) }),
    );
  }

  /** A member that told two peers different things makes their keys differ. Who it was, the tags do not say. */
  #compare(inbox: Inbox): Effect[] {
    const id = this.#id as Uint8Array;
    for (const { from, value } of inbox.all(this.#slots.confirm)) {
      check(equalBytes(value.id, id), 'E_H_PRSS');
      const expected = this.#tags({ about: from, with: from });
      check(
        expected.every((tag, at) => equalBytes(tag, value.tags[at] as Uint8Array)),
        'E_H_PRSS',
      );
    }
    const { self, parties } = this.ctx;
    this.finish(prssSession({ id, self, parties, keys: this.#keys }));
    this.#keys = [];
    return [];
  }

  protected override erase(): void {
    for (const { kappa, u } of this.#own.values()) {
      kappa.fill(0);
      u.fill(0);
    }
    for (const { key } of this.#keys) key.fill(0);
    this.#keys = [];
  }

  // ---- Sets ------------------------------------------------------------------------------------------------

  #setsOf(party: Index): Index[][] {
    return this.#sets.filter((A) => A.includes(party));
  }

  #setsWith(peer: Index): Index[][] {
    return this.#setsOf(this.ctx.self).filter((A) => A.includes(peer));
  }

  #opening(A: readonly Index[]): Opening {
    return this.#own.get(nameOf(A)) as Opening;
  }

  /** Files a party's commitments under the sets they belong to. */
  #note(party: Index, value: Commit): Commit {
    for (const [at, A] of this.#setsOf(party).entries()) {
      const byParty = this.#commitments.get(nameOf(A)) ?? new Map<Index, Uint8Array>();
      this.#commitments.set(nameOf(A), byParty.set(party, value.commitments[at] as Uint8Array));
    }
    return value;
  }

  #noted(party: Index): Commit {
    const commitments = this.#setsOf(party).map((A) => this.#commitments.get(nameOf(A))?.get(party) as Uint8Array);
    return { nonce: this.#nonce, commitments };
  }

  /** What `about` says on every set that we and `with` both belong to. */
  #tags(o: { about: Index; with: Index }): Uint8Array[] {
    return this.#keys
      .filter(({ A }) => A.includes(o.with))
      .map(({ A, key }) => confirmTag(this.execId, { A, key, party: o.about }));
  }
}

// ---- Hashes --------------------------------------------------------------------------------------------------

interface Opening {
  readonly kappa: Uint8Array;
  readonly u: Uint8Array;
}

function commit(execId: Uint8Array, o: { A: readonly Index[]; party: Index; opening: Opening }): Uint8Array {
  const payload = enc('mpc/prss/1/kappa/v1', members(o.A), i.bytes(o.opening.kappa));
  return hashCommit('mpc/prss/1/commit/v1', execId, o.party, payload, o.opening.u);
}

/** Over everybody's nonce, which makes it fresh, and commitments, so that agreeing on it is agreeing on them. */
function sessionId(execId: Uint8Array, all: readonly (Commit & { party: Index })[]): Uint8Array {
  const rows = all.map(({ party, nonce, commitments }) =>
    i.list([i.uint(party), i.bytes(nonce), i.list(commitments.map((v) => i.bytes(v)))]),
  );
  return sha512_256(enc('mpc/prss/session/v1', i.bytes(execId), i.list(rows)));
}

/** K_A = HKDF(⊕ κ_{A,j}). */
function subsetKey(
  execId: Uint8Array,
  o: { id: Uint8Array; A: readonly Index[]; kappas: readonly Uint8Array[] },
): Uint8Array {
  const mixed = new Uint8Array(32);
  for (const kappa of o.kappas) for (const [at, byte] of kappa.entries()) mixed[at] = (mixed[at] as number) ^ byte;
  const key = new Uint8Array(
    hkdfSync('sha512', mixed, o.id, enc('mpc/prss/key/v1', i.bytes(execId), members(o.A)), 32),
  );
  mixed.fill(0);
  return key;
}

function confirmTag(execId: Uint8Array, o: { A: readonly Index[]; key: Uint8Array; party: Index }): Uint8Array {
  return sha512_256(enc('mpc/prss/3/tag/v1', i.bytes(execId), members(o.A), i.bytes(o.key), i.uint(o.party)));
}

function members(A: readonly Index[]): ReturnType<typeof i.list> {
  return i.list(A.map((p) => i.uint(p)));
}

function nameOf(A: readonly Index[]): string {
  return A.join(',');
}

// ---- Messages ------------------------------------------------------------------------------------------------

interface Commit {
  readonly nonce: Uint8Array;
  readonly commitments: readonly Uint8Array[];
}

interface Confirm {
  readonly id: Uint8Array;
  readonly tags: readonly Uint8Array[];
}

interface Slots {
  readonly commit: Slot<Commit>;
  readonly reveal: Slot<readonly Opening[]>;
  readonly confirm: Slot<Confirm>;
}

/** How many sets two given parties share: the other t'−1 members come from the remaining n−2. */
function commonSets(n: number): number {
  const parties = Array.from({ length: n }, (_, at) => at + 1);
  return subsets(parties, (n + 1) / 2).filter((A) => A.includes(1) && A.includes(2)).length;
}

function slotsFor(count: { own: number; common: number }): Slots {
  return {
    commit: {
      round: 1,
      kind: 'bcast',
      format: format({
        tag: 'mpc/prss/1/commitments/v1',
        fields: [f.bytes(32), f.list(f.bytes(64), { count: count.own })],
        write: (m: Commit) => [i.bytes(m.nonce), i.list(m.commitments.map((v) => i.bytes(v)))],
        read: ([nonce, commitments]) => ({ nonce, commitments }),
      }),
    },
    reveal: {
      round: 2,
      kind: 'p2p',
      format: format({
        tag: 'mpc/prss/2/openings/v1',
        fields: [f.list(f.tuple(f.bytes(32), f.bytes(32)), { count: count.common })],
        write: (m: readonly Opening[]) => [i.list(m.map(({ kappa, u }) => i.list([i.bytes(kappa), i.bytes(u)])))],
        read: ([openings]) => openings.map(([kappa, u]) => ({ kappa, u })),
      }),
    },
    confirm: {
      round: 3,
      kind: 'p2p',
      format: format({
        tag: 'mpc/prss/3/confirm/v1',
        fields: [f.bytes(32), f.list(f.bytes(32), { count: count.common })],
        write: (m: Confirm) => [i.bytes(m.id), i.list(m.tags.map((tag) => i.bytes(tag)))],
        read: ([id, tags]) => ({ id, tags }),
      }),
    },
  };
}
