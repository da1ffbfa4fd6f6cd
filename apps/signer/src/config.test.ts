/** Unsafe settings (bad-inputs K): the real process exits with 78 and one line that says why and how to mend it. */
import { deepEqual, equal, match, ok, throws } from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { encodeRoster, type RosterEntry } from '@holdfast/cluster/roster';
import { seededRandom } from '@holdfast/mpc/simulator';
import Database from 'libsql';
import { createFolder, openFolder, readConfig, UnsafeSettings, writePin } from './config.ts';
import { openStore } from './store/index.ts';

const random = seededRandom('config 1');
const root = mkdtempSync(join(tmpdir(), 'holdfast-config-'));
after(() => rmSync(root, { recursive: true, force: true }));

const main = fileURLToPath(new URL('./main.js', import.meta.url));
const operator = fileURLToPath(new URL('./operator.js', import.meta.url));
const settings = { allowImport: true, allowExport: false };
let entries: RosterEntry[] = [];
const dirOf = (k: number): string => join(root, `signer-${k}`);
const rosterFile = join(root, 'roster.json');
const environment = (k = 1, o: Record<string, string> = {}): Record<string, string> => ({
  HOLDFAST_SIGNER_DIR: dirOf(k),
  ...o,
});
const secretOf = (k: number): string => readFileSync(join(dirOf(k), 'unseal.key'), 'utf8').trim();

before(() => {
  entries = [1, 2, 3, 4, 5].map((k) =>
    createFolder({
      dir: dirOf(k),
      unseal: { from: 'file', file: join(dirOf(k), 'unseal.key') },
      settings,
      random: (n) => random.bytes(n),
    }),
  );
  writeFileSync(
    rosterFile,
    encodeRoster({
      epoch: 0,
      relay: 'ws://127.0.0.1:1/holdfast/relay',
      signers: entries.map((e, k) => ({ ...e, index: k + 1, signerId: new Uint8Array() })),
    }),
  );
});

const start = (env: Record<string, string>) => {
  const run = spawnSync(process.execPath, [main], {
    env: { PATH: process.env['PATH'] ?? '', ...env },
    encoding: 'utf8',
    timeout: 20_000,
  });
  return { status: run.status, line: run.stderr.trimEnd() };
};

test('a new folder holds the identity sealed, its secret apart, everything closed to others', () => {
  const folder = openFolder(readConfig(environment()));

  equal(statSync(dirOf(1)).mode & 0o777, 0o700);
  for (const name of ['identity.key', 'unseal.key', 'settings.json'])
    equal(statSync(join(dirOf(1), name)).mode & 0o777, 0o600, name);
  deepEqual(folder.identity.publicKey, entries[0]?.identityKey);
  deepEqual(folder.settings, settings);
  ok(folder.index >= 1 && folder.index <= 5);
});

test('a second signer in the same folder is refused', () => {
  const again = {
    dir: dirOf(1),
    unseal: { from: 'file' as const, file: join(dirOf(1), 'unseal.key') },
    settings,
    random: (n: number) => random.bytes(n),
  };

  throws(() => createFolder(again), UnsafeSettings);
});

test('the identity opens with a passphrase too, and with no other', () => {
  const dir = join(root, 'passphrase');
  const passphrase = 'correct horse battery staple';
  createFolder({ dir, unseal: { from: 'passphrase', passphrase }, settings, random: (n) => random.bytes(n) });
  const open = (text: string) => openFolder(readConfig({ HOLDFAST_SIGNER_DIR: dir, HOLDFAST_UNSEAL_PASSPHRASE: text }));

  throws(() => open(`${passphrase}!`), /does not open/);
  throws(() => open('short'), /shorter than 16 characters/);
  // The secret is right; what is missing is a place in the roster.
  throws(() => open(passphrase), /does not contain this signer/);
});

