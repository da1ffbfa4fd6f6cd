import { deepEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { encodeLine, type Line } from '@holdfast/authority/log-file';
import type { HoldfastApi } from '@holdfast/client/api';
import { readLines } from './read.ts';

/** An act of one key, told apart by its path. */
const act = (path: string) => ({
  request: { method: 'POST', path, payload: '{}' } as const,
  assertion: { kind: 'Key', credId: 'c', clientData: 'd', signature: 's' } as const,
});
const made = (n: number): Record<string, Line[]> => ({
  keys: [
    {
      ...{ line: 'key', keyId: `key-${n}`, scheme: 'EdDSA', curve: 'ed25519' },
      publicKey: '',
      epoch: '',
      statements: [],
    },
  ],
  wallets: [{ line: 'act', act: act(`/wallets/of-key-${n}`) }],
  delegations: [{ line: 'act', act: act(`/wallets/wa-${n}/delegate`) }],
  signatures: [{ line: 'signature', act: act(`/wallets/wa-${n}/signatures`), signatures: [] }],
  orders: [{ line: 'signature', act: act(`/wallets/wa-${n}/transfers`), signatures: [], completion: {} }],
});

test('a log that grows while it is read misses nothing that one of its lines names', async () => {
  let count = 0;
  const api = {
    // Between any two calls somebody makes a wallet, gives it away, and signs with it.
    async plain(_method: string, path: string) {
      count += 1;
      const of = new URL(path, 'http://localhost').searchParams.get('of');
      if (of === null) return { lines: [] };
      const lines = Array.from({ length: count }, (_, n) => made(n)[of] ?? []).flat();
      return { lines: lines.reverse().map(encodeLine) };
    },
  } as Pick<HoldfastApi, 'plain'>;

  const lines = await readLines(api, 'or-1');

  const kinds = ['key', '/wallets/of', '/delegate', '/signatures', '/transfers'];
  const found = kinds.map((kind) =>
    lines.filter((line) => encodeLine(line).includes(kind === 'key' ? '"keyId"' : kind)),
  );
  deepEqual(found.flat(), lines);
  const counts = found.map((each) => each.length);
  deepEqual(
    counts,
    counts.toSorted((a, b) => b - a),
  );
});
