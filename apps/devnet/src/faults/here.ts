/** An api in the test's own process, before real signers and on a real database: for looking into it while it works. */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Api, startApi } from '@holdfast/api/app';
import type { Env } from '@holdfast/contract/types';
import { openDatabase } from '@holdfast/storage/database';
import type { Pieces } from './pieces.ts';

/** Serves `work` with all five signers of `pieces` connected, and closes. */
export async function serveHere(
  pieces: Pieces,
  watch: Partial<Pick<Env, 'point' | 'log'>>,
  work: (api: Api) => Promise<void>,
): Promise<void> {
  const env: Env = {
    now: Date.now,
    random: (bytes) => new Uint8Array(randomBytes(bytes)),
    setTimer(ms, fn) {
      const timer = setTimeout(fn, ms);
      return () => clearTimeout(timer);
    },
    log: watch.log ?? (() => undefined),
    point: watch.point ?? (() => undefined),
  };
  const url = pieces.database;
  const db = await openDatabase({ ...(url === undefined ? {} : { url }), dataFolder: join(pieces.data, 'api') });
  const secret = readFileSync(join(pieces.data, 'api', 'secret'), 'utf8').trim();
  const api = await startApi({
    env,
    db,
    roster: pieces.roster,
    secrets: { api: new Uint8Array(Buffer.from(secret, 'hex')), operatorToken: pieces.operatorToken },
    config: {
      port: pieces.port,
      bind: '127.0.0.1',
      dataFolder: pieces.data,
      publicUrl: pieces.apiUrl,
      requestsPerMinuteMax: 0,
      refreshDays: 0,
      passwordCost: 10,
      ecdsaEngines: ['H'],
      version: '0.0.0',
      ...(url === undefined ? {} : { databaseUrl: url }),
    },
  });
  try {
    await api.listen();
    await pieces.untilOnline(5);
    await work(api);
  } finally {
    await api.close();
  }
}
