/** Cosmos chains, judged by cosmjs and by transactions that the Cosmos Hub accepted. */
import { deepEqual, equal, ok } from 'node:assert/strict';
import {
  type Case,
  type Constructed,
  conformance,
  localKey,
  type Random,
  type Signed,
} from '@holdfast/chains/conformance';
import { claims } from '@holdfast/chains/conformance/claims/cosmos';
import { family, loadFamily } from '@holdfast/chains/families';
import { network } from '@holdfast/chains/networks';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { oracle } from '../oracles.ts';
import { filled, hex, published, publishedTransactions } from './published.ts';

const signing = await oracle('@cosmjs/proto-signing');
const amino = await oracle('@cosmjs/amino');
const { TxRaw, SignDoc, TxBody, AuthInfo } = await oracle('cosmjs-types/cosmos/tx/v1beta1/tx');
const { MsgSend } = await oracle('cosmjs-types/cosmos/bank/v1beta1/tx');
const { MsgDelegate } = await oracle('cosmjs-types/cosmos/staking/v1beta1/tx');
await loadFamily('cosmos');
const vectors = published('cosmos');

const key = localKey('ECDSA', 'secp256k1', filled(0x61));
const other = localKey('ECDSA', 'secp256k1', filled(0x62));
const chains: Readonly<Record<string, { id: string; prefix: string; denom: string }>> = {
  BabylonGenesis: { id: 'bbn-1', prefix: 'bbn', denom: 'ubbn' },
  BabylonTestnet5: { id: 'bbn-test-5', prefix: 'bbn', denom: 'ubbn' },
  CosmosHub4: { id: 'cosmoshub-4', prefix: 'cosmos', denom: 'uatom' },
  CosmosIcsTestnet: { id: 'provider', prefix: 'cosmos', denom: 'uatom' },
  SeiAtlantic2: { id: 'atlantic-2', prefix: 'sei', denom: 'usei' },
  SeiPacific1: { id: 'pacific-1', prefix: 'sei', denom: 'usei' },
};
const names = Object.keys(chains);
const addressOf = (of: { publicKey: Uint8Array }, name: string): string =>
  amino.pubkeyToAddress(amino.encodeSecp256k1Pubkey(of.publicKey), chains[name]?.prefix);
const own = addressOf(key, 'CosmosHub4');
const stranger = addressOf(other, 'CosmosHub4');

const send = (more: object = {}) => ({
  typeUrl: '/cosmos.bank.v1beta1.MsgSend',
  value: MsgSend.fromPartial({
    fromAddress: own,
    toAddress: stranger,
    amount: [{ denom: 'uatom', amount: '7' }],
    ...more,
  }),
});
const registry = new signing.Registry([
  ['MsgSend', MsgSend],
  ['/cosmos.bank.v1beta1.MsgSend', MsgSend],
  ['/cosmos.staking.v1beta1.MsgDelegate', MsgDelegate],
]);
interface Doc {
  messages?: readonly object[];
  memo?: string;
  by?: Uint8Array;
  fee?: string;
  chainId?: string;
  mode?: number;
  payer?: string;
}
function signDoc({
  messages = [send()],
  memo = '',
  by = key.publicKey,
  chainId = 'cosmoshub-4',
  mode,
  payer,
}: Doc = {}) {
  const bodyBytes = registry.encodeTxBody({ messages, memo });
  const authInfo = signing.makeAuthInfoBytes(
    [{ pubkey: signing.encodePubkey(amino.encodeSecp256k1Pubkey(by)), sequence: 9 }],
    [{ denom: 'uatom', amount: '1000' }],
    200000,
    undefined,
    payer,
    mode,
  );
  return signing.makeSignDoc(bodyBytes, authInfo, chainId, 12);
}
const body = (bytes: Uint8Array) => ({ kind: 'SignDocDirect', signDoc: hex(bytes) });
const unsigned = (doc: Doc = {}) => body(signing.makeSignBytes(signDoc(doc)));

/** Decoded by the SDK; its own sign bytes, made again from what it decoded, are what the signature verifies. */
function verified(signed: Signed) {
  const { key: by, network: name, body: request, assembled } = signed;
  const raw = TxRaw.decode(Buffer.from((assembled.signedData ?? '').slice(2), 'hex'));
  const asked = SignDoc.decode(Buffer.from(String(request['signDoc']).replace(/^0x/, ''), 'hex'));
  const signBytes = signing.makeSignBytes(
    signing.makeSignDoc(raw.bodyBytes, raw.authInfoBytes, chains[name]?.id, Number(asked.accountNumber)),
  );
  equal(raw.signatures.length, 1);
  equal(hex(signBytes), String(request['signDoc']).replace(/^0x/, ''));
  ok(secp256k1.verify(raw.signatures[0], signBytes, by.publicKey, { lowS: true }), 'verifies over the SDK’s bytes');
  ok(/^[0-9A-F]{64}$/.test(family('cosmos').transactionId?.(assembled.signedData ?? '', network(name)) ?? ''));
  return { decoded: signing.decodeTxRaw(TxRaw.encode(raw).finish()), asked };
}

