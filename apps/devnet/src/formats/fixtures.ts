/**
 * One instance of every format that is stored or sent, made from fixed inputs: what vectors/formats holds, and what
 * another implementation can check itself against. Nothing here is random, and no key here is anybody's.
 */
import { createPrivateKey, createPublicKey, sign } from 'node:crypto';
import { encodeChallenge, freshDigest, nullifier, payloadHash } from '@holdfast/authority/challenge';
import { encodeGenesis, genesisChallenge, genesisHash, genesisIds } from '@holdfast/authority/genesis';
import { accountCredentialIdOf, clusterIdOf, deriveId, permissionIdOf } from '@holdfast/authority/ids';
import {
  ackBytes,
  encodeEntry,
  headOf,
  importKeyBytes,
  keyStatementBytes,
  markBytes,
  withdrawBytes,
} from '@holdfast/authority/log';
import type { Assertion, ChallengeRecord, LogEntry } from '@holdfast/authority/types';
import { encodeCommand, encodePush, encodeReply } from '@holdfast/cluster/commands';
import { createRoster, encodeRoster, identityFromSeeds, rosterEntry } from '@holdfast/cluster/roster';
import { toBase64Url, toHex } from '@holdfast/contract/wire';
import { curve, type Scalar } from '@holdfast/crypto/curves';
import { encodeExportShare, encodeImportShare, recipientPublicKey, seal } from '@holdfast/crypto/envelope';
import { evaluate } from '@holdfast/crypto/sharing';
import { execId } from '@holdfast/crypto/transcript';
import { epochOf } from '@holdfast/mpc/dkg';
import { createBackupKey, makeBackup, readBackupPublicKey } from '@holdfast/signer/backup';
import { createVault } from '@holdfast/signer/vault';

export const formatNames = [
  'roster',
  'genesis',
  'challenge',
  'authority-log',
  'ids',
  'commands',
  'execution-id',
  'share-envelope',
  'key-statement',
  'sealed-vault',
  'sealed-vault-master',
  'backup',
  'second-factor',
] as const;
export type FormatName = (typeof formatNames)[number];

const bytes = (length: number, fill: number) => new Uint8Array(length).fill(fill);

/** Counts up from `start`: stands for randomness. */
function counter(start: number): (n: number) => Uint8Array {
  let next = start;
  return (n) => Uint8Array.from({ length: n }, () => next++ & 0xff);
}

const identities = [1, 2, 3, 4, 5].map((n) =>
  identityFromSeeds({ identitySeed: bytes(32, n), transportSeed: bytes(32, 0x10 + n) }),
);
const roster = createRoster({
  epoch: 0,
  relay: 'ws://127.0.0.1:8787/holdfast/relay',
  signers: identities.map(rosterEntry),
});

const adminKey = createPrivateKey({
  key: Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), bytes(32, 0x42)]),
  format: 'der',
  type: 'pkcs8',
});
const adminPem = createPublicKey(adminKey).export({ type: 'spki', format: 'pem' }).toString();
const credentialId = toBase64Url(bytes(32, 0x43));

function assertionOver(challenge: string): Assertion {
  const clientData = Buffer.from(JSON.stringify({ type: 'key.get', challenge }));
  return {
    kind: 'Key',
    credId: credentialId,
    clientData: toBase64Url(clientData),
    signature: toBase64Url(sign(null, clientData, adminKey)),
  };
}

const version = (JSON.parse(encodeRoster(roster)) as { v: 1 }).v;
const genesisText = encodeGenesis({
  v: version,
  c: toBase64Url(roster.fingerprint),
  name: 'Fixture',
  admin: {
    username: 'admin@fixture.example',
    credential: { kind: 'Key', id: credentialId, publicKey: adminPem, algorithm: 'Ed25519' },
  },
  app: { origin: 'http://localhost:8787', rpId: 'localhost' },
  time: '2026-01-02T03:04:05.678Z',
  nonce: toBase64Url(bytes(16, 0x44)),
});
const genesis = {
  text: genesisText,
  hash: genesisHash(genesisText),
  ids: genesisIds(genesisHash(genesisText)),
  proof: assertionOver(genesisChallenge(genesisText)),
};

