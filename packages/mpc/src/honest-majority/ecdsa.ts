/**
 * ECDSA by an honest majority, on demand: 5 parties of whom at most 2 are corrupt, three rounds, no stored
 * presignatures (mpc-protocols §5.2, variant H1; docs/specs/honest-majority-ecdsa.md is normative). Letters as there:
 * k nonce, a mask, w = k·a, R = k·G, W = a·R = w·G; subscript j is the share of party j.
 */
import type { Curve, Point, Scalar } from '@holdfast/crypto/curves';
import { enc, equalBytes, f, i, sha512_256 } from '@holdfast/crypto/transcript';
import { requireUsableShare } from '../frost/usable-share.ts';
import {
  check,
  type Effect,
  format,
  type Inbox,
  type KeyShare,
  type Machine,
  type Received,
  RoundMachine,
  type RunContext,
  refuse,
  type Slot,
  type Stage,
} from '../runtime/index.ts';
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

/**
 * E_H_RANGE and E_H_ZERO mean that this nonce does not do: the driver may start again under a new execution id. Nobody
 * is ever named for a wrong value: two colluding parties can make an innocent one look like the outlier.
 */
export function createEcdsaH(ctx: RunContext, o: EcdsaOptions): Machine<EcdsaSignature> {
  return new EcdsaH(ctx, o);
}

class EcdsaH extends RoundMachine<EcdsaSignature> {
  protected override readonly stages: readonly Stage[];
  readonly #share: KeyShare;
  readonly #randomness: PrssRun;
  readonly #digest: Uint8Array;
  readonly #h: Scalar;
  readonly #context: Uint8Array;
  readonly #slots: Slots;
  /** This party's shares of the masks, drawn once, at the start. Never stored. */
  #masks: Masks | undefined;
  /** What this party said in each round. */
  readonly #own: { R_j?: Point; w_j?: Scalar; W_j?: Point; s_j?: Scalar } = {};
  #opened: Opened | undefined;

