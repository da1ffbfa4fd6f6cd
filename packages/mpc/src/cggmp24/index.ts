/** CGGMP24: threshold ECDSA of any three signers, and the auxiliary set-up it needs. */
export { type FacProof, type FacStatement, facField, facItem, facOf, proveFac, verifyFac } from './fac.ts';
export { type ModProof, type ModRoots, modField, modItem, modOf, proveMod, verifyMod } from './mod.ts';
export * from './parameters.ts';
export { type Place, placeItem } from './place.ts';
export { type PrmProof, type PrmWitness, prmField, prmItem, prmOf, provePrm, verifyPrm } from './prm.ts';
export {
  checkBases,
  checkModulus,
  makeRingPedersen,
  type NewRingPedersen,
  type RingPedersenGroup,
  residueField,
  ringPedersenField,
  ringPedersenGroup,
  ringPedersenItem,
} from './ring-pedersen.ts';
export { type Cggmp24Options, cggmp24PartiesMax, createCggmp24 } from './sign.ts';
