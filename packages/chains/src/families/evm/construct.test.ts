import { deepEqual, equal, throws } from 'node:assert/strict';
import { test } from 'node:test';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { Transaction } from 'micro-eth-signer';
import { ChainError } from '../../errors/index.ts';
import { network as findNetwork } from '../../networks/index.ts';
import { constructOrder, loadFamily } from '../index.ts';
import type { Body, Completion, Construction, PublicKeyRef } from '../types.ts';
import { evm } from './index.ts';

await loadFamily('evm');

const privateKey = new Uint8Array(32).fill(0x46);
const key: PublicKeyRef = { scheme: 'ECDSA', curve: 'secp256k1', publicKey: secp256k1.getPublicKey(privateKey, true) };
const network = findNetwork('Ethereum');
const from = '0x9d8a62f656a8d1615c1294fd71e9cfb3e4855a4f';
const to = `0x${'5f'.repeat(20)}`;
const contract = `0x${'c0'.repeat(20)}`;
const gas = { nonce: '7', gasLimit: '60000', maxFeePerGas: '30000000000', maxPriorityFeePerGas: '1000000000' };
const legacy = { nonce: '7', gasLimit: '60000', gasPrice: '30000000000' };

const construct = (purpose: 'transfer' | 'transaction', body: Body, completion: Completion = gas): Construction =>
  constructOrder({ key, network, purpose, body, completion });
const transfer = (body: Body, completion?: Completion) => construct('transfer', body, completion);
const transaction = (body: Body, completion?: Completion) => construct('transaction', body, completion);
const replace = (original: Construction, how: 'cancel' | 'speedUp', completion: Completion): Construction =>
  (evm.replace as NonNullable<typeof evm.replace>)({ order: { key, network }, original, how, completion });

function read(construction: Construction): Record<string, unknown> {
  const bytes = Buffer.from(String(construction.body['transaction']).slice(2), 'hex');
  const parsed = Transaction.fromBytes(new Uint8Array(bytes));
  const raw = parsed.raw as Record<string, unknown>;
  // The library writes addresses with their checksum.
  return { type: parsed.type, ...raw, to: String(raw['to'] ?? '').toLowerCase() };
}

function refusedWith(code: string, message: RegExp, act: () => unknown): void {
  throws(act, (error) => error instanceof ChainError && error.code === code && message.test(error.message));
}

const native = { kind: 'Native', to, amount: '1000' };

test('builds a payment from what the user signed, with nonce and gas of the completion', () => {
  const built = transfer(native);

  const { type, chainId, nonce, to: payee, value, data, gasLimit, maxFeePerGas, maxPriorityFeePerGas } = read(built);
  deepEqual(
    { type, chainId, nonce, payee, value, data, gasLimit, maxFeePerGas, maxPriorityFeePerGas },
    {
      type: 'eip1559',
      chainId: 1n,
      nonce: 7n,
      payee: to,
      value: 1000n,
      data: '0x',
      gasLimit: 60000n,
      maxFeePerGas: 30000000000n,
      maxPriorityFeePerGas: 1000000000n,
    },
  );
  equal(built.feeMax, 60000n * 30000000000n);
  deepEqual(built.exclusion, { kind: 'sequence', account: from, lane: '', sequence: '7' });
});

test('prices gas as a network without a base fee does', () => {
  const { type, chainId, gasPrice } = read(transfer(native, legacy));
  deepEqual({ type, chainId, gasPrice }, { type: 'legacy', chainId: 1n, gasPrice: 30000000000n });
});

test('builds the calls of ERC-20 and ERC-721', () => {
  const word = (hex: string) => hex.padStart(64, '0');

  const erc20 = read(transfer({ kind: 'Erc20', contract, to, amount: '255' }));
  const erc721 = read(transfer({ kind: 'Erc721', contract, to, tokenId: '9' }));

  equal(`${erc20['to']}`, contract);
  equal(erc20['value'], 0n);
  equal(String(erc20['data']).replace('0x', ''), `a9059cbb${word(to.slice(2))}${word('ff')}`);
  equal(String(erc721['data']).replace('0x', ''), `42842e0e${word(from.slice(2))}${word(to.slice(2))}${word('9')}`);
});

