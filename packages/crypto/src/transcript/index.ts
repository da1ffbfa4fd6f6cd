/** Canonical encoding, hashes, challenges and execution ids. Runs in browsers too. */
export { equalBytes } from '../bytes.ts';
export { CryptoError, type CryptoErrorCode } from '../errors.ts';
export { decode, enc, type Field, f, type Item, i, type Value, type Values } from './encoding.ts';
export { type ExecIdParts, type ExecParticipant, execId, execIdDocument, readExecIdDocument } from './exec-id.ts';
export { chalBits, challengeRng, challengeScalar, HashRng, hashCommit, sha256, sha512, sha512_256 } from './hash.ts';
