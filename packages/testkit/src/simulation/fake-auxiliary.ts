/**
 * What a signer makes an auxiliary set-up with, without the arithmetic: the published primes, and for every job of the run
 * the answer it would have among parties that follow the rules. Messages and disks are of full size.
 */
import { fromBytes } from '@holdfast/crypto/bigmod';
import type { Index, Job } from '@holdfast/mpc/runtime';
import type { AuxiliaryWork } from '@holdfast/signer/auxiliary';
import { testAuxPrimes } from '../cluster/auxiliary.ts';

export function fakeAuxiliary(index: number, quietMs = 2_000): AuxiliaryWork & { close(): void } {
  let made = 0;
  return {
    quietMs,
    async prime() {
      const { p, q, pHat, qHat } = testAuxPrimes(index);
      const all = [p, q, pHat, qHat];
      return all[made++ % all.length] as Uint8Array;
    },
    proofs: () => ({ run: async (job) => answerOf(job), close() {} }),
    close() {},
  };
}

/** The answer to a job of packages/mpc/src/aux-setup; a verdict that is undefined says that everything holds. */
export function answerOf({ name, input }: Job): unknown {
  const given = input as {
    readonly pHat: Uint8Array;
    readonly qHat: Uint8Array;
    readonly verifiers: readonly { readonly index: Index }[];
    readonly proved: readonly unknown[];
  };
  const none = { P: 1n, Q: 1n, A: 1n, B: 1n, T: 1n, z1: 0n, z2: 0n, w1: 0n, w2: 0n, v: 0n };
  switch (name) {
    case 'aux/commit':
      return {
        ringPedersen: { N: fromBytes(given.pHat) * fromBytes(given.qHat), s: 4n, t: 16n },
        prm: { A: [], z: [] },
      };
    case 'aux/coprime':
      return [];
    case 'aux/prove':
      return { mod: { w: 1n, roots: [] }, facs: given.verifiers.map(({ index }) => ({ to: index, proof: none })) };
    case 'aux/check-facs':
      return given.proved.map(() => undefined);
    default:
      return undefined;
  }
}
