/** Child keys of a master key: non-hardened derivation, the same at every holder. */
export { type ChildKeyOptions, createChildKey } from './child-key.ts';
export { childShare } from './child-share.ts';
export { HARDENED, PATH_LENGTH_MAX } from './derivation.ts';
