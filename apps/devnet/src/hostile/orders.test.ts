/**
 * A hostile api and the chains' transactions, against five real signer processes: for every kind of transfer that a family
 * builds, forgeries generated over every field of what the user signed and of what the api adds. Each is refused by every
 * signer, and no journal grew: nobody began to contribute. Then the second payment for one intent.
 */
import { deepEqual, equal, ok } from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';
import { localKey, seededRandom } from '@holdfast/chains/conformance';
import { addressOf, constructOrder, type Exclusion, loadFor, planSignature } from '@holdfast/chains/families';
import { network as findNetwork, networks } from '@holdfast/chains/networks';
import { verifyRaw } from '@holdfast/chains/schemes';
import type { Completion, Reply } from '@holdfast/cluster/commands';
import { fromHex } from '@holdfast/contract/wire';
import { sha256 } from '@noble/hashes/sha2.js';
import { createBase58check } from '@scure/base';
import { filled } from '../chains/published.ts';
import { oracle } from '../oracles.ts';
import { type ActParts, everybody, HostileApi, type Org, refusalOf, resultOf } from './hostile-api.ts';

const seed = process.env['HOLDFAST_SEED'] ?? String(Date.now() % 1_000_000);
const random = seededRandom(`hostile orders ${seed}`);

type Members = Readonly<Record<string, unknown>>;

interface Kind {
  readonly network: string;
  readonly where?: 'transactions';
  /** `to` is added where there is none. */
  readonly body: Members & { readonly kind: string };
  readonly completion: Members | ((own: string, publicKey: Uint8Array) => Promise<Members>);
  /** Another completion under which the same payment would be made a second time. */
  readonly again: Members | ((own: string, publicKey: Uint8Array) => Promise<Members>);
  /** Members of the completion with which a fee could be driven up. */
  readonly dear: readonly string[];
  /** Texts that may be any: a wrong one makes the transaction fail, and nothing else. */
  readonly free?: readonly string[];
}

const hash = (byte: number) => byte.toString(16).padStart(2, '0').repeat(32);
const text58 = ['FVen3X669xLzsi6N2V91DoiyzHzg1uAgqiT8jZ9nS96Z', 'EkSnNWid2cvwEVnVx9aBqawnmiCNiDgp3gUdkDPTKN1N'];
const evm = { nonce: '7', gasLimit: '60000', maxFeePerGas: '30000000000', maxPriorityFeePerGas: '1000000000' };
const solana = { blockhash: text58[1], computeUnitLimit: '10000', computeUnitPrice: '1000' };
const ton = { seqno: '3', validUntil: '1900000000', deployed: true };
const tron = {
  refBlockBytes: '7b3b',
  refBlockHash: 'b21ace8d6ac20e7e',
  expiration: '1539331479000',
  timestamp: '1539295479000',
};
const xrpl = { fee: '10', sequence: '1', lastLedgerSequence: '2' };
const stellar = { fee: '100', sequence: '1', maxTime: '1900000000' };
const algorand = { fee: '1000', firstValid: '1', lastValid: '1001' };
const aptos = { sequence: '3', maxGasAmount: '2000', gasUnitPrice: '100', expiration: '1900000000' };
const object = (version: string) => ({ id: `0x${hash(0xab)}`, version, digest: text58[0] });
const sui = { gasPayment: [object('5')], gasPrice: '750', gasBudget: '3000000' };
const coins = { coins: [{ ...object('9'), id: `0x${hash(0xcd)}` }] };
const starknet = {
  l1GasAmount: '1000',
  l1GasPrice: '1000000000000',
  l1DataGasAmount: '1000',
  l1DataGasPrice: '1000000000000',
  l2GasAmount: '1000000',
  l2GasPrice: '3000000000',
};
const evmAddress = `0x${'c0'.repeat(20)}`;
const check58 = createBase58check(sha256);
/** Version 1 and 32 bytes. */
const concordium = (byte: number) => check58.encode(Uint8Array.of(1, ...filled(byte)));
/** Version 2, index and subindex of the contract in LEB128, and the token's own id. */
const concordiumToken = check58.encode(Uint8Array.of(2, 77, 0, 1, 5));
const tronContract = 'TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t';