const tokens = roster.signers.map(({ index }) => [index, toBase64Url(bytes(16, 0x50 + index))] as const);
const payload = '{"keyImport":true,"keyExport":true}';
const path = `/orgs/${genesis.ids.org}/settings`;
const genesisEntry: LogEntry = { v: version, height: 0, genesis: genesisText, proof: genesis.proof };
const head0 = headOf(genesisEntry, undefined);
const record: ChallengeRecord = {
  v: version,
  k: 'UserAction',
  c: toBase64Url(roster.fingerprint),
  o: genesis.ids.org,
  u: genesis.ids.adminUserId,
  m: 'PUT',
  p: path,
  h: payloadHash(payload),
  a: toBase64Url(head0),
  x: '',
  b: freshDigest(tokens),
  e: 1_767_323_345,
  n: toBase64Url(bytes(16, 0x60)),
};
const challenge = encodeChallenge(record);
const spent = nullifier(challenge);
const entry: LogEntry = {
  v: version,
  org: genesis.ids.org,
  height: 1,
  prev: toBase64Url(head0),
  request: { method: 'PUT', path, payload },
  assertion: assertionOver(challenge),
};
const head1 = headOf(entry, head0);
const ack = (at: number, head: Uint8Array, height: number) => ({
  index: roster.signers[at]?.index ?? 0,
  org: genesis.ids.org,
  height,
  head: toBase64Url(head),
  signature: toBase64Url(signAs(at, ackBytes(genesis.ids.org, height, head))),
});

function signAs(at: number, message: Uint8Array): Uint8Array {
  const key = roster.signers[at]?.identityKey ?? new Uint8Array();
  const identity = identities.find((each) => Buffer.compare(each.publicKey, key) === 0);
  if (identity === undefined) throw new Error('no such identity');
  return identity.sign(message);
}

const group = curve('secp256k1');
const polynomial = [0x71, 0x72, 0x73].map((fill) => group.scalar.decode(bytes(32, fill)));
const shares = [1, 2, 3, 4, 5].map((x) => evaluate(group, polynomial, x));
const publicShares = shares.map((share) => group.mulBase(share));
const publicKey = group.encodePoint(group.mulBase(polynomial[0] as (typeof polynomial)[number]));
const keyId = deriveId('key', spent);
const epoch = epochOf(group, publicShares);

const recipientPrivateKey = Uint8Array.of(1, ...bytes(32, 0x21));
const importPlaintext = encodeImportShare({
  curve: 'secp256k1',
  secretShare: shares[0] ?? new Uint8Array(),
  publicShares: publicShares.map((p) => group.encodeUncompressed(p)),
});
const exportPlaintext = encodeExportShare({ curve: 'secp256k1', index: 1, secretShare: shares[0] ?? new Uint8Array() });
const sealed = (plaintext: Uint8Array) =>
  toHex(seal({ to: recipientPublicKey(recipientPrivateKey), plaintext, random: (n) => bytes(n, 0x31) }));