  constructor(ctx: RunContext, { share, prss, digest }: EcdsaOptions) {
    super(ctx, 'ecdsa-h/1');
    if (share.protocol !== 'CGGMP21') refuse('E_KEY_PROTOCOL', 'The key was not made for ECDSA.');
    if (share.curve === 'ed25519') refuse('E_KEY_PROTOCOL', 'ECDSA has no such curve.');
    requireUsableShare(this.ctx, share);
    // Exactly 2t'+1, never at least: with more, shares opened to different subsets stop being unique (§5.7).
    const needed = 2 * share.t - 1;
    if (share.n !== needed || this.ctx.parties.length !== needed)
      refuse('E_PARTIES', "This protocol runs with exactly 2t'+1 parties.");
    if (`${prss.parties}` !== `${this.ctx.parties}` || prss.self !== ctx.self)
      refuse('E_H_PRSS', 'The PRSS session is of other parties.');
    this.#share = share;
    this.#digest = Uint8Array.from(digest);
    this.#h = digestScalar(ctx.curve, this.#digest);
    this.#context = contextOf(this.ctx, { share, prss, digest: this.#digest });
    this.#slots = slotsFor(ctx.curve);
    this.stages = [
      { expect: [this.#slots.open], complete: (inbox) => this.#mask(inbox) },
      { expect: [this.#slots.masked], complete: (inbox) => this.#sign(inbox) },
      { expect: [this.#slots.share], complete: (inbox) => this.#combine(inbox) },
    ];
    // Last, because it burns the execution id within the session: from here on it can sign once or not at all.
    this.#randomness = prss.open(this.execId, ctx.curve);
  }

  /** Round 1: R_j = k_j·G and w_j = k_j·a_j + b_j. */
  protected override begin(): Effect[] {
    const { curve } = this.ctx;
    const run = this.#randomness;
    const masks = { k: run.rand('k'), a: run.rand('a'), b: run.zero('b'), o: run.zero('o') };
    const product = curve.scalar.mul(masks.k, masks.a);
    const said = { R_j: curve.mulBase(masks.k), w_j: curve.scalar.add(product, masks.b) };
    product.fill(0);
    this.#masks = masks;
    Object.assign(this.#own, said);
    return [this.broadcast(this.#slots.open, { context: this.#context, ...said })];
  }

  /** Round 2: open R and w, answer W_j = a_j·R. */
  #mask(inbox: Inbox): Effect[] {
    const { curve } = this.ctx;
    const masks = this.#masks as Masks; // Drawn by begin(), which comes before every stage.
    const received = inbox.all(this.#slots.open);
    // Another digest, key or session under the same execution id: stop before anything depends on it.
    for (const { value } of received) check(equalBytes(value.context, this.#context), 'E_H_CONTEXT');

    const R = openPoint(
      curve,
      this.#inOrder(received, this.#own, ({ R_j }) => R_j),
    );
    check(R !== undefined, 'E_H_RDEG');
    const w = openScalar(
      curve,
      this.#inOrder(received, this.#own, ({ w_j }) => w_j),
    );
    check(!curve.isIdentity(R), 'E_H_ZERO');
    check(!curve.scalar.isZero(w), 'E_H_ZERO');
    this.#opened = { w, ...nonceCoordinate(curve, R) };

    const W_j = curve.mulSecret(R, masks.a);
    this.#own.W_j = W_j;
    return [this.broadcast(this.#slots.masked, { W_j })];
  }

  /** Round 3: W = w·G together with both degree tests proves w = k·a; then s_j = k'_j·(h + r·x_j) + o_j, k'_j = a_j/w. */
  #sign(inbox: Inbox): Effect[] {
    const { curve } = this.ctx;
    const { scalar } = curve;
    const [masks, opened] = [this.#masks as Masks, this.#opened as Opened];
    const W = openPoint(
      curve,
      this.#inOrder(inbox.all(this.#slots.masked), this.#own, ({ W_j }) => W_j),
    );
    check(W !== undefined, 'E_H_W');
    check(curve.equals(W, curve.mulBase(opened.w)), 'E_H_W');

    const inverse_k = scalar.mul(masks.a, scalar.invert(opened.w));
    const hashed = scalar.add(this.#h, scalar.mul(opened.r, this.#share.x));
    const product = scalar.mul(inverse_k, hashed);
    const s_j = scalar.add(product, masks.o);
    this.#own.s_j = s_j;
    for (const secret of [inverse_k, hashed, product]) secret.fill(0);
    this.#eraseMasks();
    return [this.broadcast(this.#slots.share, { s_j })];
  }

  /** s from all five; the signature leaves only when it verifies. */
  #combine(inbox: Inbox): Effect[] {
    const { curve } = this.ctx;
    const opened = this.#opened as Opened;
    const s = openScalar(
      curve,
      this.#inOrder(inbox.all(this.#slots.share), this.#own, ({ s_j }) => s_j),
    );
    const signed = encodeSignature(curve, { r: opened.r, s, recid: opened.recid });
    const { publicKey } = this.#share;
    check(verifyEcdsa(curve, { publicKey, digest: this.#digest, signature: signed.signature }), 'E_H_SIG');
    this.finish(signed);
    return [];
  }

  protected override erase(): void {
    this.#eraseMasks();
  }

  #eraseMasks(): void {
    if (this.#masks === undefined) return;
    for (const mask of Object.values(this.#masks)) mask.fill(0);
    this.#masks = undefined;
  }

  /** Everybody's values at the points 1…n. */
  #inOrder<M, T>(received: readonly Received<M>[], own: Partial<M>, pick: (m: M) => T): T[] {
    const byParty = new Map<number, T>([[this.ctx.self, pick(own as M)]]);
    for (const { from, value } of received) byParty.set(from, pick(value));
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
  readonly r: Scalar;
  readonly recid: number;
  readonly w: Scalar;
}

/** What all five must have the same before a nonce is opened for it. The execution id says so too; this checks it. */
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

interface Slots {
  readonly open: Slot<{ context: Uint8Array; R_j: Point; w_j: Scalar }>;
  readonly masked: Slot<{ W_j: Point }>;
  readonly share: Slot<{ s_j: Scalar }>;
}

function slotsFor(curve: Curve): Slots {
  return {
    open: {
      round: 1,
      kind: 'bcast',
      format: format({
        tag: 'mpc/ecdsa-h/1/open/v1',
        fields: [f.bytes(32), f.point(curve.pointBytes), f.scalar()],
        write: ({ context, R_j, w_j }) => [i.bytes(context), i.point(curve.encodePoint(R_j)), i.scalar(w_j)],
        read: ([context, R_j, w_j]) => ({ context, R_j: curve.decodePoint(R_j), w_j: curve.scalar.decode(w_j) }),
      }),
    },
    masked: {
      round: 2,
      kind: 'bcast',
      format: format({
        tag: 'mpc/ecdsa-h/2/masked/v1',
        fields: [f.point(curve.pointBytes)],
        write: ({ W_j }) => [i.point(curve.encodePoint(W_j))],
        read: ([W_j]) => ({ W_j: curve.decodePoint(W_j) }),
      }),
    },
    share: {
      round: 3,
      kind: 'bcast',
      format: format({
        tag: 'mpc/ecdsa-h/3/share/v1',
        fields: [f.scalar()],
        write: ({ s_j }) => [i.scalar(s_j)],
        read: ([s_j]) => ({ s_j: curve.scalar.decode(s_j) }),
      }),
    },
  };
}