const kinds: readonly Kind[] = [
  ...(['Native', 'Erc20', 'Erc721'] as const).map((kind) => ({
    network: 'EthereumSepolia',
    body: {
      kind,
      ...(kind === 'Native' ? {} : { contract: evmAddress }),
      ...(kind === 'Erc721' ? { tokenId: '7' } : { amount: '1000' }),
    },
    completion: evm,
    again: { nonce: '8' },
    dear: ['gasLimit', 'maxFeePerGas', 'maxPriorityFeePerGas'],
  })),
  ...(['Evm', 'Eip1559'] as const).map((kind) => ({
    network: 'EthereumSepolia',
    where: 'transactions' as const,
    body: { kind, value: '1000', data: '0xc0ffee' },
    completion: evm,
    again: { nonce: '8' },
    dear: ['gasLimit', 'maxFeePerGas', 'maxPriorityFeePerGas'],
  })),
  ...(['Native', 'Spl', 'Spl2022'] as const).map((kind) => ({
    network: 'SolanaDevnet',
    body: { kind, amount: '1000', ...(kind === 'Native' ? {} : { mint: text58[0] }) },
    completion: { ...solana, ...(kind === 'Native' ? {} : { decimals: '6' }) },
    again: { blockhash: text58[0] },
    dear: ['computeUnitLimit', 'computeUnitPrice'],
  })),
  {
    network: 'SolanaDevnet',
    where: 'transactions',
    body: { kind: 'CreateSolanaNonceAccounts', count: 2 },
    completion: { ...solana, first: '0', rent: '1447680' },
    again: { blockhash: text58[0] },
    dear: ['computeUnitLimit', 'computeUnitPrice', 'rent', 'first'],
  },
  {
    network: 'Ton',
    body: { kind: 'Native', amount: '1000' },
    completion: ton,
    again: { seqno: '4' },
    dear: ['seqno', 'validUntil'],
  },
  {
    network: 'Ton',
    body: { kind: 'Tep74', amount: '1000', master: 'EQCxE6mUtQJKFnGfaROTKOt1lZbDiiX1kCixRv7Nw2Id_sDs' },
    completion: {
      ...ton,
      value: '100000000',
      walletCodeHash: hash(0xab),
      walletCodeDepth: '5',
      walletLayout: 'Reference',
    },
    again: { seqno: '4' },
    dear: ['value', 'seqno'],
  },
  ...['BitcoinTestnet3', 'Litecoin'].map((network) => ({
    network,
    body: { kind: 'Native', amount: '40000' },
    completion: { inputs: [{ txid: hash(0x11), vout: '0', value: '90000' }], feeRate: '2000' },
    again: { inputs: [{ txid: hash(0x12), vout: '0', value: '90000' }] },
    dear: ['feeRate'],
  })),
  {
    network: 'BitcoinCash',
    body: { kind: 'Native', amount: '40000' },
    completion: async (_own, publicKey) => ({ inputs: [await coin(publicKey, 1)], feeRate: '2000' }),
    again: async (_own, publicKey) => ({ inputs: [await coin(publicKey, 2)] }),
    dear: ['feeRate'],
  },
  {
    network: 'Cardano',
    body: { kind: 'Native', amount: '2000000' },
    completion: {
      inputs: [{ txid: hash(0x77), index: '0', value: '9000000' }],
      ttl: '100',
      feePerByte: '44',
      feeFixed: '155381',
    },
    again: { inputs: [{ txid: hash(0x78), index: '0', value: '9000000' }] },
    dear: ['feePerByte', 'feeFixed'],
  },
  {
    network: 'Kaspa',
    body: { kind: 'Native', amount: '100000000' },
    completion: { inputs: [{ transactionId: hash(0x77), index: '0', value: '500000000' }], feeRate: '1' },
    again: { inputs: [{ transactionId: hash(0x78), index: '0', value: '500000000' }] },
    dear: ['feeRate'],
  },
  ...[
    { kind: 'Native', amount: '1000' },
    { kind: 'Trc10', tokenId: '1002000', amount: '1000' },
    { kind: 'Trc20', contract: tronContract, amount: '1000' },
    { kind: 'Trc721', contract: tronContract, tokenId: '7' },
  ].map((body) => ({
    network: 'TronNile',
    body,
    completion: { ...tron, ...('contract' in body ? { feeLimit: '20000000' } : {}) },
    again: { refBlockHash: 'b21ace8d6ac20e7f' },
    dear: 'contract' in body ? ['feeLimit'] : [],
  })),
  ...[
    { kind: 'Native', amount: '1000' },
    { kind: 'Iou', currency: 'USD', issuer: 'rDTXLQ7ZKZVKz33zJbHjgVShjsBnqMBhmN', amount: '1000' },
    { kind: 'Xls33', issuanceId: `0000012F${'AB'.repeat(20)}`, amount: '1000' },
  ].map((body) => ({ network: 'XrpLedgerTestnet', body, completion: xrpl, again: { sequence: '2' }, dear: ['fee'] })),
  ...[
    { kind: 'Native', amount: '1000' },
    {
      kind: 'Sep41',
      issuer: 'GA5ZSEJYB37JRC5AVCIA5MOP4RHTM335X2KGX3IHOJAPP5RE34K4KZVN',
      assetCode: 'USDC',
      amount: '1000',
    },
  ].map((body) => ({ network: 'StellarTestnet', body, completion: stellar, again: { sequence: '2' }, dear: ['fee'] })),
  {
    network: 'TezosGhostnet',
    body: { kind: 'Native', amount: '1000' },
    completion: {
      branch: check58.encode(Uint8Array.of(1, 52, ...filled(3))),
      counter: '1',
      fee: '400',
      gasLimit: '2000',
      storageLimit: '0',
      reveal: false,
    },
    again: { counter: '2' },
    dear: ['fee', 'gasLimit', 'storageLimit'],
  },
  ...[
    { kind: 'Native', amount: '1000' },
    { kind: 'Asa', assetId: '9', amount: '1000' },
  ].map((body) => ({
    network: 'AlgorandTestnet',
    body,
    completion: algorand,
    again: { firstValid: '2', lastValid: '1002' },
    dear: ['fee', 'lastValid'],
  })),
  ...[
    { kind: 'Native', amount: '1000' },
    { kind: 'Coin', coin: `0x${hash(0xab)}::usd::USD`, amount: '1000' },
    { kind: 'Aip21', metadata: `0x${hash(0xab)}`, amount: '1000' },
  ].map((body) => ({
    network: 'AptosTestnet',
    body,
    completion: aptos,
    again: { sequence: '4' },
    dear: ['maxGasAmount', 'gasUnitPrice'],
  })),
  {
    network: 'CosmosIcsTestnet',
    body: { kind: 'Native', amount: '1000' },
    completion: { accountNumber: '3', sequence: '4', fee: '1000', gasLimit: '100000' },
    again: { sequence: '5' },
    dear: ['fee'],
  },
  ...['SuiTestnet', 'IotaTestnet'].flatMap((network) =>
    [
      { kind: 'Native', amount: '1000' },
      { kind: 'Coin', coin: `0x${hash(0xab)}::usd::USD`, amount: '1000' },
    ].map((body) => ({
      network,
      body,
      completion: { ...sui, ...(body.kind === 'Coin' ? coins : {}) },
      again: {
        gasPayment: [{ ...object('6'), id: `0x${hash(0xee)}` }],
        ...(body.kind === 'Coin' ? { coins: [{ ...object('6'), id: `0x${hash(0xef)}` }] } : {}),
      },
      dear: ['gasBudget'],
    })),
  ),
  ...[
    { kind: 'Native', to: '0.0.99', amount: '1000' },
    { kind: 'Hts', to: '0.0.99', tokenId: '0.0.77', amount: '1000' },
    { kind: 'Hip17', to: '0.0.99', tokenId: '0.0.77', serialNumber: '7' },
  ].map((body) => ({
    network: 'HederaTestnet',
    body,
    completion: { account: '1234', node: '3', validStart: '1700000000000000001', fee: '100000' },
    again: { validStart: '1700000000000000002' },
    dear: ['fee'],
  })),
  {
    network: 'InternetComputer',
    body: { kind: 'Native', amount: '1000' },
    completion: { fee: '10000', createdAt: '1700000000000000000', expiry: '1700000240000000000' },
    again: { createdAt: '1700000000000000001' },
    dear: ['fee', 'expiry'],
  },
  ...[
    { kind: 'Native', to: concordium(1), amount: '1000' },
    { kind: 'Cis2', to: concordium(1), tokenAddress: concordiumToken, amount: '1000' },
  ].map((body) => ({
    network: 'ConcordiumTestnet',
    body,
    completion: {
      account: concordium(2),
      sequence: '3',
      expiry: '1900000000',
      ...(body.kind === 'Cis2' ? { contract: 'cis2_nft', energy: '3000' } : {}),
    },
    again: { sequence: '4' },
    dear: body.kind === 'Cis2' ? ['energy'] : [],
    // The name of a contract whose address was signed.
    free: ['contract'],
  })),
  ...[
    { kind: 'Native', amount: '1000' },
    { kind: 'Snip2', contract: `0x${'0c'.repeat(31)}`, amount: '1000' },
    { kind: 'Snip3', contract: `0x${'0c'.repeat(31)}`, tokenId: '7' },
  ].map((body) => ({
    network: 'StarknetSepolia',
    body,
    completion: { nonce: '3', ...starknet },
    again: { nonce: '4' },
    dear: ['l1GasPrice', 'l1DataGasPrice', 'l2GasPrice', 'l2GasAmount'],
  })),
  ...[
    { network: 'Polkadot', body: { kind: 'Native', amount: '1000' }, transactionVersion: '26' },
    { network: 'PolkadotAssetHub', body: { kind: 'Asset', assetId: '1984', amount: '1000' }, transactionVersion: '15' },
  ].map(({ network, body, transactionVersion }) => ({
    network,
    body,
    completion: {
      nonce: '7',
      specVersion: '2003002',
      transactionVersion,
      blockNumber: '31415926',
      blockHash: `0x${hash(0xab)}`,
    },
    again: { nonce: '8' },
    dear: ['nonce', 'specVersion', 'transactionVersion', 'blockNumber'],
  })),
  {
    network: 'NearTestnet',
    body: { kind: 'Native', amount: '1000' },
    completion: { nonce: '1', blockHash: text58[0] },
    again: { nonce: '2' },
    dear: [],
  },
];

