/** For tests only: `@holdfast/mpc/cggmp24/test`. */
export { type TestAux, testAux, testAuxCount, testAuxPublics } from './aux-fixtures.ts';
