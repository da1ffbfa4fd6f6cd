/** Starknet, judged by starknet.js: account addresses, typed data of both revisions, transactions of version 3. */
import { deepEqual, equal, ok, throws } from 'node:assert/strict';
import { test } from 'node:test';
import {
  type Case,
  type Constructed,
  conformance,
  localKey,
  type Random,
  type Signed,
  seededRandom,
} from '@holdfast/chains/conformance';
import { claims } from '@holdfast/chains/conformance/claims/starknet';
import { addressOf, type Body, family, loadFamily, planSignature } from '@holdfast/chains/families';
import { network } from '@holdfast/chains/networks';
import { oracle } from '../oracles.ts';
import { filled, hex, unhex } from './published.ts';

const { ec, hash, transaction: transactions, typedData, uint256 } = await oracle('starknet');
await loadFamily('starknet');

/** OpenZeppelin, AccountUpgradeable 1.0.0. */
const accountClass = '0x05b4b537eaa2399e3aa99c4e2e0208ebd6c71bc1467938cd52c798c601e43564';
const key = localKey('ECDSA', 'stark', filled(0x03));
type Key = typeof key;
const x = (of: Key) => `0x${hex(of.publicKey.subarray(1))}`;
const sdkAddress = (of: Key): string =>
  `0x${BigInt(hash.calculateContractAddressFromHash(x(of), accountClass, [x(of)], 0))
    .toString(16)
    .padStart(64, '0')}`;

interface TypedData {
  readonly types: Record<string, { name: string; type: string; contains?: string }[]>;
  readonly primaryType: string;
  readonly domain: Record<string, unknown>;
  readonly message: Record<string, unknown>;
}
const digestOf = ({ plan }: Pick<Signed, 'plan'>): bigint => {
  const [item] = plan.items;
  ok(item?.algorithm === 'ecdsa');
  return BigInt(`0x${hex(item.digest)}`);
};
const asBody = (data: TypedData): Body => ({ kind: 'Snip12', ...data });

function accepted(signed: Signed): void {
  const { kind: _, ...data } = signed.body as unknown as TypedData & { kind: string };
  const expected = typedData.getMessageHash(data, sdkAddress(key));
  equal(digestOf(signed), BigInt(expected));
  const { r, s } = signed.assembled.signature ?? {};
  const signature = new ec.starkCurve.Signature(BigInt(r ?? 0), BigInt(s ?? 0));
  ok(ec.starkCurve.verify(signature, expected, hex(key.publicKey)));
}

const felts = (...names: string[]) => names.map((name) => ({ name, type: 'felt' }));
/** The example of the standard's revision 0. */
const mail: TypedData = {
  types: {
    StarkNetDomain: felts('name', 'version', 'chainId'),
    Person: felts('name', 'wallet'),
    Mail: [{ name: 'from', type: 'Person' }, { name: 'to', type: 'Person' }, ...felts('contents')],
  },
  primaryType: 'Mail',
  domain: { name: 'StarkNet Mail', version: '1', chainId: 'SN_MAIN' },
  message: {
    from: { name: 'Cow', wallet: '0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826' },
    to: { name: 'Bob', wallet: '0xbBbBBBBbbBBBbbbBbbBbbbbBBbBbbbbBbBbbBBbB' },
    contents: 'Hello, Bob!',
  },
};
const old: TypedData = {
  types: {
    StarkNetDomain: felts('name', 'version', 'chainId'),
    Call: [
      { name: 'to', type: 'felt' },
      { name: 'selector', type: 'selector' },
      { name: 'data', type: 'felt*' },
      { name: 'note', type: 'string' },
    ],
    Session: [
      { name: 'key', type: 'felt' },
      { name: 'calls', type: 'Call*' },
      { name: 'root', type: 'merkletree', contains: 'Call' },
    ],
  },
  primaryType: 'Session',
  domain: { name: 'A session', version: '0x1', chainId: 'SN_MAIN' },
  message: {
    key: '0x0',
    calls: [{ to: '0x1', selector: 'transfer', data: [1, '2', '0x3'], note: 'a note' }],
    root: [1, 2, 3].map((to) => ({ to, selector: '0x42', data: [], note: 'leaf' })),
  },
};
const domainTypes = [
  { name: 'name', type: 'shortstring' },
  { name: 'version', type: 'shortstring' },
  { name: 'chainId', type: 'shortstring' },
  { name: 'revision', type: 'shortstring' },
];
const of = (...pairs: [string, string, string?][]) =>
  pairs.map(([name, type, contains]) => ({ name, type, ...(contains === undefined ? {} : { contains }) }));
