/** Where jobs are carried out: results, failures, dead threads, ends. */
import { deepEqual, equal, rejects } from 'node:assert/strict';
import { test } from 'node:test';
import { testAux } from '@holdfast/mpc/cggmp24/test';
import { createInlineCompute, createWorkerCompute } from './index.ts';

const script = new URL('./test/odd-worker.js', import.meta.url);
const job = (name: string, input: unknown = {}) => ({ name, input });

test('a thread gets a copy of the input, and the original is zero once it was handed over', async () => {
  const compute = createWorkerCompute({ script, threads: 1 });
  const secret = Uint8Array.of(1, 2, 3);

  const result = compute.run(job('echo', { secret, n: 5n }));

  deepEqual(secret, new Uint8Array(3));
  deepEqual(await result, { secret: Uint8Array.of(1, 2, 3), n: 5n });
  compute.close();
});

test('more jobs than threads wait for their turn, in order', async () => {
  const compute = createWorkerCompute({ script, threads: 2 });
  const ended: number[] = [];

  await Promise.all([1, 2, 3, 4, 5, 6].map((n) => compute.run(job('echo', n)).then((m) => ended.push(m as number))));

  deepEqual(ended.sort(), [1, 2, 3, 4, 5, 6]);
  compute.close();
});

test('a job that throws, or whose thread dies, fails alone: the next one gets a new thread', async () => {
  const compute = createWorkerCompute({ script, threads: 1 });
  const bad = [job('throw'), job('exit'), job('refuse'), job('echo', () => 'cannot be copied')];

  for (const each of bad) {
    const [failed, next] = await Promise.allSettled([compute.run(each), compute.run(job('echo', each.name))]);
    equal(failed.status, 'rejected', each.name);
    deepEqual(next, { status: 'fulfilled', value: each.name });
  }
  compute.close();
});

test('closing ends what runs and what waits, and takes nothing more', async () => {
  const compute = createWorkerCompute({ script, threads: 1 });
  const secret = Uint8Array.of(7);
  const runs = Promise.allSettled([compute.run(job('hang')), compute.run(job('echo', secret))]);

  compute.close();

  deepEqual(
    (await runs).map(({ status }) => status),
    ['rejected', 'rejected'],
  );
  deepEqual(secret, Uint8Array.of(0));
  await rejects(compute.run(job('echo')), /stopping/);
});

test('a queue that is full refuses instead of growing', async () => {
  const compute = createWorkerCompute({ script, threads: 1 });
  const runs = Array.from({ length: 513 }, () => compute.run(job('hang')));

  await rejects(compute.run(job('echo')), { code: 'E_BUSY' });

  compute.close();
  await Promise.allSettled(runs);
});

test('a job of no known name fails, in a thread as well as inline', async () => {
  const threads = createWorkerCompute();
  const secret = Uint8Array.of(9);

  await rejects(threads.run(job('no such job', [secret])), /no such job: Error/);
  const again = Uint8Array.of(9);
  await rejects(createInlineCompute().run(job('no such job', [again])), /no such job/);

  deepEqual([secret[0], again[0]], [0, 0]);
  threads.close();
});

test('a thread computes what the event loop would, and its input is zero in both places', async () => {
  const { own } = testAux(1);
  const input = () => ({ own, curve: 'secp256k1', k: new Uint8Array(32).fill(3), seed: new Uint8Array(64).fill(4) });
  const [first, second] = [input(), input()];
  const threads = createWorkerCompute({ threads: 1 });

  const inThread = await threads.run(job('cggmp24.encrypt', first));
  const inline = await createInlineCompute().run(job('cggmp24.encrypt', second));

  deepEqual(inThread, inline);
  equal((inThread as Uint8Array).length, 768);
  for (const { k, seed } of [first, second]) deepEqual([...new Set([...k, ...seed])], [0]);
  threads.close();
});
