/** Scratch databases for tests of other rooms, on every engine. Test code only. */
export { engineNames, layFirstFiles, scratchEngine, type TestEngine } from './engines.ts';