/** A coin of a Bitcoin Cash wallet: its previous transaction has to be shown whole. */
async function coin(publicKey: Uint8Array, sequence: number): Promise<Members> {
  const bitcoin = await oracle('bitcoinjs-lib');
  const previous = new bitcoin.Transaction();
  previous.addInput(Buffer.alloc(32, sequence), 0);
  previous.addOutput(bitcoin.payments.p2pkh({ pubkey: publicKey }).output, 90_000n);
  return { txid: previous.getId(), vout: '0', value: '90000', previous: previous.toHex() };
}

let api: HostileApi;
let org: Org;

before(async () => {
  console.log(`seed: ${seed}`);
  api = await HostileApi.start();
  org = await api.found('Acme');
});
after(() => api.stop());

interface Wallet {
  readonly walletId: string;
  readonly publicKey: Uint8Array;
}
const wallets = new Map<string, Wallet>();

async function walletOn(network: string): Promise<Wallet> {
  const known = wallets.get(network);
  if (known !== undefined) return known;
  await loadFor({ network });
  const { walletId, publicKey } = await api.createKey(org, network);
  const made = { walletId, publicKey: fromHex(publicKey) };
  wallets.set(network, made);
  return made;
}

const schemeOf = (network: string) => findNetwork(network).schemes[0] ?? { scheme: 'ECDSA', curve: 'secp256k1' };
const participantsOf = (network: string) => (schemeOf(network).scheme === 'ECDSA' ? everybody : everybody.slice(0, 3));

