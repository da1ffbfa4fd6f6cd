/** Envelopes for key shares and what is inside them. Runs in browsers too. */
export { CryptoError, type CryptoErrorCode } from '../errors.ts';
export {
  decodeExportShare,
  decodeImportShare,
  type ExportShare,
  encodeExportShare,
  encodeImportShare,
  type ImportShare,
} from './plaintext.ts';
export { generateRecipient, open, recipientPublicKey, seal } from './sealed.ts';
export { ed25519ScalarOfSeed } from './seed.ts';
