/**
 * What verifying one request costs a signer, and what a long authority log costs it at its start, with the snapshot of
 * authority-log.md §8 and without.
 */
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkAct } from '@holdfast/authority/consent';
import { genesisHash } from '@holdfast/authority/genesis';
import { actDeps, ask, longChain, NOW, testKey, world } from '@holdfast/authority/testing';
import { createRoster, type Identity, identityFromSeeds, rosterEntry } from '@holdfast/cluster/roster';
import type { Env } from '@holdfast/contract/types';
import { createClusterView } from '@holdfast/signer/cluster-view';
import { createOrganisations } from '@holdfast/signer/consent';
import { openStore, type Store } from '@holdfast/signer/store';
import { cpuOf, type Row, row } from './measure.ts';

const ENTRIES = Number(process.env['HOLDFAST_BENCH_ENTRIES'] ?? 100_000);
const USERS = 1_000;
const REQUESTS = 300;

/** Steps 2–12 of security-model.md 2.6 (h) for a signature with a wallet, by credential. */
export function verification(): Row[] {
  return (['Ed25519', 'P-256', 'secp256k1', 'RSA'] as const).flatMap((algorithm) =>
    (['Key', 'Fido2'] as const).map((kind) => {
      const w = world(testKey(algorithm), kind);
      const path = '/wallets/wa-00000-00000-0000000000000000/signatures';
      const body = { kind: 'Hash', hash: `0x${'ab'.repeat(32)}` };
      const act = ask(w.state, w.admin, { method: 'POST', path, body });
      const samples = cpuOf(REQUESTS, () => void checkAct(w.state, act, NOW, actDeps), 4);
      return row(`signer: verification of one request, ${kind} ${algorithm} (aim 0.5)`, 'ms CPU', samples);
    }),
  );
}

/** Building the chain takes a signature for each entry; loading it without a snapshot a verification for each. */
export function logLoad(): Row[] {
  const dir = mkdtempSync(join(tmpdir(), 'holdfast-bench-log-'));
  try {
    const seedOf = (text: string) => new Uint8Array(createHash('sha256').update(text).digest());
    const identities = [1, 2, 3, 4, 5].map((k) =>
      identityFromSeeds({ identitySeed: seedOf(`identity ${k}`), transportSeed: seedOf(`transport ${k}`) }),
    );
    const signers = identities.map(rosterEntry);
    const roster = createRoster({ epoch: 0, relay: 'ws://127.0.0.1:1/holdfast/relay', signers });
    const [me] = roster.signers;
    const identity = identities.find(
      ({ publicKey }) => me !== undefined && Buffer.compare(publicKey, me.identityKey) === 0,
    ) as Identity;
    const env: Env = {
      ...{ now: () => NOW, random: (n) => new Uint8Array(n), log: () => {}, point: () => {} },
      setTimer: () => () => {},
    };
    const open = () =>
      openStore({
        ...{ file: join(dir, 'store.sqlite'), signerId: me?.signerId ?? new Uint8Array(32), ...env },
        ...{ sealKey: new Uint8Array(32).fill(1), macKey: new Uint8Array(32).fill(2) },
      });
    const chain = longChain({ fingerprint: roster.origin, length: ENTRIES, users: Math.min(USERS, ENTRIES) });
    fill(open(), chain);
    const load = (): number => {
      const begun = performance.now();
      const store = open();
      const cluster = createClusterView({ ...{ roster, index: 1, identity }, random: env.random });
      const organisations = createOrganisations({ env, store, cluster, pin: () => genesisHash(chain.genesis) });
      const ms = performance.now() - begun;
      if (organisations.state(chain.org)?.height !== ENTRIES) throw new Error('the chain was not loaded');
      store.close();
      return ms;
    };
    const what = `signer: start with a log of ${ENTRIES} entries, ${Math.min(USERS, ENTRIES)} users`;
    const without = [load()];
    const withSnapshot = [load(), load(), load()];
    return [
      row(`${what}, no snapshot`, 'ms', without),
      row(`${what}, from the snapshot (aim 2000)`, 'ms', withSnapshot),
    ];
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

function fill(store: Store, chain: ReturnType<typeof longChain>): void {
  let batch: { entry: Parameters<Store['log']['put']>[1] }[] = [];
  const flush = () => {
    store.transaction('bench', () => {
      for (const { entry } of batch) store.log.put(chain.org, entry);
    });
    batch = [];
  };
  for (const { entry, head } of chain.entries()) {
    batch.push({ entry: { height: entry.height, head, committed: true, entry, acks: [] } });
    if (batch.length === 1_000) flush();
  }
  flush();
  store.close();
}
