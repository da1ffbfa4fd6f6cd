/** A worker thread for tests: does as the job's name says, the ways in which a real one can go wrong included. */
import { parentPort } from 'node:worker_threads';
import type { Job } from '@holdfast/mpc/runtime';

parentPort?.on('message', ({ name, input }: Job) => {
  if (name === 'echo') parentPort?.postMessage({ ok: true, result: input });
  if (name === 'refuse') parentPort?.postMessage({ ok: false, error: 'refused' });
  if (name === 'throw') throw new TypeError('a bug in a job');
  if (name === 'exit') process.exit(3);
  // 'hang': no answer, ever.
});