/** Everything of one format: inputs and what must come out of them. JSON without functions. */
export function makeFixture(name: FormatName): unknown {
  switch (name) {
    case 'roster':
      return {
        identitySeeds: identities.map((_, at) => toHex(bytes(32, at + 1))),
        transportSeeds: identities.map((_, at) => toHex(bytes(32, 0x11 + at))),
        text: encodeRoster(roster),
        signerIds: roster.signers.map(({ signerId }) => toHex(signerId)),
        fingerprint: toBase64Url(roster.fingerprint),
        clusterId: roster.clusterId,
      };
    case 'genesis':
      return { text: genesis.text, sha256: toHex(genesis.hash), proof: genesis.proof, ids: genesis.ids };
    case 'challenge':
      return {
        record,
        text: challenge,
        tokens,
        freshDigest: record.b,
        payload,
        payloadHash: record.h,
        nullifier: toHex(spent),
        assertion: assertionOver(challenge),
        credential: adminPem,
      };
    case 'authority-log':
      return {
        entries: [
          {
            entry: encodeEntry(genesisEntry),
            head: toHex(head0),
            ackBytes: toHex(ackBytes(genesis.ids.org, 0, head0)),
            acks: [0, 1, 2].map((at) => ack(at, head0, 0)),
          },
          {
            entry: encodeEntry(entry),
            head: toHex(head1),
            ackBytes: toHex(ackBytes(genesis.ids.org, 1, head1)),
            acks: [0, 1, 2].map((at) => ack(at, head1, 1)),
          },
        ],
        withdrawal: {
          bytes: toHex(withdrawBytes(genesis.ids.org, 1, head1)),
          promise: {
            ...ack(3, head1, 1),
            signature: toBase64Url(signAs(3, withdrawBytes(genesis.ids.org, 1, head1))),
          },
        },
        mark: {
          org: genesis.ids.org,
          recordId: keyId,
          mark: 'exported',
          nullifier: toHex(spent),
          bytes: toHex(markBytes(genesis.ids.org, keyId, 'exported', spent)),
        },
      };
    case 'ids':
      return {
        nullifier: toHex(spent),
        ids: Object.fromEntries(
          ['us', 'cr', 'to', 'key', 'wa', 'sig', 'as'].map((prefix) => [prefix, deriveId(prefix, spent)]),
        ),
        ordinal1: deriveId('wa', spent, 1),
        accountCredentialId: accountCredentialIdOf(spent),
        permissionIds: Object.fromEntries(
          ['ManagedFullAdminAccess', 'ManagedKeyUser', 'ManagedReadOnly', 'ManagedKeyExport'].map((each) => [
            each,
            permissionIdOf(genesis.hash, each),
          ]),
        ),
        clusterId: clusterIdOf(roster.fingerprint),
      };
    case 'commands': {
      const act = {
        v: version,
        id: 'c1',
        kind: 'Act',
        request: { method: 'PUT', path, payload },
        assertion: assertionOver(challenge),
        tokens,
        runNonce: '0a'.repeat(32),
        participants: [1, 2, 3],
        session: '0b'.repeat(32),
      } as const;
      return {
        act: encodeCommand(act),
        commit: encodeCommand({
          v: version,
          id: 'c2',
          kind: 'Commit',
          org: genesis.ids.org,
          acks: [0, 1, 2].map((at) => ack(at, head1, 1)),
        }),
        reply: encodeReply({ v: version, id: 'c1', ok: true, result: { t: 'ack', ack: ack(0, head1, 1) } }),
        refusal: encodeReply({
          v: version,
          id: 'c1',
          ok: false,
          error: { code: 'E_REPLAY', message: 'this signed request has been used before' },
        }),
        token: encodePush({ v: version, push: 'Token', token: tokens[0]?.[1] ?? '' }),
      };
    }
    case 'second-factor': {
      const { kind: _, ...proof } = assertionOver(challenge) as Extract<Assertion, { kind: 'Key' }>;
      const second = { kind: 'PasswordProtectedKey', ...proof, credId: toBase64Url(bytes(32, 0x45)) } as const;
      const assertion = { kind: 'PasswordProtectedKey', ...proof, second } as const;
      const seconded: LogEntry = { ...entry, assertion };
      return {
        entry: encodeEntry(seconded),
        head: toHex(headOf(seconded, head0)),
        act: encodeCommand({
          v: version,
          id: 'c3',
          kind: 'Act',
          request: { method: 'PUT', path, payload },
          assertion,
          tokens,
          runNonce: '0a'.repeat(32),
          participants: [1, 2, 3],
          session: '0b'.repeat(32),
        }),
      };
    }
    case 'execution-id': {
      const participants = roster.signers.map(({ index, signerId, identityKey }) => ({ index, signerId, identityKey }));
      const parts = {
        protocol: 'ecdsa-h',
        version: 1,
        clusterId: roster.clusterId,
        clusterEpoch: 0,
        keyId,
        keyEpoch: epoch,
        curve: 'secp256k1',
        n: 5,
        t: 3,
        participants,
        publicKey,
        requestHash: bytes(32, 0x0c),
        runNonce: bytes(32, 0x0a),
        session: bytes(32, 0x0b),
      } as const;
      const shown = Object.fromEntries(
        Object.entries(parts).map(([member, value]) => [member, value instanceof Uint8Array ? toHex(value) : value]),
      );
      return {
        ...shown,
        participants: participants.map((each) => ({
          index: each.index,
          signerId: toHex(each.signerId),
          identityKey: toHex(each.identityKey),
        })),
        execId: toHex(execId(parts)),
      };
    }
    case 'share-envelope':
      return {
        recipientPrivateKey: toHex(recipientPrivateKey),
        recipientPublicKey: toHex(recipientPublicKey(recipientPrivateKey)),
        importPlaintext: new TextDecoder().decode(importPlaintext),
        importSealed: sealed(importPlaintext),
        exportPlaintext: new TextDecoder().decode(exportPlaintext),
        exportSealed: sealed(exportPlaintext),
      };
    case 'key-statement': {
      const statement = keyStatementBytes(genesis.ids.org, keyId, 'secp256k1', publicKey, epoch);
      const importKey = importKeyBytes(
        roster.fingerprint,
        roster.signers[0]?.signerId ?? new Uint8Array(),
        recipientPublicKey(recipientPrivateKey),
        '2026-01-02T04:00:00.000Z',
      );
      return {
        org: genesis.ids.org,
        keyId,
        curve: 'secp256k1',
        publicKey: toHex(publicKey),
        publicShares: group.encodePoints(publicShares).map(toHex),
        epoch: toHex(epoch),
        bytes: toHex(statement),
        signatures: roster.signers.map(({ index }, at) => ({ index, signature: toBase64Url(signAs(at, statement)) })),
        importKey: { bytes: toHex(importKey), signature: toBase64Url(signAs(0, importKey)) },
      };
    }
    case 'sealed-vault': {
      const vault = createVault({ sealKey: bytes(32, 0x5e), random: counter(0) });
      const made = vault.seal(vaultRecord(), { x: shares[0] as Scalar });
      return {
        sealKey: toHex(bytes(32, 0x5e)),
        share: toHex(shares[0] ?? new Uint8Array()),
        version: made.version,
        nonce: toHex(made.nonce),
        sealed: toHex(made.sealed),
      };
    }
    case 'backup': {
      const { publicText, privateText } = createBackupKey(counter(0x20));
      const file = makeBackup({
        head: {
          fingerprint: roster.fingerprint,
          signerId: roster.signers[0]?.signerId ?? new Uint8Array(),
          madeAt: 1_767_323_045_678,
        },
        body: backupBody(),
        to: { publicKey: readBackupPublicKey(publicText) },
        random: counter(0x80),
      });
      return { publicText, privateText, share: toHex(shares[0] ?? new Uint8Array()), file: toHex(file) };
    }
    case 'sealed-vault-master': {
      const vault = createVault({ sealKey: bytes(32, 0x5e), random: counter(0) });
      const secrets = { x: shares[0] as Scalar, chainCode: bytes(32, 0xcc) };
      const made = vault.seal({ ...vaultRecord(), purpose: 'master' }, secrets);
      return {
        sealKey: toHex(bytes(32, 0x5e)),
        share: toHex(secrets.x),
        chainCode: toHex(secrets.chainCode),
        version: made.version,
        nonce: toHex(made.nonce),
        sealed: toHex(made.sealed),
      };
    }
    default:
      return name satisfies never;
  }
}

