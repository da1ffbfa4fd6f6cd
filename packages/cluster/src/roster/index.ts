/** Who belongs to a cluster: the roster file, identities and the fingerprint. */
export { clusterFingerprint, signerId } from '@holdfast/authority/challenge';
export { type Identity, identityFromSeeds, type RosterEntry, rosterEntry, transportStatement } from './identity.ts';
export {
  createRoster,
  encodeRoster,
  indexOfIdentity,
  indexOfSignerId,
  parseRoster,
  type Roster,
  type RosterSigner,
  SIGNERS,
  type SignerIndex,
  signerAt,
  verifyBySigner,
} from './roster.ts';
export {
  checkSuccession,
  encodeChain,
  encodeSuccession,
  fitsPlace,
  parseChain,
  parseSuccession,
  proposeSuccession,
  replaceSigner,
  SUCCESSION_QUORUM,
  type Succession,
  signSuccession,
  successionBytes,
  withHistory,
} from './succession.ts';
