/**
 * Bodies of transfers and broadcast transactions (reference/api/wallets.md §4, §5). Which kinds a chain has, and what an
 * address or a token looks like there, is its family's to say; here are the members, their types and their sizes.
 */
import type { TProperties } from 'typebox';
import { Type } from '../../schema/type.ts';
import { SomeHex, SomePsbt, SomeSignDoc, SomeTransaction } from '../keys/shapes.ts';
import { Closed, ExternalId, Reply, Text, Timestamp } from '../shapes.ts';

/** The longest address of any network is a Cardano one of 103 characters; Canton's parties take up to 255. */
const Address = Text(256, 1);
const Token = Text(256, 1);
/** Smallest unit; 78 digits hold 2^256 − 1. */
const Amount = Type.String({
  maxLength: 78,
  pattern: '^(0|[1-9][0-9]*)$',
  says: 'must be a decimal integer string',
});
const TokenId = Text(78, 1);
/** Longest of any chain that has them: 1 KiB on Algorand. */
const Memo = Type.Optional(Text(1024));
const Priority = Type.Optional(Type.Enum(['Slow', 'Standard', 'Fast']));
const Flag = Type.Optional(Type.Boolean());

const common = {
  externalId: Type.Optional(ExternalId),
  travelRule: Type.Optional(
    Closed({
      kind: Type.Literal('Notabene'),
      beneficiaryVASPdid: Type.Optional(Text(256)),
      beneficiaryProof: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
      originator: Type.Record(Type.String(), Type.Unknown()),
      beneficiary: Type.Record(Type.String(), Type.Unknown()),
    }),
  ),
  feeSponsorId: Type.Optional(Text(64, 1)),
};

const transfer = <K extends string, P extends TProperties>(kind: K, properties: P) =>
  Closed({ kind: Type.Literal(kind), to: Address, ...properties, ...common });

const spl = { mint: Token, amount: Amount, memo: Memo, createDestinationAccount: Flag, useDurableNonce: Flag };

export const TransferBody = Type.Union([
  transfer('Native', {
    amount: Amount,
    memo: Memo,
    priority: Priority,
    createDestinationAccount: Flag,
    offer: Flag,
    expiresAt: Type.Optional(Text(64)),
    useDurableNonce: Flag,
  }),
  transfer('Erc20', { contract: Token, amount: Amount, priority: Priority }),
  transfer('Erc721', { contract: Token, tokenId: TokenId, priority: Priority }),
  transfer('Erc7984', { contract: Token, amount: Amount, priority: Priority }),
  transfer('Spl', spl),
  transfer('Spl2022', spl),
  transfer('Asa', { assetId: Token, amount: Amount, memo: Memo }),
  transfer('Asset', { assetId: Token, amount: Amount }),
  transfer('Aip21', { metadata: Token, amount: Amount }),
  transfer('Coin', { coin: Token, amount: Amount }),
  transfer('Cip56', { instrumentAdmin: Address, instrumentId: Token, amount: Amount, offer: Flag }),
  transfer('Cis2', { tokenAddress: Token, amount: Amount }),
  transfer('Cis7', { tokenId: Token, amount: Amount, memo: Memo }),
  transfer('Hts', { tokenId: Token, amount: Amount, memo: Memo }),
  transfer('Hip17', { tokenId: Token, serialNumber: TokenId, memo: Memo }),
  transfer('Iou', { currency: Token, issuer: Address, amount: Amount, memo: Memo }),
  transfer('Xls33', { issuanceId: Token, amount: Amount, memo: Memo }),
  transfer('Sep41', { issuer: Address, assetCode: Token, amount: Amount, memo: Memo }),
  transfer('Snip2', { contract: Token, amount: Amount }),
  transfer('Snip3', { contract: Token, tokenId: TokenId }),
  transfer('Tep74', { master: Token, amount: Amount, memo: Memo }),
  transfer('Trc10', { tokenId: Token, amount: Amount }),
  transfer('Trc20', { contract: Token, amount: Amount }),
  transfer('Trc721', { contract: Token, tokenId: TokenId }),
]);