function send(network: string, parts: ActParts, completion: unknown): Promise<readonly Reply[]> {
  const participants = participantsOf(network);
  const runNonce = randomBytes(32).toString('hex');
  const session = api.session === null ? {} : { session: api.session };
  return api.send(participants, (id) => ({
    v: 1,
    id,
    kind: 'Act',
    ...parts,
    runNonce,
    participants,
    ...session,
    ...(completion === undefined ? {} : { completion: completion as Completion }),
  }));
}

interface Forgery {
  readonly what: string;
  readonly codes: readonly string[];
  readonly parts: ActParts;
  readonly completion: unknown;
}

const built = ['E_COMPLETION', 'E_FEE', 'E_BODY', 'E_COMMAND'];
/** Nothing of it is a value that any family takes where it writes a number, a text or a list. */
const nonsense: readonly unknown[] = [
  '',
  '-1',
  '0x10',
  '1e3',
  ' 1',
  '+1',
  '9'.repeat(90),
  7,
  'yes',
  [],
  {},
  ['1'],
  { a: '1' },
];
/** What would decide about more than the api may decide: where to, how much, of what, on which chain, paid by whom. */
const foreign = {
  to: text58[0],
  recipient: evmAddress,
  amount: '5',
  value: '5',
  change: evmAddress,
  changeAddress: text58[1],
  outputs: [{ to: evmAddress, amount: '5' }],
  memo: 'x',
  data: '0x00',
  contract: evmAddress,
  mint: text58[1],
  master: text58[1],
  jettonWallet: text58[1],
  issuer: text58[1],
  assetId: '8',
  coin: '0x2::sui::SUI',
  tokenId: '8',
  chainId: '1',
  network: 'Ethereum',
  feePayer: text58[1],
  feePayerSignature: 'ab',
  closeRemainderTo: text58[1],
  rekeyTo: text58[1],
  kind: 'Native',
  transaction: '0x00',
  externalId: 'x',
  unheardOf: '1',
};

