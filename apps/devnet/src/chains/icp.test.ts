/** The Internet Computer, judged by its SDK: principals, accounts, request ids, envelopes, Candid of both ledgers. */
import { deepEqual, equal, ok } from 'node:assert/strict';
import {
  type Case,
  type Constructed,
  conformance,
  type LocalKey,
  localKey,
  type Random,
  type Signed,
} from '@holdfast/chains/conformance';
import { claims } from '@holdfast/chains/conformance/claims/icp';
import { family, loadFamily } from '@holdfast/chains/families';
import { network } from '@holdfast/chains/networks';
import { ed25519 } from '@noble/curves/ed25519.js';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { oracle } from '../oracles.ts';
import { filled, hex, unhex } from './published.ts';

const core = '@icp-sdk/core/lib/esm';
const { Cbor, requestIdOf } = await oracle(`${core}/agent/index.js`);
const { IDL } = await oracle(`${core}/candid/index.js`);
const { Ed25519PublicKey } = await oracle(`${core}/identity/index.js`);
const { Secp256k1PublicKey } = await oracle(`${core}/identity/secp256k1/index.js`);
const { Principal } = await oracle(`${core}/principal/index.js`);
const { AccountIdentifier } = await oracle('@icp-sdk/canisters/ledger/icp/index.js');
await loadFamily('icp');

// biome-ignore lint/suspicious/noExplicitAny: the oracle's types stay outside the build.
type Any = any;
const ed = localKey('EdDSA', 'ed25519', filled(0x41));
const ec = localKey('ECDSA', 'secp256k1', filled(0x42));
const derOf = ({ scheme, publicKey }: LocalKey): Uint8Array =>
  new Uint8Array(
    scheme === 'EdDSA'
      ? Ed25519PublicKey.fromRaw(publicKey).toDer()
      : Secp256k1PublicKey.fromRaw(secp256k1.Point.fromBytes(publicKey).toBytes(false)).toDer(),
  );
const principalOf = (key: LocalKey): Any => Principal.selfAuthenticating(derOf(key));
const accountOf = (principal: Any): string => AccountIdentifier.fromPrincipal({ principal }).toHex();

const Tokens = IDL.Record({ e8s: IDL.Nat64 });
const Blob = IDL.Vec(IDL.Nat8);
/** As the ledgers publish their interfaces. */
const TransferArgs = IDL.Record({
  to: Blob,
  fee: Tokens,
  memo: IDL.Nat64,
  from_subaccount: IDL.Opt(Blob),
  created_at_time: IDL.Opt(IDL.Record({ timestamp_nanos: IDL.Nat64 })),
  amount: Tokens,
});
const TransferArg = IDL.Record({
  to: IDL.Record({ owner: IDL.Principal, subaccount: IDL.Opt(Blob) }),
  fee: IDL.Opt(IDL.Nat),
  memo: IDL.Opt(Blob),
  from_subaccount: IDL.Opt(Blob),
  created_at_time: IDL.Opt(IDL.Nat64),
  amount: IDL.Nat,
});
const ledgers: Readonly<Record<string, string>> = {
  InternetComputer: 'ryjl3-tyaaa-aaaaa-aaaba-cai',
  Origyn: 'lkwrt-vyaaa-aaaaq-aadhq-cai',
};

const content = (key: LocalKey, changed: object = {}): Any => ({
  request_type: 'call',
  canister_id: Principal.fromText(ledgers['InternetComputer'] ?? ''),
  method_name: 'transfer',
  arg: new Uint8Array(
    IDL.encode(
      [TransferArgs],
      [
        {
          to: unhex(accountOf(Principal.anonymous())),
          fee: { e8s: 10_000n },
          memo: 7n,
          from_subaccount: [],
          created_at_time: [{ timestamp_nanos: 1_700_000_000_000_000_000n }],
          amount: { e8s: 5n },
        },
      ],
    ),
  ),
  sender: principalOf(key),
  ingress_expiry: 1_700_000_240_000_000_000n,
  ...changed,
});
const envelope = (given: Any, beside: object = {}): string => hex(Cbor.encode({ content: given, ...beside }));

/** The envelope as the SDK decodes it; its signature verifies over the SDK's own request id. */
function verified({ key, network: name, assembled }: Signed): Any {
  const bytes = unhex(assembled.signedData ?? '');
  const read = Cbor.decode(bytes);
  deepEqual(Object.keys(read).sort(), ['content', 'sender_pubkey', 'sender_sig']);
  equal(hex(read.sender_pubkey), hex(derOf(key)));
  equal(hex(read.content.sender), hex(principalOf(key).toUint8Array()));
  const id = new Uint8Array(requestIdOf(read.content));
  const signedBytes = Buffer.concat([Buffer.from('\x0aic-request'), id]);
  ok(
    key.scheme === 'EdDSA'
      ? ed25519.verify(read.sender_sig, signedBytes, key.publicKey)
      : secp256k1.verify(read.sender_sig, sha256(signedBytes), key.publicKey, { prehash: false }),
    'verifies over the SDK’s request id',
  );
  equal(family('icp').transactionId?.(assembled.signedData ?? '', network(name)), hex(id));
  return read.content;
}

