/** A seeded in-memory network for machines, with faults and cheating parties. For tests and benchmarks only. */
export { type Alteration, altering, lyingMachine, signedAnew } from './cheats.ts';
export { type Identities, seededIdentities } from './identities.ts';
export { type SeededRandom, seededRandom, underSeed } from './random.ts';
export { type Cheat, type Faults, type Outcome, type Simulation, simulate, type Trace } from './simulate.ts';
export { seatParties, type Table } from './table.ts';