/** Every member of it left out, and in its place what makes no sense; the same inside its lists. */
function changed(
  value: Members,
  free: readonly string[] = [],
  path = '',
): { readonly what: string; readonly value: Members }[] {
  return Object.entries(value).flatMap(([name, member]) => {
    const { [name]: _left, ...rest } = value;
    const at = `${path}${name}`;
    const wrong = nonsense.filter((each) => typeof each !== 'string' || !free.includes(name));
    const some = [...wrong].sort(() => random.int(3) - 1).slice(0, 5);
    const inner =
      Array.isArray(member) && typeof member[0] === 'object'
        ? [
            ...changed(member[0] as Members, free, `${at}[0].`).map((each) => ({
              what: each.what,
              value: { ...value, [name]: [each.value, ...member.slice(1)] },
            })),
            { what: `${at} twice`, value: { ...value, [name]: [member[0], ...member] } },
            {
              what: `${at} with more in it`,
              value: { ...value, [name]: [{ ...(member[0] as Members), to: text58[0] }] },
            },
          ]
        : [];
    return [
      { what: `${at} left out`, value: rest },
      ...some.map((each) => ({
        what: `${at} ${JSON.stringify(each).slice(0, 20)}`,
        value: { ...value, [name]: each },
      })),
      ...inner,
    ];
  });
}

/** Another value of the same form, or of another; what was signed over is the text as it was. */
const otherwise = (value: unknown): unknown =>
  typeof value === 'number' ? value + 1 : /^[0-9]+$/.test(String(value)) ? `${value}0` : `${String(value)}x`;

function forgeriesOf(
  kind: Kind,
  o: { parts: ActParts; completion: Members; other: string; stranger: string },
): Forgery[] {
  const { parts, completion, other, stranger } = o;
  const { request } = parts;
  const body = JSON.parse(request.payload) as Members;
  const asked = (what: string, change: Partial<typeof request>): Forgery => ({
    what,
    codes: ['E_CHALLENGE_REQUEST', 'E_COMMAND'],
    parts: { ...parts, request: { ...request, ...change } },
    completion,
  });
  const bodies = Object.entries(body).flatMap(([name, value]): (readonly [string, Members])[] => {
    const { [name]: _left, ...rest } = body;
    return [
      [`body without ${name}`, rest],
      [
        `body with another ${name}`,
        { ...body, [name]: name === 'to' && stranger !== '' ? stranger : otherwise(value) },
      ],
    ];
  });
  const completed = (what: string, value: unknown): Forgery => ({ what, codes: built, parts, completion: value });
  return [
    ...bodies.map(([what, value]) => asked(what, { payload: JSON.stringify(value) })),
    asked('body with a memo more', { payload: JSON.stringify({ ...body, memo: '7', priority: 'Fast' }) }),
    asked('body with its members in another order', {
      payload: JSON.stringify(Object.fromEntries(Object.entries(body).reverse())),
    }),
    asked('from another wallet', { path: request.path.replace(/wa-[^/]+/, other) }),
    asked('as another operation', {
      path: request.path.replace(/[a-z]+$/, kind.where === undefined ? 'transactions' : 'transfers'),
    }),
    completed('no completion', undefined),
    completed('an empty completion', {}),
    ...changed(completion, kind.free).map(({ what, value }) => completed(`completion: ${what}`, value)),
    ...Object.entries(foreign)
      .filter(([name]) => !(name in completion))
      .map(([name, value]) => completed(`completion with ${name}`, { ...completion, [name]: value })),
    ...kind.dear.map((name) => completed(`${name} beyond its cap`, { ...completion, [name]: '99999999999999999' })),
  ];
}