const calls: Readonly<Record<string, readonly [object, boolean]>> = {
  'a transfer': [{}, true],
  'a transfer with a nonce': [{ nonce: filled(9).subarray(0, 16) }, true],
  'a call of another canister': [{ canister_id: Principal.fromText('aaaaa-aa'), method_name: 'raw_rand' }, false],
  'another method of the ledger': [{ method_name: 'icrc2_approve' }, false],
  'an argument that is no Candid': [{ arg: Uint8Array.of(1, 2, 3) }, false],
};

const cases: readonly Case[] = [ed, ec].flatMap((key) =>
  Object.entries(calls).map(
    ([name, [changed]]): Case => ({
      name: `Transaction: ${name}`,
      network: 'InternetComputer',
      key,
      body: { kind: 'Transaction', transaction: envelope(content(key, changed)) },
      corrupt: 'transaction',
      accepted: (signed) => {
        equal(hex(requestIdOf(verified(signed))), hex(requestIdOf(content(key, changed))));
        // Types in the SDK's own order are not of the one form that is read.
        equal(signed.plan.facts.interpreted, false);
      },
    }),
  ),
);

const principal = (random: Random): Any =>
  random.chance(2)
    ? Principal.selfAuthenticating(random.bytes(44))
    : Principal.fromUint8Array(random.bytes(1 + random.int(29)));
const now = 1_700_000_000_000_000_000n;
const draw = (name: string) => (random: Random) => {
  const createdAt = now + random.amount(2n ** 60n);
  return {
    key: random.pick([ed, ec]),
    network: name,
    body: {
      kind: 'Native',
      to: name === 'Origyn' ? principal(random).toText() : accountOf(principal(random)),
      amount: String(random.amount(2n ** 64n - 1n)),
      ...(random.chance(2)
        ? { memo: name === 'Origyn' ? 'm'.repeat(random.int(33)) : String(random.amount(2n ** 64n - 1n, 0n)) }
        : {}),
    },
    completion: {
      fee: String(random.amount(100_000n)),
      createdAt: String(createdAt),
      expiry: String(createdAt + random.amount(600_000_000_000n)),
    },
  };
};

function decodedAs(read: Constructed): void {
  const { order, completion } = read;
  const call = verified(read);
  equal(Principal.fromUint8Array(call.canister_id).toText(), ledgers[read.network]);
  equal(String(call.ingress_expiry), completion['expiry']);
  equal(read.plan.facts.interpreted, true);
  const given = (name: string) => BigInt(String(completion[name]));
  if (read.network === 'InternetComputer') {
    equal(call.method_name, 'transfer');
    const [args] = IDL.decode([TransferArgs], call.arg);
    equal(hex(Uint8Array.from(args.to)), order['to']);
    deepEqual(args.amount, { e8s: BigInt(String(order['amount'])) });
    deepEqual(args.fee, { e8s: given('fee') });
    equal(args.memo, BigInt(String(order['memo'] ?? 0)));
    deepEqual([args.from_subaccount, args.created_at_time], [[], [{ timestamp_nanos: given('createdAt') }]]);
    return;
  }
  equal(call.method_name, 'icrc1_transfer');
  const [args] = IDL.decode([TransferArg], call.arg);
  equal(args.to.owner.toText(), order['to']);
  deepEqual([args.to.subaccount, args.from_subaccount], [[], []]);
  deepEqual([args.amount, args.fee], [BigInt(String(order['amount'])), [given('fee')]]);
  const memo = String(order['memo'] ?? '');
  deepEqual(
    args.memo.map((each: Iterable<number>) => Buffer.from([...each]).toString()),
    memo === '' ? [] : [memo],
  );
  deepEqual(args.created_at_time, [given('createdAt')]);
}

const refusal = (name: string, transaction: string, message: RegExp) => ({
  name,
  network: 'InternetComputer',
  key: ed,
  body: { kind: 'Transaction', transaction },
  message,
});
const refusedOrder = (name: string, more: object, changed: object = {}, code = 'E_BODY') => ({
  name,
  key: ed,
  network: 'InternetComputer',
  body: { kind: 'Native', to: accountOf(Principal.anonymous()), amount: '5', ...more },
  completion: { fee: '10000', createdAt: String(now), expiry: String(now + 240_000_000_000n), ...changed },
  code,
});
const account = accountOf(Principal.anonymous());

