/** A long chain is loaded from the last snapshot of this signer, and from nothing that is not exactly that. */
import { deepEqual, equal, ok } from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { genesisHash } from '@holdfast/authority/genesis';
import { ackBytes } from '@holdfast/authority/log';
import { SNAPSHOT_STEP, snapshotBytes, stateText } from '@holdfast/authority/reduce';
import { longChain } from '@holdfast/authority/testing';
import type { Ack } from '@holdfast/authority/types';
import { createRoster, type Identity, identityFromSeeds, rosterEntry } from '@holdfast/cluster/roster';
import type { Env } from '@holdfast/contract/types';
import { toBase64Url } from '@holdfast/contract/wire';
import Database from 'libsql';
import { createClusterView } from '../cluster-view/index.ts';
import { openStore, type Store } from '../store/index.ts';
import { createOrganisations } from './organisations.ts';

const root = mkdtempSync(join(tmpdir(), 'holdfast-snapshots-'));
after(() => rmSync(root, { recursive: true, force: true }));

const seedOf = (text: string): Uint8Array => new Uint8Array(createHash('sha256').update(text).digest());
const identities = [1, 2, 3, 4, 5].map((k) =>
  identityFromSeeds({ identitySeed: seedOf(`identity ${k}`), transportSeed: seedOf(`transport ${k}`) }),
);
const roster = createRoster({
  epoch: 0,
  relay: 'ws://127.0.0.1:1/holdfast/relay',
  signers: identities.map(rosterEntry),
});
const identityAt = (index: number): Identity => {
  const { identityKey } = roster.signers[index - 1] as (typeof roster.signers)[number];
  return identities.find(({ publicKey }) => Buffer.compare(publicKey, identityKey) === 0) as Identity;
};
const lines: { event: string; facts: Readonly<Record<string, unknown>> }[] = [];
const env: Env = {
  now: () => 1_767_323_045_000,
  random: (n) => new Uint8Array(n),
  setTimer: () => () => {},
  log: (event, facts) => void lines.push({ event, facts }),
  point: () => {},
};

/** Two snapshots and some entries on top. */
const LENGTH = 2 * SNAPSHOT_STEP + 8;
const chain = longChain({ fingerprint: roster.origin, length: LENGTH, users: 20 });
const certified = [...chain.entries()].map(({ entry, head }) => ({ entry, acks: acksOf(entry.height, head) }));

function acksOf(height: number, head: Uint8Array): Ack[] {
  return [1, 2, 3].map((index) => {
    const signature = toBase64Url(identityAt(index).sign(ackBytes(chain.org, height, head)));
    return { index, org: chain.org, height, head: toBase64Url(head), signature };
  });
}

const open = (file: string, o: { readonly index?: number; point?(name: string): void } = {}): Store =>
  openStore({
    ...{ file, signerId: (roster.signers[(o.index ?? 5) - 1] as (typeof roster.signers)[number]).signerId },
    ...{ sealKey: new Uint8Array(32).fill(1), macKey: new Uint8Array(32).fill(2), now: env.now, random: env.random },
    point: o.point ?? (() => {}),
  });

function load(store: Store, index = 5) {
  lines.length = 0;
  const cluster = createClusterView({ ...{ roster, index, identity: identityAt(index) }, random: env.random });
  return createOrganisations({ env, store, cluster, pin: () => genesisHash(chain.genesis) });
}

type Organisations = ReturnType<typeof load>;
const text = (organisations: Organisations): string => {
  const state = organisations.state(chain.org);
  return state === undefined ? 'set aside' : createHash('sha256').update(stateText(state)).digest('hex');
};