/** The record under which the fixture's share is sealed. */
export function vaultRecord(): Parameters<ReturnType<typeof createVault>['seal']>[0] {
  return {
    keyId,
    org: genesis.ids.org,
    signerId: roster.signers[0]?.signerId ?? new Uint8Array(),
    protocol: 'CGGMP21',
    curve: 'secp256k1',
    scheme: 'ECDSA',
    purpose: 'sign',
    origin: spent,
    imported: false,
    exported: false,
    archived: false,
    t: 3,
    n: 5,
    index: 1,
    epoch,
    publicKey,
    publicShares: group.encodePoints(publicShares),
    points: roster.signers.map(({ signerId, index }) => ({ signerId, index })),
  };
}

/** What the fixture's backup holds: one key, its share, its wallet, one committed entry, one pin. */
function backupBody(): Parameters<typeof makeBackup>[0]['body'] {
  const r = vaultRecord();
  const at = identities.findIndex(
    (each) => Buffer.compare(each.publicKey, roster.signers[0]?.identityKey ?? new Uint8Array()) === 0,
  );
  const record = {
    t: r.t,
    n: r.n,
    index: r.index,
    publicKey: toHex(r.publicKey),
    publicShares: r.publicShares.map(toHex),
    points: r.points.map((point) => [toHex(point.signerId), point.index]),
  };
  const row = [r.keyId, r.org, r.curve, r.protocol, r.scheme, r.purpose, r.origin, 0, 0, 0, r.epoch, r.publicKey];
  const walletId = deriveId('wa', spent);
  const committed = [r.org, 0, head0, 1, JSON.stringify(genesisEntry), JSON.stringify([ack(0, head0, 0)])];
  return {
    seeds: Uint8Array.of(...bytes(32, at + 1), ...bytes(32, 0x11 + at)),
    settings: { allowImport: true, allowExport: false },
    pins: [{ orgId: genesis.ids.org, sha256: genesis.hash }],
    contents: {
      journal: { length: 7, head: bytes(32, 0x77) },
      tables: [
        {
          name: 'keys',
          columns: [
            ...['keyId', 'org', 'curve', 'protocol', 'scheme', 'purpose', 'origin', 'imported', 'exported', 'archived'],
            ...['activeEpoch', 'publicKey'],
          ],
          rows: [row],
        },
        {
          name: 'wallets',
          columns: ['walletId', 'org', 'keyId', 'network', 'status', 'origin'],
          rows: [[walletId, r.org, r.keyId, 'Ethereum', 'Active', spent]],
        },
        { name: 'log', columns: ['org', 'height', 'head', 'committed', 'entry', 'acks'], rows: [committed] },
        { name: 'promises', columns: ['org', 'height', 'head', 'kind', 'proof'], rows: [] },
      ],
      shares: [
        {
          keyId: r.keyId,
          epoch: r.epoch,
          status: 'active',
          record: new TextEncoder().encode(JSON.stringify(record)),
          x: (shares[0] ?? new Uint8Array()).slice(),
        },
      ],
    },
  };
}
