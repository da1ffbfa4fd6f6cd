/** Bitcoin, Litecoin and Dogecoin against bitcoinjs-lib, and BIP-322 against its published vectors. */
import { deepEqual, equal, ok, throws } from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { conformance, type LocalKey, localKey, type Random, seededRandom, sign } from '@holdfast/chains/conformance';
import { claims } from '@holdfast/chains/conformance/claims/bitcoin';
import { addressOf, family, loadFamily } from '@holdfast/chains/families';
import { oracle } from '../oracles.ts';

await loadFamily('bitcoin');
const bitcoin = await oracle('bitcoinjs-lib');
const { default: imported, ...named } = await oracle('@bitcoinerlab/secp256k1');
const ecc = imported ?? named;
bitcoin.initEccLib(ecc);

const seed = process.env['HOLDFAST_SEED'] ?? 'bitcoin 1';
const hex = (bytes: Uint8Array) => `0x${Buffer.from(bytes).toString('hex')}`;
const unhex = (text: string | undefined) => Buffer.from((text ?? '').replace(/^0x/, ''), 'hex');
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest();
const ecdsa = localKey('ECDSA', 'secp256k1', Buffer.from('11'.repeat(32), 'hex'));
const schnorr = localKey('Schnorr', 'secp256k1', Buffer.from('12'.repeat(32), 'hex'));

/** As each project's chainparams.cpp has them. */
const parameters: Record<string, object> = {
  Bitcoin: bitcoin.networks.bitcoin,
  BitcoinSignet: bitcoin.networks.testnet,
  BitcoinTestnet3: bitcoin.networks.testnet,
  BitcoinTestnet4: bitcoin.networks.testnet,
  Dogecoin: { ...bitcoin.networks.bitcoin, bech32: '-', pubKeyHash: 0x1e, scriptHash: 0x16, wif: 0x9e },
  DogecoinTestnet: { ...bitcoin.networks.bitcoin, bech32: '-', pubKeyHash: 0x71, scriptHash: 0xc4, wif: 0xf1 },
  Litecoin: { ...bitcoin.networks.bitcoin, bech32: 'ltc', pubKeyHash: 0x30, scriptHash: 0x32, wif: 0xb0 },
  LitecoinTestnet: { ...bitcoin.networks.bitcoin, bech32: 'tltc', pubKeyHash: 0x6f, scriptHash: 0x3a, wif: 0xef },
};
const networks = Object.keys(parameters);
const isDoge = (network: string) => network.startsWith('Dogecoin');

function sdkAddress(key: LocalKey, network: string): string {
  const options = { pubkey: key.publicKey, network: parameters[network] };
  if (isDoge(network)) return bitcoin.payments.p2pkh(options).address;
  if (key.scheme === 'ECDSA') return bitcoin.payments.p2wpkh(options).address;
  return bitcoin.payments.p2tr({ internalPubkey: key.publicKey.subarray(1), network: parameters[network] }).address;
}

const scriptOf = (address: string, network: string): Uint8Array =>
  bitcoin.address.toOutputScript(address, parameters[network]);

/** A transaction with this script among its outputs. */
function paying(script: Uint8Array, amount: bigint, index: number, salt: Uint8Array) {
  const transaction = new bitcoin.Transaction();
  transaction.version = 2;
  transaction.addInput(salt, 0);
  for (let n = 0; n <= index; n += 1)
    transaction.addOutput(
      n === index ? script : Buffer.from(`0014${'22'.repeat(20)}`, 'hex'),
      n === index ? amount : 7n,
    );
  return transaction;
}

function psbt(key: LocalKey, network: string, options: { legacy?: boolean; bare?: boolean; alien?: boolean } = {}) {
  const built = new bitcoin.Psbt({ network: parameters[network] });
  const legacy = options.legacy ?? isDoge(network);
  const script = legacy
    ? bitcoin.payments.p2pkh({ pubkey: key.publicKey }).output
    : scriptOf(sdkAddress(key, network), network);
  for (const index of [0, 1]) {
    const previous = paying(script, 60_000_000n, index, Buffer.alloc(32, 7 + index));
    built.addInput({
      hash: previous.getId(),
      index,
      ...(legacy && !options.bare
        ? { nonWitnessUtxo: previous.toBuffer() }
        : { witnessUtxo: { script, value: 60_000_000n } }),
      ...(key.scheme === 'Schnorr' ? { tapInternalKey: key.publicKey.subarray(1) } : {}),
    });
  }
  built.addOutput({ script, value: 110_000_000n });
  return { kind: 'Psbt', psbt: hex(built.toBuffer()) };
}

