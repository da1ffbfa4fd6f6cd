/**
 * Row 6: the auxiliary set-up of CGGMP24 at full size. One signer of five computes everything itself; the other four
 * prove, and believe without checking, so that a run takes a fifth of the time that it would in a cluster.
 */
import { randomBytes } from 'node:crypto';
import { toBytes } from '@holdfast/crypto/bigmod';
import { curve } from '@holdfast/crypto/curves';
import { type AuxPrimes, createAuxSetup, findAuxPrime, primeBytes } from '@holdfast/mpc/aux-setup';
import { testAux } from '@holdfast/mpc/cggmp24/test';
import { runJob } from '@holdfast/mpc/compute';
import type { Index, Job } from '@holdfast/mpc/runtime';
import { seatParties, simulate } from '@holdfast/mpc/simulator';
import { cpuOf, type Row, row } from './measure.ts';

const measured: Index = 1;
/** Each takes a quarter of a minute, with what the other four prove. */
const RUNS = 1;
const PRIMES = 8;

export const auxiliary: readonly (() => Row[])[] = [
  () => [row('6 auxiliary set-up, primes made ahead, CPU per signer', 's', setUps())],
  () => [row('6 one safe prime of 1536 bits (a set-up needs four), CPU', 's', primes())],
];

function setUps(): number[] {
  return Array.from({ length: RUNS }, (_, k) => {
    const table = seatParties({ seed: `bench ${k}`, n: 5, curve: curve('secp256k1') });
    const machines = new Map(table.parties.map((p) => [p, createAuxSetup(table.context(p), { primes: primesOf(p) })]));
    let cpu = 0;
    const compute = (party: Index, job: Job): unknown => {
      if (party !== measured) return believing(job);
      const before = process.cpuUsage();
      const result = runJob(job);
      const { user, system } = process.cpuUsage(before);
      cpu += (user + system) / 1e6;
      return result;
    };

    const outcome = simulate({ seed: `bench ${k}`, machines, compute });

    if (outcome.status.get(measured)?.s !== 'done') throw new Error('the set-up did not end well');
    return cpu;
  });
}

/** Proofs are made, verdicts taken for granted. */
function believing(job: Job): unknown {
  switch (job.name) {
    case 'aux/coprime':
      return [];
    case 'aux/check-facs':
      return (job.input as { proved: readonly unknown[] }).proved.map(() => undefined);
    case 'aux/check-opened':
    case 'aux/check-mod':
      return undefined;
    default:
      return runJob(job);
  }
}

function primes(): number[] {
  const find = (): void => void findAuxPrime((n) => new Uint8Array(randomBytes(n)));
  return cpuOf(PRIMES, find).map((ms) => ms / 1000);
}

function primesOf(index: Index): AuxPrimes {
  const { p, q, pHat, qHat } = testAux(index).own;
  const bytes = (v: bigint): Uint8Array => toBytes(v, primeBytes);
  return { p: bytes(p), q: bytes(q), pHat: bytes(pHat), qHat: bytes(qHat) };
}
