import { deepEqual, equal, rejects } from 'node:assert/strict';
import { test } from 'node:test';
import { StorageError } from './errors.ts';
import { gathered, shared } from './gathered.ts';
import type { Executor } from './transaction.ts';

const root = { isTransaction: false } as Executor;
const conflict = () => new StorageError('E_STORAGE_CONFLICT', 'taken', { constraint: 'c' });
const turn = () => new Promise((resolve) => setImmediate(resolve));

/** A statement that ends when the test says so. */
function slow<I>(answer: (items: readonly I[]) => readonly unknown[] = (items) => items) {
  const statements: { items: readonly I[]; end: () => void }[] = [];
  const run = gathered(
    (_db, items: readonly I[]) =>
      new Promise<readonly unknown[]>((resolve, reject) => {
        const end = () => {
          try {
            resolve(answer(items));
          } catch (error) {
            reject(error);
          }
        };
        statements.push({ items, end });
      }),
  );
  return { run, statements };
}

test('a call that finds nothing under way goes at once; those that come meanwhile go together after it', async () => {
  const { run, statements } = slow<number>();
  const answers = [1, 2, 3].map((item) => run(root, item));
  deepEqual(
    statements.map(({ items }) => items),
    [[1]],
  );

  statements[0]?.end();
  await turn();
  const late = run(root, 4);
  deepEqual(
    statements.map(({ items }) => items),
    [[1], [2, 3]],
  );
  statements[1]?.end();
  await turn();
  statements[2]?.end();

  deepEqual(await Promise.all([...answers, late]), [1, 2, 3, 4]);
});

test('a conflict stays with its author: the others are done one by one', async () => {
  const done: number[] = [];
  const { run, statements } = slow<number>((items) => {
    if (items.includes(3)) throw conflict();
    done.push(...items);
    return items;
  });
  const first = run(root, 1);
  const [two, three, four] = [2, 3, 4].map((item) => run(root, item));
  three?.catch(() => {});
  for (let k = 0; k < 5; k += 1) {
    statements[k]?.end();
    await turn();
  }

  deepEqual(await Promise.all([first, two, four]), [1, 2, 4]);
  await rejects(three as Promise<unknown>, { code: 'E_STORAGE_CONFLICT' });
  deepEqual(done, [1, 2, 4]);
});

test("a fault of the engine is everybody's, nothing is tried again, and the next call goes", async () => {
  let asked = 0;
  const run = gathered(async (_db, items: readonly number[]) => {
    asked += 1;
    if (asked === 2) throw new Error('connection lost');
    return items;
  });
  const first = run(root, 1);
  const lost = [2, 3].map((item) => run(root, item));
  for (const each of lost) each.catch(() => {});
  await first;

  for (const each of lost) await rejects(each, /connection lost/);
  equal(await run(root, 4), 4);
  equal(asked, 3);
});

test('inside a transaction nothing is gathered and nothing is shared', async () => {
  const tx = { isTransaction: true } as Executor;
  const sizes: number[] = [];
  const run = gathered(async (_db, items: readonly number[]) => {
    sizes.push(items.length);
    return items;
  });
  await Promise.all([1, 2, 3].map((item) => run(tx, item)));
  const read = shared<number>();
  let reads = 0;
  await Promise.all([1, 2].map(() => read(tx, 'k', async () => ++reads)));

  deepEqual(sizes, [1, 1, 1]);
  equal(reads, 2);
});

test('a read is shared by calls that wait at the same time, and never began before one of them', async () => {
  const read = shared<number>();
  const begun: { end: (value: number) => void }[] = [];
  const ask = (key = 'a') => read(root, key, () => new Promise<number>((end) => void begun.push({ end })));
  const first = ask();
  const second = [ask(), ask()];
  const other = ask('b');
  equal(begun.length, 2);

  begun[0]?.end(1);
  begun[1]?.end(7);
  await turn();
  equal(begun.length, 3);
  // The shared one is under way: this call may have been made after the row it reads was changed.
  const third = ask();
  begun[2]?.end(2);
  await turn();
  equal(begun.length, 4);
  begun[3]?.end(3);

  deepEqual([await first, ...(await Promise.all(second)), await third, await other], [1, 2, 2, 3, 7]);
});

test('a read that fails fails those who shared it, and the next one begins all the same', async () => {
  const read = shared<number>();
  let reads = 0;
  const ask = () =>
    read(root, 'a', async () => {
      reads += 1;
      if (reads < 3) throw new Error(`read ${reads}`);
      return reads;
    });
  const answers = [ask(), ask(), ask()];
  for (const each of answers) each.catch(() => {});

  await rejects(answers[0] as Promise<number>, /read 1/);
  await rejects(answers[1] as Promise<number>, /read 2/);
  await rejects(answers[2] as Promise<number>, /read 2/);
  equal(await ask(), 3);
});
