/** Test only: nothing of a running process imports this folder. */
export { type Cast, cast } from './cast.ts';
export { changes } from './changes.ts';
export { codeOf } from './codes.ts';
export { type Forgery, forgeries, groups } from './forgeries.ts';
export * from './keys.ts';
export { aboutProtectedKeys, type Kind, kinds, valid } from './kinds.ts';
export * from './long-chain.ts';
export * from './recovery.ts';
export * from './world.ts';