conformance({
  claims,
  seed: process.env['HOLDFAST_SEED'] ?? 'icp 1',
  // internetcomputer.org, Interface Specification: the anonymous principal and the management canister are no keys' own.
  addresses: [],
  sdkAddress: (key, name) => (name === 'Origyn' ? principalOf(key).toText() : accountOf(principalOf(key))),
  cases: [
    ...cases,
    {
      name: 'Message',
      network: 'Origyn',
      key: ed,
      body: { kind: 'Message', message: '0x4e' },
      accepted: ({ assembled }) => equal(unhex(assembled.signature?.encoded ?? '').length, 64),
    },
    {
      name: 'Hash',
      network: 'InternetComputer',
      key: ec,
      body: { kind: 'Hash', hash: '07'.repeat(32) },
      accepted: ({ assembled }) => equal(unhex(assembled.signature?.encoded ?? '').length, 64),
    },
  ],
  refusals: [
    refusal('a call of another principal', envelope(content(ec)), /not by this wallet/),
    refusal(
      'a call that is signed',
      envelope(content(ed), { sender_sig: filled(1), sender_pubkey: filled(2) }),
      /already/,
    ),
    refusal('a question for state', envelope(content(ed, { request_type: 'read_state' })), /no call/),
    refusal('an unknown member', envelope(content(ed, { sender_info: 1 })), /does not have/),
    refusal('an unknown member beside', envelope(content(ed), { sender_delegation: [] }), /does not have/),
    refusal('a call without an expiry', envelope(content(ed, { ingress_expiry: 'soon' })), /ingress_expiry/),
    refusal('a nonce of 33 bytes', envelope(content(ed, { nonce: new Uint8Array(33) })), /nonce/),
    refusal('a list', hex(Cbor.encode([1])), /not the CBOR of a call/),
    refusal('a call without content', hex(Cbor.encode({})), /lacks content/),
    refusal('trailing bytes', `${envelope(content(ed))}00`, /too many/),
    refusal(
      'a member twice',
      envelope(content(ed)).replace('d9d9f7a1', 'd9d9f7a2') + envelope(content(ed)).slice('d9d9f7a1'.length),
      /twice/,
    ),
    {
      name: 'a hash under Ed25519',
      network: 'Origyn',
      key: ed,
      body: { kind: 'Hash', hash: '07'.repeat(32) },
      code: 'E_KIND',
    },
  ],
  transfers: [
    { kind: 'Native', cases: 120, draw: draw('InternetComputer'), decoded: decodedAs },
    { kind: 'Native', cases: 100, draw: draw('Origyn'), decoded: decodedAs },
  ],
  refusedOrders: [
    refusedOrder('[bad-input 111] of nothing', { amount: '0' }),
    refusedOrder('[bad-input 112] above 64 bits', { amount: String(2n ** 64n) }),
    refusedOrder('[bad-input 113] to an account with a wrong digit', {
      to: `${account.slice(0, -1)}${account.endsWith('0') ? '1' : '0'}`,
    }),
    refusedOrder('[bad-input 116] with words as a memo', { memo: 'rent' }),
    refusedOrder('with a memo above 64 bits', { memo: String(2n ** 64n) }),
    refusedOrder('to a principal where accounts are meant', { to: principalOf(ec).toText() }),
    { ...refusedOrder('to an account where principals are meant', {}), network: 'Origyn' },
    {
      ...refusedOrder('to a principal with a wrong letter', { to: principalOf(ec).toText().replace(/^./, '0') }),
      network: 'Origyn',
    },
    {
      ...refusedOrder('to a principal with a wrong checksum', {
        to: principalOf(ec)
          .toText()
          .replace(/^./, (letter: string) => (letter === 'a' ? 'b' : 'a')),
      }),
      network: 'Origyn',
    },
    {
      ...refusedOrder('with a memo of 33 bytes', { to: principalOf(ec).toText(), memo: 'm'.repeat(33) }),
      network: 'Origyn',
    },
    refusedOrder('of another chain', { kind: 'Erc20', contract: '0x99' }, {}, 'E_KIND'),
    refusedOrder('for more than the cap', {}, { fee: '100001' }, 'E_FEE'),
    refusedOrder('that expires before it is made', {}, { expiry: String(now) }, 'E_COMPLETION'),
    refusedOrder('that is good for an hour', {}, { expiry: String(now + 3_600_000_000_000n) }, 'E_COMPLETION'),
  ],
});
