/** The two background threads of a real signer: one searches primes, one proves. Each is started when first needed. */
import { type Compute, createWorkerCompute } from '../runs/index.ts';

/** Duties: everything happens behind signing; `close` ends it at once, whatever is going on. */
export interface AuxiliaryEngine {
  /** A safe prime of full size, 192 bytes; the caller wipes it. */
  prime(): Promise<Uint8Array>;
  /** For the jobs of one run; whoever asked closes it. */
  proofs(): Compute;
  close(): void;
}

/** Threads live as long as their work: a signer at rest pays for none. */
export function createAuxiliaryEngine(): AuxiliaryEngine {
  const live = new Set<Compute>();
  const start = (script: string): Compute => {
    const thread = createWorkerCompute({ script: new URL(script, import.meta.url), threads: 1 });
    const ended: Compute = {
      run: (job) => thread.run(job),
      close() {
        live.delete(ended);
        thread.close();
      },
    };
    live.add(ended);
    return ended;
  };
  return {
    async prime() {
      const thread = start('./prime-worker.js');
      try {
        return (await thread.run({ name: 'prime', input: {} })) as Uint8Array;
      } finally {
        thread.close();
      }
    },
    proofs: () => start('./proof-worker.js'),
    close() {
      for (const thread of [...live]) thread.close();
    },
  };
}
