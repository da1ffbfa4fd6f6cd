/** Deprecated on the wire: wallets without an address or a chain, for raw signatures. */
import type { Network } from '../families/types.ts';
import { ecdsa, eddsa, stark } from './schemes.ts';

const common = { family: 'pseudo', kind: undefined, testnet: false } as const;

export const pseudoNetworks: readonly Network[] = [
  { ...common, name: 'KeyECDSA', schemes: [ecdsa] },
  { ...common, name: 'KeyECDSAStark', schemes: [stark] },
  { ...common, name: 'KeyEdDSA', schemes: [eddsa] },
];
