/** A thread that searches safe primes, one for each message, behind everything else. */
import './lower-priority.ts';
import { randomBytes } from 'node:crypto';
import { parentPort } from 'node:worker_threads';
import { findAuxPrime } from '@holdfast/mpc/aux-setup';

parentPort?.on('message', () => {
  const prime = findAuxPrime((n) => new Uint8Array(randomBytes(n)));
  parentPort?.postMessage({ ok: true, result: prime });
  prime.fill(0);
});
