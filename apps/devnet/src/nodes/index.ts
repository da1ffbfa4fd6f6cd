/** Real nodes for tests and benchmarks. */
export { type Anvil, startAnvil } from './anvil.ts';
export { type Chain, chainOn } from './chain.ts';
