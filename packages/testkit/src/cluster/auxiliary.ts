/** Auxiliary set-ups for clusters of tests: ready-made ones at full size, put where a real one would have left it. */
import type { Roster } from '@holdfast/cluster/roster';
import { toBytes } from '@holdfast/crypto/bigmod';
import { sha256 } from '@holdfast/crypto/transcript';
import { type AuxPrimes, auxEpoch, primeBytes } from '@holdfast/mpc/aux-setup';
import { testAux } from '@holdfast/mpc/cggmp24/test';
import type { Store } from '@holdfast/signer/store';

/** The published primes of the party with this index; new copies, because their user wipes them. */
export function testAuxPrimes(index: number): AuxPrimes {
  const { p, q, pHat, qHat } = testAux(index).own;
  const bytes = (v: bigint): Uint8Array => toBytes(v, primeBytes);
  return { p: bytes(p), q: bytes(q), pHat: bytes(pHat), qHat: bytes(qHat) };
}

/** Writes the ready-made set-up of all five into one signer's store. Its epoch is the same for every signer. */
export function keepTestAuxiliary(o: { store: Store; roster: Roster; index: number; time: number }): Uint8Array {
  const { store, roster, index, time } = o;
  const epoch = auxEpoch(
    sha256(roster.fingerprint),
    new Map(roster.signers.map((s) => [s.index, testAux(s.index).public])),
  );
  store.transaction('test-auxiliary', () =>
    store.auxiliary.keep({
      epoch,
      roster: roster.fingerprint,
      parties: roster.signers.map((s) => ({ signerId: s.signerId, values: testAux(s.index).public })),
      signatures: [],
      primes: testAuxPrimes(index),
      time,
    }),
  );
  return epoch;
}
