/** Where the jobs of machines are carried out (docs/specs/runtime.md §8): in worker threads, or here and now. */
import { Worker } from 'node:worker_threads';
import { runJob } from '@holdfast/mpc/compute';
import { type Job, wipeBytes } from '@holdfast/mpc/runtime';
import { refuse } from '../refusal/index.ts';

/** Duties: the promise settles in every case; byte arrays of the input are zero afterwards, wherever it ran. */
export interface Compute {
  run(job: Job): Promise<unknown>;
  /** Ends everything; what is still waiting fails. */
  close(): void;
}

/** The proofs for two peers at a time; more threads would only take the cores from the other signers of one machine. */
const THREADS = 2;
/** Jobs waiting for a thread: two of each of the runs that a signer carries at once. */
const WAITING_MAX = 512;

interface Task {
  readonly job: Job;
  resolve(result: unknown): void;
  reject(error: Error): void;
}

type Answer = { readonly ok: true; readonly result: unknown } | { readonly ok: false; readonly error: string };

/** For clusters inside one process, where the clock is virtual: the result is there before any timer. */
export function createInlineCompute(): Compute {
  return {
    async run(job) {
      try {
        return runJob(job);
      } finally {
        wipeBytes(job.input);
      }
    },
    close() {},
  };
}

/**
 * A few threads, started when first needed, each carrying out one job at a time. An idle one does not keep the process alive.
 * A thread that dies takes its job with it, and only that: the run it belongs to is aborted, the next job gets a new
 * thread. `script` answers every message, a Job, with one Answer.
 */
export function createWorkerCompute({
  script = new URL('./compute-worker.js', import.meta.url),
  threads = THREADS,
}: {
  script?: URL;
  threads?: number;
} = {}): Compute {
  const waiting: Task[] = [];
  const idle: Worker[] = [];
  const busy = new Map<Worker, Task>();
  let closed = false;

  const startWorker = (): Worker => {
    // Nothing of the environment: settings may hold secrets that the arithmetic has no use for.
    const worker = new Worker(script, { env: {}, stdin: false });
    worker.on('message', (answer: Answer) => {
      const task = busy.get(worker);
      busy.delete(worker);
      worker.unref();
      idle.push(worker);
      if (answer.ok) task?.resolve(answer.result);
      else task?.reject(new Error(answer.error));
      next();
    });
    const died = (why: string): void => {
      const at = idle.indexOf(worker);
      if (at >= 0) idle.splice(at, 1);
      const task = busy.get(worker);
      busy.delete(worker);
      task?.reject(new Error(why));
      next();
    };
    worker.on('error', (error) => died(`a worker thread failed: ${error.name}`));
    worker.on('messageerror', () => void worker.terminate());
    worker.on('exit', () => died('a worker thread ended'));
    return worker;
  };
  function next(): void {
    while (!closed && waiting.length > 0) {
      if (idle.length === 0 && busy.size >= threads) return;
      const task = waiting.shift() as Task;
      try {
        const worker = idle.pop() ?? startWorker();
        busy.set(worker, task);
        worker.ref();
        worker.postMessage(task.job); // The copy is made before this returns.
      } catch (error) {
        // No thread to be had, or an input that cannot be copied. A thread that got nothing is ended with its task.
        for (const [worker, theirs] of busy) if (theirs === task) void worker.terminate();
        task.reject(error as Error);
      } finally {
        wipeBytes(task.job.input);
      }
    }
  }

  return {
    run(job) {
      return new Promise((resolve, reject) => {
        if (closed) throw new Error('the signer is stopping');
        if (waiting.length >= WAITING_MAX) refuse('E_BUSY', 'too many computations are waiting; try again');
        waiting.push({ job, resolve, reject });
        next();
      });
    },
    close() {
      closed = true;
      for (const { job, reject } of waiting.splice(0)) {
        wipeBytes(job.input);
        reject(new Error('the signer is stopping'));
      }
      for (const worker of [...idle, ...busy.keys()]) void worker.terminate(); // Its exit event ends its job.
    },
  };
}
