/**
 * Chooses the backends: a native library where it loads and passes the self-test, noble otherwise. The only file of
 * this room that needs Node.
 */
import { createRequire } from 'node:module';
import { ed25519 } from '@noble/curves/ed25519.js';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { nativeEd25519, type SodiumLibrary } from './ed25519-native.ts';
import { nobleCurve } from './noble.ts';
import { CURVE_NAMES } from './parameters.ts';
import { nativeSecp256k1, type Secp256k1Library } from './secp256k1-native.ts';
import { selfTest } from './self-test.ts';
import type { Curve, CurveName } from './types.ts';

const require = createRequire(import.meta.url);
const loaded = new Map<CurveName, Curve>();
/** Why a native backend does not serve, for `holdfast doctor`. */
const declined = new Map<CurveName, string>();
let secpLibrary: Secp256k1Library | undefined;
let sodiumLibrary: SodiumLibrary | undefined;

/** The curve of that name; its backend is chosen and tested at the first call. */
export function curve(name: CurveName): Curve {
  const known = loaded.get(name);
  if (known !== undefined) return known;
  const chosen = chooseBackend(name, nativeCandidate);
  if (chosen.declined !== undefined) declined.set(name, chosen.declined);
  loaded.set(name, chosen.curve);
  return chosen.curve;
}

/** Which implementation serves each curve, and why a native one does not where it does not. */
export function backends(): Record<string, string> {
  return Object.fromEntries(
    CURVE_NAMES.map((name) => {
      const { backend } = curve(name);
      const reason = declined.get(name);
      return [name, reason === undefined ? backend : `${backend}; native library declined: ${reason}`];
    }),
  );
}

/**
 * Blinds the base multiplication of libsecp256k1 with 32 random bytes. Changes no result; a process that computes
 * with secrets calls it once at its start, with its own source of randomness.
 */
export function blindBackends(random: (n: number) => Uint8Array): void {
  curve('secp256k1');
  secpLibrary?.contextRandomize(new Uint8Array(random(32)));
}

/**
 * Ed25519 verification by a library's own function, which shares nothing with `Curve`: canonical encodings, no cofactor,
 * no keys of small order. Never throws.
 */
export function verifyEd25519(o: {
  readonly publicKey: Uint8Array;
  readonly message: Uint8Array;
  readonly signature: Uint8Array;
}): boolean {
  if (o.publicKey.length !== 32 || o.signature.length !== 64) return false;
  const isNative = curve('ed25519').backend.includes('native') && sodiumLibrary !== undefined;
  try {
    return isNative
      ? (sodiumLibrary as SodiumLibrary).crypto_sign_verify_detached(o.signature, o.message, o.publicKey)
      : ed25519.verify(o.signature, o.message, o.publicKey, { zip215: false });
  } catch {
    return false; // malformed input: not a signature
  }
}

/**
 * ECDSA verification over secp256k1 by a library's own function, which shares nothing with `Curve`: r and s in 1…q−1,
 * s in the lower half. The digest is 32 bytes, the public key an encoded point. Never throws.
 */
export function verifyEcdsaSecp256k1(o: {
  readonly publicKey: Uint8Array;
  readonly digest: Uint8Array;
  readonly signature: Uint8Array;
}): boolean {
  if (o.digest.length !== 32 || o.signature.length !== 64) return false;
  const isNative = curve('secp256k1').backend.includes('native') && secpLibrary !== undefined;
  try {
    return isNative
      ? (secpLibrary as Secp256k1Library).ecdsaVerify(o.signature, o.digest, o.publicKey)
      : secp256k1.verify(o.signature, o.digest, o.publicKey, { prehash: false, lowS: true });
  } catch {
    return false; // malformed input: not a signature
  }
}

/** Exported for the test that gives it a native library which computes wrongly. */
export function chooseBackend(
  name: CurveName,
  candidate: (name: CurveName) => Curve | undefined,
): { readonly curve: Curve; readonly declined?: string } {
  let reason: string | undefined;
  try {
    const native = candidate(name);
    if (native !== undefined) {
      selfTest(native);
      return { curve: native };
    }
  } catch (error) {
    // A missing or broken optional library is what the fallback is for; the reason is kept and shown.
    reason = (error instanceof Error ? error.message : String(error)).split('\n', 1)[0]?.slice(0, 200) ?? '';
  }
  const fallback = nobleCurve(name);
  selfTest(fallback);
  return reason === undefined ? { curve: fallback } : { curve: fallback, declined: reason };
}

function nativeCandidate(name: CurveName): Curve | undefined {
  switch (name) {
    case 'secp256k1': {
      // Never `secp256k1` itself: without its binary that silently becomes a slow JavaScript library.
      secpLibrary = require('secp256k1/bindings') as Secp256k1Library;
      return nativeSecp256k1(secpLibrary, `secp256k1 ${versionOf('secp256k1')} (native)`);
    }
    case 'ed25519':
      sodiumLibrary = require('sodium-native') as SodiumLibrary;
      return nativeEd25519(sodiumLibrary, `sodium-native ${versionOf('sodium-native')} (native)`);
    default:
      // None for the stark curve; an unknown name is refused by nobleCurve.
      return undefined;
  }
}

function versionOf(name: string): string {
  return (require(`${name}/package.json`) as { version: string }).version;
}
