/** Import of a key that somebody already has. */
export { createImport, type ImportOptions } from './import.ts';
export { announcedPublicKey, checkImportShare, type ImportFacts } from './public-shares.ts';