const AT_ONCE = 16;

for (const kind of kinds)
  test(`${kind.network} ${kind.body.kind}: no forgery over any field is signed, and no second payment for one intent`, async () => {
    const { walletId, publicKey } = await walletOn(kind.network);
    const other = (await walletOn(kind.network === 'EthereumSepolia' ? 'SolanaDevnet' : 'EthereumSepolia')).walletId;
    const { scheme, curve } = schemeOf(kind.network);
    const key = { scheme, curve, publicKey };
    const addressed = (byte: number) => addressOf(kind.network, localKey(scheme, curve, filled(byte))) ?? '';
    const needsTo = kind.body['to'] === undefined && kind.body.kind !== 'CreateSolanaNonceAccounts';
    const body = { ...kind.body, ...(needsTo ? { to: addressed(0x05) } : {}) };
    const own = addressOf(kind.network, key) ?? '';
    const of = async (given: Kind['completion']) => (typeof given === 'function' ? given(own, publicKey) : given);
    const completion = await of(kind.completion);
    const path = `/wallets/${walletId}/${kind.where ?? 'transfers'}`;
    const parts = api.sign(api.draft(org, 'POST', path, body), org.admin);

    // What every forgery is made of is good, or they would prove nothing.
    const order = { key, network: findNetwork(kind.network), purpose: purposeOf(kind), body } as const;
    const construction = constructOrder({ ...order, completion });
    const forgeries = forgeriesOf(kind, { parts, completion, other, stranger: addressed(0x06) });
    const before = api.mark();
    for (let first = 0; first < forgeries.length; first += AT_ONCE)
      await Promise.all(
        forgeries.slice(first, first + AT_ONCE).map(async ({ what, codes, parts: forged, completion: given }) => {
          for (const reply of await send(kind.network, forged, given)) {
            const refusal = refusalOf(reply);
            ok(refusal !== undefined, `${what}: accepted by a signer (seed ${seed})`);
            ok(codes.includes(refusal.code), `${what}: ${refusal.code} ${refusal.message} (seed ${seed})`);
          }
        }),
      );
    // Frames pass for other reasons too: signers make C's set-up in the meantime. Whoever contributes writes it down first.
    deepEqual(api.mark().journals, before.journals, 'a journal grew');
    ok(forgeries.length > 40, `${forgeries.length} forgeries`);

    // It is signed; then its second payment is not.
    const { items } = planSignature({ key, network: kind.network, body: construction.body });
    for (const reply of await send(kind.network, parts, completion)) {
      const { signatures } = resultOf(reply, 'signatures');
      equal(signatures.length, items.length);
      for (const [k, item] of items.entries()) {
        const { signature = '', recid } = signatures[k] ?? {};
        ok(verifyRaw(item, key, { signature: fromHex(signature), ...(recid === undefined ? {} : { recid }) }));
      }
    }
    const second = { ...completion, ...(await of(kind.again)) };
    const { exclusion } = constructOrder({ ...order, completion: second });
    ok(!excludes(exclusion, construction.exclusion), 'it would be a second payment');
    for (const reply of await send(kind.network, parts, second)) equal(refusalOf(reply)?.code, 'E_INTENT_SIGNED');
  });

const purposeOf = ({ where }: Kind) => (where === undefined ? 'transfer' : 'transaction');

/** docs/specs/orders.md §3, as a reader understands it. */
function excludes(a: Exclusion, b: Exclusion): boolean {
  if (a.kind === 'inputs' && b.kind === 'inputs') return a.inputs.some((input) => b.inputs.includes(input));
  return a.kind === 'sequence' && JSON.stringify(a) === JSON.stringify(b);
}
/** Asked for by an operation of its own, which takes nothing of a body. */
const unasked = new Set(['ActivateAccount']);

test('every kind of every family that builds transactions has been forged', async () => {
  const forged = new Set(kinds.map(({ network, body }) => `${findNetwork(network).family} ${body.kind}`));
  for (const family of new Set(networks.map(({ family }) => family))) {
    if (family === 'pseudo') continue;
    const { claims } = await import(`@holdfast/chains/conformance/claims/${family}`);
    for (const kind of Object.keys(claims.constructs))
      if (!unasked.has(kind)) ok(forged.has(`${family} ${kind}`), `${family} ${kind}`);
  }
});
