/** Test only: nothing of a running process imports this folder. */
export { codeOf } from './codes.ts';
export * from './keys.ts';
export * from './long-chain.ts';
export * from './recovery.ts';
export * from './world.ts';
