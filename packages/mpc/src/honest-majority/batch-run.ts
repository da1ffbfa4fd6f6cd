/**
 * What one party computes for a batch: the nonces of all its elements together, then a share of every signature
 * (mpc-protocols §5.3, variant H2; docs/specs/honest-majority-ecdsa.md §5 is normative). Letters as there: k nonce, a
 * mask, w = k·a, ρ and β challenges, μ = ρ·a, τ = μ·k; subscript j is the share of party j.
 */
import type { Curve, Point, Scalar } from '@holdfast/crypto/curves';
import { enc, equalBytes, i, sha512_256 } from '@holdfast/crypto/transcript';
import type { Settled } from '../group/index.ts';
import { AbortError, check, type Index, type RunContext } from '../runtime/index.ts';
import type { Heard } from './ecdsa-run.ts';
import { combined, invertTogether, type Signing, signatureShare } from './online.ts';
import { columnsOpener, openPoint } from './open.ts';
import type { Drawn, PrssRun } from './prss.ts';
import { type EcdsaSignature, nonceCoordinate } from './signature.ts';

/** Scalars of all elements, 32 bytes each, in order of place. */
export type Column = Uint8Array;

/** Round 1: k·a and ρ·a under masks, of every place this party takes. */
export interface Masked {
  readonly places: readonly number[];
  /** 32 bytes each. */
  readonly contexts: Uint8Array;
  readonly w: Column;
  readonly mu: Column;
}

/** Round 2, of the places all five took: μ·k under a mask, and which places those are. */
export interface MaskedAgain {
  readonly agreed: Uint8Array;
  readonly tau: Column;
}

/** Round 3: shares of what the products are tested with. */
export interface Challenge {
  readonly rho_j: Scalar;
  readonly beta_j: Scalar;
}

/** Round 4. */
export interface Opened {
  readonly T_j: Scalar;
  readonly w: Column;
  readonly R: readonly Point[];
}

/** For the batch ρ and β; for each place k, a, the masks of its three products, and o for its signature. */
const once = { rho: 'rand', beta: 'rand' } as const;
const each = {
  k: 'rand',
  a: 'rand',
  'w.m': 'rand',
  'w.z': 'zero',
  'mu.m': 'rand',
  'mu.z': 'zero',
  'tau.m': 'rand',
  'tau.z': 'zero',
  o: 'zero',
} as const;

interface Element {
  readonly place: number;
  readonly signing: Signing;
  readonly masks: Drawn<typeof each>;
  /** This party's shares of the products, of degree t'. */
  w_j?: Scalar;
  mu_j?: Scalar;
  tau_j?: Scalar;
  nonce?: { readonly w: Scalar; readonly r: Scalar; readonly recid: number };
}

/** Steps are taken once each, in the order in which they stand here; every one may throw AbortError. */
export class BatchRun {
  /** Elements that have ended: by place. */
  readonly settled = new Map<number, Settled<EcdsaSignature>>();
  readonly #ctx: RunContext;
  readonly #curve: Curve;
  readonly #size: number;
  readonly #signings: ReadonlyMap<number, Signing>;
  readonly #randomness: PrssRun;
  /** In order of place; from round 2 on those that all five take. */
  #elements: readonly Element[] = [];
  #all: readonly Element[] = [];
  #agreed = new Uint8Array(0);
  #challenge: Challenge | undefined;
  /** ρ and β, opened. */
  #public: { readonly rho: Scalar; readonly beta: Scalar } | undefined;
  /** What this party said in each round. */
  readonly #own: { masked?: Masked; tau?: Column; opened?: Opened; s?: Column } = {};

  constructor(ctx: RunContext, o: { size: number; signings: ReadonlyMap<number, Signing>; randomness: PrssRun }) {
    this.#ctx = ctx;
    this.#curve = ctx.curve;
    this.#size = o.size;
    this.#signings = o.signings;
    this.#randomness = o.randomness;
  }

  /** How many elements a message holds from round 2 on. */
  get count(): number {
    return this.#elements.length;
  }

