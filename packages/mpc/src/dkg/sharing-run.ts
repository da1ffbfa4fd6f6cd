/**
 * The joint sharing behind key generation, import and refresh: commit and echo, reveal with private subshares, prove,
 * acknowledge (mpc-protocols §1.1, §1.4 and §7.1 with rulings 14 and 15). A variant says where it starts from.
 */
import type { Point, Scalar } from '@holdfast/crypto/curves';
import { feldmanShares } from '@holdfast/crypto/sharing';
import { challengeScalar, enc, equalBytes, i, sha512 } from '@holdfast/crypto/transcript';
import {
  attempt,
  check,
  type Effect,
  hedgedRandom,
  type Inbox,
  type Index,
  type KeyShare,
  type Message,
  type ProtocolName,
  RoundMachine,
  type RunContext,
  refuse,
  type Stage,
} from '../runtime/index.ts';
import {
  type Acknowledgement,
  acknowledge,
  type CertifiedShare,
  epochOf,
  isAcknowledged,
  type StatementOf,
} from './certificate.ts';
import {
  type Constant,
  checkedSubshare,
  commitmentCount,
  commitTo,
  type Dealing,
  type DealingFrame,
  type DealtPoints,
  deal,
  decodePoints,
  eraseDealing,
  hasChainCode,
  opens,
  subshare,
} from './dealing.ts';
import { encodeOpened } from './evidence.ts';
import { type SharingRunName, type SharingSlots, sharingSlots } from './messages.ts';
import { isKeyShare } from './usable.ts';

export interface SharingOptions {
  readonly protocol: ProtocolName;
  readonly n: number;
  readonly t: number;
  readonly statement: StatementOf;
}

/** A sharing that exists already and to which the run adds sharings of zero. */
export interface Base {
  readonly x_i: Scalar;
  readonly publicShares: readonly Point[];
  readonly publicKey: Point;
  /** Of a master of derivation: goes over to the new sharing unchanged. */
  readonly chainCode?: Uint8Array;
}

export interface Variant {
  readonly run: SharingRunName;
  readonly constant: Constant;
  /** The key gets a chain code (DealingFrame.hd). */
  readonly hd?: boolean;
  readonly codes: Readonly<
    Record<
      'mismatch' | 'size' | 'point' | 'opening' | 'chainCode' | 'feldman' | 'degenerate' | 'schnorr' | 'ack',
      string
    >
  >;
  /** Called at start; may abort. Undefined: start from nothing. */
  base(): Base | undefined;
}

export class SharingRun extends RoundMachine<CertifiedShare> {
  protected override readonly stages: readonly Stage[];
  readonly #o: SharingOptions;
  readonly #variant: Variant;
  readonly #frame: DealingFrame;
  readonly #slots: SharingSlots;
  #base: Base | undefined;
  #dealing: Dealing | undefined;
  #commitments = new Map<Index, { V: Uint8Array; message: Message }>();
  /** Of every party, own included. */
  #points = new Map<Index, DealtPoints & { readonly encodedA: Uint8Array }>();
  #rid = new Uint8Array(32);
  /** ⊕ of all parts; stays zero where the key is no master. */
  readonly #chainCode = new Uint8Array(32);
  #share: KeyShare | undefined;
  #encoded: readonly Uint8Array[] | undefined;
  #own: Acknowledgement | undefined;
  #isPersisted = false;
  /** The opening that is being checked. */
  #opened: Message | undefined;

