/** What users sign: the challenge record, its freshness and the names in it. Runs in browsers. */
export { clusterFingerprint, signerId, sortedBySignerId } from './cluster.ts';
export { freshDigest, SIGNERS, TOKEN_BYTES } from './freshness.ts';
export {
  CHALLENGE_CHARS_MAX,
  challengeKinds,
  decodeChallenge,
  encodeChallenge,
  isSignablePath,
  methods,
  nullifier,
  PATH_CHARS_MAX,
  payloadHash,
  recoveryContext,
} from './record.ts';