const every: TypedData = {
  types: {
    StarknetDomain: domainTypes,
    Choice: of(['Nothing', '()'], ['One', '(u128)'], ['Two', '(felt,Leaf*)']),
    Leaf: of(['amount', 'u128']),
    Example: of(
      ['felt', 'felt'],
      ['short', 'shortstring'],
      ['text', 'string'],
      ['flag', 'bool'],
      ['call', 'selector'],
      ['small', 'u128'],
      ['signed', 'i128'],
      ['at', 'timestamp'],
      ['contract', 'ContractAddress'],
      ['class', 'ClassHash'],
      ['big', 'u256'],
      ['token', 'TokenAmount'],
      ['nft', 'NftId'],
      ['many', 'u128*'],
      ['leaves', 'Leaf*'],
      ['choice', 'enum', 'Choice'],
      ['tree', 'merkletree', 'Leaf'],
    ),
  },
  primaryType: 'Example',
  domain: { name: 'Everything', version: '1', chainId: 'SN_MAIN', revision: '1' },
  message: {},
};
const felt = (random: Random) => String(random.amount(2n ** 251n - 1n, 0n));
const text = (random: Random, max: number) =>
  `t${Array.from({ length: random.int(max) }, () => String.fromCharCode(0x20 + random.int(95))).join('')}`;
const leaf = (random: Random) => ({ amount: String(random.amount(2n ** 128n - 1n, 0n)) });
const u256 = (random: Random) => ({ low: leaf(random).amount, high: leaf(random).amount });
const some = <T>(random: Random, min: number, make: (random: Random) => T): T[] =>
  Array.from({ length: min + random.int(5) }, () => make(random));
const filledIn = (random: Random): TypedData => ({
  ...every,
  message: {
    felt: random.chance(3) ? text(random, 30) : felt(random),
    short: text(random, 30),
    text: text(random, 100),
    flag: random.chance(2),
    call: random.chance(2) ? 'transfer' : '0x1f',
    small: leaf(random).amount,
    signed: `${random.chance(2) ? '-' : ''}${random.amount(2n ** 127n - 1n)}`,
    at: random.int(2 ** 31),
    contract: `0x${BigInt(felt(random)).toString(16)}`,
    class: felt(random),
    big: u256(random),
    token: { token_address: felt(random), amount: u256(random) },
    nft: { collection_address: felt(random), token_id: u256(random) },
    many: some(random, 0, (each) => leaf(each).amount),
    leaves: some(random, 0, leaf),
    choice: random.pick([{ One: [leaf(random).amount] }, { Two: [felt(random), some(random, 0, leaf)] }]),
    tree: some(random, 1, leaf),
  },
});
const seed = process.env['HOLDFAST_SEED'] ?? 'starknet 1';

