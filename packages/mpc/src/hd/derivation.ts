/**
 * Non-hardened child keys from public keys and chain codes: mpc-protocols §8.1, docs/specs/hd.md §3. BIP-32 on
 * secp256k1; on stark and ed25519 the derivations of LFDT's hd-wallet, which are no standard but are published.
 * Nothing here needs the private key, so every holder computes the same tweak and adds it to its own share.
 */
import { createHmac } from 'node:crypto';
import type { Curve, Point, Scalar } from '@holdfast/crypto/curves';
import { attempt, refuse } from '../runtime/index.ts';

export interface ExtendedKey {
  readonly publicKey: Point;
  /** 32 bytes. With it and the private key of one child, the parent's private key is a subtraction away. */
  readonly chainCode: Uint8Array;
}

/** One child: private key = parent's + shift, publicKey = parent's + shift·G. */
export interface Step extends ExtendedKey {
  readonly shift: Scalar;
}

export interface Descendant {
  readonly publicKey: Point;
  /** Σ of the shifts. As secret as the chain code. */
  readonly tweak: Scalar;
}

export type Hmac = (key: Uint8Array, ...data: readonly Uint8Array[]) => Uint8Array;

export const CHAIN_CODE_BYTES = 32;
export const PATH_LENGTH_MAX = 10;
/** From here on an index is hardened: it would need a hash of the private key, which nobody has. */
export const HARDENED = 2 ** 31;

/** The descendant at `path`, from the top. Throws RefusedError E_HD_PATH. */
export function descend(curve: Curve, master: ExtendedKey, path: readonly number[]): Descendant {
  if (master.chainCode.length !== CHAIN_CODE_BYTES) refuse('E_HD_MASTER', 'A chain code has 32 bytes.');
  if (path.length < 1 || path.length > PATH_LENGTH_MAX) refuse('E_HD_PATH', 'A path has 1 to 10 steps.');
  if (!path.every((index) => Number.isSafeInteger(index) && index >= 0 && index < HARDENED))
    refuse('E_HD_PATH', 'A step is an unhardened index below 2^31.');
  let at: ExtendedKey = master;
  let tweak: Scalar = Uint8Array.from(curve.scalar.zero) as Scalar;
  for (const index of path) {
    const step = deriveStep(curve, at, index);
    const sum = curve.scalar.add(tweak, step.shift);
    for (const secret of [tweak, step.shift, ...(at === master ? [] : [at.chainCode])]) secret.fill(0);
    tweak = sum;
    at = step;
  }
  at.chainCode.fill(0);
  return { publicKey: at.publicKey, tweak };
}

/** CKDpub. The test gives an `hmac` of its own for what no search could find. */
export function deriveStep(curve: Curve, parent: ExtendedKey, index: number, hmac: Hmac = hmacSha512): Step {
  switch (curve.name) {
    case 'secp256k1':
      return bip32Step(curve, parent, index, hmac);
    case 'stark':
      return starkStep(curve, parent, index, hmac);
    case 'ed25519':
      return edwardsStep(curve, parent, index, hmac);
    default:
      return curve.name satisfies never;
  }
}

/**
 * BIP-32: I = HMAC(c, PK ‖ ix). Where I_L ≥ q or the child is the identity BIP-32 gives up; SLIP-10 goes on with
 * I = HMAC(c, 0x01 ‖ I_R ‖ ix), and so do we. Probability 2^−127 a step.
 */
function bip32Step(curve: Curve, { publicKey, chainCode }: ExtendedKey, index: number, hmac: Hmac): Step {
  const ix = u32be(index);
  let I = hmac(chainCode, curve.encodePoint(publicKey), ix);
  for (;;) {
    const [left, right] = [I.slice(0, 32), I.slice(32)];
    const shift = attempt(() => curve.scalar.decode(left));
    const child = shift === undefined ? curve.identity : curve.add(publicKey, curve.mulBase(shift));
    left.fill(0);
    I.fill(0);
    if (shift !== undefined && !curve.isIdentity(child)) return { shift, publicKey: child, chainCode: right };
    I = hmac(chainCode, Uint8Array.of(1), right, ix);
  }
}

/**
 * hd-wallet `Stark`: 128 bytes from two HMACs, the first 96 of them modulo q. (The dossier's rule, to draw until 32
 * bytes are below q, rejects 31 draws of 32 on this curve, and nobody publishes vectors for it.)
 */
function starkStep(curve: Curve, { publicKey, chainCode }: ExtendedKey, index: number, hmac: Hmac): Step {
  const { scalar } = curve;
  const PK = curve.encodePoint(publicKey);
  const I = [0, 1].map((k) => hmac(chainCode, Uint8Array.of(k), PK, u32be(index)));
  const whole = Uint8Array.from(Buffer.concat(I));
  const [high, low] = [whole.slice(0, 48), whole.slice(48, 96)].map((half) => scalar.reduce(half)) as [Scalar, Scalar];
  const shift = scalar.add(scalar.mul(high, scalar.fromBigInt(2n ** 384n)), low);
  const right = whole.slice(96);
  for (const secret of [whole, high, low, ...I]) secret.fill(0);
  return { shift, publicKey: curve.add(publicKey, curve.mulBase(shift)), chainCode: right };
}

/** hd-wallet `Edwards`: I = HMAC(c, PK ‖ 0x00 ‖ ix), shift = I_L, big-endian, modulo L. Not BIP32-Ed25519. */
function edwardsStep(curve: Curve, { publicKey, chainCode }: ExtendedKey, index: number, hmac: Hmac): Step {
  const I = hmac(chainCode, curve.encodePoint(publicKey), Uint8Array.of(0), u32be(index));
  const shift = curve.scalar.reduce(I.slice(0, 32));
  const right = I.slice(32);
  I.fill(0);
  return { shift, publicKey: curve.add(publicKey, curve.mulBase(shift)), chainCode: right };
}

function u32be(value: number): Uint8Array {
  return Uint8Array.of(value >>> 24, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff);
}

function hmacSha512(key: Uint8Array, ...data: readonly Uint8Array[]): Uint8Array {
  const hmac = createHmac('sha512', key);
  for (const part of data) hmac.update(part);
  return Uint8Array.from(hmac.digest());
}