test('[bad-input 109] an amount must be a decimal integer text', () => {
  for (const amount of ['', '-1', '0x10', '1e3', '1.0', ' 1', '01', 1])
    refusedWith('E_BODY', /body\.amount: must be a decimal integer string/, () => transfer({ ...native, amount }));
});

test('[bad-input 111] an amount must be more than nothing', () =>
  refusedWith('E_BODY', /body\.amount: must be greater than 0/, () => transfer({ ...native, amount: '0' })));

test('[bad-input 112] an amount must fit 256 bits', () =>
  refusedWith('E_BODY', /body\.amount: exceeds 1157/, () => transfer({ ...native, amount: (1n << 256n).toString() })));

test('[bad-input 113] an address with a wrong checksum, cut short, without 0x, or of nobody is refused', () => {
  refusedWith('E_BODY', /body\.to: has a wrong checksum/, () =>
    transfer({ ...native, to: '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeE' }),
  );
  for (const bad of [to.slice(0, -1), to.slice(2), `${to}0`])
    refusedWith('E_BODY', /body\.to: is not an Ethereum address/, () => transfer({ ...native, to: bad }));
  refusedWith('E_BODY', /zero address, which needs kind Evm/, () =>
    transfer({ ...native, to: `0x${'00'.repeat(20)}` }),
  );
});

test('[bad-input 114] a name or an address of another chain is refused', () => {
  for (const bad of ['vitalik.eth', 'bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4', '4Nd1mYQbG4…'])
    refusedWith('E_BODY', /body\.to: is not an Ethereum address/, () => transfer({ ...native, to: bad }));
});

test('[bad-input 116] a memo is refused where the network has none', () => {
  refusedWith('E_BODY', /body\.memo/, () => transfer({ ...native, memo: 'hello' }));
  equal(transfer({ ...native, memo: '' }).exclusion.kind, 'sequence');
});

test('[bad-input 137] a fee above the cap is refused, whatever completes the transaction', () => {
  refusedWith('E_FEE', /^fee 0\.06 ETH is above the cap 0\.05 ETH$/, () =>
    transfer(native, { ...gas, gasLimit: '60000', maxFeePerGas: '1000000000000' }),
  );
  refusedWith('E_FEE', /is above the cap/, () => transfer(native, { ...legacy, gasPrice: '1000000000000' }));
  // Whoever writes both numbers knows what they come to.
  const written = { kind: 'Eip1559', to, value: '1', gasLimit: '60000', maxFeePerGas: '1000000000000' };
  equal(transaction(written, { ...gas, maxFeePerGas: '1000000000000' }).feeMax, 60_000_000_000_000_000n);
  refusedWith('E_FEE', /is above the cap/, () =>
    transaction({ ...written, gasLimit: undefined }, { ...gas, maxFeePerGas: '1000000000000' }),
  );
});

test('[bad-input 136] a completion with other members, forms or numbers than these is refused', () => {
  for (const bad of [
    {},
    { ...gas, to: contract },
    { ...gas, value: '1' },
    { ...gas, chainId: '5' },
    { ...gas, data: '0x' },
    { ...gas, gasPrice: '1' },
    { ...gas, nonce: 7 },
    { ...gas, nonce: '07' },
    { ...gas, nonce: '-7' },
    { ...gas, nonce: '0x7' },
    { ...gas, nonce: '18446744073709551615' },
    { ...gas, maxPriorityFeePerGas: '30000000001' },
    { ...gas, gasLimit: null },
  ] as unknown as Completion[])
    refusedWith('E_COMPLETION', /./, () => transfer(native, bad));
});

test('a completion repeats what the user wrote, and a base fee there is', () => {
  const body = { kind: 'Eip1559', to, value: '0x10', nonce: 7, gasLimit: '60000', maxPriorityFeePerGas: '1000000000' };
  equal(read(transaction(body))['value'], 16n);
  refusedWith('E_COMPLETION', /8 instead of 7/, () => transaction(body, { ...gas, nonce: '8' }));
  refusedWith('E_COMPLETION', /does not match the signed request/, () => transaction(body, { ...gas, gasLimit: '1' }));
  refusedWith('E_COMPLETION', /does not match/, () => transaction(body, { ...gas, maxPriorityFeePerGas: '2' }));
  refusedWith('E_KIND', /needs a network that has a base fee/, () => transaction(body, legacy));
});

