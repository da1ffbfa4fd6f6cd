/** Evidence files and their commands: one that convicts, and each way in which one does not. */
import { deepEqual, equal, match, throws } from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createRoster, encodeRoster, type Identity, identityFromSeeds, rosterEntry } from '@holdfast/cluster/roster';
import { toHex } from '@holdfast/contract/wire';
import { execIdDocument, sha512_256 } from '@holdfast/crypto/transcript';
import { type Evidence, encodeEvidence } from '@holdfast/mpc/evidence';
import { type Message, signedBytes } from '@holdfast/mpc/runtime';
import { createFolder, openFolder, readConfig } from '../config.ts';
import { openStore } from '../store/index.ts';
import { EVIDENCE_BYTES_MAX, judgeEvidence } from './index.ts';

const root = mkdtempSync(join(tmpdir(), 'holdfast-evidence-'));
after(() => rmSync(root, { recursive: true, force: true }));
let drawn = 0;
const draw = (n: number): Uint8Array => Uint8Array.from({ length: n }, (_, k) => (drawn++ * 7 + k * 13) & 0xff);
const liars = [1, 2, 3, 4].map((fill) =>
  identityFromSeeds({ identitySeed: new Uint8Array(32).fill(fill), transportSeed: new Uint8Array(32).fill(fill + 9) }),
);
const dir = join(root, 'signer');
const own = createFolder({
  dir,
  unseal: { from: 'file', file: join(dir, 'unseal.key') },
  settings: { allowImport: false, allowExport: false },
  random: draw,
});
const roster = createRoster({ epoch: 0, relay: 'ws://127.0.0.1:1/r', signers: [own, ...liars.map(rosterEntry)] });
const rosterFile = join(root, 'roster.json');
writeFileSync(rosterFile, encodeRoster(roster));
const liar = liars[0] as Identity;
const liarIndex = roster.signers.findIndex(({ identityKey }) => Buffer.compare(identityKey, liar.publicKey) === 0) + 1;

const document = execIdDocument({
  protocol: 'dkg',
  version: 1,
  clusterId: roster.clusterId,
  clusterEpoch: 0,
  keyId: 'key-abcde-abcde-abcdefghijklmnop',
  keyEpoch: new Uint8Array(),
  curve: 'ed25519',
  n: 5,
  t: 3,
  participants: roster.signers.map(({ index, signerId, identityKey }) => ({ index, signerId, identityKey })),
  publicKey: new Uint8Array(),
  requestHash: new Uint8Array(32).fill(5),
  runNonce: new Uint8Array(32).fill(6),
});
const execId = sha512_256(document);
const said = (body: number): Message => {
  const message = { round: 1, kind: 'bcast', from: liarIndex, to: 0, body: Uint8Array.of(body) } as const;
  return { ...message, sig: liar.sign(signedBytes(execId, message)) };
};
const evidence = (o: Partial<Evidence> = {}): Uint8Array =>
  encodeEvidence({
    ...{
      document,
      protocol: 'dkg/1',
      code: 'E_EQUIVOCATION',
      round: 1,
      culprits: [liarIndex],
      publics: new Uint8Array(),
    },
    messages: [said(1), said(2)],
    ...o,
  });
const code =
  (expected: string) =>
  (error: unknown): boolean =>
    error instanceof Error && 'code' in error && error.code === expected;

test('two stories under one signature each convict who signed them', () => {
  const judged = judgeEvidence(evidence(), roster);

  deepEqual(judged.convicted, [liar.publicKey]);
  equal(judged.keyId, 'key-abcde-abcde-abcdefghijklmnop');
});

test('one story, the same twice, or another who is named, convict nobody', () => {
  const other = (liarIndex % 5) + 1;
  for (const bytes of [
    evidence({ messages: [said(1)] }),
    evidence({ messages: [said(1), said(1)] }),
    evidence({ culprits: [other] }),
    evidence({ code: 'E_DKG_FELDMAN' }),
  ])
    throws(() => judgeEvidence(bytes, roster), code('E_EVIDENCE_NOTHING'));
});

test('a message that its sender did not sign is no evidence', () => {
  const forged = { ...said(2), sig: said(1).sig as Uint8Array };

  throws(() => judgeEvidence(evidence({ messages: [said(1), forged] }), roster), code('E_EVIDENCE'));
});

test('a file beyond the limit is not even read', () => {
  throws(() => judgeEvidence(new Uint8Array(EVIDENCE_BYTES_MAX + 1), roster), /at most 8388608 bytes/);
});

test('a run that names a key of one signer as that of another is not of this cluster', () => {
  const strangers = createRoster({
    epoch: 0,
    relay: roster.relay,
    signers: [
      ...liars.map(rosterEntry),
      rosterEntry(
        identityFromSeeds({ identitySeed: new Uint8Array(32).fill(77), transportSeed: new Uint8Array(32).fill(78) }),
      ),
    ],
  });

  throws(() => judgeEvidence(evidence(), strangers), code('E_EVIDENCE_ROSTER'));
});

test('an operator lists what was kept, writes it out, and anybody judges it', () => {
  const operator = fileURLToPath(new URL('../operator.js', import.meta.url));
  const type = (...args: string[]) => {
    const run = spawnSync(process.execPath, [operator, ...args, '--dir', dir], {
      env: { PATH: process.env['PATH'] ?? '', HOLDFAST_ROSTER: rosterFile },
      encoding: 'utf8',
    });
    return { status: run.status, out: run.stdout, err: run.stderr.trimEnd() };
  };
  const folder = openFolder(readConfig({ HOLDFAST_SIGNER_DIR: dir, HOLDFAST_ROSTER: rosterFile }));
  const { signerId, keys, storeFile } = folder;
  const store = openStore({ file: storeFile, signerId, ...keys, now: Date.now, random: draw, point: () => {} });
  const note = {
    execId,
    signerId: roster.signers[liarIndex - 1]?.signerId ?? draw(32),
    code: 'E_EQUIVOCATION',
    time: 1_700_000_000_000,
  };
  store.transaction('test', () => {
    store.named.keep({ ...note, record: '{"v":1}' });
    store.named.keep({ ...note, record: JSON.stringify({ v: 1, evidence: toHex(evidence()) }) });
  });
  store.close();
  const file = join(root, 'evidence');

  const listed = type('evidence', 'list').out;
  match(listed, new RegExp(`1 .*signer ${liarIndex}  E_EQUIVOCATION`));
  match(listed, /2 .*shows a stranger nothing\)\n2 kept/);
  match(type('evidence', 'export', '2', file).err, /it has no file/);
  match(type('evidence', 'export', '3', file).err, /there is no evidence 3/);
  equal(type('evidence', 'export', '1', file).status, 0);
  match(type('evidence', 'verify', file).out, new RegExp(`convicts {6}signer ${liarIndex}, `));

  const bytes = readFileSync(file);
  bytes[bytes.length - 100] = (bytes.at(-100) ?? 0) ^ 1;
  writeFileSync(file, bytes);
  const altered = type('evidence', 'verify', file);
  equal(altered.status, 7);
  match(altered.err, /\(E_EVIDENCE\)$/);
});