/** Every signature verified by the SDK, then finalised by it. */
function finished(signedData: string | undefined, network: string) {
  const back = bitcoin.Psbt.fromBuffer(unhex(signedData), { network: parameters[network] });
  const valid = back.validateSignaturesOfAllInputs((key: Uint8Array, digest: Uint8Array, signature: Uint8Array) =>
    key.length === 32 ? ecc.verifySchnorr(digest, key, signature) : ecc.verify(digest, key, signature, true),
  );
  equal(valid, true);
  back.finalizeAllInputs();
  return { psbt: back, transaction: back.extractTransaction(true) };
}

function drawTransfer(random: Random) {
  const network = random.pick(networks);
  const scheme = isDoge(network) || random.chance(2) ? 'ECDSA' : 'Schnorr';
  const key = localKey(scheme, 'secp256k1', random.bytes(32));
  const own = scriptOf(addressOf(network, key) ?? '', network);
  const count = 1 + random.int(3);
  const [min, max] = isDoge(network) ? [1_000_000n, 10n ** 17n] : [10_000n, 10n ** 15n];
  const values = Array.from({ length: count }, () => random.amount(max, min));
  const total = values.reduce((sum, each) => sum + each, 0n);
  const rate = 1000n + BigInt(random.int(isDoge(network) ? 1_000_000 : 5_000));
  const room = total - (rate * BigInt(200 * count + 100)) / 1000n;
  const needsPrevious = isDoge(network) || (scheme === 'ECDSA' && count > 1);
  const inputs = values.map((value) => {
    const vout = random.int(3);
    const previous = paying(own, value, vout, random.bytes(32));
    return {
      txid: previous.getId() as string,
      vout: String(vout),
      value: String(value),
      ...(needsPrevious ? { previous: hex(previous.toBuffer()) } : {}),
    };
  });
  const amount = room < min ? undefined : random.chance(5) ? room : random.amount(room, min);
  if (amount === undefined) return drawTransfer(random);
  const to = sdkRecipient(random, network);
  return {
    key,
    network,
    body: { kind: 'Native', to, amount: String(amount) },
    completion: { inputs, feeRate: String(rate) },
  };
}

function sdkRecipient(random: Random, network: string): string {
  const of = { network: parameters[network] };
  const kinds = [
    () => bitcoin.payments.p2pkh({ hash: random.bytes(20), ...of }).address,
    () => bitcoin.payments.p2sh({ hash: random.bytes(20), ...of }).address,
    ...(isDoge(network)
      ? []
      : [
          () => bitcoin.payments.p2wpkh({ hash: random.bytes(20), ...of }).address,
          () => bitcoin.payments.p2wsh({ hash: random.bytes(32), ...of }).address,
          () => sdkAddress(localKey('Schnorr', 'secp256k1', random.bytes(32)), network),
        ]),
  ];
  return random.pick(kinds)();
}

const order = drawTransfer(seededRandom(`${seed} refused`));
const doge = (() => {
  const random = seededRandom(`${seed} doge`);
  for (;;) {
    const drawn = drawTransfer(random);
    if (drawn.network === 'Dogecoin' && drawn.completion.inputs.length > 1) return drawn;
  }
})();
const [firstInput = { txid: '', vout: '', value: '' }, ...otherInputs] = doge.completion.inputs;
const withFirst = (changes: object) => ({
  ...doge.completion,
  inputs: [{ ...firstInput, ...changes }, ...otherInputs],
});

