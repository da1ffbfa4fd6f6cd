/** A signer's folder in states that no start should accept, and the same caution in what operators do beside it. */
import { equal, match, throws } from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { encodeRoster } from '@holdfast/cluster/roster';
import { seededRandom } from '@holdfast/mpc/simulator';
import { createFolder, inspectFolder, openFolder, readConfig, readRosterEntry, setFrozen, writePin } from './config.ts';

const random = seededRandom('config attacks 1');
const root = mkdtempSync(join(tmpdir(), 'holdfast-config-'));
after(() => rmSync(root, { recursive: true, force: true }));

const dir = join(root, 'signer-1');
const inside = (name: string): string => join(dir, name);
const config = (env: Record<string, string> = {}) => readConfig({ HOLDFAST_SIGNER_DIR: dir, ...env });
const org = 'or-abcde-abcde-abcdefghijklmnop';

before(() => {
  const entries = [1, 2, 3, 4, 5].map((k) => {
    const folder = join(root, `signer-${k}`);
    const unseal = { from: 'file', file: join(folder, 'unseal.key') } as const;
    const settings = { allowImport: true, allowExport: false };
    return createFolder({ dir: folder, unseal, settings, random: (n) => random.bytes(n) });
  });
  const signers = entries.map((entry, k) => ({ ...entry, index: k + 1, signerId: new Uint8Array() }));
  writeFileSync(
    join(root, 'roster.json'),
    encodeRoster({ epoch: 0, relay: 'ws://127.0.0.1:1/holdfast/relay', signers }),
  );
  openFolder(config());
});

/** What the folder answers while one file of it is another. */
function refusesWith(name: string, change: (text: string) => string, says: RegExp): void {
  const kept = readFileSync(inside(name), 'utf8');
  writeFileSync(inside(name), change(kept));
  try {
    throws(() => openFolder(config()), says);
  } finally {
    writeFileSync(inside(name), kept);
  }
  openFolder(config());
}

test('nothing is read from, pinned in or frozen through a folder that others can enter', () => {
  chmodSync(dir, 0o755);
  try {
    for (const step of [
      () => openFolder(config()),
      () => readRosterEntry(config()),
      () => writePin(dir, org, 'ab'.repeat(32)),
      () => setFrozen(dir, true),
      () => inspectFolder(config()),
    ])
      throws(step, /store directory must be mode 0700/);
  } finally {
    chmodSync(dir, 0o700);
  }
  equal(openFolder(config()).pin(org), undefined);
  equal(openFolder(config()).isFrozen(), false);
});

test('a folder of another user is not ours', {
  skip: process.getuid?.() !== 0 && 'needs root to give a folder away',
}, () => {
  chownSync(dir, 65_534, 65_534);
  try {
    throws(() => openFolder(config()), /belongs to another user/);
  } finally {
    chownSync(dir, 0, 0);
  }
});

test('a file where the folder should be is named', () => {
  const file = join(root, 'file');
  writeFileSync(file, '', { mode: 0o700 });

  throws(() => openFolder(config({ HOLDFAST_SIGNER_DIR: file })), /is not a folder/);
});

test('a missing identity or unseal key is named with what to do', () => {
  for (const [name, says] of [
    ['identity.key', /identity\.key is missing: make a signer with "operator init"/],
    ['unseal.key', /unseal\.key cannot be read: put it back/],
  ] as const) {
    renameSync(inside(name), inside(`${name}.away`));
    try {
      throws(() => openFolder(config()), says);
    } finally {
      renameSync(inside(`${name}.away`), inside(name));
    }
  }
});

test('an identity file of a newer format, cut short or edited is named', () => {
  refusesWith('identity.key', (text) => text.replace('"v": 1', '"v": 2'), /has format 2, which this release/);
  refusesWith('identity.key', (text) => text.slice(0, 40), /is damaged: restore it from the backup/);
  refusesWith('identity.key', (text) => text.replace(/"nonce": ".*"/, '"nonce": "AAAA"'), /is damaged/);
  refusesWith('identity.key', (text) => text.replace(/"sealed": "./, '"sealed": "_'), /is damaged/);
});

test('settings that are not JSON, or neither true nor false, are refused', () => {
  refusesWith('settings.json', () => '{"allowImport":', /is not valid JSON/);
  refusesWith('settings.json', () => '{"allowImport":"yes"}', /allowImport must be true or false/);
});

test('an unseal key that is long and not random is refused', () => {
  throws(
    () => openFolder(config({ HOLDFAST_UNSEAL_KEY: '0102030405060708'.slice(0, 14).repeat(10) })),
    /is not random/,
  );
});

test('a command that the operator mistyped does nothing', () => {
  const operator = fileURLToPath(new URL('./operator.js', import.meta.url));
  const run = spawnSync(process.execPath, [operator, 'freez', '--dir', dir], { encoding: 'utf8' });

  equal(run.status, 78);
  match(run.stderr, /"freez" is not a command/);
  equal(openFolder(config()).isFrozen(), false);
});