test("the relay is the roster's unless a setting names another, and NATS_URL wins", () => {
  const relay = (env: Record<string, string>) => openFolder(readConfig({ ...environment(1), ...env })).relay;
  const here = 'ws://127.0.0.1:9/holdfast/relay';
  const creds = join(root, 'signer.creds');
  writeFileSync(creds, 'jwt and seed', { mode: 0o600 });

  equal(relay({}).kind, 'websocket');
  deepEqual(relay({ HOLDFAST_RELAY_URL: here }), { kind: 'websocket', url: here });
  deepEqual(relay({ HOLDFAST_RELAY_URL: here, NATS_URL: 'nats://t0ken@10.0.0.5' }), {
    kind: 'nats',
    address: { servers: ['10.0.0.5:4222'], tls: false, token: 't0ken' },
  });
  const { address } = relay({ NATS_URL: 'tls://n', NATS_CREDS: creds }) as { address: { credentials: Uint8Array } };
  equal(Buffer.from(address.credentials).toString(), 'jwt and seed');
});

const unsafe: readonly { what: string; env?: Record<string, string>; spoil?: () => () => void; says: RegExp }[] = [
  { what: 'no folder named', env: { HOLDFAST_SIGNER_DIR: '' }, says: /HOLDFAST_SIGNER_DIR is not set/ },
  {
    what: 'a relay that is none',
    env: { HOLDFAST_RELAY_URL: 'http://relay.example' },
    says: /HOLDFAST_RELAY_URL must be a ws:/,
  },
  { what: 'an address that is none of NATS', env: { NATS_URL: 'nats://a:b@h/path' }, says: /NATS_URL must be nats:/ },
  {
    what: 'credentials of NATS that are not there',
    env: { NATS_URL: 'nats://h', NATS_CREDS: join(root, 'nowhere') },
    says: /nowhere cannot be read: put it back, or unset NATS_CREDS/,
  },
  {
    what: 'a folder that is not there',
    env: { HOLDFAST_SIGNER_DIR: join(root, 'nowhere') },
    says: /cannot be read: make it with "operator init"/,
  },
  {
    what: 'a folder others can read',
    spoil: mode(() => dirOf(1), 0o755, 0o700),
    says: /store directory must be mode 0700, not 0755: chmod 700 /,
  },
  {
    what: 'an unseal key others can read',
    spoil: mode(() => join(dirOf(1), 'unseal.key'), 0o640, 0o600),
    says: /must be mode 0600, not 0640: chmod 600 /,
  },
  {
    what: 'an identity others can read',
    spoil: mode(() => join(dirOf(1), 'identity.key'), 0o604, 0o600),
    says: /must be mode 0600, not 0604/,
  },
  {
    what: 'a short unseal key',
    env: { HOLDFAST_UNSEAL_KEY: 'c2hvcnQ=' },
    says: /HOLDFAST_UNSEAL_KEY is shorter than 32 bytes: make one with/,
  },
  { what: 'an unseal key of zeros', env: { HOLDFAST_UNSEAL_KEY: '00'.repeat(32) }, says: /is not random/ },
  {
    what: 'an unseal key that is no key',
    env: { HOLDFAST_UNSEAL_KEY: 'hunter2 hunter2 hunter2 hunter2 hunter2' },
    says: /must hold base64 or hex/,
  },
  {
    what: 'the unseal key of another signer',
    env: { HOLDFAST_UNSEAL_KEY: '8f'.repeat(16) + '0123456789abcdef'.repeat(2) },
    says: /the unseal secret does not open/,
  },
  {
    what: 'two unseal secrets',
    env: { HOLDFAST_UNSEAL_KEY: 'aa'.repeat(32), HOLDFAST_UNSEAL_PASSPHRASE: 'x'.repeat(20) },
    says: /give one of/,
  },
  {
    what: 'a passphrase where there was a key',
    env: { HOLDFAST_UNSEAL_PASSPHRASE: 'correct horse battery' },
    says: /sealed with a key, not a passphrase/,
  },
  {
    what: 'no roster',
    env: { HOLDFAST_ROSTER: join(root, 'none.json') },
    says: /none\.json cannot be read: set HOLDFAST_ROSTER/,
  },
  {
    what: 'a roster of others',
    spoil: rosterOf(() => entries.slice(1).concat(stranger())),
    says: /does not contain this signer/,
  },
  {
    what: 'a roster with a wrong signature',
    spoil: rosterText((text) =>
      text.replace(/("transportSignature": ")(.)/, (_, head: string, c: string) => head + (c === 'A' ? 'B' : 'A')),
    ),
    says: /transportSignature is not by its identityKey/,
  },
  {
    what: 'a roster of four',
    spoil: rosterText((text) => JSON.stringify({ ...JSON.parse(text), signers: JSON.parse(text).signers.slice(1) })),
    says: /exactly 5 entries/,
  },
  {
    what: 'settings that are none',
    spoil: file(() => join(dirOf(1), 'settings.json'), '{"allowImprot":true}'),
    says: /allowImprot is not a setting/,
  },
  {
    what: 'an identity file that was edited',
    spoil: edit(
      () => join(dirOf(1), 'identity.key'),
      (text) => text.replace(/"salt": "./, '"salt": "Z'),
    ),
    says: /does not open|damaged/,
  },
  {
    what: 'a relay that is no address',
    env: { HOLDFAST_RELAY_URL: 'http://localhost' },
    says: /must be a ws:\/\/ or wss:\/\/ address/,
  },
  {
    what: 'a store newer than the release',
    spoil: store((db) => db.exec('pragma user_version = 99')),
    says: /newer than this release/,
  },
  {
    what: 'a store of another identity',
    spoil: store((db) => db.exec("update meta set v = x'00' where k = 'signerId'")),
    says: /belongs to another identity/,
  },
  { what: 'a store in use', spoil: locked(), says: /in use by another process/ },
];

for (const { what, env, spoil, says } of unsafe) {
  test(`refuses to start with ${what}`, () => {
    // The store exists from here on.
    if (spoil !== undefined) prepareStore();
    const mend = spoil?.();
    try {
      const { status, line } = start(environment(1, env));

      equal(status, 78, line);
      match(line, says);
      equal(line.split('\n').length, 1, 'one line');
      ok(!line.includes(secretOf(1)), 'no secret');
    } finally {
      mend?.();
    }
  });
}

test('a pin is written once and never changed; only ids become file names', () => {
  const org = 'or-abcde-abcde-abcdefghijklmnop';
  const folder = openFolder(readConfig(environment()));
  equal(folder.pin(org), undefined);
  writePin(dirOf(1), org, 'ab'.repeat(32));
  writePin(dirOf(1), org, 'ab'.repeat(32));

  deepEqual(folder.pin(org), new Uint8Array(32).fill(0xab));
  throws(() => writePin(dirOf(1), org, 'cd'.repeat(32)), /pinned to another genesis/);
  throws(() => writePin(dirOf(1), '../../etc/passwd', 'ab'.repeat(32)), /must look like/);
  throws(() => writePin(dirOf(1), org, 'ab'), /64 hex digits/);
  equal(folder.pin('../unseal.key'), undefined);
});

test('the operator sees the state, freezes at once, and is told what is wrong', () => {
  const type = (...args: string[]) =>
    spawnSync(process.execPath, [operator, ...args, '--dir', dirOf(2)], {
      encoding: 'utf8',
      env: { PATH: process.env['PATH'] ?? '' },
    });
  match(
    type('status').stdout,
    /running {7}no[\s\S]*allows {8}import yes, export no[\s\S]*roster line {3}\{"identityKey"/,
  );
  match(
    type('doctor', '--deep').stdout,
    /roster {8}ok, signer \d of 5[\s\S]*curve[\s\S]*journal {7}ok[\s\S]*shares {8}ok/,
  );
  const folder = openFolder(readConfig(environment(2)));
  equal(folder.isFrozen(), false);
  type('freeze');
  equal(folder.isFrozen(), true);
  type('unfreeze');
  equal(folder.isFrozen(), false);
  const wrong = type('trust', 'or-1');
  equal(wrong.status, 78);
  match(wrong.stderr, /say which: trust <orgId> <sha256>/);
});

test('the operator of a signer sees whom it signs no more with, and forgives', () => {
  prepareStore();
  const type = (...args: string[]) =>
    spawnSync(process.execPath, [operator, ...args, '--dir', dirOf(1)], {
      encoding: 'utf8',
      env: { PATH: process.env['PATH'] ?? '' },
    });
  const folder = openFolder(readConfig(environment(1)));
  const peer = folder.roster.signers.find(({ index }) => index !== folder.index);
  const open = () =>
    openStore({
      file: folder.storeFile,
      signerId: folder.signerId,
      ...folder.keys,
      now: () => 0,
      random: (n) => new Uint8Array(n),
      point: () => {},
    });
  const store = open();
  const signerId = peer?.signerId ?? new Uint8Array();
  for (let k = 1; k <= 5; k += 1)
    store.transaction('named', () =>
      store.named.name({ execId: new Uint8Array(32).fill(k), signerId, code: 'E_C_PARTIAL', time: k, record: '{}' }),
    );
  store.close();

  match(
    type('named').stdout,
    new RegExp(`signer ${peer?.index} +named 5 times, refused\n(evidence .*E_C_PARTIAL.*\n){5}`),
  );
  equal(type('named', '--forgive', '9').status, 78);
  match(type('named', '--forgive', String(peer?.index)).stdout, /is forgiven/);
  const after = open();
  equal(after.named.times(signerId), 0);
  equal(after.named.evidence().length, 5);
  after.close();
});

test('engines of ECDSA are known ones, each once', () => {
  const engines = (value: string) => readConfig({ ...environment(1), HOLDFAST_ECDSA_ENGINES: value }).ecdsaEngines;

  deepEqual([engines(''), engines('C'), engines('H, C')], [['H', 'C'], ['C'], ['H', 'C']]);
  for (const wrong of ['D', 'H,H', 'H,']) throws(() => engines(wrong), /HOLDFAST_ECDSA_ENGINES must be/);
});

test('every name that config.ts reads has a line in .env.example', () => {
  const source = readFileSync(fileURLToPath(new URL('../src/config.ts', import.meta.url)), 'utf8');
  const example = readFileSync(fileURLToPath(new URL('../.env.example', import.meta.url)), 'utf8');
  const read = new Set([...source.matchAll(/HOLDFAST_[A-Z_]+/g)].map(([name]) => name));

  for (const name of read) ok(new RegExp(`^${name}=`, 'm').test(example), name);
});

function prepareStore(): void {
  const run = spawnSync(process.execPath, [operator, 'doctor', '--dir', dirOf(1)], {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'] ?? '' },
  });
  equal(run.status, 0, run.stderr);
}
function mode(path: () => string, wrong: number, right: number) {
  return () => {
    chmodSync(path(), wrong);
    return () => chmodSync(path(), right);
  };
}
function edit(path: () => string, change: (text: string) => string) {
  return () => {
    const text = readFileSync(path(), 'utf8');
    writeFileSync(path(), change(text));
    return () => writeFileSync(path(), text);
  };
}
function file(path: () => string, text: string) {
  return edit(path, () => text);
}
function rosterText(change: (text: string) => string) {
  return edit(() => rosterFile, change);
}
function rosterOf(list: () => RosterEntry[]) {
  return rosterText(() =>
    encodeRoster({
      epoch: 0,
      relay: 'ws://127.0.0.1:1/holdfast/relay',
      signers: list().map((e, k) => ({ ...e, index: k + 1, signerId: new Uint8Array() })),
    }),
  );
}
function stranger(): RosterEntry {
  const dir = join(root, 'stranger');
  rmSync(dir, { recursive: true, force: true });
  return createFolder({
    dir,
    unseal: { from: 'file', file: join(dir, 'unseal.key') },
    settings,
    random: (n) => random.bytes(n),
  });
}
function store(change: (db: InstanceType<typeof Database>) => void) {
  return () => {
    const path = join(dirOf(1), 'store.sqlite');
    const before = readFileSync(path);
    const db = new Database(path);
    change(db);
    db.close();
    return () => writeFileSync(path, before);
  };
}
function locked() {
  return () => {
    const db = new Database(join(dirOf(1), 'store.sqlite'));
    db.exec('begin exclusive');
    return () => {
      db.exec('rollback');
      db.close();
    };
  };
}

test('a signer is replaced: the newcomer fits the place, three operators accept, and nobody goes back or aside', () => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-succession-'));
  const own = (k: number | string): string => join(folder, `signer-${k}`);
  const file = join(folder, 'roster.json');
  const make = (dir: string): RosterEntry =>
    createFolder({
      dir,
      unseal: { from: 'file', file: join(dir, 'unseal.key') },
      settings,
      random: (n) => random.bytes(n),
    });
  const founders = [1, 2, 3, 4, 5].map((k) => make(own(k)));
  const signers = founders.map((e, k) => ({ ...e, index: k + 1, signerId: new Uint8Array() }));
  writeFileSync(file, encodeRoster({ epoch: 0, relay: 'ws://127.0.0.1:1/r', signers }));
  const type = (dir: string, ...args: string[]) => {
    const run = spawnSync(process.execPath, [operator, ...args, '--dir', dir], {
      env: { PATH: process.env['PATH'] ?? '', HOLDFAST_ROSTER: file },
      encoding: 'utf8',
    });
    return { status: run.status, out: run.stdout, err: run.stderr.trimEnd() };
  };
  const placeOf = (k: number): number =>
    openFolder(readConfig({ HOLDFAST_SIGNER_DIR: own(k), HOLDFAST_ROSTER: file })).index;
  const places = [1, 2, 3, 4, 5].map(placeOf);
  const left = placeOf(1);
  try {
    const line = type(own('new'), 'init', '--replace', String(left)).out.trim();
    const step = join(folder, 'step.json');
    const proposed = type(own(2), 'succession', step, '--replace', String(left), '--by', line);
    equal(proposed.status, 0, proposed.err);
    const fingerprint = /fingerprint {3}([\w-]{43})/.exec(proposed.out)?.[1] ?? '';

    match(type(own(2), 'accept-roster', step, 'A'.repeat(43)).err, /not to the one you gave/);
    match(type(own(1), 'accept-roster', step, fingerprint).err, /only signers that are in both rosters/);
    for (const k of [2, 3]) equal(type(own(k), 'accept-roster', step, fingerprint).status, 0);
    match(type(own(2), 'adopt-roster', step).err, /2 of the signers that stay.*\(E_SUCCESSION\)/);
    equal(type(own(4), 'accept-roster', step, fingerprint).status, 0);

    // Another successor of the same roster: whoever has signed one signs no other.
    const fork = join(folder, 'fork.json');
    const forkLine = type(own('fork'), 'init', '--replace', String(left)).out.trim();
    const forked = type(own(2), 'succession', fork, '--replace', String(left), '--by', forkLine);
    const forkPrint = /fingerprint {3}([\w-]{43})/.exec(forked.out)?.[1] ?? '';
    match(type(own(3), 'accept-roster', fork, forkPrint).err, /accepted another successor of this roster already/);

    equal(type(own(2), 'adopt-roster', step).status, 0);
    equal(type(own(2), 'adopt-roster', step).status, 0, 'again does nothing');
    deepEqual([2, 3, 4, 5].map(placeOf), places.slice(1));
    equal(openFolder(readConfig({ HOLDFAST_SIGNER_DIR: own('new'), HOLDFAST_ROSTER: file })).index, left);
    throws(() => placeOf(1), /does not contain this signer/);
    match(type(own(2), 'adopt-roster', fork).err, /takes 3|another roster/);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
