/** Schemes, curves and the protocol labels of the wire (reference/api/keys.md §1). */

export const schemes = ['ECDSA', 'EdDSA', 'Schnorr', 'DH'] as const;
export type Scheme = (typeof schemes)[number];

export const curves = ['secp256k1', 'ed25519', 'stark'] as const;
export type CurveName = (typeof curves)[number];

/** Labels that import and export bodies may carry. CGGMP21, CGGMP24 and KU23 are one family on input. */
export const protocols = ['CGGMP21', 'CGGMP24', 'FROST', 'FROST_BITCOIN', 'GLOW20_DH', 'KU23'] as const;
export type ProtocolLabel = (typeof protocols)[number];

export interface KeyKind {
  readonly scheme: Scheme;
  readonly curve: CurveName;
  /** The label answered when the client did not list another ECDSA label first. */
  readonly protocol: ProtocolLabel;
}

/** The pairs of scheme and curve that the cluster can hold. */
export const keyKinds: readonly KeyKind[] = [
  { scheme: 'ECDSA', curve: 'secp256k1', protocol: 'CGGMP21' },
  { scheme: 'ECDSA', curve: 'stark', protocol: 'CGGMP21' },
  { scheme: 'EdDSA', curve: 'ed25519', protocol: 'FROST' },
  { scheme: 'Schnorr', curve: 'secp256k1', protocol: 'FROST_BITCOIN' },
  // Answers derivations; signs nothing, fits no network, is neither imported nor exported.
  { scheme: 'DH', curve: 'secp256k1', protocol: 'GLOW20_DH' },
];

/** Whether keys of this kind are made here and nowhere else: never imported, never exported (keys.md §5). */
export const staysHere = (protocol: string): boolean => protocol === 'GLOW20_DH';

export const isEcdsaLabel = (label: string): boolean => label === 'CGGMP21' || label === 'CGGMP24' || label === 'KU23';

/** The kind of key a pair of protocol and curve names, as import bodies give it; undefined for what is not imported. */
export function keyKindOfProtocol(protocol: string, curve: string): KeyKind | undefined {
  const label = isEcdsaLabel(protocol) ? 'CGGMP21' : protocol;
  return keyKinds.find((kind) => kind.protocol === label && kind.curve === curve && !staysHere(label));
}

export function keyKindOf(scheme: string, curve: string): KeyKind | undefined {
  return keyKinds.find((kind) => kind.scheme === scheme && kind.curve === curve);
}
