/**
 * Row 9: signatures per second over HTTP, each with the three calls of a user's own: challenge, assertion, request. The
 * client is as plain as it can be, so that what is measured is the product on the machine it shares with it.
 */
import { createPrivateKey, type KeyObject, sign } from 'node:crypto';
import { type AccountFile, Cluster, type Engine, sdk } from '@holdfast/devnet/harness';
import { type Line, openLine } from './load.ts';
import { cpuOfProcesses, type Row, row } from './measure.ts';

const kinds = [
  ['secp256k1 (engine H)', 'KeyECDSA', { kind: 'Hash', hash: `0x${'11'.repeat(32)}` }],
  ['ed25519', 'KeyEdDSA', { kind: 'Message', message: '0x00' }],
] as const;

const CONNECTIONS = [1, 64] as const;
const ROUNDS = 5;
/** Signatures of one round at 64 connections: some seconds. */
const EACH = 640;

export async function signatures(engine: Engine): Promise<Row[]> {
  const cluster = await Cluster.start({ engine, env: { HOLDFAST_RATE_LIMIT: '0' } });
  try {
    const account = cluster.createOrg('Bench');
    const rows: Row[] = [];
    for (const [name, network, body] of kinds) {
      const wallet = await sdk(account).wallets.createWallet({ body: { network } as never });
      const target = { cluster, account, path: `/wallets/${wallet.id}/signatures`, payload: JSON.stringify(body) };
      await rateOf(target, { connections: 64, count: EACH });
      for (const connections of CONNECTIONS) rows.push(...(await measure(target, { name, engine, connections })));
    }
    return rows;
  } finally {
    await cluster.stop();
    cluster.remove();
  }
}

interface Target {
  readonly cluster: Cluster;
  readonly account: AccountFile;
  readonly path: string;
  readonly payload: string;
}

async function measure(
  target: Target,
  o: { readonly name: string; readonly engine: Engine; readonly connections: number },
): Promise<Row[]> {
  const count = o.connections === 1 ? EACH / 10 : EACH;
  const { api, ...signers } = target.cluster.processes();
  const rates: number[] = [];
  const own = process.cpuUsage();
  const before = [cpuOfProcesses([api ?? 0]), cpuOfProcesses(Object.values(signers))] as const;
  for (let round = 0; round < ROUNDS; round += 1)
    rates.push(await rateOf(target, { connections: o.connections, count }));
  const per = ROUNDS * count;
  const [apiMs, signersMs] = [
    (cpuOfProcesses([api ?? 0]) - before[0]) / per,
    (cpuOfProcesses(Object.values(signers)) - before[1]) / per,
  ];
  const { user, system } = process.cpuUsage(own);
  const what = `${o.connections} connection${o.connections === 1 ? '' : 's'}, ${o.name}, ${o.engine}`;
  return [
    row(`9 signatures over HTTP, ${what}`, '/s', rates),
    row(`9 … CPU of the api for one, ${what}`, 'ms', [apiMs]),
    row(`9 … CPU of the five signers together for one, ${what}`, 'ms', [signersMs]),
    row(`9 … CPU of this client for one, ${what}`, 'ms', [(user + system) / 1000 / per]),
  ];
}

export async function rateOf(
  target: Target,
  o: { readonly connections: number; readonly count: number },
): Promise<number> {
  const { cluster, account } = target;
  const lines = await Promise.all(
    Array.from({ length: o.connections }, () => openLine({ host: '127.0.0.1', port: cluster.port })),
  );
  const key = createPrivateKey(account.serviceAccount.privateKey);
  let left = o.count;
  const start = performance.now();
  await Promise.all(
    lines.map(async (line) => {
      while (left-- > 0) await signOnce(line, target, key);
    }),
  );
  const seconds = (performance.now() - start) / 1000;
  for (const line of lines) line.close();
  return o.count / seconds;
}

export async function signOnce(line: Line, { account, path, payload }: Target, key: KeyObject): Promise<void> {
  const { authToken, credentialId: credId } = account.serviceAccount;
  const headers = { authorization: `Bearer ${authToken}` };
  const wish = { userActionPayload: payload, userActionHttpMethod: 'POST', userActionHttpPath: path };
  const init = JSON.parse(await line.ask('POST', '/auth/action/init', headers, JSON.stringify(wish))) as {
    challenge: string;
    challengeIdentifier: string;
  };
  const clientData = Buffer.from(
    JSON.stringify({ type: 'key.get', challenge: init.challenge, origin: account.apiUrl, crossOrigin: false }),
  );
  const firstFactor = {
    kind: 'Key',
    credentialAssertion: {
      credId,
      clientData: clientData.toString('base64url'),
      signature: sign(undefined, clientData, key).toString('base64url'),
    },
  };
  const answer = { challengeIdentifier: init.challengeIdentifier, firstFactor };
  const { userAction } = JSON.parse(await line.ask('POST', '/auth/action', headers, JSON.stringify(answer))) as {
    userAction: string;
  };
  const made = await line.ask('POST', path, { ...headers, 'x-dfns-useraction': userAction }, payload);
  if (!made.includes('"status":"Signed"')) throw new Error(made);
}
