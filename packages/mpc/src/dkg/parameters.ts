/** What keys may exist: thresholds, and the protocol that may hold a key on a curve. */
import type { CurveName } from '@holdfast/crypto/curves';
import { type ProtocolName, partiesMax } from '../runtime/index.ts';

const curvesOf: Readonly<Record<ProtocolName, readonly CurveName[]>> = {
  CGGMP21: ['secp256k1', 'stark'],
  FROST: ['ed25519'],
  FROST_BITCOIN: ['secp256k1'],
  GLOW20_DH: ['secp256k1'],
};

/** A key made for one protocol never runs another (attack row 52). */
export function isSupported(protocol: ProtocolName, curve: CurveName): boolean {
  return Object.hasOwn(curvesOf, protocol) && curvesOf[protocol].includes(curve);
}

export function isThreshold({ t, n }: { readonly t: number; readonly n: number }): boolean {
  return Number.isSafeInteger(t) && Number.isSafeInteger(n) && t >= 2 && t <= n && n <= partiesMax;
}
