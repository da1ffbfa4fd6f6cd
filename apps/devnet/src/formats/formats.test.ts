/** Every stored and sent format, frozen: vectors/formats says what they are; a change here is a change of version. */
import { deepEqual, equal } from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { decodeChallenge } from '@holdfast/authority/challenge';
import { verifyGenesis } from '@holdfast/authority/genesis';
import { verifyAcks } from '@holdfast/authority/log';
import type { Ack, Assertion } from '@holdfast/authority/types';
import { nodeVerify } from '@holdfast/authority/verify-node';
import {
  decodeCommand,
  decodePush,
  decodeReply,
  encodeCommand,
  encodePush,
  encodeReply,
} from '@holdfast/cluster/commands';
import { parseRoster } from '@holdfast/cluster/roster';
import { fromHex, toBase64Url, toHex } from '@holdfast/contract/wire';
import { decodeExportShare, decodeImportShare, open } from '@holdfast/crypto/envelope';
import { proveBackup, readBackupPrivateKey } from '@holdfast/signer/backup';
import { createVault } from '@holdfast/signer/vault';
import { type FormatName, formatNames, makeFixture, vaultRecord } from './fixtures.ts';

const read = (name: FormatName) =>
  JSON.parse(readFileSync(new URL(`../../../../vectors/formats/${name}.json`, import.meta.url), 'utf8'));

for (const name of formatNames)
  test(`format ${name}: what is made today is what was frozen`, () => {
    deepEqual(JSON.parse(JSON.stringify(makeFixture(name))), read(name));
  });

test('frozen rosters, genesis texts and challenges are read and verified', () => {
  const roster = parseRoster(read('roster').text);
  equal(toBase64Url(roster.fingerprint), read('roster').fingerprint);
  const { text, proof } = read('genesis') as { text: string; proof: Assertion };
  equal(
    verifyGenesis(text, proof, nodeVerify, { clusterFingerprint: toBase64Url(roster.fingerprint) }).name,
    'Fixture',
  );
  deepEqual(decodeChallenge(read('challenge').text), read('challenge').record);
});

test('frozen acknowledgements verify against the frozen heads', () => {
  const { signers } = parseRoster(read('roster').text);
  for (const { head, acks } of read('authority-log').entries as { head: string; acks: Ack[] }[]) {
    const [first] = acks;
    if (first === undefined) throw new Error('no acknowledgement');
    verifyAcks({
      acks,
      org: first.org,
      height: first.height,
      head: toBase64Url(fromHex(head)),
      identityKeys: signers.map((s) => s.identityKey),
      verify: nodeVerify,
    });
  }
});

test('frozen commands, replies and pushes decode and encode to the same text', () => {
  const { act, commit, reply, refusal, token } = read('commands');
  for (const text of [act, commit, read('second-factor').act]) equal(encodeCommand(decodeCommand(text)), text);
  for (const text of [reply, refusal]) equal(encodeReply(decodeReply(text)), text);
  equal(encodePush(decodePush(token)), token);
});

test('frozen envelopes open', () => {
  const { recipientPrivateKey, importSealed, importPlaintext, exportSealed, exportPlaintext } = read('share-envelope');
  const opened = (sealed: string) => open({ privateKey: fromHex(recipientPrivateKey), sealed: fromHex(sealed) });
  equal(new TextDecoder().decode(opened(importSealed)), importPlaintext);
  equal(new TextDecoder().decode(opened(exportSealed)), exportPlaintext);
  equal(decodeImportShare(opened(importSealed)).publicShares.length, 5);
  equal(decodeExportShare(opened(exportSealed)).index, 1);
});

test('a frozen vault record opens under its own record', () => {
  const { sealKey, share, version, nonce, sealed } = read('sealed-vault');
  const vault = createVault({
    sealKey: fromHex(sealKey),
    random: () => {
      throw new Error('opening draws nothing');
    },
  });
  equal(toHex(vault.open(vaultRecord(), { version, nonce: fromHex(nonce), sealed: fromHex(sealed) }).x), share);
});

test('a frozen backup opens, and its share is proved', () => {
  const { privateText, share, file } = read('backup');
  const by = { privateKey: readBackupPrivateKey(privateText) };

  const backup = proveBackup(fromHex(file), { by, roster: parseRoster(read('roster').text), index: 1 });

  equal(backup.shares, 1);
  equal(toHex(backup.body.contents.shares[0]?.x ?? new Uint8Array()), share);
});

test('a frozen vault record of a master key opens to its share and chain code', () => {
  const { sealKey, share, chainCode, version, nonce, sealed } = read('sealed-vault-master');
  const vault = createVault({
    sealKey: fromHex(sealKey),
    random: () => {
      throw new Error('opening draws nothing');
    },
  });
  const record = { ...vaultRecord(), purpose: 'master' as const };
  const opened = vault.open(record, { version, nonce: fromHex(nonce), sealed: fromHex(sealed) });
  deepEqual([toHex(opened.x), toHex(opened.chainCode ?? new Uint8Array())], [share, chainCode]);
});
