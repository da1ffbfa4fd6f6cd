/** EVM networks, judged by viem. */
import { deepEqual, equal, ok } from 'node:assert/strict';
import {
  type Case,
  type Constructed,
  conformance,
  localKey,
  type Random,
  type Signed,
} from '@holdfast/chains/conformance';
import { claims } from '@holdfast/chains/conformance/claims/evm';
import type { Body } from '@holdfast/chains/families';
import { network } from '@holdfast/chains/networks';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { oracle } from '../oracles.ts';
import { filled, hex } from './published.ts';

const viem = await oracle('viem');
const { publicKeyToAddress } = await oracle('viem/accounts');
const { recoverAuthorizationAddress } = await oracle('viem/utils');

const key = localKey('ECDSA', 'secp256k1', filled(0x21));
type Key = typeof key;
const NETWORK = 'EthereumSepolia';
const chainId = network(NETWORK).chainId ?? 0;
const addressOf = (of: Key): string =>
  publicKeyToAddress(`0x${hex(secp256k1.Point.fromBytes(of.publicKey).toBytes(false))}`).toLowerCase();
const to = `0x${'5f'.repeat(20)}`;

/** As viem reads the signed transaction, which it recovers the sender of. */
async function verified({ key: of, assembled }: Signed): Promise<Record<string, unknown>> {
  const serializedTransaction = assembled.signedData;
  equal((await viem.recoverTransactionAddress({ serializedTransaction })).toLowerCase(), addressOf(of as Key));
  return viem.parseTransaction(serializedTransaction);
}

const common = { chainId, nonce: 7, gas: 60_000n, to, value: 5n, data: '0xc0ffee' };
const fees = { maxFeePerGas: 30_000_000_000n, maxPriorityFeePerGas: 1_000_000_000n };
const authorization = {
  address: to,
  chainId,
  nonce: 3,
  r: `0x${'1'.repeat(64)}`,
  s: `0x${'2'.repeat(64)}`,
  yParity: 1,
};
const types: Readonly<Record<string, Record<string, unknown>>> = {
  legacy: { type: 'legacy', ...common, gasPrice: 2_000_000_000n },
  eip2930: {
    type: 'eip2930',
    ...common,
    gasPrice: 2_000_000_000n,
    accessList: [{ address: to, storageKeys: [`0x${'00'.repeat(32)}`] }],
  },
  eip1559: { type: 'eip1559', ...common, ...fees },
  'eip1559 that creates a contract': { type: 'eip1559', ...common, ...fees, to: undefined },
  eip7702: { type: 'eip7702', ...common, ...fees, authorizationList: [authorization] },
};

const transactionCase = (name: string, fields: Record<string, unknown>): Case => ({
  name: `Transaction: ${name}`,
  network: NETWORK,
  key,
  body: { kind: 'Transaction', transaction: viem.serializeTransaction(fields) },
  corrupt: 'transaction',
  accepted: async (signed) => {
    const { r: _r, s: _s, v: _v, yParity: _parity, ...read } = await verified(signed);
    deepEqual(viem.serializeTransaction(read), signed.body['transaction']);
  },
});

const message = '0x68656c6c6f';
const typed = {
  types: {
    Mail: [
      { name: 'to', type: 'address' },
      { name: 'text', type: 'string' },
    ],
  },
  domain: { name: 'Test', chainId },
  message: { to, text: 'hello' },
};
const signedBy = async (signed: Signed, hash: string): Promise<void> =>
  equal(
    (await viem.recoverAddress({ hash, signature: signed.assembled.signature?.encoded })).toLowerCase(),
    addressOf(signed.key as Key),
  );
const word = (value: unknown): string =>
  BigInt(value as string)
    .toString(16)
    .padStart(64, '0');

const completion = (random: Random) => {
  const tip = random.amount(10n ** 10n);
  return {
    nonce: String(random.amount(2n ** 40n)),
    gasLimit: String(21_000n + random.amount(100_000n)),
    maxFeePerGas: String(tip + random.amount(10n ** 11n)),
    maxPriorityFeePerGas: String(tip),
  };
};
const address = (random: Random) => `0x${hex(random.bytes(20))}`;
const drawn = (random: Random, body: Body, purpose: 'transfer' | 'transaction' = 'transfer') => ({
  key,
  network: random.pick([NETWORK, 'Ethereum', 'Base', 'Polygon']),
  purpose,
  completion: completion(random),
  body,
});

