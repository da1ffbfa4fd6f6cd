/**
 * New shares for many keys while signing at half load: how long any one key could not sign. Requests come at a fixed rate,
 * whatever becomes of those before, each for the next key in turn; what counts is the time from a request to its signature.
 * A client that is told to come later (429) comes later; any other refusal it takes for a key that cannot sign.
 */
import { createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { type AccountFile, Cluster, type Engine, sdk } from '@holdfast/devnet/harness';
import { Answered, type Line, openLine } from './load.ts';
import { type Row, row } from './measure.ts';
import { rateOf, signOnce } from './signatures.ts';

const KEYS = Number(process.env['HOLDFAST_BENCH_KEYS'] ?? 1000);
const CONNECTIONS = 64;
const WARM_UP = 400;
/** Creating them at once keeps the signers busy and stays below their bound on runs. */
const MAKERS = 4;
const IDLE_MS_MAX = 2_000;
/** After a refusal that does not say when to come again. */
const RETRY_MS = 25;
/**
 * Under way at once. What is due beyond that is not sent and counted: then the machine gives less than when the full rate was
 * measured, and the load is no longer half of it.
 */
const OPEN_MAX = 256;
const lostConnection = { status: 0, code: 'connection', retryAfterS: 0 };
const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

export async function refreshUnderLoad(engine: Engine): Promise<Row[]> {
  const cluster = await Cluster.start({ engine, env: { HOLDFAST_RATE_LIMIT: '0', HOLDFAST_REFRESH_DAYS: '0' } });
  try {
    const account = cluster.createOrg('Bench');
    const wallets = await makeWallets(account);
    const body = { kind: 'Message', message: '0x00' };
    const targetOf = (id: string) => ({
      cluster,
      account,
      path: `/wallets/${id}/signatures`,
      payload: JSON.stringify(body),
    });
    const [first] = wallets as [string];
    await rateOf(targetOf(first), { connections: CONNECTIONS, count: WARM_UP });
    const full = await rateOf(targetOf(first), { connections: CONNECTIONS, count: WARM_UP });

    const load = await openLoad(cluster, account);
    const sign = async (k: number): Promise<void> =>
      load.use((line, key) => signOnce(line, targetOf(wallets[k % wallets.length] as string), key));
    const quiet = await atRate(full / 2, sign, { until: async (sent) => sent >= Math.min(KEYS, 10 * full) });
    await round(cluster, 'POST');
    const started = performance.now();
    const busy = await atRate(full / 2, sign, {
      until: async () => (await round(cluster, 'GET')).state === 'Done',
    });
    const seconds = (performance.now() - started) / 1000;
    load.close();
    const { keys, refreshed, failed } = await round(cluster, 'GET');
    const what = `${KEYS} keys, half of ${full.toFixed(0)} signatures/s, ed25519, ${engine}`;
    console.log(
      `refreshed ${refreshed} of ${keys} in ${seconds.toFixed(0)} s, ${failed} failed; ${busy.ms.length} signatures meanwhile, of ${new Set(busy.keys).size} keys, ${busy.unsent} not sent; refused: ${JSON.stringify(Object.fromEntries(busy.refusals))}; before: ${quiet.unsent} not sent, refused ${JSON.stringify(Object.fromEntries(quiet.refusals))}; load ${loadavg()[0]?.toFixed(1)}`,
    );
    return [
      row(`18 keys refreshed per second, ${what}`, '/s', [refreshed / seconds]),
      row(`18 signature at half load without a refresh, ${what}`, 'ms', quiet.ms),
      row(`18 signature while shares change, ${what}`, 'ms', busy.ms),
      row(`18 … the longest of these, ${what}`, 'ms', [Math.max(...busy.ms)]),
      row(`18 … the longest without a refresh, ${what}`, 'ms', [Math.max(...quiet.ms)]),
      row(`18 … the longest from a refusal other than 429 to the signature, ${what}`, 'ms', [
        Math.max(0, ...busy.unsignable),
      ]),
      row(`18 … the same without a refresh, ${what}`, 'ms', [Math.max(0, ...quiet.unsignable)]),
      row(`18 … requests refused otherwise than with 429 meanwhile, ${what}`, '', [busy.unsignable.length]),
    ];
  } finally {
    await cluster.stop();
    cluster.remove();
  }
}

async function makeWallets(account: AccountFile): Promise<string[]> {
  const ids: string[] = [];
  const dfns = sdk(account);
  let left = KEYS;
  await Promise.all(
    Array.from({ length: MAKERS }, async () => {
      while (left-- > 0) ids.push((await dfns.wallets.createWallet({ body: { network: 'KeyEdDSA' } })).id);
    }),
  );
  return ids;
}

interface Sent {
  readonly ms: number[];
  readonly keys: number[];
  /** From the first refusal other than 429 to the signature, of requests that met one. */
  readonly unsignable: number[];
  /** By code. */
  readonly refusals: Map<string, number>;
  asked: number;
  unsent: number;
}

/** One request every 1/rate seconds, none of which waits for another. A refused one is asked again: its time goes on. */
async function atRate(
  rate: number,
  sign: (k: number) => Promise<void>,
  o: { readonly until: (sent: number) => Promise<boolean> },
): Promise<Sent> {
  const sent: Sent = { ms: [], keys: [], unsignable: [], refusals: new Map(), asked: 0, unsent: 0 };
  const open = new Set<Promise<void>>();
  const started = performance.now();
  let count = 0;
  let isOver = false;
  const ask = async (k: number): Promise<void> => {
    const start = performance.now();
    let refusedAt: number | undefined;
    for (;;) {
      try {
        await sign(k);
        break;
      } catch (error) {
        const { status, code, retryAfterS } = error instanceof Answered ? error : lostConnection;
        sent.refusals.set(code, (sent.refusals.get(code) ?? 0) + 1);
        if (status === 429) await pause(Math.max(1, retryAfterS) * 1000 * (0.75 + Math.random() / 2));
        else {
          refusedAt ??= performance.now();
          await pause(RETRY_MS);
        }
      }
    }
    if (refusedAt !== undefined) sent.unsignable.push(performance.now() - refusedAt);
    sent.ms.push(performance.now() - start);
    sent.keys.push(k);
  };
  const watch = (async () => {
    while (!(await o.until(count))) await pause(200);
    isOver = true;
  })();
  while (!isOver) {
    const due = ((performance.now() - started) / 1000) * rate;
    while (count < due) {
      count += 1;
      if (open.size >= OPEN_MAX) {
        sent.unsent += 1;
        continue;
      }
      const one = ask(sent.asked++);
      open.add(one);
      void one.finally(() => open.delete(one));
    }
    await pause(2);
  }
  await watch;
  await Promise.all(open);
  return sent;
}

/** Connections that requests borrow; as many as are needed at once, so that none waits here. */
async function openLoad(cluster: Cluster, account: AccountFile) {
  const idle: { readonly line: Line; readonly since: number }[] = [];
  const all: Line[] = [];
  const key = createPrivateKey(account.serviceAccount.privateKey);
  return {
    async use(work: (line: Line, key: ReturnType<typeof createPrivateKey>) => Promise<void>): Promise<void> {
      // The server closes connections on which nothing has come for a while.
      const last = idle.pop();
      let line = last !== undefined && performance.now() - last.since < IDLE_MS_MAX ? last.line : undefined;
      if (line === undefined) {
        line = await openLine({ host: '127.0.0.1', port: cluster.port });
        all.push(line);
      }
      // A connection on which a request failed may be in the middle of an answer: it is not used again.
      await work(line, key);
      idle.push({ line, since: performance.now() });
    },
    close: () => {
      for (const line of all) line.close();
    },
  };
}

interface Round {
  readonly state: string;
  readonly keys: number;
  readonly refreshed: number;
  readonly failed: number;
}

async function round(cluster: Cluster, method: 'GET' | 'POST'): Promise<Round> {
  const token = readFileSync(join(cluster.dir, 'data/operator.token'), 'utf8').trim();
  const reply = await fetch(`${cluster.apiUrl}/holdfast/cluster/refresh`, {
    method,
    headers: { authorization: `Bearer ${token}` },
  });
  return (await reply.json()) as Round;
}