const own = sdkAddress(key);
const chains: Readonly<Record<string, string>> = {
  Starknet: '0x534e5f4d41494e',
  StarknetSepolia: '0x534e5f5345504f4c4941',
};
const strk = '0x04718f5a0fc34cc1af16a1cdee98ffb20c31f5cd61d6ab07201858f4287c938d';
// biome-ignore lint/suspicious/noExplicitAny: members as nodes take them.
type Json = any;
const bounds = (amount: bigint, price: bigint) => ({
  max_amount: `0x${amount.toString(16)}`,
  max_price_per_unit: `0x${price.toString(16)}`,
});
const common = {
  version: '0x3',
  nonce: '0x5',
  resource_bounds: {
    l1_gas: bounds(0n, 9n),
    l1_data_gas: bounds(128n, 10n ** 6n),
    l2_gas: bounds(10n ** 6n, 10n ** 9n),
  },
  tip: '0x0',
  paymaster_data: [],
  nonce_data_availability_mode: 'L1',
  fee_data_availability_mode: 'L1',
};
const payment = { contractAddress: strk, entrypoint: 'transfer', calldata: ['0x77', '0x5', '0x0'] };
/** Put together by starknet.js: the account calls these contracts. */
const invoke = (calls: readonly object[] = [payment], changed: object = {}): Json => ({
  type: 'INVOKE',
  sender_address: own,
  calldata: transactions.getExecuteCalldata(calls, '1').map((each: string) => `0x${BigInt(each).toString(16)}`),
  account_deployment_data: [],
  ...common,
  ...changed,
});
const deploy = (changed: object = {}): Json => ({
  type: 'DEPLOY_ACCOUNT',
  class_hash: accountClass,
  contract_address_salt: x(key),
  constructor_calldata: [x(key)],
  ...common,
  nonce: '0x0',
  ...changed,
});
function sdkHash(json: Json, chainId: string): bigint {
  const shared = {
    version: json.version,
    chainId,
    nonce: json.nonce,
    nonceDataAvailabilityMode: 0,
    feeDataAvailabilityMode: 0,
    resourceBounds: json.resource_bounds,
    tip: json.tip,
    paymasterData: json.paymaster_data,
  };
  return BigInt(
    json.type === 'INVOKE'
      ? hash.calculateInvokeTransactionHash({
          ...shared,
          senderAddress: json.sender_address,
          compiledCalldata: json.calldata,
          accountDeploymentData: json.account_deployment_data,
        })
      : hash.calculateDeployAccountTransactionHash({
          ...shared,
          contractAddress: hash.calculateContractAddressFromHash(
            json.contract_address_salt,
            json.class_hash,
            json.constructor_calldata,
            0,
          ),
          classHash: json.class_hash,
          compiledConstructorCalldata: json.constructor_calldata,
          salt: json.contract_address_salt,
        }),
  );
}
/** Signed over the hash that starknet.js computes from what is handed to a node. */
function verified(signed: Signed): Json {
  const json = JSON.parse(Buffer.from(unhex(signed.assembled.signedData ?? '')).toString('utf8'));
  const expected = sdkHash(json, chains[signed.network] ?? '');
  equal(digestOf(signed), expected);
  const [r, s] = json.signature;
  const signature = new ec.starkCurve.Signature(BigInt(r), BigInt(s));
  ok(ec.starkCurve.verify(signature, expected.toString(16).padStart(64, '0'), hex(key.publicKey)));
  const id = family('starknet').transactionId?.(signed.assembled.signedData ?? '', network(signed.network));
  equal(id, `0x${expected.toString(16)}`);
  return json;
}
const transactionCase = (name: string, json: Json, interpreted: boolean, on = 'Starknet'): Case => ({
  name: `Transaction: ${name}`,
  network: on,
  key,
  body: { kind: 'Transaction', transaction: json },
  accepted: (signed) => {
    const { signature: _, ...read } = verified(signed);
    const numbers = (each: Json): Json =>
      JSON.parse(JSON.stringify(each), (_name, value) =>
        typeof value === 'string' && value.startsWith('0x') ? BigInt(value).toString() : value,
      );
    deepEqual(numbers({ signature: [], ...read }), numbers({ signature: [], ...json }));
    equal(signed.plan.facts.interpreted, interpreted);
  },
});
const asHex = (json: Json) => `0x${Buffer.from(JSON.stringify(json)).toString('hex')}`;
/** As the family writes it: shortest numbers, no spaces, the signature in its place. */
const canonical = (): Json => {
  const { type, calldata } = invoke();
  return {
    type,
    version: '0x3',
    sender_address: `0x${BigInt(own).toString(16)}`,
    calldata,
    account_deployment_data: [],
    signature: [],
    nonce: '0x5',
    resource_bounds: common.resource_bounds,
    tip: '0x0',
    paymaster_data: [],
    nonce_data_availability_mode: 'L1',
    fee_data_availability_mode: 'L1',
  };
};
const unsignable = (name: string, json: Json, message: RegExp) => ({
  name: `a transaction ${name}`,
  network: 'Starknet',
  key,
  body: { kind: 'Transaction', transaction: json },
  message,
});