conformance({
  claims,
  seed,
  addresses: [
    // BIP-84 and BIP-86; m/84'/2'/0'/0/0 and m/44'/3'/0'/0/0 of the same "abandon … about" words, as wallets publish them.
    [
      'Bitcoin',
      'ECDSA',
      '0330d54fd0dd420a6e5f8d3624f5f3482cae350f79d5f0753bf5beef9c2d91af3c',
      'bc1qcr8te4kr609gcawutmrza0j4xv80jy8z306fyu',
    ],
    [
      'Bitcoin',
      'Schnorr',
      '02cc8a4bc64d897bddc5fbc2f670f7a8ba0b386779106cf1223c6fc5d7cd6fc115',
      'bc1p5cyxnuxmeuwuvkwfem96lqzszd02n6xdcjrs20cac6yqjjwudpxqkedrcr',
    ],
    [
      'Litecoin',
      'ECDSA',
      '02e49c9b9b5d0f127235dc26a0c252814c52fb333d651a946773f59d72c2da9904',
      'ltc1qjmxnz78nmc8nq77wuxh25n2es7rzm5c2rkk4wh',
    ],
    [
      'Dogecoin',
      'ECDSA',
      '02cc6b0dc33aabcf3a23643e5e2919a80c50fb3dd2129ce409bbc5f0d4643d05e0',
      'DBus3bamQjgJULBJtYXpEzDWQRwF5iwxgC',
    ],
  ].map(([network = '', scheme, publicKey = '', address = '']) => ({
    network,
    scheme: scheme as LocalKey['scheme'],
    curve: 'secp256k1' as const,
    publicKey,
    address,
  })),
  sdkAddress,
  cases: [
    ...networks.flatMap((network) =>
      (isDoge(network) ? [ecdsa] : [ecdsa, schnorr]).map((key) => ({
        name: 'Psbt of two inputs',
        network,
        key,
        body: psbt(key, network),
        accepted: ({ assembled }: ReturnType<typeof sign>) => {
          equal(assembled.signatures?.length, 2);
          const { transaction } = finished(assembled.signedData, network);
          equal(transaction.ins.length, 2);
          equal(
            family('bitcoin').transactionId?.(assembled.signedData ?? '', { name: network } as never),
            transaction.getId(),
          );
        },
      })),
    ),
    {
      name: 'Psbt of P2PKH inputs',
      network: 'Bitcoin',
      key: ecdsa,
      body: psbt(ecdsa, 'Bitcoin', { legacy: true }),
      accepted: ({ assembled }) => equal(finished(assembled.signedData, 'Bitcoin').transaction.ins.length, 2),
    },
    ...(
      [
        ['Bitcoin', ecdsa, 'Full'],
        ['Bitcoin', schnorr, 'Full'],
        ['Litecoin', ecdsa, 'Full'],
        ['Dogecoin', ecdsa, 'Full'],
        ['Bitcoin', ecdsa, 'Simple'],
        ['Bitcoin', schnorr, 'Simple'],
      ] as const
    ).map(([network, key, format]) => ({
      name: `Bip322 ${format}`,
      network,
      key,
      body: { kind: 'Bip322', message: hex(Buffer.from('Hello World')), format },
      accepted: ({ assembled }: ReturnType<typeof sign>) =>
        bip322Accepted(unhex(assembled.signedData), key, network, format),
    })),
  ],
  refusals: [
    {
      name: 'a SegWit input on Dogecoin',
      network: 'Dogecoin',
      key: ecdsa,
      body: psbt(ecdsa, 'Bitcoin'),
      message: /Dogecoin does not have/,
    },
    {
      name: 'a P2PKH input without its previous transaction',
      network: 'Bitcoin',
      key: ecdsa,
      body: psbt(ecdsa, 'Bitcoin', { legacy: true, bare: true }),
      message: /nonWitnessUtxo/,
    },
    {
      name: 'a PSBT of another wallet',
      network: 'Bitcoin',
      key: ecdsa,
      body: psbt(localKey('ECDSA', 'secp256k1', Buffer.alloc(32, 9)), 'Bitcoin'),
      message: /no input belongs/,
    },
    {
      name: 'BIP-322 Simple where there is no witness',
      network: 'Dogecoin',
      key: ecdsa,
      body: { kind: 'Bip322', message: '0x00' },
      message: /must be Full/,
    },
    {
      name: 'a format BIP-322 does not have',
      network: 'Bitcoin',
      key: ecdsa,
      body: { kind: 'Bip322', message: '0x00', format: 'Medium' },
      message: /Simple or Full/,
    },
    {
      name: 'a Bitcoin wallet a Transaction',
      network: 'Bitcoin',
      key: ecdsa,
      body: { kind: 'Transaction', transaction: '0x00' },
      code: 'E_KIND',
    },
  ],
  transfers: [
    {
      kind: 'Native',
      cases: 200,
      draw: drawTransfer,
      decoded({ key, network, order, completion, construction, assembled }) {
        const { transaction, psbt: read } = finished(assembled.signedData, network);
        const inputs = completion['inputs'] as readonly { txid: string; vout: string; value: string }[];
        const rate = BigInt(String(completion['feeRate']));
        const total = inputs.reduce((sum, each) => sum + BigInt(each.value), 0n);
        const [paid, change, ...more] = transaction.outs;
        equal(bitcoin.address.fromOutputScript(paid.script, parameters[network]), order['to']);
        equal(paid.value, BigInt(String(order['amount'])));
        deepEqual(more, []);
        if (change !== undefined)
          equal(bitcoin.address.fromOutputScript(change.script, parameters[network]), sdkAddress(key, network));
        const fee = total - paid.value - (change?.value ?? 0n);
        equal(construction.feeMax, fee);
        equal(read.getFee(), fee);
        // What is paid is the rate asked for: never less, and more only by rounding, or by change that is dust.
        const size = BigInt(transaction.virtualSize());
        ok(fee * 1000n >= size * rate, `${fee} for ${size} at ${rate}`);
        if (change !== undefined) ok(fee * 1000n <= (size + 2n * BigInt(inputs.length) + 1n) * rate + 1000n);
        deepEqual(
          transaction.ins.map((each: { hash: Uint8Array; index: number; sequence: number }) => [
            Buffer.from(each.hash).reverse().toString('hex'),
            each.index,
            each.sequence,
          ]),
          inputs.map((each) => [each.txid, Number(each.vout), 0xfffffffd]),
        );
        deepEqual(construction.exclusion, {
          kind: 'inputs',
          inputs: inputs.map((each) => `${each.txid}:${each.vout}`).sort(),
        });
      },
    },
  ],
  refusedOrders: [
    {
      ...order,
      name: '[bad-input 114] to an address of another network',
      body: {
        ...order.body,
        to: isDoge(order.network) ? 'bc1qcr8te4kr609gcawutmrza0j4xv80jy8z306fyu' : 'DBus3bamQjgJULBJtYXpEzDWQRwF5iwxgC',
      },
      code: 'E_BODY',
      message: /is not an address of/,
    },
    {
      ...order,
      name: 'to a testnet address on Bitcoin',
      network: 'Bitcoin',
      body: { ...order.body, to: 'tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx' },
      code: 'E_BODY',
      message: /is not an address of Bitcoin/,
    },
    {
      ...order,
      name: 'to a SegWit version 0 address with a bech32m checksum (BIP-350)',
      network: 'Bitcoin',
      body: { ...order.body, to: 'bc1q0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqh2y7hd' },
      code: 'E_BODY',
    },
    {
      ...order,
      name: 'to a Taproot address with a bech32 checksum (BIP-350)',
      network: 'Bitcoin',
      body: { ...order.body, to: 'bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqh2y7hd' },
      code: 'E_BODY',
    },
    {
      ...order,
      name: '[bad-input 113] to an address with a wrong letter',
      network: 'Bitcoin',
      body: { ...order.body, to: 'bc1qcr8te4kr609gcawutmrza0j4xv80jy8z306fyv' },
      code: 'E_BODY',
    },
    { ...order, name: '[bad-input 111] of nothing', body: { ...order.body, amount: '0' }, code: 'E_BODY' },
    { ...order, name: 'of dust', body: { ...order.body, amount: '200' }, code: 'E_BODY', message: /dust/ },
    { ...order, name: 'with a memo', body: { ...order.body, memo: 'hello' }, code: 'E_BODY' },
    {
      ...order,
      name: 'of more than the inputs are worth',
      body: { ...order.body, amount: String(10n ** 18n) },
      code: 'E_COMPLETION',
      message: /less than amount/,
    },
    {
      ...order,
      name: '[bad-input 137] at a fee rate above the cap',
      completion: { ...order.completion, feeRate: '100000001' },
      code: 'E_FEE',
      message: /above the cap/,
    },
    { ...order, name: 'without inputs', completion: { ...order.completion, inputs: [] }, code: 'E_COMPLETION' },
    {
      ...doge,
      name: 'with the same coin twice',
      completion: { ...doge.completion, inputs: [firstInput, firstInput] },
      code: 'E_COMPLETION',
      message: /twice/,
    },
    {
      ...doge,
      name: 'with a coin said to be worth less than it is, so that the rest would go to the fee',
      completion: withFirst({ value: String(BigInt(firstInput.value) - 1n) }),
      code: 'E_COMPLETION',
      message: /value does not match/,
    },
    {
      ...doge,
      name: 'with a previous transaction of another name',
      completion: withFirst({ txid: '00'.repeat(32) }),
      code: 'E_COMPLETION',
      message: /txid does not match/,
    },
    {
      ...doge,
      name: 'with an output its previous transaction lacks',
      completion: withFirst({ vout: '9' }),
      code: 'E_COMPLETION',
      message: /not in its previous/,
    },
    {
      ...doge,
      name: "with another wallet's coin",
      key: localKey('ECDSA', 'secp256k1', Buffer.alloc(32, 9)),
      code: 'E_COMPLETION',
      message: /does not pay to this wallet/,
    },
    {
      ...doge,
      name: 'without the previous transaction',
      completion: {
        ...doge.completion,
        inputs: doge.completion.inputs.map(({ txid, vout, value }) => ({ txid, vout, value })),
      },
      code: 'E_COMPLETION',
      message: /previous: is missing/,
    },
  ],
});

