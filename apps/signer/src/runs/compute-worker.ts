/** A thread that carries out jobs (compute.ts). It knows no clock, disk or network, and starts no thread of its own. */
import { parentPort } from 'node:worker_threads';
import { runJob } from '@holdfast/mpc/compute';
import { type Job, wipeBytes } from '@holdfast/mpc/runtime';

parentPort?.on('message', (job: Job) => {
  let result: unknown;
  try {
    result = runJob(job);
  } catch (error) {
    // A bug. The message could quote data, so only its kind and place leave.
    const { name, stack } = error instanceof Error ? error : new Error('not an error');
    parentPort?.postMessage({ ok: false, error: `${job.name}: ${name} ${stack?.split('\n')[1]?.trim() ?? ''}` });
    return;
  } finally {
    wipeBytes(job.input);
  }
  parentPort?.postMessage({ ok: true, result });
  wipeBytes(result);
});
