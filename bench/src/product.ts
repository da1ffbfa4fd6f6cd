/** Rows 8 to 11 and 13: the real product over HTTP, one api and five signer processes on this machine. */
import { randomBytes } from 'node:crypto';
import { splitPrivateKeyForSigners } from '@holdfast/client/key-import';
import { type AccountFile, Cluster, sdk } from '@holdfast/devnet/harness';
import { rateOf } from './load.ts';
import { cpuOfProcesses, memoryOf, type Row, row, wallOf } from './measure.ts';

type Engine = 'embedded' | 'postgres';

/** A busy machine gets fewer samples, not more time: the whole benchmark ends within minutes. */
const ROW_MS_MAX = 12_000;

export async function product(engine: Engine): Promise<Row[]> {
  // No rate limit: the benchmark is one address.
  const cluster = await Cluster.start({ engine, env: { HOLDFAST_RATE_LIMIT: '0' } });
  try {
    const memory = memoryRows(cluster, engine);
    const account = cluster.createOrg('Bench');
    const rows = [
      ...(await signatureRows(cluster, account, engine)),
      await importRow(account, engine),
      ...(await readRows(cluster, account, engine)),
    ];
    return [...rows, ...memory];
  } finally {
    await cluster.stop();
    cluster.remove();
  }
}

const kinds = [
  ['ed25519', 'KeyEdDSA', { kind: 'Message', message: '0x00' }],
  ['secp256k1 (engine H)', 'KeyECDSA', { kind: 'Hash', hash: `0x${'11'.repeat(32)}` }],
] as const;

async function signatureRows(cluster: Cluster, account: AccountFile, engine: Engine): Promise<Row[]> {
  const dfns = sdk(account);
  const pids = Object.values(cluster.processes());
  const rows: Row[] = [];
  for (const [name, network, body] of kinds) {
    const wallet = await dfns.wallets.createWallet({ body: { network } as never });
    const sign = () => dfns.wallets.generateSignature({ walletId: wallet.id, body: body as never });
    // Enough that the compiler of each process has seen the code.
    for (let k = 0; k < 30; k += 1) await sign();
    const before = cpuOfProcesses(pids);
    const samples = await wallOf(200, sign, { msMax: ROW_MS_MAX, warmUp: 0 });
    const cpu = (cpuOfProcesses(pids) - before) / samples.length;
    rows.push(
      row(`8 signature over HTTP, three calls by the public client, ${name}, ${engine}`, 'ms', samples),
      row(`8 … CPU of api and five signers for one of them, ${name}, ${engine}`, 'ms', [cpu]),
    );
    if (name === 'ed25519')
      rows.push(row(`9 signatures with 64 at once, ${name}, ${engine}`, '/s', await atOnce(sign)));
  }
  return rows;
}

/** The public client shares the machine, and takes milliseconds of it for each signature. */
async function atOnce(sign: () => Promise<unknown>): Promise<number[]> {
  const rates: number[] = [];
  for (let round = 0; round < 3; round += 1) {
    const start = performance.now();
    const each = 128;
    let left = each;
    await Promise.all(
      Array.from({ length: 64 }, async () => {
        while (left-- > 0) await sign();
      }),
    );
    rates.push(each / ((performance.now() - start) / 1000));
  }
  return rates;
}

async function importRow(account: AccountFile, engine: Engine): Promise<Row> {
  const dfns = sdk(account);
  const [signing] = (await dfns.signers.listSigners()).clusters;
  const imports = () => {
    const shares = splitPrivateKeyForSigners({
      signers: signing?.signers ?? [],
      privateKey: Uint8Array.of(1, ...randomBytes(31)),
      keyCurve: 'secp256k1',
    });
    return dfns.wallets.importWallet({ body: { network: 'Ethereum', ...shares } as never });
  };
  const samples = await wallOf(40, imports, { msMax: ROW_MS_MAX, warmUp: 4 });
  return row(`10 import wallet over HTTP, splitting included, ${engine}`, 'ms', samples);
}

async function readRows(cluster: Cluster, account: AccountFile, engine: Engine): Promise<Row[]> {
  const wallet = await sdk(account).wallets.createWallet({ body: { network: 'Ethereum' } });
  const api = cluster.processes()['api'] ?? 0;
  const load = {
    host: '127.0.0.1',
    port: cluster.port,
    connections: 64,
    request: `GET /wallets/${wallet.id} HTTP/1.1\r\nhost: localhost:${cluster.port}\r\nauthorization: Bearer ${account.serviceAccount.authToken}\r\n\r\n`,
  };
  const each = 4_000;
  await rateOf(load, each);
  const before = cpuOfProcesses([api]);
  const rates: number[] = [];
  for (let round = 0; round < 5; round += 1) rates.push(await rateOf(load, each));
  const cpu = ((cpuOfProcesses([api]) - before) * 1000) / (5 * each);
  return [
    row(`11 authenticated GET wallet, 64 connections, ${engine}`, 'req/s', rates),
    row(`11 … CPU of the api for one of them, ${engine}`, 'µs', [cpu]),
  ];
}

function memoryRows(cluster: Cluster, engine: Engine): Row[] {
  const processes = Object.entries(cluster.processes());
  const [signers, apis] = [false, true].map((isApi) =>
    processes.filter(([name]) => (name === 'api') === isApi).map(([, pid]) => memoryOf(pid)),
  ) as [number[], number[]];
  return [
    row(`13 memory of a signer at rest, ${engine}`, 'MB', signers),
    row(`13 memory of the api at rest, ${engine}`, 'MB', apis),
  ];
}