test('creates a contract, and refuses a transaction to nobody about nothing', () => {
  const created = read(transaction({ kind: 'Evm', data: '0x6000' }));
  equal(String(created['to'] ?? '').replace('0x', ''), '');
  equal(String(created['data']).replace('0x', ''), '6000');
  refusedWith('E_BODY', /body\.data: is needed/, () => transaction({ kind: 'Evm', value: '1' }));
});

test('a transaction the user wrote whole stays as it is and takes no completion', () => {
  const raw = String(transfer(native).body['transaction']);
  const built = transaction({ kind: 'Transaction', transaction: raw }, {});
  deepEqual(built.body, { kind: 'Transaction', transaction: raw });
  deepEqual(built.exclusion, { kind: 'digest' });
  deepEqual(evm.occupies?.({ key, network, body: built.body }), transfer(native).exclusion);
  refusedWith('E_COMPLETION', /wrote the transaction whole/, () =>
    transaction({ kind: 'Transaction', transaction: raw }, gas),
  );
});

test('says what it has not: confidential tokens and sponsored batches', () => {
  refusedWith('E_KIND', /Erc7984 is not available/, () => transfer({ kind: 'Erc7984', contract, to, amount: '1' }));
  refusedWith('E_KIND', /UserOperations is not available/, () => transaction({ kind: 'UserOperations' }));
  refusedWith('E_KIND', /Spl is no transfer/, () => transfer({ kind: 'Spl', mint: 'x', to, amount: '1' }));
  refusedWith('E_KIND', /Psbt cannot be signed here/, () => transaction({ kind: 'Psbt', psbt: 'x' }, {}));
});

test('cancels with nothing to itself, and speeds up the same, at the same nonce for a higher fee', () => {
  const original = transfer({ kind: 'Erc20', contract, to, amount: '255' });
  const more = { maxFeePerGas: '33000000001', maxPriorityFeePerGas: '1100000001' };

  const cancelled = replace(original, 'cancel', more);
  const faster = replace(original, 'speedUp', more);

  const { nonce, to: payee, value, data, gasLimit } = read(cancelled);
  deepEqual(
    { nonce, payee, value, data, gasLimit },
    { nonce: 7n, payee: from, value: 0n, data: '0x', gasLimit: 21000n },
  );
  const { maxFeePerGas, maxPriorityFeePerGas, ...same } = read(faster);
  const { maxFeePerGas: _fee, maxPriorityFeePerGas: _tip, ...before } = read(original);
  deepEqual(same, before);
  deepEqual([maxFeePerGas, maxPriorityFeePerGas], [33000000001n, 1100000001n]);
  for (const each of [cancelled, faster]) deepEqual(each.exclusion, original.exclusion);
});

test('a replacement that offers no more, prices otherwise or costs too much is refused', () => {
  const original = transfer(native);
  const same = { maxFeePerGas: gas.maxFeePerGas, maxPriorityFeePerGas: gas.maxPriorityFeePerGas };
  refusedWith('E_COMPLETION', /does not offer more/, () => replace(original, 'speedUp', same));
  refusedWith('E_COMPLETION', /prices gas otherwise/, () => replace(original, 'cancel', { gasPrice: '40000000000' }));
  refusedWith('E_COMPLETION', /must have/, () => replace(original, 'cancel', { ...same, nonce: '8' }));
  refusedWith('E_FEE', /above the cap/, () => replace(original, 'speedUp', { ...same, maxFeePerGas: '1000000000000' }));
});

test('outbids by a tenth or by the estimate, whichever is more', () => {
  const original = transfer(native);
  const outbid = (maxFeePerGas: string) =>
    (evm.outbid as NonNullable<typeof evm.outbid>)({
      original,
      network,
      fast: { maxFeePerGas, maxPriorityFeePerGas: '1' },
    });
  deepEqual(outbid('1'), { maxFeePerGas: '33000000001', maxPriorityFeePerGas: '1100000001' });
  deepEqual(outbid('90000000000'), { maxFeePerGas: '90000000000', maxPriorityFeePerGas: '1100000001' });
});