/** Decimal or 0x hex text. */
const Quantity = Type.String({
  maxLength: 78,
  pattern: '^((0|[1-9][0-9]*)|0x[0-9a-fA-F]{1,64})$',
  says: 'must be a decimal or 0x-hex integer string',
});
const Nonce = Type.Union([Type.Integer({ minimum: 0 }), Quantity]);
const Data = Type.String({
  maxLength: 2 * 131_072 + 2,
  pattern: '^(0x)?([0-9a-fA-F]{2})*$',
  says: 'must be hex, two digits for each of at most 131072 bytes',
});

const broadcast = <K extends string, P extends TProperties>(kind: K, properties: P) =>
  Closed({ kind: Type.Literal(kind), ...properties, externalId: Type.Optional(ExternalId) });

const call = {
  to: Type.Optional(Address),
  value: Type.Optional(Quantity),
  data: Type.Optional(Data),
  nonce: Type.Optional(Nonce),
  gasLimit: Type.Optional(Quantity),
};

export const BroadcastBody = Type.Union([
  broadcast('Transaction', { transaction: SomeTransaction }),
  broadcast('Psbt', { psbt: SomePsbt }),
  broadcast('SignDocDirect', { signDoc: SomeSignDoc }),
  broadcast('Evm', call),
  broadcast('Eip1559', {
    ...call,
    maxFeePerGas: Type.Optional(Quantity),
    maxPriorityFeePerGas: Type.Optional(Quantity),
  }),
  broadcast('UserOperations', {
    userOperations: Type.Array(
      Closed({ to: Address, value: Type.Optional(Quantity), data: Type.Optional(SomeHex(131_072)) }),
      { maxItems: 64 },
    ),
    feeSponsorId: Text(64, 1),
  }),
  broadcast('FunctionCall', { call: Type.Record(Type.String(), Type.Unknown()) }),
  broadcast('TransferPreapproval', {}),
  broadcast('CreateSolanaNonceAccounts', {
    nonceAuthority: Type.Optional(Address),
    count: Type.Optional(Type.Integer({ minimum: 1, maximum: 8 })),
    priority: Priority,
  }),
]);

/** Of Concordium and of Canton there are members; other networks take none. */
export const Activation = Type.Union([
  Closed({}),
  Closed({ expiry: Type.Integer({ minimum: 0 }), unsignedCdiStr: Text(100_000, 1) }),
  Closed({ validatorId: Text(64, 1) }),
]);

const orderMembers = {
  id: Type.String(),
  walletId: Type.String(),
  network: Type.String(),
  requester: Reply({ userId: Type.String(), tokenId: Type.Optional(Type.String()) }),
  requestBody: Type.Record(Type.String(), Type.Unknown()),
  status: Type.Enum(['Pending', 'Executing', 'Broadcasted', 'Confirmed', 'Failed', 'Rejected']),
  reason: Type.Optional(Type.String()),
  txHash: Type.Optional(Type.String()),
  /** Once confirmed: what it cost, smallest native unit, decimal. */
  fee: Type.Optional(Type.String()),
  approvalId: Type.Optional(Type.String()),
  dateRequested: Timestamp,
  datePolicyResolved: Type.Optional(Timestamp),
  dateBroadcasted: Type.Optional(Timestamp),
  dateConfirmed: Type.Optional(Timestamp),
  externalId: Type.Optional(Type.String()),
  /** The transaction that cancelled or replaced this one. */
  replacementId: Type.Optional(Type.String()),
  details: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
};

export const TransactionRequest = Reply(orderMembers);

export const TransferRequest = Reply({
  ...orderMembers,
  metadata: Reply({
    asset: Reply({
      symbol: Type.Optional(Type.String()),
      decimals: Type.Optional(Type.Integer()),
      verified: Type.Optional(Type.Boolean()),
    }),
  }),
  feeSponsorId: Type.Optional(Type.String()),
});

export const pageOf = <S extends typeof TransferRequest | typeof TransactionRequest>(item: S) =>
  Reply({ walletId: Type.String(), items: Type.Array(item), nextPageToken: Type.Optional(Type.String()) });