const vectors = JSON.parse(
  readFileSync(new URL('../../../../vectors/chains/bitcoin/bip322.json', import.meta.url), 'utf8'),
);

test('bitcoin: BIP-322 gives the published transactions, addresses and a published signature', () => {
  const secret = bitcoinWif(vectors.privateKey);
  const key = localKey('ECDSA', 'secp256k1', secret);
  const taproot = localKey('Schnorr', 'secp256k1', secret);
  equal(addressOf('Bitcoin', key), vectors.p2wpkh.address);
  equal(addressOf('Bitcoin', taproot), vectors.p2tr.address);
  for (const { text, toSignTxid } of vectors.messages) {
    const full = sign(key, 'Bitcoin', { kind: 'Bip322', message: hex(Buffer.from(text)), format: 'Full' });
    equal(bitcoin.Transaction.fromBuffer(unhex(full.assembled.signedData)).getId(), toSignTxid);
  }

  const simple = sign(key, 'Bitcoin', { kind: 'Bip322', message: hex(Buffer.from('Hello World')) });

  ok(vectors.p2wpkh.simple.includes(unhex(simple.assembled.signedData).toString('base64')));
});

test('bitcoin: BIP-322 refuses to sign for a network that is not named', () => {
  throws(
    () =>
      family('bitcoin').plan({ key: ecdsa, network: { name: '' } as never, body: { kind: 'Bip322', message: '0x00' } }),
    {
      code: 'E_BODY',
    },
  );
});

