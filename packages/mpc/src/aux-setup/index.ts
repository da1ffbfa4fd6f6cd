/** The auxiliary set-up of CGGMP24: primes, machine, outcome. */
export { type AuxOutcome, type AuxSetupOptions, auxEpoch, createAuxSetup } from './aux-setup.ts';
export { auxJobs } from './jobs.ts';
export { type AuxPrimes, areAuxPrimes, auxOwn, findAuxPrime, isSafePrime, primeBytes } from './primes.ts';
