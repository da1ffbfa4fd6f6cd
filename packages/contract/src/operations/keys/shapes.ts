/** Shapes of keys and signatures (reference/api/keys.md). */
import type { TProperties } from 'typebox';
import { Type } from '../../schema/type.ts';
import { DERIVATION_PATH } from '../../types/derivation-path.ts';
import { signatureKinds } from '../../types/signature-bodies.ts';
import {
  BlockchainKind,
  Closed,
  Curve,
  ExternalId,
  Id,
  Network,
  Protocol,
  Reply,
  Scheme,
  Text,
  Timestamp,
} from '../shapes.ts';

export const keyMembers = {
  id: Type.String(),
  scheme: Scheme,
  curve: Curve,
  publicKey: Type.String({ description: 'hex without 0x; compressed, 32 bytes for ed25519' }),
  masterKey: Type.Optional(Type.Boolean()),
  derivedFrom: Type.Optional(Reply({ keyId: Type.String(), path: Type.String() })),
  name: Type.Optional(Type.String()),
  status: Type.Enum(['Active', 'Archived']),
  custodial: Type.Boolean(),
  dateCreated: Timestamp,
  imported: Type.Optional(Type.Boolean()),
  exported: Type.Optional(Type.Boolean()),
  dateExported: Type.Optional(Timestamp),
  dateDeleted: Type.Optional(Timestamp),
};
export const Key = Reply(keyMembers);

export const DeriveFrom = Closed({
  keyId: Id('key'),
  path: Type.Optional(
    Type.String({
      maxLength: 111,
      pattern: DERIVATION_PATH,
      says: 'must have 1 to 10 unhardened components below 2^31, such as m/44/0/7',
    }),
  ),
});

export const EncryptedKeyShare = Closed({ signerId: Text(64, 1), encryptedKeyShare: Text(4096, 1) });

export const importMembers = {
  name: Type.Optional(Text(100, 1)),
  curve: Curve,
  protocol: Protocol,
  minSigners: Type.Literal(3),
  encryptedKeyShares: Type.Array(EncryptedKeyShare, { maxItems: 64 }),
};

export const ExportRequest = Closed({
  encryptionKey: Text(64, 1),
  supportedSchemes: Type.Array(Closed({ protocol: Protocol, curve: Curve }), { maxItems: 32 }),
  /** Newer clients: the key stops signing either way, so both values mean the same here. */
  delete: Type.Optional(Type.Boolean()),
});

export const ExportedShares = Reply({
  publicKey: Type.String(),
  protocol: Protocol,
  curve: Curve,
  minSigners: Type.Integer(),
  encryptedKeyShares: Type.Array(Reply({ signerId: Type.String(), encryptedKeyShare: Type.String() })),
});

/** As the reference writes them, with 0x; without is taken too. At least one byte. */
export const SomeHex = (bytesMax: number) =>
  Type.String({
    maxLength: 2 * bytesMax + 2,
    pattern: '^(0x)?([0-9a-fA-F]{2})+$',
    says: `must be hex, two digits for each of 1 to ${bytesMax} bytes`,
  });
const Hex = (bytesMax: number) =>
  Type.String({
    maxLength: 2 * bytesMax + 2,
    pattern: '^(0x)?([0-9a-fA-F]{2})*$',
    says: `must be hex, two digits for each of at most ${bytesMax} bytes`,
  });
const Digest = Type.String({ pattern: '^(0x)?[0-9a-fA-F]{64}$', says: 'must be 0x and 64 hex digits' });
const MerkleRoot = Type.String({
  pattern: '^((0x)?[0-9a-fA-F]{64})?$',
  says: 'must be empty, or 0x and 64 hex digits',
});

const signatureBody = <P extends TProperties>(properties: P) =>
  Closed({
    ...properties,
    network: Type.Optional(Network),
    blockchainKind: Type.Optional(BlockchainKind),
    externalId: Type.Optional(ExternalId),
  });