async function decodedAs(made: Constructed, fields: { to?: unknown; value: unknown; data: string }): Promise<void> {
  const read = await verified(made);
  const { completion: given } = made;
  const number = (name: string) => BigInt(String(given[name]));
  deepEqual(
    {
      type: read['type'],
      chainId: read['chainId'],
      nonce: BigInt(String(read['nonce'] ?? 0)),
      gas: read['gas'],
      maxFeePerGas: read['maxFeePerGas'] ?? 0n,
      maxPriorityFeePerGas: read['maxPriorityFeePerGas'] ?? 0n,
      to: read['to'] === undefined ? undefined : String(read['to']).toLowerCase(),
      value: read['value'] ?? 0n,
      data: read['data'] ?? '0x',
      accessList: read['accessList'] ?? [],
    },
    {
      type: 'eip1559',
      chainId: network(made.network).chainId,
      nonce: number('nonce'),
      gas: number('gasLimit'),
      maxFeePerGas: number('maxFeePerGas'),
      maxPriorityFeePerGas: number('maxPriorityFeePerGas'),
      to: fields.to,
      value: BigInt(String(fields.value)),
      data: fields.data,
      accessList: [],
    },
  );
  equal(made.construction.feeMax, number('gasLimit') * number('maxFeePerGas'));
}

const amount = (random: Random) => String(random.amount(2n ** 100n));

conformance({
  claims,
  seed: process.env['HOLDFAST_SEED'] ?? 'evm 1',
  addresses: [],
  sdkAddress: (of) => addressOf(of as Key),
  cases: [
    ...Object.entries(types).map(([name, fields]) => transactionCase(name, fields)),
    {
      name: 'Hash',
      network: NETWORK,
      key,
      body: { kind: 'Hash', hash: `0x${'07'.repeat(32)}` },
      accepted: (signed) => signedBy(signed, `0x${'07'.repeat(32)}`),
    },
    ...['Message', 'Eip191'].map(
      (kind): Case => ({
        name: kind,
        network: NETWORK,
        key,
        body: { kind, message },
        accepted: (signed) => signedBy(signed, viem.hashMessage({ raw: message })),
      }),
    ),
    {
      name: 'Eip712',
      network: NETWORK,
      key,
      body: { kind: 'Eip712', ...typed },
      accepted: (signed) => signedBy(signed, viem.hashTypedData({ ...typed, primaryType: 'Mail' })),
    },
    {
      name: 'Eip7702',
      network: NETWORK,
      key,
      body: { kind: 'Eip7702', address: to, nonce: 7, chainId },
      accepted: async ({ assembled: { signature } }) =>
        equal(
          (
            await recoverAuthorizationAddress({
              authorization: { address: to, nonce: 7, chainId },
              signature: { r: signature?.r, s: signature?.s, yParity: signature?.recid },
            })
          ).toLowerCase(),
          addressOf(key),
        ),
    },
  ],
  transfers: [
    {
      kind: 'Native',
      cases: 80,
      draw: (random) => drawn(random, { kind: 'Native', to: address(random), amount: amount(random) }),
      decoded: (made) => decodedAs(made, { to: made.order['to'], value: made.order['amount'], data: '0x' }),
    },
    {
      kind: 'Erc20',
      cases: 60,
      draw: (random) =>
        drawn(random, { kind: 'Erc20', contract: address(random), to: address(random), amount: amount(random) }),
      decoded: (made) => {
        const data = `0xa9059cbb${word(made.order['to'])}${word(made.order['amount'])}`;
        return decodedAs(made, { to: made.order['contract'], value: 0n, data });
      },
    },
    {
      kind: 'Erc721',
      cases: 40,
      draw: (random) =>
        drawn(random, { kind: 'Erc721', contract: address(random), to: address(random), tokenId: amount(random) }),
      decoded: (made) => {
        const words = [addressOf(key), made.order['to'], made.order['tokenId']].map(word).join('');
        return decodedAs(made, { to: made.order['contract'], value: 0n, data: `0x42842e0e${words}` });
      },
    },
    ...['Evm', 'Eip1559'].map((kind) => ({
      kind,
      cases: 40,
      draw: (random: Random) => {
        const data = `0x${hex(random.bytes(1 + random.int(200)))}`;
        const receiver = random.chance(4) ? {} : { to: address(random) };
        return drawn(random, { kind, ...receiver, value: amount(random), data }, 'transaction');
      },
      decoded: (made: Constructed) =>
        decodedAs(made, { to: made.order['to'], value: made.order['value'], data: String(made.order['data']) }),
    })),
  ],
});

ok(chainId);
