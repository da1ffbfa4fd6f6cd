/**
 * What one party computes in one run, whatever carries its values: mpc-protocols §5.2, variant H1
 * (docs/specs/honest-majority-ecdsa.md §3 is normative). Letters as there: k nonce, a mask, w = k·a, R = k·G,
 * W = a·R = w·G; subscript j is the share of party j.
 */
import type { Point, Scalar } from '@holdfast/crypto/curves';
import { enc, equalBytes, i, sha512_256 } from '@holdfast/crypto/transcript';
import { requireUsableShare } from '../frost/usable-share.ts';
import { check, type Index, type KeyShare, type RunContext, refuse } from '../runtime/index.ts';
import { openPoint, openScalar } from './open.ts';
import type { PrssRun, PrssSession } from './prss.ts';
import { digestScalar, type EcdsaSignature, encodeSignature, nonceCoordinate, verifyEcdsa } from './signature.ts';

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
  readonly #share: KeyShare;
  readonly #randomness: PrssRun;
  readonly #digest: Uint8Array;
  readonly #h: Scalar;
  readonly #context: Uint8Array;
  /** This party's shares of the masks, drawn once, at the start. Never stored. */
  #masks: Masks | undefined;
  /** What this party said in each round. */
  readonly #own: { opening?: Opening; W_j?: Point; s_j?: Scalar } = {};
  #opened: Opened | undefined;

  /** Refuses what must not be signed with, then burns the execution id within the session. */
  constructor(ctx: RunContext, { share, prss, digest }: EcdsaOptions) {
    if (share.protocol !== 'CGGMP21') refuse('E_KEY_PROTOCOL', 'The key was not made for ECDSA.');
    if (share.curve === 'ed25519') refuse('E_KEY_PROTOCOL', 'ECDSA has no such curve.');
    requireUsableShare(ctx, share);
    // Exactly 2t'+1, never at least: with more, shares opened to different subsets stop being unique (§5.7).
    const needed = 2 * share.t - 1;
    if (share.n !== needed || ctx.parties.length !== needed)
      refuse('E_PARTIES', "This protocol runs with exactly 2t'+1 parties.");
    if (`${prss.parties}` !== `${ctx.parties}` || prss.self !== ctx.self)
      refuse('E_H_PRSS', 'The PRSS session is of other parties.');
    this.ctx = ctx;
    this.#share = share;
    this.#digest = Uint8Array.from(digest);
    this.#h = digestScalar(ctx.curve, this.#digest);
    this.#context = contextOf(ctx, { share, prss, digest: this.#digest });
    // Last, because it burns the execution id within the session: from here on it can sign once or not at all.
    this.#randomness = prss.open(ctx.execId, ctx.curve);
  }

  /** Round 1: R_j = k_j·G and w_j = k_j·a_j + b_j. */
  open(): Opening {
    const { curve } = this.ctx;
    const masks = this.#randomness.draw({ k: 'rand', a: 'rand', b: 'zero', o: 'zero' });
    const product = curve.scalar.mul(masks.k, masks.a);
    const opening = {
      context: this.#context,
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
    for (const { value } of heard) check(equalBytes(value.context, this.#context), 'E_H_CONTEXT');

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

  /** Round 3: s_j = k'_j·(h + r·x_j) + o_j, k'_j = a_j/w. */
  sign(inverse_w: Scalar = this.ctx.curve.scalar.invert(this.w)): Scalar {
    const { scalar } = this.ctx.curve;
    const [masks, opened] = [this.#masks as Masks, this.#opened as Opened];
    const inverse_k = scalar.mul(masks.a, inverse_w);
    const hashed = scalar.add(this.#h, scalar.mul(opened.r, this.#share.x));
    const product = scalar.mul(inverse_k, hashed);
    const s_j = scalar.add(product, masks.o);
    this.#own.s_j = s_j;
    for (const secret of [inverse_k, hashed, product]) secret.fill(0);
    this.erase();
    return s_j;
  }

  /** s from all five; the signature leaves only when it verifies. */
  combine(heard: Heard<Scalar>): EcdsaSignature {
    const { curve } = this.ctx;
    const { r, recid } = this.#opened as Opened;
    const s = openScalar(curve, this.#inOrder(heard, this.#own.s_j as Scalar));
    const signed = encodeSignature(curve, { r, s, recid });
    const { publicKey } = this.#share;
    check(verifyEcdsa(curve, { publicKey, digest: this.#digest, signature: signed.signature }), 'E_H_SIG');
    return signed;
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
