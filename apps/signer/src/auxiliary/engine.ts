/** The two background threads of a real signer: one searches primes, one proves. Each is started when first needed. */
import { type Compute, createWorkerCompute } from '../runs/index.ts';

/** Duties: everything happens behind signing; `close` ends it at once, whatever is going on. */
export interface AuxiliaryEngine {
  /** A safe prime of full size, 192 bytes; the caller wipes it. */
  prime(): Promise<Uint8Array>;
  /** For the jobs of the run. */
  readonly proofs: Compute;
  close(): void;
}

export function createAuxiliaryEngine(): AuxiliaryEngine {
  const primes = createWorkerCompute({ script: new URL('./prime-worker.js', import.meta.url), threads: 1 });
  const proofs = createWorkerCompute({ script: new URL('./proof-worker.js', import.meta.url), threads: 1 });
  return {
    prime: async () => (await primes.run({ name: 'prime', input: {} })) as Uint8Array,
    proofs,
    close() {
      primes.close();
      proofs.close();
    },
  };
}