const account = (random: Random) => `0x${(random.amount(2n ** 250n, 16n)).toString(16)}`;
const gas = (random: Random) => ({
  l1GasAmount: String(random.amount(10n ** 3n, 0n)),
  l1GasPrice: String(random.amount(10n ** 13n, 0n)),
  l1DataGasAmount: String(random.amount(10n ** 4n, 0n)),
  l1DataGasPrice: String(random.amount(10n ** 13n, 0n)),
  l2GasAmount: String(random.amount(10n ** 8n, 0n)),
  l2GasPrice: String(random.amount(10n ** 10n, 0n)),
});
const draw = (kind: string, members: (random: Random) => Body) => (random: Random) => ({
  key,
  network: random.pick(['Starknet', 'StarknetSepolia']),
  body: { kind, ...(kind === 'ActivateAccount' ? {} : { to: account(random) }), ...members(random) },
  completion: {
    ...gas(random),
    ...(kind === 'ActivateAccount' ? {} : { nonce: String(random.amount(2n ** 64n - 1n, 0n)) }),
  },
  ...(kind === 'ActivateAccount' ? { purpose: 'transaction' as const } : {}),
});
const amount = (random: Random) => ({ amount: String(random.amount(2n ** 256n - 1n)) });

function decodedAs(read: Constructed): void {
  const { order, completion, construction } = read;
  const json = verified(read);
  const bound = (name: string) => ({
    max_amount: `0x${BigInt(String(completion[`${name}Amount`])).toString(16)}`,
    max_price_per_unit: `0x${BigInt(String(completion[`${name}Price`])).toString(16)}`,
  });
  const expected = {
    l1_gas: bound('l1Gas'),
    l1_data_gas: bound('l1DataGas'),
    l2_gas: bound('l2Gas'),
  };
  deepEqual(json.resource_bounds, expected);
  const most = Object.values(expected).reduce(
    (sum, each) => sum + BigInt(each.max_amount) * BigInt(each.max_price_per_unit),
    0n,
  );
  equal(construction.feeMax, most);
  equal(read.plan.facts.interpreted, true);
  if (order['kind'] === 'ActivateAccount') {
    deepEqual([json.type, BigInt(json.nonce)], ['DEPLOY_ACCOUNT', 0n]);
    deepEqual(
      [json.constructor_calldata, json.class_hash],
      [[`0x${BigInt(x(key)).toString(16)}`], '0x5b4b537eaa2399e3aa99c4e2e0208ebd6c71bc1467938cd52c798c601e43564'],
    );
    return;
  }
  equal(BigInt(json.nonce), BigInt(String(completion['nonce'])));
  equal(BigInt(json.sender_address), BigInt(own));
  const isNft = order['kind'] === 'Snip3';
  const { low, high } = uint256.bnToUint256(BigInt(String(isNft ? order['tokenId'] : order['amount'])));
  const call = {
    contractAddress: order['kind'] === 'Native' ? strk : order['contract'],
    entrypoint: isNft ? 'transferFrom' : 'transfer',
    calldata: [...(isNft ? [own] : []), order['to'], low, high],
  };
  deepEqual(json.calldata.map(BigInt), transactions.getExecuteCalldata([call], '1').map(BigInt));
}
const refusedOrder = (name: string, more: object, changed: object = {}, code = 'E_BODY') => ({
  name,
  key,
  network: 'Starknet',
  body: { kind: 'Native', to: '0x77', amount: '5', ...more },
  completion: { nonce: '0', ...gas(seededRandom('an order')), ...changed },
  code,
});

const asCase = (name: string, data: TypedData): Case => ({
  name: `Snip12 ${name}`,
  network: 'Starknet',
  key,
  body: asBody(data),
  accepted,
});
const change = (data: TypedData, changed: Partial<TypedData>): Body => asBody({ ...data, ...changed });
const withMessage = (more: Record<string, unknown>) => {
  const made = filledIn(seededRandom('refusals'));
  return change(made, { message: { ...made.message, ...more } });
};
const refusal = (name: string, body: Body, message: RegExp) => ({ name, network: 'Starknet', key, body, message });