const TypeDefinitions = Type.Record(
  Type.String(),
  Type.Array(Closed({ name: Text(256), type: Text(256) }), { maxItems: 256 }),
);
/** As above; a tree and an enum of SNIP-12 say what they contain. */
const Snip12Types = Type.Record(
  Type.String(),
  Type.Array(Closed({ name: Text(256), type: Text(256), contains: Type.Optional(Text(256)) }), { maxItems: 256 }),
);
const Members = Type.Record(Type.String(), Type.Unknown());
const NumberOrText = Type.Union([Type.Integer({ minimum: 0 }), Text(80)]);
const Address = Type.String({ pattern: '^0x[0-9a-fA-F]{40}$', says: 'must be 0x and 40 hex digits' });

/** The unsigned transaction of a chain: hex, or its members where the chain has a JSON form. */
export const SomeTransaction = Type.Union([Hex(131_072), Members]);
/** Texts of PSBT carry whole previous transactions; a command to a signer holds 384 KiB of signed text. */
export const SomePsbt = Text(380_000, 1);
export const SomeSignDoc = SomeHex(131_072);

/** The chains put no bound on a message; 64 KiB is ours. */
export const SignatureBody = Type.Union([
  signatureBody({ kind: Type.Literal(signatureKinds[0]), hash: Digest, taprootMerkleRoot: Type.Optional(MerkleRoot) }),
  signatureBody({ kind: Type.Literal(signatureKinds[1]), message: Hex(65_536) }),
  signatureBody({ kind: Type.Literal(signatureKinds[2]), message: Hex(65_536) }),
  signatureBody({
    kind: Type.Literal(signatureKinds[3]),
    types: TypeDefinitions,
    domain: Closed({
      name: Type.Optional(Text(1000)),
      version: Type.Optional(Text(1000)),
      chainId: Type.Optional(NumberOrText),
      verifyingContract: Type.Optional(Text(42)),
      salt: Type.Optional(Text(66)),
    }),
    message: Members,
  }),
  signatureBody({ kind: Type.Literal(signatureKinds[4]), transaction: SomeTransaction }),
  signatureBody({ kind: Type.Literal(signatureKinds[5]), psbt: SomePsbt }),
  signatureBody({
    kind: Type.Literal(signatureKinds[6]),
    address: Address,
    nonce: Type.Integer({ minimum: 0 }),
    chainId: Type.Integer({ minimum: 0 }),
  }),
  signatureBody({
    kind: Type.Literal(signatureKinds[7]),
    primaryType: Text(256, 1),
    types: Snip12Types,
    domain: Closed({
      name: Type.Optional(Text(1000)),
      version: Type.Optional(Text(1000)),
      chainId: Type.Optional(NumberOrText),
      revision: Type.Optional(NumberOrText),
    }),
    message: Members,
  }),
  signatureBody({
    kind: Type.Literal(signatureKinds[8]),
    message: Hex(65_536),
    format: Type.Optional(Type.Enum(['Simple', 'Full'])),
  }),
  signatureBody({ kind: Type.Literal(signatureKinds[9]), signDoc: SomeSignDoc }),
  signatureBody({ kind: Type.Literal(signatureKinds[10]), payload: Type.Union([SomeHex(131_072), Members]) }),
  signatureBody({
    kind: Type.Literal(signatureKinds[11]),
    payload: Type.Optional(Hex(65_536)),
    externalAad: Type.Optional(Hex(65_536)),
    context: Type.Literal('Signature1'),
  }),
]);

const Signature = Reply({
  r: Type.String(),
  s: Type.String(),
  recid: Type.Optional(Type.Integer()),
  encoded: Type.Optional(Type.String()),
});

export const signatureMembers = {
  id: Type.String(),
  keyId: Type.String(),
  requester: Reply({ userId: Type.String(), tokenId: Type.Optional(Type.String()) }),
  requestBody: Type.Record(Type.String(), Type.Unknown()),
  status: Type.Enum(['Pending', 'Executing', 'Signed', 'Confirmed', 'Failed', 'Rejected']),
  reason: Type.Optional(Type.String()),
  signature: Type.Optional(Signature),
  signatures: Type.Optional(Type.Array(Signature)),
  signedData: Type.Optional(Type.String()),
  network: Type.Optional(Type.String()),
  approvalId: Type.Optional(Type.String()),
  dateRequested: Timestamp,
  datePolicyResolved: Type.Optional(Timestamp),
  dateSigned: Type.Optional(Timestamp),
  externalId: Type.Optional(Type.String()),
};
export const SignatureRequest = Reply(signatureMembers);
