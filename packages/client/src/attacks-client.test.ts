/** Lies of an api that no other test tells: each refused for its own reason, by its own sentence. */
import { rejects, throws } from 'node:assert/strict';
import { generateKeyPairSync, sign } from 'node:crypto';
import { test } from 'node:test';
import { clusterFingerprint, signerId } from '@holdfast/authority/challenge';
import { deriveId } from '@holdfast/authority/ids';
import { importKeyBytes, keyStatementBytes } from '@holdfast/authority/log';
import { fromHex, toBase64, toBase64Url } from '@holdfast/contract/wire';
import { checkSigners, checkWallet } from './cluster/index.ts';
import { VerifyingSigner } from './credentials/index.ts';

const orgId = 'or-00000-00000-0000000000000000';
const expires = '2026-06-01T00:00:00.000Z';
const now = Date.parse('2026-05-31T23:30:00.000Z');

const five = Array.from({ length: 5 }, () => {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const identity = new Uint8Array(publicKey.export({ type: 'spki', format: 'der' }).subarray(-32));
  return { privateKey, identity, id: signerId(identity) };
}).sort((a, b) => Buffer.compare(a.id, b.id));
const fingerprint = clusterFingerprint(
  0,
  five.map(({ identity }) => identity),
);
const clusterPin = toBase64Url(fingerprint);
const encryptionKey = Buffer.from([1, 2, ...new Uint8Array(32).fill(1)]);
const signers = five.map(({ privateKey, identity, id }) => ({
  signerId: toBase64(id),
  encryptionKey: encryptionKey.toString('base64'),
  identityKey: toBase64(identity),
  expires,
  encryptionKeySignature: sign(
    null,
    importKeyBytes(fingerprint, id, new Uint8Array(encryptionKey), expires),
    privateKey,
  ).toString('base64'),
}));
const list = (...clusters: (typeof signers)[]) =>
  checkSigners(
    { clusters: clusters.map((each) => ({ clusterId: 'cl-1', signers: each })) },
    { clusterFingerprint: clusterPin, now },
  );

test('takes signers of one cluster, neither of none nor of two', () => {
  list(signers);

  throws(() => list(), /lists no single cluster/);
  throws(() => list(signers, signers), /lists no single cluster/);
});

test('takes a share for a signer under its own id only', () => {
  const [first, second, ...rest] = signers;
  if (first === undefined || second === undefined) throw new Error('five signers');

  // Each identity with an import key of its own, listed under the id of the other: shares would go to wrong places.
  const swapped = [{ ...first, signerId: second.signerId }, { ...second, signerId: first.signerId }, ...rest];
  throws(() => list(swapped), /does not belong to its identity key/);
});

test('takes no identity twice for two', () => {
  const [first, , ...rest] = signers;
  if (first === undefined) throw new Error('five signers');

  throws(() => list([first, first, ...rest]), /there are not five distinct ones/);
});

test('takes a wallet and a key under the ids of the request that was signed', () => {
  const nullifier = new Uint8Array(32).fill(5);
  const keyId = deriveId('key', nullifier);
  const of = { curve: 'ed25519', publicKey: 'ab'.repeat(32), epoch: 'cd'.repeat(32) };
  const attested = (id: string) => ({
    id,
    ...of,
    attestations: five.map(({ privateKey, id: by }) => ({
      signerId: toBase64(by),
      signature: toBase64Url(
        sign(null, keyStatementBytes(orgId, id, of.curve, fromHex(of.publicKey), fromHex(of.epoch)), privateKey),
      ),
    })),
  });
  const take = (o: { walletId?: string; keyId?: string }) => {
    const key = attested(o.keyId ?? keyId);
    checkWallet(
      {
        id: o.walletId ?? deriveId('wa', nullifier),
        network: 'Solana',
        address: 'here',
        signingKey: { id: key.id, scheme: 'EdDSA', curve: of.curve, publicKey: of.publicKey },
      },
      key,
      {
        clusterFingerprint: clusterPin,
        orgId,
        identityKeys: five.map(({ identity }) => toBase64(identity)),
        nullifier,
        addressOf: () => 'here',
      },
    );
  };
  take({});

  // Genuine ones, made by somebody else's request.
  const other = new Uint8Array(32).fill(6);
  throws(() => take({ walletId: deriveId('wa', other) }), /^ClusterRefused: wallet .* was not made by the request/);
  throws(() => take({ keyId: deriveId('key', other) }), /^ClusterRefused: key .* was not made by the request/);
});

test('answers nothing for a call that came back without a signature', async () => {
  const signer = new VerifyingSigner(
    { sign: async () => 'signature' },
    { clusterFingerprint: clusterPin, orgId, userId: 'us-00000-00000-0000000000000000' },
  );

  await rejects(
    signer.approve({ method: 'POST', path: '/wallets', body: { network: 'Solana' } }, async () => ({ id: 'invented' })),
    /returned without asking for a signature/,
  );
});
