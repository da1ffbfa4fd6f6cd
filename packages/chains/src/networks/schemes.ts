/** Schemes a key may have, as rows of the tables of networks name them. */
export const ecdsa = { scheme: 'ECDSA', curve: 'secp256k1' } as const;
export const schnorr = { scheme: 'Schnorr', curve: 'secp256k1' } as const;
export const eddsa = { scheme: 'EdDSA', curve: 'ed25519' } as const;
export const stark = { scheme: 'ECDSA', curve: 'stark' } as const;
