/** A database that has no connection free: who asks is told to come again, and nothing is said to be a fault. */
import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import { engineNames, scratchEngine } from '@holdfast/storage/conformance';
import { inTransaction } from '@holdfast/storage/database';
import { listStartedActs } from '@holdfast/storage/records';
import { handlers } from '../operations/index.ts';
import { testApi } from '../testing/index.ts';

for (const name of engineNames)
  test(`no connection to the database comes free on ${name}: 503 with the time to wait, and 200 afterwards`, async () => {
    const engine = await scratchEngine(name);
    const db = await engine.open({ connectMsMax: 1_000 });
    const api = testApi({ handlers, db });
    let letGo = (): void => {};
    const gate = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    const crowd = name === 'postgres' ? 10 : 1;
    const begun: Promise<void>[] = [];
    const holding = Array.from({ length: crowd }, () => {
      let tell = (): void => {};
      begun.push(new Promise((resolve) => (tell = resolve)));
      return inTransaction(db, async (tx) => {
        await listStartedActs(tx);
        tell();
        await gate;
      });
    });
    await Promise.all(begun);

    for (const [method, path, body] of [
      ['GET', '/keys', undefined],
      ['POST', '/keys', { scheme: 'EdDSA', curve: 'ed25519' }],
    ] as const) {
      const answer = await api.call(method, path, body);
      deepEqual([answer.status, answer.body.error.details.code], [503, 'E_CLUSTER_BUSY'], path);
      equal(answer.headers['retry-after'], '5');
      // Nothing of how the database is reached.
      equal(answer.body.error.message, 'the database is busy; try again later');
    }
    letGo();
    await Promise.all(holding);

    equal((await api.call('GET', '/keys')).status, 200);
    await db.close();
    await engine.remove();
  });