conformance({
  claims,
  seed,
  addresses: [],
  sdkAddress: (each) => sdkAddress(each as Key),
  cases: [
    transactionCase('a payment', invoke(), true),
    transactionCase('a payment on the test network', invoke(), true, 'StarknetSepolia'),
    transactionCase(
      'two calls',
      invoke([payment, { contractAddress: '0x99', entrypoint: 'approve', calldata: ['0x1', '0x2', '0x0'] }]),
      false,
    ),
    transactionCase('a call of another contract', invoke([{ ...payment, entrypoint: 'mint' }]), false),
    transactionCase('with a tip', invoke([payment], { tip: '0xff' }), true),
    transactionCase('a deployment', deploy(), true),
    {
      ...transactionCase('in hex', canonical(), true),
      body: { kind: 'Transaction', transaction: asHex(canonical()) },
      corrupt: 'transaction',
    },
    asCase('revision 0: the mail of the standard', mail),
    asCase('revision 0: lists, selectors and a tree', old),
    asCase('revision 1: every type', filledIn(seededRandom('case'))),
    {
      ...asCase('revision 1 on the test network', {
        ...filledIn(seededRandom('test')),
        domain: { ...every.domain, chainId: 'SN_SEPOLIA' },
      }),
      network: 'StarknetSepolia',
    },
    ...['', 'a', 'b'.repeat(31), 'c'.repeat(62)].map((value) => {
      const made = filledIn(seededRandom('text'));
      return asCase(`revision 1: text of ${value.length} characters`, {
        ...made,
        message: { ...made.message, text: value },
      });
    }),
    {
      name: 'Hash',
      network: 'Starknet',
      key,
      body: { kind: 'Hash', hash: `0x${'07'.repeat(32)}` },
      accepted: ({ assembled }) => {
        const { r = 0, s = 0, encoded } = assembled.signature ?? {};
        equal(encoded, undefined);
        const signature = new ec.starkCurve.Signature(BigInt(r), BigInt(s));
        ok(ec.starkCurve.verify(signature, '07'.repeat(32), hex(key.publicKey)));
      },
    },
  ],
  transfers: [
    { kind: 'Native', cases: 70, draw: draw('Native', amount), decoded: decodedAs },
    {
      kind: 'Snip2',
      cases: 60,
      draw: draw('Snip2', (random) => ({ contract: account(random), ...amount(random) })),
      decoded: decodedAs,
    },
    {
      kind: 'Snip3',
      cases: 60,
      draw: draw('Snip3', (random) => ({
        contract: account(random),
        tokenId: String(random.amount(2n ** 256n - 1n, 0n)),
      })),
      decoded: decodedAs,
    },
    { kind: 'ActivateAccount', cases: 20, draw: draw('ActivateAccount', () => ({})), decoded: decodedAs },
  ],
  refusedOrders: [
    refusedOrder('[bad-input 111] of nothing', { amount: '0' }),
    refusedOrder('[bad-input 112] of 2^256', { amount: String(2n ** 256n) }),
    refusedOrder('[bad-input 116] with a memo, which the chain has not', { memo: 'x' }),
    refusedOrder('to an address beyond the field', { to: `0x${(2n ** 251n).toString(16)}` }),
    refusedOrder('to nobody', { to: '0x0' }),
    refusedOrder('to an address in decimal', { to: '77' }),
    refusedOrder('of a token without its contract', { kind: 'Snip2' }),
    refusedOrder('of a token id of 2^256', {
      kind: 'Snip3',
      contract: '0x99',
      amount: undefined,
      tokenId: String(2n ** 256n),
    }),
    refusedOrder('of another chain', { kind: 'Erc20', contract: '0x99' }, {}, 'E_KIND'),
    refusedOrder('with a nonce beyond 64 bits', {}, { nonce: String(2n ** 64n) }, 'E_COMPLETION'),
    refusedOrder('with a tip, which nobody asked for', {}, { tip: '1' }, 'E_COMPLETION'),
    refusedOrder('for more than the cap', {}, { l1GasAmount: '1000001', l1GasPrice: '10000000000000' }, 'E_FEE'),
    {
      ...refusedOrder('to activate with a nonce of the api', {}, {}, 'E_COMPLETION'),
      purpose: 'transaction',
      body: { kind: 'ActivateAccount' },
    },
    {
      ...refusedOrder('to activate something else', {}, {}, 'E_KIND'),
      purpose: 'transaction',
      body: { kind: 'Deploy' },
    },
  ],
  refusals: [
    unsignable('of another account', invoke([payment], { sender_address: '0x1234' }), /not of this wallet/),
    unsignable('of an older version', invoke([payment], { version: '0x1' }), /must be 0x3/),
    unsignable('that declares a class', invoke([payment], { type: 'DECLARE' }), /INVOKE or/),
    unsignable('of a type every object has', invoke([payment], { type: 'constructor' }), /INVOKE or/),
    unsignable('that is signed', invoke([payment], { signature: ['0x1', '0x2'] }), /already/),
    unsignable('with a paymaster', invoke([payment], { paymaster_data: ['0x1'] }), /at most 0|empty/),
    unsignable('with its data on L2', invoke([payment], { fee_data_availability_mode: 'L2' }), /must be L1/),
    unsignable(
      'without a bound for data',
      invoke([payment], { resource_bounds: { l1_gas: bounds(1n, 1n), l2_gas: bounds(1n, 1n) } }),
      /l1_data_gas/,
    ),
    unsignable('with an unknown member', invoke([payment], { max_fee: '0x1' }), /max_fee.*not known/),
    unsignable('with a number beyond the field', invoke([payment], { nonce: `0x${'f'.repeat(64)}` }), /at most/),
    unsignable(
      'with a price of 129 bits',
      invoke([payment], {
        resource_bounds: {
          ...common.resource_bounds,
          l2_gas: { max_amount: '0x1', max_price_per_unit: `0x1${'0'.repeat(32)}` },
        },
      }),
      /at most/,
    ),
    unsignable('with a number in decimal', invoke([payment], { nonce: '5' }), /hex/),
    unsignable('without calls', invoke([payment], { calldata: ['0x0'] }), /1 to 64 calls/),
    unsignable(
      'with a call that ends early',
      invoke([payment], { calldata: invoke().calldata.slice(0, -1) }),
      /not complete/,
    ),
    unsignable(
      'with values after the last call',
      invoke([payment], { calldata: [...invoke().calldata, '0x1'] }),
      /after its last/,
    ),
    unsignable(
      'with a call longer than all',
      invoke([payment], { calldata: ['0x1', '0x2', '0x3', '0xffffffff'] }),
      /not complete/,
    ),
    unsignable('of a list', [invoke()], /must be an object/),
    unsignable('that deploys another class', deploy({ class_hash: '0x1' }), /account contract/),
    unsignable(
      'that deploys for another key',
      deploy({ contract_address_salt: '0x7', constructor_calldata: ['0x7'] }),
      /not of this wallet/,
    ),
    unsignable('that deploys with another salt', deploy({ contract_address_salt: '0x7' }), /salt/),
    unsignable('in hex of another form', asHex(invoke()), /another form/),
    unsignable('in hex that is no JSON', '0x7b7b', /JSON/),
    {
      name: 'a transaction for no network in particular',
      network: undefined as never,
      key,
      body: { kind: 'Transaction', blockchainKind: 'Starknet', transaction: invoke() },
      code: 'E_NETWORK',
    },
    refusal(
      'the chain id of another network',
      change(mail, { domain: { ...mail.domain, chainId: 'SN_SEPOLIA' } }),
      /chainId.*does not match/,
    ),
    refusal('an unknown revision', change(mail, { domain: { ...mail.domain, revision: 2 } }), /revision/),
    refusal(
      'the domain of another revision',
      change(mail, { domain: { ...mail.domain, revision: 1 } }),
      /StarknetDomain/,
    ),
    refusal(
      'a domain member that is not declared',
      change(mail, { domain: { ...mail.domain, salt: '1' } }),
      /not declared/,
    ),
    refusal(
      'a domain without a declared member',
      change(mail, { domain: { name: 'StarkNet Mail', version: '1' } }),
      /chainId.*missing/,
    ),
    refusal('no message', change(mail, { message: undefined as never }), /must be an object/),
    refusal('an unknown primary type', change(mail, { primaryType: 'Letter' }), /declared type/),
    refusal('the domain as primary type', change(mail, { primaryType: 'StarkNetDomain' }), /not be the domain/),
    refusal('a member that is not declared', change(mail, { message: { ...mail.message, cc: '1' } }), /not declared/),
    refusal(
      'a member that is missing',
      change(mail, { message: { from: mail.message['from'], to: mail.message['to'] } }),
      /missing/,
    ),
    refusal(
      'a type that refers to itself',
      change(mail, { types: { ...mail.types, Person: of(['friends', 'Person*']) } }),
      /itself/,
    ),
    refusal(
      'a type of the other revision',
      change(mail, { types: { ...mail.types, Person: of(['name', 'u128'], ['wallet', 'felt']) } }),
      /not declared/,
    ),
    refusal(
      'a type of the standard declared anew',
      change(every, { types: { ...every.types, u256: felts('low') } }),
      /type of the standard/,
    ),
    refusal(
      'a field declared twice',
      change(mail, { types: { ...mail.types, Person: felts('name', 'name') } }),
      /twice/,
    ),
    refusal(
      'a type name that would break the encoding',
      change(mail, { types: { ...mail.types, 'A(': felts('a') } }),
      /valid type name/,
    ),
    refusal(
      'too many types',
      change(mail, { types: Object.fromEntries(Array.from({ length: 65 }, (_, n) => [`T${n}`, felts('a')])) }),
      /at most 64/,
    ),
    refusal(
      'text that is too long',
      change(mail, { message: { ...mail.message, contents: 'x'.repeat(32) } }),
      /31 characters/,
    ),
    refusal(
      'a number beyond the field',
      change(mail, { message: { ...mail.message, contents: String(2n ** 252n) } }),
      /out of range/,
    ),
    refusal('a number with zeros in front', change(mail, { message: { ...mail.message, contents: '007' } }), /plain/),
    refusal('a fraction', change(mail, { message: { ...mail.message, contents: 1.5 } }), /integer/),
    refusal('a number below zero', withMessage({ small: '-1' }), /out of range/),
    refusal('a number of 129 bits', withMessage({ small: String(2n ** 128n) }), /out of range/),
    refusal('a signed number of 129 bits', withMessage({ signed: String(2n ** 127n) }), /out of range/),
    refusal('text as an address', withMessage({ contract: 'treasury' }), /integer/),
    refusal('one as true', withMessage({ flag: 1 }), /true or false/),
    refusal('text that is not ASCII', withMessage({ text: 'naïve' }), /ASCII/),
    refusal('an unknown variant', withMessage({ choice: { Three: [] } }), /one variant/),
    refusal('two variants', withMessage({ choice: { One: ['1'], Nothing: [] } }), /one variant/),
    refusal('a variant with too few values', withMessage({ choice: { Two: ['1'] } }), /2 values/),
    refusal('a tree without leaves', withMessage({ tree: [] }), /without leaves/),
    refusal('too many values', withMessage({ many: Array.from({ length: 512 }, () => '1') }), /beyond 512/),
    refusal('a list that is none', withMessage({ many: '1' }), /must be a list/),
    { name: 'a message', network: 'Starknet', key, body: { kind: 'Message', message: '00' }, code: 'E_KIND' },
    {
      name: 'a hash above 2^251',
      network: 'Starknet',
      key,
      body: { kind: 'Hash', hash: `0x08${'00'.repeat(31)}` },
      code: 'E_BODY',
    },
  ],
});

