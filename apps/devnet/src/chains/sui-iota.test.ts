/**
 * Sui, judged by @mysten/sui.js (its last release without a compiler among its dependencies; the format of version 1 has not changed
 * since) and by transactions of its mainnet. IOTA, judged by what its own SDK made once (vectors/chains/iota.json), and
 * field by field by Sui's, whose encoding it shares.
 */
import { deepEqual, equal, ok } from 'node:assert/strict';
import {
  type Case,
  type Constructed,
  conformance,
  localKey,
  type Random,
  type Signed,
  type Subject,
} from '@holdfast/chains/conformance';
import { claims as iotaClaims } from '@holdfast/chains/conformance/claims/iota';
import { claims as suiClaims } from '@holdfast/chains/conformance/claims/sui';
import { family, loadFamily } from '@holdfast/chains/families';
import { network } from '@holdfast/chains/networks';
import { oracle } from '../oracles.ts';
import { filled, hex, published, publishedTransactions } from './published.ts';

/** Node finds no names in these files of an older module format; their default export has them all. */
const named = async (name: string) => (await oracle(name)).default;
const { TransactionBlock, Inputs } = await named('@mysten/sui.js/transactions');
const { bcs } = await named('@mysten/sui.js/bcs');
const { Ed25519PublicKey } = await named('@mysten/sui.js/keypairs/ed25519');
const { toB58, toB64, fromHEX } = await named('@mysten/bcs');
await Promise.all([loadFamily('sui'), loadFamily('iota')]);

const key = localKey('EdDSA', 'ed25519', filled(0x81));
const other = localKey('EdDSA', 'ed25519', filled(0x82));
// biome-ignore lint/suspicious/noExplicitAny: the oracle's types stay outside the build.
type Any = any;
const body = (bytes: Uint8Array) => ({ kind: 'Transaction', transaction: hex(bytes) });
const ref = (n: number) => ({
  objectId: `0x${n.toString(16).padStart(2, '0').repeat(32)}`,
  version: String(1000 + n),
  digest: toB58(filled(n)),
});