/** Stores that have followed the chain to a height, closed; each is made from the one before. */
const made = new Map<number, { readonly file: string; readonly state: string }>();
let from = 0;
for (const height of [SNAPSHOT_STEP - 1, SNAPSHOT_STEP + 3, LENGTH]) {
  const file = join(root, `${height}.sqlite`);
  const last = [...made.values()].at(-1);
  if (last !== undefined) copyFileSync(last.file, file);
  const store = open(file);
  const organisations = load(store);
  organisations.catchUp(chain.org, certified.slice(from, height + 1));
  made.set(height, { file, state: text(organisations) });
  store.close();
  from = height + 1;
}

/** A copy for one test to spoil. */
function followed(name: string, length = LENGTH): { readonly file: string; readonly state: string } {
  const from = made.get(length);
  if (from === undefined) throw new Error('no such store');
  const file = join(root, `${name}.sqlite`);
  copyFileSync(from.file, file);
  return { file, state: from.state };
}

/** Changes the file behind the store's back. */
function meddle(file: string, sql: string, ...cells: unknown[]): void {
  const db = new Database(file);
  db.prepare(sql).run(cells);
  db.close();
}

/** Entries that were run through the reducer: those of which the record was read. */
function loadCounted(file: string): { state: string; read: number; refused: boolean } {
  const store = open(file);
  let read = 0;
  const shelf = store.log;
  const counting = {
    ...shelf,
    read: (org: string, above?: number) => {
      const log = shelf.read(org, above);
      read += log.entries.length;
      return log;
    },
  };
  const organisations = load({ ...store, log: counting } as Store);
  const state = text(organisations);
  store.close();
  return { state, read, refused: lines.some(({ event }) => event === 'authority.snapshot.refused') };
}

const base = followed('base');

test('a start reads the entries above the last snapshot, and knows the same as one that reads all', () => {
  const fromSnapshot = loadCounted(base.file);
  deepEqual(fromSnapshot, { state: base.state, read: 8, refused: false });

  meddle(base.file, 'delete from snapshots');
  const fromAll = loadCounted(base.file);
  deepEqual(fromAll, { state: base.state, read: LENGTH + 1, refused: false });
  // It made the snapshot anew.
  equal(loadCounted(base.file).read, 8);
});

test('a snapshot is journalled with the height, head and hash of its state', () => {
  const store = open(base.file);
  const snapshot = store.log.snapshot(chain.org);
  const rows = store.journal.rows().filter(({ event }) => event === 'authority.snapshot');
  store.close();

  equal(snapshot?.height, 2 * SNAPSHOT_STEP);
  ok(rows.length >= 2);
  const facts = JSON.parse(rows.at(-1)?.facts ?? '{}') as Readonly<Record<string, unknown>>;
  equal(facts['height'], 2 * SNAPSHOT_STEP);
  equal(
    facts['state'],
    createHash('sha256')
      .update(snapshot?.text ?? '')
      .digest('hex'),
  );
});

for (const [what, sql] of [
  ['an altered state', `update snapshots set state = replace(state, '"keyImport":true', '"keyImport":false')`],
  ['another height', 'update snapshots set height = height - 1'],
  ['an altered head', 'update snapshots set head = zeroblob(32)'],
  ['an altered signature', 'update snapshots set signature = zeroblob(64)'],
  ['other rules', 'update snapshots set rules = zeroblob(32)'],
  ['an altered checksum', 'update snapshots set mac = zeroblob(32)'],
] as const)
  test(`a snapshot with ${what} is no snapshot: the whole chain is read`, () => {
    const { file, state } = followed(what.replaceAll(' ', '-'));
    meddle(file, sql);

    const loaded = loadCounted(file);

    equal(loaded.state, state);
    equal(loaded.read, LENGTH + 1);
  });

/** Puts a snapshot in with a checksum that holds, as whoever holds the unseal secret could. */
function forge(file: string, change: (s: NonNullable<ReturnType<Store['log']['snapshot']>>) => object): void {
  const store = open(file);
  const snapshot = store.log.snapshot(chain.org);
  if (snapshot === undefined) throw new Error('no snapshot');
  store.transaction('test', () => store.log.putSnapshot({ ...snapshot, ...change(snapshot) }));
  store.close();
}