const made: Readonly<Record<string, Doc>> = {
  payment: {},
  'payment with a memo': { memo: 'Büro 7' },
  'two payments': { messages: [send(), send({ toAddress: own })] },
  delegation: {
    messages: [
      {
        typeUrl: '/cosmos.staking.v1beta1.MsgDelegate',
        value: MsgDelegate.fromPartial({
          delegatorAddress: own,
          validatorAddress: 'cosmosvaloper1gjtvly9lel6zskvwtvlg5vhwpu9c9waw7sxzwx',
          amount: { denom: 'uatom', amount: '5' },
        }),
      },
    ],
  },
};
const cases: readonly Case[] = Object.entries(made).map(([name, doc]) => ({
  name: `SignDocDirect: ${name}`,
  network: 'CosmosHub4',
  key,
  body: unsigned(doc),
  corrupt: 'signDoc',
  accepted: (signed) => {
    const { decoded } = verified(signed);
    equal(hex(TxBody.encode(decoded.body).finish()), hex(signDoc(doc).bodyBytes));
    equal(hex(AuthInfo.encode(decoded.authInfo).finish()), hex(signDoc(doc).authInfoBytes));
    equal(signed.plan.facts.interpreted, name.startsWith('payment'));
  },
}));

const drawn = (random: Random) => {
  const name = random.pick(names);
  return {
    key,
    network: name,
    completion: {
      // cosmjs-types 0.11 itself encodes numbers from 2^31 to 2^32 wrongly.
      accountNumber: random.chance(8) ? '0' : String(random.amount(2n ** 31n - 1n)),
      sequence: random.chance(8) ? '0' : String(random.amount(2n ** 64n - 1n)),
      fee: random.chance(8) ? '0' : String(random.amount(100_000n)),
      gasLimit: String(random.amount(2n ** 63n)),
    },
    body: {
      kind: 'Native',
      to: addressOf(localKey('ECDSA', 'secp256k1', Uint8Array.from([1, ...random.bytes(31)])), name),
      amount: String(random.amount(2n ** 100n)),
      ...(random.chance(2) ? { memo: 'ä'.repeat(random.int(100)) } : {}),
    },
  };
};

function decodedAs(read: Constructed): void {
  const { order, completion: given } = read;
  const chain = chains[read.network];
  const { decoded, asked } = verified(read);
  equal(asked.chainId, chain?.id);
  equal(String(asked.accountNumber), given['accountNumber']);
  equal(decoded.body.memo, order['memo'] ?? '');
  equal(decoded.body.timeoutHeight, 0n);
  equal(decoded.body.messages.length, 1);
  const [message] = decoded.body.messages;
  equal(message.typeUrl, '/cosmos.bank.v1beta1.MsgSend');
  deepEqual(MsgSend.toJSON(MsgSend.decode(message.value)), {
    fromAddress: addressOf(read.key, read.network),
    toAddress: order['to'],
    amount: [{ denom: chain?.denom, amount: order['amount'] }],
  });
  equal(decoded.authInfo.signerInfos.length, 1);
  const [signer] = decoded.authInfo.signerInfos;
  equal(String(signer.sequence), given['sequence']);
  equal(signer.modeInfo.single.mode, 1);
  deepEqual(signing.decodePubkey(signer.publicKey), amino.encodeSecp256k1Pubkey(read.key.publicKey));
  deepEqual(decoded.authInfo.fee.amount, given['fee'] === '0' ? [] : [{ denom: chain?.denom, amount: given['fee'] }]);
  equal(String(decoded.authInfo.fee.gasLimit), given['gasLimit']);
  equal(read.construction.feeMax, BigInt(String(given['fee'])));
  equal(read.plan.facts.interpreted, true);
}

const order = (more: object, changed: object = {}) => ({
  key,
  network: 'CosmosHub4',
  body: { kind: 'Native', to: stranger, amount: '5', ...more },
  completion: { accountNumber: '3', sequence: '4', fee: '1000', gasLimit: '100000', ...changed },
});
const refusal = (name: string, request: object, message: RegExp) => ({
  name,
  network: 'CosmosHub4',
  key,
  body: request as Record<string, unknown>,
  message,
});
const bytes = () => hex(signing.makeSignBytes(signDoc()));
const signers = () => {
  const doc = signDoc();
  const info = AuthInfo.decode(doc.authInfoBytes);
  return body(
    signing.makeSignBytes({
      ...doc,
      authInfoBytes: AuthInfo.encode({ ...info, signerInfos: [...info.signerInfos, ...info.signerInfos] }).finish(),
    }),
  );
};