function subject(name: 'sui' | 'iota', networks: readonly string[], feeMax: bigint): Subject {
  const vectors = published(name);
  const addressOf = (of: { publicKey: Uint8Array }): string =>
    name === 'sui'
      ? new Ed25519PublicKey(of.publicKey).toSuiAddress()
      : (family('iota').address({ ...key, publicKey: of.publicKey }, network('Iota')) ?? '');
  const own = addressOf(key);
  const stranger = addressOf(other);
  const first = networks[0] ?? '';

  const build = async (
    fill: (block: Any) => void,
    { sender = own, owner }: { sender?: string; owner?: string } = {},
  ): Promise<Uint8Array> => {
    const block = new TransactionBlock();
    block.setSender(sender);
    if (owner !== undefined) block.setGasOwner(owner);
    block.setGasPrice(750);
    block.setGasBudget(3_000_000);
    block.setGasPayment([ref(0x11), ref(0x12)]);
    fill(block);
    return block.build();
  };
  const pay = (block: Any) => {
    const [coin] = block.splitCoins(block.gas, [block.pure.u64(7)]);
    block.transferObjects([coin], block.pure.address(stranger));
  };
  const made: Readonly<Record<string, (block: Any) => void>> = {
    payment: pay,
    'two payments': (block) => {
      const coins = block.splitCoins(block.gas, [block.pure.u64(7), block.pure.u64(8)]);
      block.transferObjects([coins[0]], block.pure.address(stranger));
      block.transferObjects([coins[1]], block.pure.address(own));
    },
    'transfer of objects': (block) =>
      block.transferObjects([block.object(Inputs.ObjectRef(ref(0x21)))], block.pure.address(stranger)),
    call: (block) => {
      const shared = block.object(
        Inputs.SharedObjectRef({ objectId: `0x${'5'.padStart(64, '0')}`, initialSharedVersion: 1, mutable: true }),
      );
      block.moveCall({
        target: '0xbeef::m::f',
        typeArguments: ['0x2::sui::SUI', 'vector<u8>'],
        arguments: [shared, block.pure.string('ü')],
      });
      block.setExpiration({ Epoch: 77 });
    },
    publication: (block) => {
      const [cap] = block.publish({ modules: [[1, 2, 3]], dependencies: [`0x${'01'.repeat(32)}`] });
      block.transferObjects([cap], block.pure.address(own));
    },
  };

  /** Taken apart by the SDK as a node does it; it verifies the signature and names the transaction. */
  async function verified({ network: of, assembled }: Signed): Promise<Any> {
    const bytes = fromHEX((assembled.signedData ?? '').slice(2));
    // One transaction: an intent of three zeros, the data, one signature.
    equal(hex(bytes.subarray(0, 4)), '01000000');
    const data = bcs.TransactionData.parse(bytes.slice(4));
    const transaction = bcs.TransactionData.serialize(data).toBytes();
    equal(hex(bytes.subarray(4, 4 + transaction.length)), hex(transaction));
    const rest = bytes.subarray(4 + transaction.length);
    deepEqual([rest[0], rest[1], rest[2], rest.length], [1, 97, 0, 99]);
    equal(hex(rest.subarray(-32)), hex(key.publicKey));
    ok(
      await new Ed25519PublicKey(key.publicKey).verifyTransactionBlock(transaction, toB64(rest.subarray(2))),
      'the SDK verifies',
    );
    equal(
      family(name).transactionId?.(assembled.signedData ?? '', network(of)),
      await TransactionBlock.from(transaction).getDigest(),
    );
    return data;
  }

  const cases: readonly Case[] = [
    ...Object.entries(made).map(
      ([what, fill]): Case => ({
        name: `Transaction (${what})`,
        network: first,
        key,
        body: async () => body(await build(fill)),
        corrupt: 'transaction',
        accepted: async (signed) => {
          equal(hex(bcs.TransactionData.serialize(await verified(signed)).toBytes()), hex(await build(fill)));
          equal(signed.plan.facts.interpreted, what === 'payment');
        },
      }),
    ),
    {
      name: 'Transaction (of another, whose gas this wallet pays)',
      network: first,
      key,
      body: async () => body(await build(pay, { sender: stranger, owner: own })),
      accepted: async (signed) => {
        await verified(signed);
        equal(signed.plan.facts.interpreted, false);
      },
    },
    { name: 'Message', network: first, key, body: { kind: 'Message', message: '0x0300' }, accepted: () => {} },
  ];

  const drawRef = (random: Random) => ({
    id: `0x${hex(random.bytes(32))}`,
    version: String(random.amount(2n ** 62n)),
    digest: toB58(random.bytes(32)),
  });
  const drawRefs = (random: Random) => Array.from({ length: 1 + random.int(4) }, () => drawRef(random));
  const drawn = (random: Random, more: Record<string, unknown>) => ({
    key,
    network: random.pick(networks),
    completion: {
      gasPayment: drawRefs(random),
      gasPrice: String(random.amount(10_000n)),
      gasBudget: String(random.amount(feeMax)),
      ...(more['kind'] === 'Coin' ? { coins: drawRefs(random) } : {}),
    },
    body: {
      ...more,
      to: addressOf(localKey('EdDSA', 'ed25519', random.bytes(32))),
      amount: String(random.amount(2n ** 64n - 1n)),
    },
  });
  const asRef = ({ id, version, digest }: Any) => ({ objectId: id, version, digest });

  async function decodedAs(read: Constructed): Promise<void> {
    const { order, completion: given } = read;
    const { V1: data } = await verified(read);
    equal(data.sender, own);
    deepEqual(data.expiration, { None: true });
    equal(data.gasData.owner, own);
    equal(data.gasData.price, given['gasPrice']);
    equal(data.gasData.budget, given['gasBudget']);
    deepEqual(data.gasData.payment, (given['gasPayment'] as Any[]).map(asRef));
    const { inputs, transactions } = data.kind.ProgrammableTransaction;
    const coins = (given['coins'] ?? []) as Any[];
    equal(bcs.U64.parse(Uint8Array.from(inputs[0].Pure)), order['amount']);
    equal(bcs.Address.parse(Uint8Array.from(inputs[1].Pure)), order['to']);
    deepEqual(
      inputs.slice(2),
      coins.map((each) => ({ Object: { ImmOrOwned: asRef(each) } })),
    );
    // The SDK lists each command with its kind; its text is compared with what was asked for.
    const input = (index: number) => ({ kind: 'Input', index });
    const result = (index: number) => ({ kind: 'Result', index });
    const taken =
      order['kind'] === 'Native'
        ? [{ kind: 'SplitCoins', coin: { kind: 'GasCoin' }, amounts: [input(0)] }]
        : [
            ...(coins.length === 1
              ? []
              : [
                  {
                    kind: 'MergeCoins',
                    destination: input(2),
                    sources: coins.slice(1).map((_, index) => input(index + 3)),
                  },
                ]),
            {
              kind: 'MoveCall',
              target: `0x${'2'.padStart(64, '0')}::coin::split`,
              typeArguments: [order['coin']],
              arguments: [input(2), input(0)],
            },
          ];
    const plainly = JSON.parse(JSON.stringify(transactions));
    deepEqual(plainly, [...taken, { kind: 'TransferObjects', objects: [result(taken.length - 1)], address: input(1) }]);
    equal(read.construction.feeMax, BigInt(String(given['gasBudget'])));
    equal(read.plan.facts.interpreted, true);
    deepEqual(read.construction.exclusion, {
      kind: 'inputs',
      inputs: [...(given['gasPayment'] as Any[]), ...coins].map(({ id, version }) => `${id}:${version}`).sort(),
    });
  }

  const object = { id: `0x${'ab'.repeat(32)}`, version: '5', digest: toB58(filled(9)) };
  const order = (more: object, changed: object = {}) => ({
    key,
    network: first,
    body: { kind: 'Native', to: stranger, amount: '5', ...more },
    completion: { gasPayment: [object], gasPrice: '750', gasBudget: '3000000', ...changed },
  });
  const refusal = (what: string, transaction: () => Promise<string>, message: RegExp) => ({
    name: what,
    network: first,
    key,
    body: async () => ({ kind: 'Transaction', transaction: await transaction() }),
    message,
  });
  const plain = async () => hex(await build(pay));

  return {
    claims: name === 'sui' ? suiClaims : iotaClaims,
    seed: process.env['HOLDFAST_SEED'] ?? `${name} 1`,
    addresses: vectors.addresses,
    ...(name === 'sui' ? { sdkAddress: addressOf } : {}),
    cases,
    refusals: [
      refusal(
        'another sender',
        async () => hex(await build(pay, { sender: stranger, owner: stranger })),
        /not by this wallet/,
      ),
      refusal('signed data', async () => `01000000${await plain()}`, /signed data or has an intent/),
      refusal('trailing bytes', async () => `${await plain()}00`, /too many/),
      refusal('a truncated transaction', async () => (await plain()).slice(0, -2), /complete/),
      refusal('an unknown version', async () => `02${(await plain()).slice(2)}`, /a version 2/),
      refusal('a length in a longer form', async () => (await plain()).replace(/^00000200/, '0000820000'), /shortest/),
      { name: 'a hash', network: first, key, body: { kind: 'Hash', hash: '07'.repeat(32) }, code: 'E_KIND' },
    ],
    transfers: [
      { kind: 'Native', cases: 100, draw: (random) => drawn(random, { kind: 'Native' }), decoded: decodedAs },
      {
        kind: 'Coin',
        cases: 100,
        draw: (random) =>
          drawn(random, {
            kind: 'Coin',
            coin: `0x${hex(random.bytes(32))}::usd::USD${random.chance(2) ? '' : `<0x${'7'.repeat(64)}::a::B>`}`,
          }),
        decoded: decodedAs,
      },
    ],
    refusedOrders: [
      {
        name: '[bad-input 137] above the fee cap',
        ...order({}, { gasBudget: String(feeMax + 1n) }),
        code: 'E_FEE',
        message: /above the cap/,
      },
      { name: 'paid from nothing', ...order({}, { gasPayment: [] }), code: 'E_COMPLETION' },
      {
        name: 'paid from an object named twice',
        ...order({}, { gasPayment: [object, object] }),
        code: 'E_COMPLETION',
        message: /twice/,
      },
      {
        name: 'paid from an object with a member more',
        ...order({}, { gasPayment: [{ ...object, owner: stranger }] }),
        code: 'E_COMPLETION',
      },
      {
        name: 'paid from an object with a digest too short',
        ...order({}, { gasPayment: [{ ...object, digest: toB58(new Uint8Array(31).fill(200)) }] }),
        code: 'E_COMPLETION',
      },
      { name: 'of a coin without coins', ...order({ kind: 'Coin', coin: '0x2::a::B' }), code: 'E_COMPLETION' },
      { name: 'of the native coin with coins', ...order({}, { coins: [object] }), code: 'E_COMPLETION' },
      { name: '[bad-input 111] of nothing', ...order({ amount: '0' }), code: 'E_BODY' },
      {
        name: '[bad-input 112] above a 64-bit amount',
        ...order({ amount: String(2n ** 64n) }),
        code: 'E_BODY',
        message: /exceeds/,
      },
      { name: '[bad-input 113] to a short address', ...order({ to: '0x2' }), code: 'E_BODY' },
      { name: '[bad-input 113] to the zero address', ...order({ to: `0x${'00'.repeat(32)}` }), code: 'E_BODY' },
      { name: '[bad-input 116] with a memo, which the chain has not', ...order({ memo: 'x' }), code: 'E_BODY' },
    ],
  };
}

conformance(subject('sui', ['Sui', 'SuiTestnet'], 50_000_000n));
conformance(subject('iota', ['Iota', 'IotaTestnet', 'IotaZodianet'], 100_000_000n));
publishedTransactions(published('sui'));
publishedTransactions(published('iota'));
