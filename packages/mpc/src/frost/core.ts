/**
 * The algebra of two-round FROST (RFC 9591 §4 and §5), the same for every suite. Pure: the machine in machine.ts feeds
 * it and decides what to do with the answers.
 */
import type { Curve, Point, Scalar } from '@holdfast/crypto/curves';
import { lagrange } from '@holdfast/crypto/sharing';
import { equalBytes } from '@holdfast/crypto/transcript';
import { attempt, check, refuse } from '../runtime/index.ts';
import type { FrostSuite, SigningKey } from './suite.ts';

/**
 * One party's round-one message. The encodings are kept because the binding factors are over them. E is decoded where it
 * is multiplied, once: its subgroup check comes with the product (Curve.mulEncoded).
 */
export interface Commitment {
  readonly index: number;
  readonly D: Point;
  readonly encodedD: Uint8Array;
  readonly encodedE: Uint8Array;
}

/**
 * A hiding and a binding nonce. Set once, taken once: two shares under one pair reveal x_i, so a second take throws,
 * whatever the message. Lives in memory only.
 */
export class NoncePair {
  readonly commitment: Commitment;
  #d: Scalar | undefined;
  #e: Scalar | undefined;

  private constructor(commitment: Commitment, d: Scalar, e: Scalar) {
    this.commitment = commitment;
    this.#d = d;
    this.#e = e;
  }

  /**
   * RFC 9591 §4.1: each nonce is H3(32 random bytes ‖ x_i). The secret hedges against a weak source of randomness;
   * nothing hedges against replaying the same randomness.
   */
  static draw(
    curve: Curve,
    suite: FrostSuite,
    o: { index: number; x: Scalar; random: (n: number) => Uint8Array },
  ): NoncePair {
    const d = drawNonce(curve, suite, o.x, o.random);
    const e = drawNonce(curve, suite, o.x, o.random);
    const D = curve.mulBase(d);
    const E = curve.mulBase(e);
    const [encodedD, encodedE] = curve.encodePoints([D, E]) as [Uint8Array, Uint8Array];
    return new NoncePair({ index: o.index, D, encodedD, encodedE }, d, e);
  }