test('Starknet: 40 random messages of every type of revision 1 have the digest starknet.js gives them', () => {
  const random = seededRandom(`${seed} digests`);
  for (let n = 0; n < 40; n += 1) {
    const data = filledIn(random);
    const plan = planSignature({ key, network: 'Starknet', body: asBody(data) });
    equal(digestOf({ plan }), BigInt(typedData.getMessageHash(data, sdkAddress(key))), `case ${n} of seed ${seed}`);
  }
});

test('Starknet: a revision and a chain id are the same as number and as text', () => {
  const made = filledIn(seededRandom('forms'));
  const digest = (domain: object) =>
    digestOf({
      plan: planSignature({ key, network: 'Starknet', body: change(made, { domain: { ...made.domain, ...domain } }) }),
    });
  equal(digest({ revision: 1 }), digest({}));
  equal(digest({ chainId: `0x${Buffer.from('SN_MAIN').toString('hex')}` }), digest({}));
  throws(() => digest({ revision: '01' }), { code: 'E_BODY' });
});

test('Starknet: the account signs for itself alone: another key has another digest', () => {
  const other = localKey('ECDSA', 'stark', filled(0x04));
  const digests = [key, other].map((each) =>
    digestOf({ plan: planSignature({ key: each, network: 'Starknet', body: asBody(mail) }) }),
  );
  ok(digests[0] !== digests[1]);
  equal(addressOf('Starknet', key), addressOf('StarknetSepolia', key));
});
