/**
 * What one party computes in one run, whatever carries its values: mpc-protocols §5.2, variant H1
 * (docs/specs/honest-majority-ecdsa.md §3 is normative). Letters as there: k nonce, a mask, w = k·a, R = k·G,
 * W = a·R = w·G; subscript j is the share of party j.
 */
import type { Point, Scalar } from '@holdfast/crypto/curves';
import { enc, equalBytes, i, sha512_256 } from '@holdfast/crypto/transcript';
import { check, type Index, type KeyShare, type RunContext } from '../runtime/index.ts';
import { combined, requireSigning, type Signing, signatureShare } from './online.ts';
import { openPoint, openScalar } from './open.ts';
import type { PrssRun, PrssSession } from './prss.ts';
import { digestScalar, type EcdsaSignature, nonceCoordinate } from './signature.ts';

export interface EcdsaOptions {
  readonly share: KeyShare;
  /** Of exactly these parties; its id must be in the execution id. */
  readonly prss: PrssSession;
  /** 32 bytes, as the curve's verifiers take it. */
  readonly digest: Uint8Array;
}

/** What a party says in round 1. */
export interface Opening {
  /** What all five must have the same before a nonce is opened for it. */
  readonly context: Uint8Array;
  readonly R_j: Point;
  readonly w_j: Scalar;
}

/** What the other parties said, each once. */
export type Heard<T> = readonly { readonly from: Index; readonly value: T }[];

/** Steps are taken once each, in the order in which they stand here; every one may throw AbortError. */
export class EcdsaRun {
  readonly ctx: RunContext;
  readonly signing: Signing;
  readonly #randomness: PrssRun;
  /** This party's shares of the masks, drawn once, at the start. Never stored. */
  #masks: Masks | undefined;
  /** What this party said in each round. */
  readonly #own: { opening?: Opening; W_j?: Point; s_j?: Scalar } = {};
  #opened: Opened | undefined;

  /** Refuses what must not be signed with, then burns the execution id within the session. */
  constructor(ctx: RunContext, { share, prss, digest }: EcdsaOptions) {
    requireSigning(ctx, { share, prss });
    this.ctx = ctx;
    const own = Uint8Array.from(digest);
    const context = contextOf(ctx, { share, prss, digest: own });
    this.signing = { share, digest: own, h: digestScalar(ctx.curve, own), context };
    // Last, because it burns the execution id within the session: from here on it can sign once or not at all.
    this.#randomness = prss.open(ctx.execId, ctx.curve);
  }

  /** Round 1: R_j = k_j·G and w_j = k_j·a_j + b_j. */
  open(): Opening {
    const { curve } = this.ctx;
    const masks = this.#randomness.draw({ k: 'rand', a: 'rand', b: 'zero', o: 'zero' });
    const product = curve.scalar.mul(masks.k, masks.a);
    const opening = {
      context: this.signing.context,
      R_j: curve.mulBase(masks.k),
      w_j: curve.scalar.add(product, masks.b),
    };
    product.fill(0);
    this.#masks = masks;
    this.#own.opening = opening;
    return opening;
  }

  /** Opens R and w. */
  hearOpenings(heard: Heard<Opening>): void {
    const { curve } = this.ctx;
    // Another digest, key or session under the same execution id: stop before anything depends on it.
    for (const { value } of heard) check(equalBytes(value.context, this.signing.context), 'E_H_CONTEXT');

    const openings = this.#inOrder(heard, this.#own.opening as Opening);
    const R = openPoint(
      curve,
      openings.map(({ R_j }) => R_j),
    );
    check(R !== undefined, 'E_H_RDEG');
    const w = openScalar(
      curve,
      openings.map(({ w_j }) => w_j),
    );
    check(!curve.isIdentity(R) && !curve.scalar.isZero(w), 'E_H_ZERO');
    this.#opened = { ...nonceCoordinate(curve, R), R, w };
  }

  /** Round 2: W_j = a_j·R. */
  mask(): Point {
    const { curve } = this.ctx;
    const W_j = curve.mulSecret((this.#opened as Opened).R, (this.#masks as Masks).a);
    this.#own.W_j = W_j;
    return W_j;
  }

  /** W = w·G together with both degree tests proves w = k·a. */
  hearMasked(heard: Heard<Point>): void {
    const { curve } = this.ctx;
    const W = openPoint(curve, this.#inOrder(heard, this.#own.W_j as Point));
    check(W !== undefined, 'E_H_W');
    check(curve.equals(W, curve.mulBase((this.#opened as Opened).w)), 'E_H_W');
  }

  /** The opened w, public: whoever drives many runs inverts all of theirs at once. */
  get w(): Scalar {
    return (this.#opened as Opened).w;
  }

  /** Round 3. */
  sign(inverse_w: Scalar = this.ctx.curve.scalar.invert(this.w)): Scalar {
    const { scalar } = this.ctx.curve;
    const [{ a, o }, { r }] = [this.#masks as Masks, this.#opened as Opened];
    const { h, share } = this.signing;
    const s_j = signatureShare(scalar, { a, inverse_w, h, r, x: share.x, o });
    this.#own.s_j = s_j;
    this.erase();
    return s_j;
  }

  combine(heard: Heard<Scalar>): EcdsaSignature {
    const { r, recid } = this.#opened as Opened;
    const s = openScalar(this.ctx.curve, this.#inOrder(heard, this.#own.s_j as Scalar));
    return combined(this.ctx.curve, { signing: this.signing, r, recid, s });
  }

  /** Overwrites the masks. */
  erase(): void {
    if (this.#masks === undefined) return;
    for (const mask of Object.values(this.#masks)) mask.fill(0);
    this.#masks = undefined;
  }

  /** Everybody's values at the points 1…n. */
  #inOrder<T>(heard: Heard<T>, own: T): T[] {
    const byParty = new Map<Index, T>([[this.ctx.self, own]]);
    for (const { from, value } of heard) byParty.set(from, value);
    return this.ctx.parties.map((party) => byParty.get(party) as T);
  }
}

/** This party's shares of k, of a, and of two zeros. */
interface Masks {
  readonly k: Scalar;
  readonly a: Scalar;
  readonly b: Scalar;
  readonly o: Scalar;
}

interface Opened {
  readonly R: Point;
  readonly r: Scalar;
  readonly recid: number;
  readonly w: Scalar;
}

/** The execution id says so too; this checks it. */
function contextOf(ctx: RunContext, o: EcdsaOptions): Uint8Array {
  return sha512_256(
    enc(
      'mpc/ecdsa-h/context/v1',
      i.bytes(ctx.execId),
      i.text(o.share.curve),
      i.point(ctx.curve.encodePoint(o.share.publicKey)),
      i.bytes(o.share.epoch),
      i.bytes(o.prss.id),
      i.bytes(o.digest),
    ),
  );
}