  /** Round 1: k·a and ρ·a under masks of degree 2t'. */
  mask(): Masked {
    const { scalar } = this.#curve;
    // For every place, taken or not: what an element draws does not depend on its neighbours.
    const drawn = this.#randomness.drawBatch({ once, each, count: this.#size });
    const { rho, beta } = drawn.once;
    this.#challenge = { rho_j: rho, beta_j: beta };
    this.#all = [...this.#signings].map(([place, signing]) => {
      return { place, signing, masks: drawn.each[place] as Drawn<typeof each> };
    });
    this.#elements = this.#all;
    const masked = {
      places: this.#elements.map(({ place }) => place),
      contexts: joined(this.#elements, ({ signing }) => signing.context),
      w: joined(this.#elements, ({ masks: m }) => maskedProduct(scalar, { x: m.k, y: m.a, M: m['w.m'], Z: m['w.z'] })),
      mu: joined(this.#elements, ({ masks: m }) =>
        maskedProduct(scalar, { x: rho, y: m.a, M: m['mu.m'], Z: m['mu.z'] }),
      ),
    };
    this.#own.masked = masked;
    return masked;
  }

  /**
   * Keeps the places that all five take and mean the same by, and opens their products: what is left after the mask is a
   * share of degree t'. Of a place that is dropped nothing was opened.
   */
  hearMasked(heard: Heard<Masked>): void {
    const all = this.#inOrder(heard, this.#own.masked as Masked).map((said) => ({
      ...said,
      at: new Map(said.places.map((place, k) => [place, k])),
    }));
    const kept: Element[] = [];
    for (const element of this.#elements) {
      const { place, signing } = element;
      const isTaken = all.every(({ at }) => at.has(place));
      const isSame = (said: (typeof all)[0]): boolean =>
        equalBytes(cellOf(said.contexts, said.at.get(place) as number), signing.context);
      if (!isTaken) this.#end(place, { code: 'E_PEER_GONE', round: 1 });
      // Another request, key or session: either side may be the one deceived.
      else if (!all.every(isSame)) this.#end(place, { code: 'E_H_CONTEXT', round: 1 });
      else kept.push(element);
    }
    this.#elements = kept;
    this.#agreed = agreedHash(this.#ctx, kept);

    const [w, mu] = (['w', 'mu'] as const).map((name) =>
      columnsOpener(
        this.#curve,
        // Where nothing is dropped, the cells are in order as they are.
        all.map((said) =>
          kept.length === said.places.length
            ? said[name]
            : joined(kept, ({ place }) => cellOf(said[name], said.at.get(place) as number)),
        ),
      ),
    ) as [Opener, Opener];
    for (const [at, element] of kept.entries()) {
      element.w_j = this.#unmasked(element.masks['w.m'], w.high(at));
      element.mu_j = this.#unmasked(element.masks['mu.m'], mu.high(at));
    }
  }

  /** Round 2: μ·k under a mask. */
  maskAgain(): MaskedAgain {
    const { scalar } = this.#curve;
    const tau = joined(this.#elements, ({ masks: m, mu_j }) =>
      maskedProduct(scalar, { x: mu_j as Scalar, y: m.k, M: m['tau.m'], Z: m['tau.z'] }),
    );
    this.#own.tau = tau;
    return { agreed: this.#agreed, tau };
  }

  /** Before the values of round 2 are looked at: from here on all five speak of the same elements. */
  hearAgreed(heard: Heard<Uint8Array>): void {
    for (const { value } of heard) check(equalBytes(value, this.#agreed), 'E_H_CONTEXT');
  }

  hearMaskedAgain(heard: Heard<Column>): void {
    const tau = columnsOpener(this.#curve, this.#inOrder(heard, this.#own.tau as Column));
    for (const [at, element] of this.#elements.entries())
      element.tau_j = this.#unmasked(element.masks['tau.m'], tau.high(at));
  }

  /** Round 3: only now, when nobody can change a product any more. */
  challenge(): Challenge {
    return this.#challenge as Challenge;
  }

  hearChallenge(heard: Heard<Challenge>): void {
    const all = this.#inOrder(heard, this.#challenge as Challenge);
    const [rho, beta] = (['rho_j', 'beta_j'] as const).map((name) =>
      columnsOpener(
        this.#curve,
        all.map((said) => said[name]),
      ).low(0),
    );
    check(rho !== undefined && beta !== undefined, 'E_H_OPEN');
    this.#public = { rho, beta };
  }

  /** Round 4: T = Σ (τ_i − ρ·w_i)·β^i over the elements i = 1, 2, …; every w, and every R. */
  open(): Opened {
    const { scalar } = this.#curve;
    const { rho, beta } = this.#public as { rho: Scalar; beta: Scalar };
    const minusRho = scalar.neg(rho);
    let T_j = scalar.zero;
    for (let at = this.count - 1; at >= 0; at -= 1) {
      const { w_j, tau_j } = this.#elements[at] as Element;
      const difference = scalar.add(tau_j as Scalar, scalar.mul(minusRho, w_j as Scalar));
      T_j = scalar.mul(scalar.add(T_j, difference), beta);
    }
    const opened = {
      T_j,
      w: joined(this.#elements, ({ w_j }) => w_j as Scalar),
      R: this.#elements.map(({ masks }) => this.#curve.mulBase(masks.k)),
    };
    this.#own.opened = opened;
    return opened;
  }

  /**
   * T = 0 says that every product of the batch is right. Where it is not, T may show a nonce: whatever fails here ends all
   * elements, and every k and a is overwritten.
   */
  hearOpened(heard: Heard<Opened>): void {
    const { scalar } = this.#curve;
    const all = this.#inOrder(heard, this.#own.opened as Opened);
    const T = columnsOpener(
      this.#curve,
      all.map(({ T_j }) => T_j),
    ).low(0);
    check(T !== undefined, 'E_H_T');
    check(scalar.isZero(T), 'E_H_T');
    const ws = columnsOpener(
      this.#curve,
      all.map((said) => said.w),
    );
    for (const [at, element] of this.#elements.entries()) {
      const w = ws.low(at);
      check(w !== undefined, 'E_H_W');
      const R = openPoint(
        this.#curve,
        all.map((said) => said.R[at] as Point),
      );
      check(R !== undefined, 'E_H_RDEG');
      check(!this.#curve.isIdentity(R) && !scalar.isZero(w), 'E_H_ZERO');
      element.nonce = { ...nonceCoordinate(this.#curve, R), w };
    }
  }

  /** Round 5: s = (a/w)·(h + r·x) + o for every element; nothing of a nonce is left behind. */
  sign(): Column {
    const { scalar } = this.#curve;
    const nonces = this.#elements.map(({ nonce }) => nonce as NonNullable<Element['nonce']>);
    const inverses = invertTogether(
      scalar,
      nonces.map(({ w }) => w),
    );
    const s = joined(this.#elements, ({ masks: { a, o }, signing: { h, share } }, at) => {
      const { r } = nonces[at] as (typeof nonces)[0];
      return signatureShare(scalar, { a, inverse_w: inverses[at] as Scalar, h, r, x: share.x, o });
    });
    this.#own.s = s;
    this.erase();
    return s;
  }

  /** Each signature has a mask of its own, so here a wrong share ends its element alone. */
  combine(heard: Heard<Column>): void {
    const ss = columnsOpener(this.#curve, this.#inOrder(heard, this.#own.s as Column));
    for (const [at, { place, signing, nonce }] of this.#elements.entries()) {
      const { r, recid } = nonce as NonNullable<Element['nonce']>;
      try {
        this.settled.set(place, { s: 'done', out: combined(this.#curve, { signing, r, recid, s: ss.high(at) }) });
      } catch (error) {
        if (!(error instanceof AbortError)) throw error;
        this.#end(place, { code: error.code, round: 5 });
      }
    }
  }

  /** Overwrites every mask and every share of a product. */
  erase(): void {
    for (const { masks, w_j, mu_j, tau_j } of this.#all)
      for (const secret of [...Object.values(masks), w_j, mu_j, tau_j]) secret?.fill(0);
    this.#challenge?.rho_j.fill(0);
    this.#challenge?.beta_j.fill(0);
  }

  #end(place: number, abort: { code: string; round: number }): void {
    this.settled.set(place, { s: 'aborted', abort: { ...abort, culprits: [] } });
  }

  #unmasked(mask: Scalar, opened: Scalar): Scalar {
    return this.#curve.scalar.sub(opened, mask);
  }

  /** Everybody's values at the points 1…n. */
  #inOrder<T>(heard: Heard<T>, own: T): T[] {
    const byParty = new Map<Index, T>([[this.#ctx.self, own]]);
    for (const { from, value } of heard) byParty.set(from, value);
    return this.#ctx.parties.map((party) => byParty.get(party) as T);
  }
}

type Opener = ReturnType<typeof columnsOpener>;

const CELL_BYTES = 32;

function joined(elements: readonly Element[], cell: (element: Element, at: number) => Uint8Array): Uint8Array {
  const column = new Uint8Array(CELL_BYTES * elements.length);
  for (let at = 0; at < elements.length; at += 1) column.set(cell(elements[at] as Element, at), CELL_BYTES * at);
  return column;
}

function cellOf(column: Uint8Array, at: number): Uint8Array {
  return column.subarray(CELL_BYTES * at, CELL_BYTES * (at + 1));
}

/** x·y + M + Z: of degree 2t', uniform but for the product. */
function maskedProduct(scalar: Curve['scalar'], o: { x: Scalar; y: Scalar; M: Scalar; Z: Scalar }): Scalar {
  const product = scalar.mul(o.x, o.y);
  const masked = scalar.add(product, o.M);
  product.fill(0);
  return scalar.add(masked, o.Z);
}

/** The places that go on, and what they are: the list of requests that the nonces are for. */
function agreedHash(ctx: RunContext, elements: readonly Element[]): Uint8Array<ArrayBuffer> {
  return sha512_256(
    enc(
      'mpc/ecdsa-h-batch/agreed/v1',
      i.bytes(ctx.execId),
      i.list(elements.map(({ place, signing }) => i.list([i.uint(place), i.bytes(signing.context)]))),
    ),
  ) as Uint8Array<ArrayBuffer>;
}