  take(): { d: Scalar; e: Scalar } {
    const [d, e] = [this.#d, this.#e];
    if (d === undefined || e === undefined) refuse('E_F_NONCE_REUSE', 'These nonces have been used.');
    this.#d = undefined;
    this.#e = undefined;
    return { d, e };
  }

  wipe(): void {
    this.#d?.fill(0);
    this.#e?.fill(0);
    this.#d = undefined;
    this.#e = undefined;
  }

  toJSON(): string {
    return 'NoncePair';
  }
}

/** One signature in the making, as one signer sees it: fixed once the list of commitments is. */
export interface Session {
  readonly key: SigningKey;
  readonly message: Uint8Array;
  readonly list: readonly Commitment[];
  /** ρ_j, in the order of the list. */
  readonly bindingFactors: readonly Scalar[];
  /** λ_j, in the order of the list. */
  readonly lambdas: readonly Scalar[];
  /** Group commitment after the sign the scheme asks for. */
  readonly R: Point;
  /** True when every nonce counts with the opposite sign (BIP-340, odd R). */
  readonly negated: boolean;
  readonly c: Scalar;
}

/**
 * Round two (RFC 9591 §5.2) for one signer: forms the session and the share z_i = ±(d + e·ρ_i) + λ_i·x_i·c. The nonces
 * are erased before this returns, that is before the share can leave the process.
 */
export function signShare(
  curve: Curve,
  suite: FrostSuite,
  o: { key: SigningKey; message: Uint8Array; list: readonly Commitment[]; nonces: NoncePair },
): { session: Session; z: Scalar } {
  const { scalar } = curve;
  const { key, message, list, nonces } = o;
  checkList(list, nonces.commitment);

  const encodedKey = suite.encodePublicKey(curve, key.publicKey);
  const bindingFactors = computeBindingFactors(curve, suite, { encodedKey, message, list });
  const own = list.findIndex((entry) => entry.index === nonces.commitment.index);
  const rho_i = bindingFactors[own] as Scalar;

  const { d, e } = nonces.take();
  const k_i = scalar.add(d, scalar.mul(e, rho_i));
  d.fill(0);
  e.fill(0);
  try {
    // Our own D_i + ρ_i·E_i is k_i·G, which the base-point table makes cheaper than a product with E_i.
    const others = list.filter((_, at) => at !== own);
    const terms = others.flatMap((entry) => {
      const product = attempt(() => curve.mulEncoded(entry.encodedE, bindingFactors[list.indexOf(entry)] as Scalar));
      check(product !== undefined, 'E_MALFORMED', [entry.index]);
      return [entry.D, product];
    });
    const sum = curve.sum([curve.mulBase(k_i), ...terms]);
    // RFC 9591 §5.3 lets the identity fail at encoding. It happens when the last speaker cancels everybody else.
    check(!curve.isIdentity(sum), 'E_F_IDENTITY');
    const negated = suite.mustNegate(curve, sum);
    const R = negated ? curve.neg(sum) : sum;

    const c = suite.challenge(curve, { R, publicKey: encodedKey, message });
    const lambdas = lagrange(
      curve,
      list.map((entry) => entry.index),
    );
    const lambdaXC = scalar.mul(scalar.mul(lambdas[own] as Scalar, key.x), c);
    const z = negated ? scalar.sub(lambdaXC, k_i) : scalar.add(lambdaXC, k_i);
    lambdaXC.fill(0);
    return { session: { key, message, list, bindingFactors, lambdas, R, negated, c }, z };
  } finally {
    k_i.fill(0);
  }
}

/** RFC 9591 §5.4 for one share: z_j·G = ±(D_j + ρ_j·E_j) + c·λ_j·X_j. */
export function isValidShare(curve: Curve, session: Session, o: { index: number; z: Scalar }): boolean {
  const at = session.list.findIndex((entry) => entry.index === o.index);
  const entry = session.list[at];
  if (entry === undefined) return false;
  const commitment = curve.add(entry.D, curve.mulEncoded(entry.encodedE, session.bindingFactors[at] as Scalar));
  const signed = session.negated ? curve.neg(commitment) : commitment;
  const cLambda = curve.scalar.mul(session.c, session.lambdas[at] as Scalar);
  const expected = curve.add(signed, curve.mulPublic(session.key.publicShare(o.index), cLambda));
  return curve.equals(curve.mulBase(o.z), expected);
}

/** RFC 9591 §5.3: the signature of Σz_j, verified by the scheme's own equation. Undefined when it does not verify. */
export function aggregate(
  curve: Curve,
  suite: FrostSuite,
  session: Session,
  shares: readonly Scalar[],
): Uint8Array | undefined {
  const z = shares.reduce((sum, z_j) => curve.scalar.add(sum, z_j));
  const signature = suite.encodeSignature(curve, { R: session.R, z });
  const holds = suite.verify(curve, { publicKey: session.key.publicKey, message: session.message, signature });
  return holds ? signature : undefined;
}

/** RFC 9591 §4.4: ρ_j = H1(PK ‖ H4(msg) ‖ H5(list) ‖ j), for every entry of the list. */
export function computeBindingFactors(
  curve: Curve,
  suite: FrostSuite,
  o: { encodedKey: Uint8Array; message: Uint8Array; list: readonly Commitment[] },
): Scalar[] {
  const identifiers = o.list.map((entry) => suite.encodeScalar(curve.scalar.fromBigInt(BigInt(entry.index))));
  const encodedList = Buffer.concat(
    o.list.flatMap((entry, at) => [identifiers[at] as Uint8Array, entry.encodedD, entry.encodedE]),
  );
  const prefix = [o.encodedKey, suite.h4(o.message), suite.h5(encodedList)];
  return identifiers.map((identifier) => suite.h1(curve, Buffer.concat([...prefix, identifier])));
}

/** What a signer requires of a list before it answers: ascending, no repetition, its own entry unaltered. */
function checkList(list: readonly Commitment[], own: Commitment): void {
  const ascending = list.every((entry, at) => at === 0 || (list[at - 1] as Commitment).index < entry.index);
  check(ascending, 'E_F_LIST');
  const entry = list.find((each) => each.index === own.index);
  const unaltered =
    entry !== undefined && equalBytes(entry.encodedD, own.encodedD) && equalBytes(entry.encodedE, own.encodedE);
  check(unaltered, 'E_F_LIST');
}

// RFC 9591 §4.1 lets a nonce be zero; its commitment has no encoding (§3.1), so we draw again. The distribution
// differs from the RFC's by one value in q.
function drawNonce(curve: Curve, suite: FrostSuite, x: Scalar, random: (n: number) => Uint8Array): Scalar {
  for (;;) {
    const randomness = random(32);
    const input = Buffer.concat([randomness, suite.encodeScalar(x)]);
    const nonce = suite.h3(curve, input);
    input.fill(0);
    if (!curve.scalar.isZero(nonce)) return nonce;
  }
}
