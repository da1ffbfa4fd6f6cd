import { HoldfastApi } from '@holdfast/client/api';
import { readArguments } from '../arguments.ts';
import { readSettings } from '../config.ts';
import type { Command } from './index.ts';

interface Cluster {
  readonly clusterId: string;
  readonly fingerprint: string;
  readonly signers: readonly {
    readonly index: number;
    readonly signerId: string;
    readonly online: boolean;
    readonly backends?: Record<string, string>;
    readonly auxiliary?: { readonly state: string; readonly epoch?: string };
  }[];
}

export const status: Command = {
  name: 'status',
  usage: 'status',
  summary: 'shows the cluster, which signers are connected and what arithmetic they use',
  async run(args) {
    readArguments(args, {});
    const { apiUrl } = readSettings(process.env);
    const api = new HoldfastApi({ baseUrl: apiUrl });
    const health = await api.plain<{ status: string; version: string; signers: { online: number; total: number } }>(
      'GET',
      '/health',
    );
    const cluster = await api.plain<Cluster>('GET', '/holdfast/cluster');
    console.log(
      `${apiUrl}  ${health.status}  ${health.signers.online} of ${health.signers.total} signers  version ${health.version}`,
    );
    console.log(`cluster ${cluster.clusterId}  fingerprint ${cluster.fingerprint}\n`);
    for (const { index, online, signerId } of cluster.signers)
      console.log(
        `signer ${index}  ${online ? 'online ' : 'offline'}  ${signerId}${online ? '' : `  start it: npm run holdfast -- signer start ${index}`}`,
      );
    console.log(`\n${arithmetic(cluster.signers).join('\n')}`);
    console.log(`auxiliary  ${auxiliary(cluster.signers)}`);
  },
};

/** What CGGMP24, the way of signing ECDSA with signers down, still needs. */
function auxiliary(signers: Cluster['signers']): string {
  const known = signers.flatMap(({ index, auxiliary }) => (auxiliary === undefined ? [] : [{ index, ...auxiliary }]));
  const states = new Set(known.map(({ state }) => state));
  const epochs = new Set(known.map(({ epoch }) => epoch));
  if (known.length === signers.length && states.size === 1 && states.has('ready') && epochs.size === 1)
    return 'ready: ECDSA goes on with two signers down';
  if (known.length === 0) return 'no signer has said yet';
  const each = known.map(({ index, state }) => `signer ${index} ${state === 'none' ? 'not asked to make one' : state}`);
  return `not ready, ECDSA needs all five: ${each.join(', ')}`;
}

/** One line for each way of computing a curve, and who uses it: usually all the same one. */
function arithmetic(signers: Cluster['signers']): readonly string[] {
  const known = signers.filter((signer) => signer.backends !== undefined);
  const users = new Map<string, number[]>();
  for (const { index, backends = {} } of known)
    for (const [curve, backend] of Object.entries(backends)) {
      const line = `${curve.padEnd(10)} ${backend}`;
      users.set(line, [...(users.get(line) ?? []), index]);
    }
  const lines = [...users].map(
    ([line, by]) => `${line}${by.length === known.length ? '' : `  (signer ${by.join(', ')})`}`,
  );
  return lines.length > 0 ? lines : ['no signer has said yet what it computes with'];
}