test('a snapshot that this signer did not sign is refused, whatever its checksum says', () => {
  const { file, state } = followed('forged');
  const wider = (s: string) => s.replace('"keyExport":false', '"keyExport":true');

  forge(file, ({ text: old }) => ({ text: wider(old) }));
  deepEqual(loadCounted(file), { state, read: LENGTH + 1, refused: true });

  forge(file, (s) => ({
    text: wider(s.text),
    signature: identityAt(2).sign(snapshotBytes({ ...s, text: wider(s.text) })),
  }));
  deepEqual(loadCounted(file), { state, read: LENGTH + 1, refused: true });
});

test('a snapshot of rules that this release does not have is refused, though this signer signed it', () => {
  const { file, state } = followed('rules');
  const rules = new Uint8Array(32).fill(9);

  forge(file, (s) => ({ rules, signature: identityAt(5).sign(snapshotBytes({ ...s, rules })) }));

  deepEqual(loadCounted(file), { state, read: LENGTH + 1, refused: true });
});

test('a snapshot that cannot be read is refused, though this signer signed it, and the signer starts', () => {
  const { file, state } = followed('unreadable');
  forge(file, (s) => {
    const cut = s.text.slice(0, -1);
    return { text: cut, signature: identityAt(5).sign(snapshotBytes({ ...s, text: cut })) };
  });

  deepEqual(loadCounted(file), { state, read: LENGTH + 1, refused: true });
});

test('a snapshot of an entry that is not committed here is refused', () => {
  const { file, state } = followed('ahead');
  const head = new Uint8Array(32).fill(7);
  forge(file, (s) => ({ head, signature: identityAt(5).sign(snapshotBytes({ ...s, head })) }));

  deepEqual(loadCounted(file), { state, read: LENGTH + 1, refused: true });
});

test('an old snapshot put back is taken, and the entries above it are run again', () => {
  const { file, state } = followed('old', SNAPSHOT_STEP + 3);
  const before = open(file);
  const old = before.log.snapshot(chain.org);
  const organisations = load(before);
  organisations.catchUp(chain.org, certified.slice(SNAPSHOT_STEP + 4));
  before.transaction('test', () => before.log.putSnapshot(old as NonNullable<typeof old>));
  before.close();

  equal(state === base.state, false);
  deepEqual(loadCounted(file), { state: base.state, read: LENGTH - SNAPSHOT_STEP, refused: false });
});

test('a damaged entry above the snapshot sets the organisation aside, as without one', () => {
  const { file } = followed('damaged');
  meddle(file, 'update log set entry = ? where height = ?', '{}', LENGTH - 2);

  equal(loadCounted(file).state, 'set aside');
});

for (const when of ['before-flush', 'after-flush'] as const)
  test(`a process that dies ${when.replace('-', ' the ')} of an entry with its snapshot has both or neither`, () => {
    const { file } = followed(when, SNAPSHOT_STEP - 1);
    let armed = false;
    const store = open(file, {
      point: (name) => {
        if (armed && name === `store:authority:${when}`) throw new Error('dies here');
      },
    });
    const organisations = load(store);
    armed = true;
    try {
      organisations.catchUp(chain.org, certified.slice(SNAPSHOT_STEP, SNAPSHOT_STEP + 1));
    } catch (error) {
      equal((error as Error).message, 'dies here');
    }
    armed = false;
    store.close();

    const again = open(file);
    const height = again.log.snapshot(chain.org)?.height;
    const top = again.log.read(chain.org).top;
    again.close();
    deepEqual([height, top], when === 'before-flush' ? [undefined, SNAPSHOT_STEP - 1] : [SNAPSHOT_STEP, SNAPSHOT_STEP]);
    equal(loadCounted(file).state.length, 64);
  });
