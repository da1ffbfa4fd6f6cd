/** The auxiliary set-up of CGGMP24: primes, machine, outcome. */
export { type AuxOutcome, auxEpoch, createAuxSetup } from './aux-setup.ts';
export { auxJobs } from './jobs.ts';
export { type AuxPrimes, areAuxPrimes, auxOwn, isSafePrime, makeAuxPrime, primeBytes } from './primes.ts';