  constructor(ctx: RunContext, o: SharingOptions, variant: Variant) {
    super(ctx, `${variant.run}/1`);
    if (ctx.parties.length !== o.n) refuse('E_PARTIES', 'Every holder of the key takes part in making it.');
    // Evaluation points are 1…n by definition and never read from a message (attack row 16).
    if (!ctx.parties.every((p, at) => p === at + 1)) refuse('E_PARTIES', 'Holders have the indices 1…n.');
    this.#o = o;
    this.#variant = variant;
    this.#frame = {
      run: variant.run,
      curve: ctx.curve,
      execId: this.execId,
      n: o.n,
      t: o.t,
      constant: variant.constant,
      hd: variant.hd === true,
    };
    this.#slots = sharingSlots({ run: variant.run, curve: ctx.curve });
    const { commitment, opening, subshare, proof, acknowledgement } = this.#slots;
    this.stages = [
      { expect: [commitment], complete: (inbox) => this.#reveal(inbox) },
      { expect: [opening, subshare], complete: (inbox) => this.#prove(inbox) },
      { expect: [proof], complete: (inbox) => this.#acknowledge(inbox) },
      { expect: [acknowledgement], complete: (inbox) => this.#certify(inbox) },
    ];
  }

  /** Round 1: V_i, and the hash of what all must agree on. */
  protected override begin(): Effect[] {
    this.#base = this.#variant.base();
    this.#dealing = this.deal();
    const V = commitTo(this.#frame, this.ctx.self, this.#dealing.opening);
    return [this.broadcast(this.#slots.commitment, { h: this.#agreed(), V })];
  }

  /** Hedged, so that a restored snapshot does not repeat a polynomial or a Schnorr nonce in another run. */
  protected deal(): Dealing {
    return deal(
      this.#frame,
      hedgedRandom(this.ctx, { label: this.#frame.run, ...(this.#base ? { secret: this.#base.x_i } : {}) }),
    );
  }

  /** Round 2, once all echoes agree: opens V_i to all, f_i(j) to each j. */
  #reveal(inbox: Inbox): Effect[] {
    const dealing = known(this.#dealing);
    const h = this.#agreed();
    for (const { from, value, message } of inbox.all(this.#slots.commitment)) {
      // Nobody can be blamed: the two may have been given different things to agree on.
      check(equalBytes(value.h, h), this.#variant.codes.mismatch);
      this.#commitments.set(from, { V: value.V, message });
    }
    return [
      this.broadcast(this.#slots.opening, dealing.opening),
      ...this.peers.map((j) => this.tell(j, this.#slots.subshare, subshare(this.#frame, dealing, j))),
    ];
  }

  /** Round 3: checks what the others dealt (§1.1, table), adds it up, proves possession of x_i. */
  #prove(inbox: Inbox): Effect[] {
    const { codes } = this.#variant;
    const { curve, self } = this.ctx;
    const dealing = known(this.#dealing);
    const subshares = [subshare(this.#frame, dealing, self)];
    const rid = dealing.opening.rid.slice();
    addTo(this.#chainCode, dealing.opening.chainCode);
    this.#points.set(self, { ...dealing.points, encodedA: dealing.opening.A });

    const sigmas = inbox.all(this.#slots.subshare);
    for (const [at, { from, value: opening, message }] of inbox.all(this.#slots.opening).entries()) {
      this.#opened = message;
      const { V, message: commitment } = known(this.#commitments.get(from));
      const isBound = opens(this.#frame, from, { V, opening });
      // Nobody signs an opening: what does not open V could be anybody's, and shows a stranger nothing.
      const shown = isBound ? [commitment] : [];
      check(opening.C.length === commitmentCount(this.#frame), codes.size, [from], shown);
      const points = decodePoints(this.#frame, opening);
      check(points !== undefined, codes.point, [from], shown);
      check(isBound, codes.opening, [from]);
      check(hasChainCode(this.#frame, opening), codes.chainCode, [from]);
      const sent = known(sigmas[at]);
      const sigma = checkedSubshare(this.#frame, points.C, self, sent.value);
      check(sigma !== undefined, codes.feldman, [from], [commitment, message, sent.message]);
      subshares.push(sigma);
      this.#points.set(from, { ...points, encodedA: opening.A });
      addTo(rid, opening.rid);
      addTo(this.#chainCode, opening.chainCode);
      opening.chainCode?.fill(0);
    }
    this.#opened = undefined;
    this.#rid = rid;

    this.#share = this.#addUp(subshares);
    for (const secret of [...subshares, ...sigmas.map(({ value }) => value)]) secret.fill(0);
    this.#base?.x_i.fill(0); // A copy of ours, or what the importer made: not needed any more, and kept by nobody.
    const { x } = this.#share;
    const e = this.#challenge(self);
    const z = curve.scalar.add(dealing.r, curve.scalar.mul(e, x)); // z_i = r_i + e_i·x_i
    eraseDealing(dealing); // A second z under the same r would reveal x_i.
    return [this.broadcast(this.#slots.proof, z)];
  }

  /** Round 4: verifies the proofs, has the share written, then acknowledges. */
  #acknowledge(inbox: Inbox): Effect[] {
    const { curve } = this.ctx;
    const share = known(this.#share);
    for (const { from, value } of inbox.all(this.#slots.proof)) {
      check(this.#isProof(from, value), this.#variant.codes.schnorr, [from]);
    }
    this.#own = acknowledge({ curve, share, statement: this.#o.statement, sign: this.ctx.env.sign });
    this.#isPersisted = true;
    return [
      // Before the acknowledgement leaves: whoever holds all n may let go of an older sharing (rulings 15).
      { t: 'persist', tag: 'pending-share', share },
      this.broadcast(this.#slots.acknowledgement, this.#own.signature),
    ];
  }

  #certify(inbox: Inbox): Effect[] {
    const { curve } = this.ctx;
    const share = known(this.#share);
    const { statement } = this.#o;
    const statements = [known(this.#own)];
    for (const { from, value } of inbox.all(this.#slots.acknowledgement)) {
      const acknowledgement = { index: from, signature: value };
      const holds = isAcknowledged({ curve, share, statement, verify: this.ctx.env.verify }, acknowledgement);
      check(holds, this.#variant.codes.ack, [from]);
      statements.push(acknowledgement);
    }
    statements.sort((a, b) => a.index - b.index);
    this.finish({ share, statements });
    return [];
  }

  /**
   * x_i = x_i(base) + Σ_j f_j(i) and X_j = X_j(base) + Σ_k j^k·F_k with F_k = Σ_j C_{j,k}. What fails here is nobody's
   * fault that could be shown, and has a probability of about 2^−250: an alarm.
   */
  #addUp(subshares: readonly Scalar[]): KeyShare {
    const { curve, self } = this.ctx;
    const { n, t, protocol } = this.#o;
    const F = Array.from({ length: t }, (_, k) => curve.sum([...this.#points.values()].map(({ C }) => known(C[k]))));
    const added = feldmanShares(curve, F, n);
    const base = this.#base;
    const publicShares =
      base === undefined ? added : added.map((X_j, at) => curve.add(X_j, known(base.publicShares[at])));
    const publicKey = base === undefined ? known(F[0]) : base.publicKey;
    const x = subshares.reduce((sum, sigma) => curve.scalar.add(sum, sigma), base?.x_i ?? curve.scalar.zero);

    const parts = { index: self, t, n, x, publicShares, publicKey };
    check(isKeyShare(curve, parts), this.#variant.codes.degenerate);
    const chainCode = this.#frame.hd === true ? this.#chainCode.slice() : base?.chainCode;
    const epoch = epochOf(curve, publicShares);
    return { protocol, curve: curve.name, ...parts, epoch, ...(chainCode === undefined ? {} : { chainCode }) };
  }

  /** e_i = H_q(execId, i, rid, X, [X_1 … X_n], X_i, A_i). */
  #challenge(index: Index): Scalar {
    const [X, ...X_j] = this.#encodedKey();
    return challengeScalar(
      this.ctx.curve,
      `mpc/${this.#frame.run}/schnorr`,
      i.bytes(this.execId),
      i.uint(index),
      i.bytes(this.#rid),
      i.point(known(X)),
      i.list(X_j.map((point) => i.point(point))),
      i.point(known(X_j[index - 1])),
      i.point(known(this.#points.get(index)).encodedA),
    );
  }

  /** X, X_1 … X_n. */
  #encodedKey(): readonly Uint8Array[] {
    const { publicKey, publicShares } = known(this.#share);
    this.#encoded ??= this.ctx.curve.encodePoints([publicKey, ...publicShares]);
    return this.#encoded;
  }

  /** z_j < q and z_j·G = A_j + e_j·X_j. */
  #isProof(j: Index, bytes: Uint8Array): boolean {
    const { curve } = this.ctx;
    const z = attempt(() => curve.scalar.decode(bytes));
    if (z === undefined) return false;
    const X_j = known(known(this.#share).publicShares[j - 1]);
    const expected = curve.add(known(this.#points.get(j)).A, curve.mulPublic(X_j, this.#challenge(j)));
    return curve.equals(curve.mulBase(z), expected);
  }

  /** SHA-512 over the parameters and, where a sharing exists already, its public shares and chain code. */
  #agreed(): Uint8Array {
    const { curve, parties } = this.ctx;
    const { protocol, t, n } = this.#o;
    const points =
      this.#base === undefined ? [] : curve.encodePoints([...this.#base.publicShares, this.#base.publicKey]);
    return sha512(
      enc(
        `mpc/${this.#frame.run}/agreed/v1`,
        i.bytes(this.execId),
        i.text(protocol),
        i.text(curve.name),
        i.uint(t),
        i.uint(n),
        i.list(parties.map((p) => i.uint(p))),
        i.list(points.map((point) => i.point(point))),
        ...(this.#base?.chainCode === undefined ? [] : [i.bytes(this.#base.chainCode)]),
        // Only where there is one, so that everything else hashes as it did before keys could be masters.
        ...(this.#frame.hd === true ? [i.text('chain code')] : []),
      ),
    );
  }

  protected override publics(): Uint8Array | undefined {
    return this.#opened === undefined ? undefined : encodeOpened(this.#opened.body);
  }

  protected override erase(): void {
    if (this.#dealing !== undefined) eraseDealing(this.#dealing);
    this.#base?.x_i.fill(0);
    // From the persist effect on, the share belongs to the driver: it may be pending for a long time.
    if (!this.#isPersisted) {
      this.#share?.x.fill(0);
      this.#share?.chainCode?.fill(0);
    }
    this.#chainCode.fill(0);
  }
}

function addTo(sum: Uint8Array, part: Uint8Array | undefined): void {
  for (const [k, byte] of part?.entries() ?? []) sum[k] = (sum[k] ?? 0) ^ byte;
}

/** States that a stage is never reached without the one before it. */
function known<T>(value: T | undefined): T {
  if (value === undefined) throw new TypeError('A stage ran before the one it builds on.');
  return value;
}