function bitcoinWif(text: string): Uint8Array {
  const alphabet = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';
  const value = [...text].reduce((sum, each) => sum * 58n + BigInt(alphabet.indexOf(each)), 0n);
  return Buffer.from(value.toString(16).padStart(76, '0'), 'hex').subarray(1, 33);
}

/** The SDK's own digests of to_sign, rebuilt by it from the message. */
function bip322Accepted(signed: Uint8Array, key: LocalKey, network: string, format: string): void {
  const script = scriptOf(sdkAddress(key, network), network);
  const tag = sha256(Buffer.from('BIP0322-signed-message'));
  const hash = sha256(Buffer.concat([tag, tag, Buffer.from('Hello World')]));
  const toSpend = new bitcoin.Transaction();
  toSpend.version = 0;
  toSpend.addInput(new Uint8Array(32), 0xffffffff, 0, Buffer.concat([Buffer.from('0020', 'hex'), hash]));
  toSpend.addOutput(script, 0n);
  const toSign = new bitcoin.Transaction();
  toSign.version = 0;
  toSign.addInput(toSpend.getHash(), 0, 0);
  toSign.addOutput(Buffer.from('6a', 'hex'), 0n);
  const pkh = bitcoin.payments.p2pkh({ pubkey: key.publicKey }).output;
  const full = format === 'Full' ? bitcoin.Transaction.fromBuffer(signed) : undefined;
  if (full !== undefined) equal(full.getId().length, 64);
  if (full !== undefined && !isDoge(network)) equal(full.getId(), toSign.getId());
  if (key.scheme === 'Schnorr') {
    const signature = full?.ins[0].witness[0] ?? signed.subarray(2);
    const output = script.subarray(2);
    ok(ecc.verifySchnorr(toSign.hashForWitnessV1(0, [script], [0n], 0), output, signature));
    return;
  }
  const [withType, publicKey] = isDoge(network)
    ? bitcoin.script.decompile(full.ins[0].script)
    : (full?.ins[0].witness ?? [signed.subarray(2, 2 + (signed[1] ?? 0)), signed.subarray(-33)]);
  deepEqual(Buffer.from(publicKey), Buffer.from(key.publicKey));
  const { signature, hashType } = bitcoin.script.signature.decode(Buffer.from(withType));
  equal(hashType, 1);
  const digest = isDoge(network) ? toSign.hashForSignature(0, script, 1) : toSign.hashForWitnessV0(0, pkh, 0n, 1);
  ok(ecc.verify(digest, key.publicKey, signature, true));
}