conformance({
  claims,
  seed: process.env['HOLDFAST_SEED'] ?? 'cosmos 1',
  addresses: vectors.addresses,
  sdkAddress: addressOf,
  cases: [
    ...cases,
    { name: 'Hash', network: 'CosmosHub4', key, body: { kind: 'Hash', hash: '07'.repeat(32) }, accepted: () => {} },
  ],
  refusals: [
    refusal('[bad-input 129] an additional signer', signers(), /2 signers in place of one/),
    refusal(
      '[bad-input 129] a message of no valid type',
      unsigned({ messages: [{ ...send(), typeUrl: 'MsgSend' }] }),
      /no type URL/,
    ),
    refusal(
      '[bad-input 129] another network',
      unsigned({ chainId: 'bbn-1' }),
      /chain id bbn-1 does not match network CosmosHub4/,
    ),
    refusal('[bad-input 129] another key', unsigned({ by: other.publicKey }), /another key/),
    refusal(
      '[bad-input 129] a payment from another account',
      unsigned({ messages: [send({ fromAddress: stranger })] }),
      /not by this wallet/,
    ),
    refusal(
      'a recipient of another chain',
      unsigned({ messages: [send({ toAddress: addressOf(other, 'SeiPacific1') })] }),
      /begins with sei/,
    ),
    refusal('[bad-input 129] a payer beside the signer', unsigned({ payer: stranger }), /would have to sign too/),
    refusal('another mode of signing', unsigned({ mode: 127 }), /another mode/),
    refusal('trailing bytes', { kind: 'SignDocDirect', signDoc: `${bytes()}00` }, /unknown field 0/),
    refusal('a truncated document', { kind: 'SignDocDirect', signDoc: bytes().slice(0, -2) }, /complete/),
    refusal(
      'a number in a longer form',
      { kind: 'SignDocDirect', signDoc: bytes().replace(/200c$/, '208c00') },
      /shortest/,
    ),
    refusal('a number that is zero', { kind: 'SignDocDirect', signDoc: bytes().replace(/200c$/, '2000') }, /left out/),
    refusal(
      'a signed transaction',
      {
        kind: 'SignDocDirect',
        signDoc: hex(
          TxRaw.encode(
            TxRaw.fromPartial({
              bodyBytes: signDoc().bodyBytes,
              authInfoBytes: signDoc().authInfoBytes,
              signatures: [new Uint8Array(64).fill(0x61)],
            }),
          ).finish(),
        ),
      },
      /chain id|does not match/,
    ),
    refusal('kind Transaction', { kind: 'Transaction', transaction: bytes() }, /SignDocDirect/),
  ],
  transfers: [{ kind: 'Native', cases: 220, draw: drawn, decoded: decodedAs }],
  refusedOrders: [
    {
      name: '[bad-input 137] above the fee cap',
      ...order({}, { fee: '100001' }),
      code: 'E_FEE',
      message: /above the cap/,
    },
    { name: 'without gas', ...order({}, { gasLimit: '0' }), code: 'E_COMPLETION' },
    { name: 'with a chain id in the completion', ...order({}, { chainId: 'bbn-1' }), code: 'E_COMPLETION' },
    { name: '[bad-input 111] of nothing', ...order({ amount: '0' }), code: 'E_BODY' },
    {
      name: '[bad-input 114] to an address of another chain',
      ...order({ to: addressOf(other, 'SeiPacific1') }),
      code: 'E_BODY',
      message: /begins with sei/,
    },
    {
      name: '[bad-input 113] to an address with a wrong checksum',
      ...order({ to: `${stranger.slice(0, -1)}${stranger.endsWith('q') ? 'p' : 'q'}` }),
      code: 'E_BODY',
      message: /checksum/,
    },
    { name: 'to an address in capitals', ...order({ to: stranger.toUpperCase() }), code: 'E_BODY' },
    {
      name: 'to a validator',
      ...order({ to: 'cosmosvaloper1gjtvly9lel6zskvwtvlg5vhwpu9c9waw7sxzwx' }),
      code: 'E_BODY',
    },
    { name: '[bad-input 116] with a memo of 257 bytes', ...order({ memo: 'x'.repeat(257) }), code: 'E_BODY' },
    { name: 'with a priority', ...order({ priority: 'Slow' }), code: 'E_BODY' },
  ],
});
publishedTransactions(vectors);
