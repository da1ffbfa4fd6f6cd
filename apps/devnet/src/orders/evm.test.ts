/** Transfers and transactions through the unmodified public client, five signers and a real EVM node. */
import { deepEqual, equal, match, ok, rejects } from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { DfnsApiClient } from '@dfns/sdk';
import { Cluster, sdk, until } from '../harness/index.ts';
import { type Anvil, startAnvil } from '../nodes/anvil.ts';
import { oracle } from '../oracles.ts';
import { CHAIN_ID, configure, mine, newWallet, nonceOf, untilStatus } from './index.ts';
import { balanceCall, ownerCall, tokenCode } from './token.ts';

const to = '0x70997970c51812dc3a010c7d01b50e0d17dc79c8';

let cluster: Cluster;
let anvil: Anvil;
let dfns: DfnsApiClient;
let wallet: { id: string; address: string };

before(async () => {
  [cluster, anvil] = await Promise.all([
    // One address makes more requests than one address may.
    Cluster.start({ env: { HOLDFAST_RATE_LIMIT: '0' } }),
    startAnvil({ chainId: CHAIN_ID }),
  ]);
  dfns = sdk(cluster.createOrg('Orders'));
  wallet = await newWallet(dfns, anvil);
});
after(async () => {
  await Promise.all([cluster.stop(), anvil.stop()]);
  cluster.remove();
});

type Transfer = Parameters<DfnsApiClient['wallets']['transferAsset']>[0]['body'];
type Broadcast = Parameters<DfnsApiClient['wallets']['broadcastTransaction']>[0]['body'];
const transfer = (body: Transfer) => dfns.wallets.transferAsset({ walletId: wallet.id, body });
const broadcast = (body: Broadcast) => dfns.wallets.broadcastTransaction({ walletId: wallet.id, body });
const transferNow = (transferId: string) => dfns.wallets.getTransfer({ walletId: wallet.id, transferId });
const transactionNow = (transactionId: string) => dfns.wallets.getTransaction({ walletId: wallet.id, transactionId });
const balanceOf = async (address: string) => BigInt(await anvil.rpc<string>('eth_getBalance', [address, 'latest']));
const call = (contract: string, data: string) => anvil.rpc<string>('eth_call', [{ to: contract, data }, 'latest']);

/** As a client does that is told 408, 429 or 503 on a crowded machine: the name makes it safe to ask again. */
async function persistently<T>(ask: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await ask();
    } catch (error) {
      const { httpStatus } = error as { httpStatus?: number };
      if (attempt === 10 || ![408, 429, 503].includes(httpStatus ?? 0)) throw error;
    }
  }
}

/** What the node has of a transaction. */
async function onChain(hash: string | undefined): Promise<Record<string, string>> {
  return anvil.rpc('eth_getTransactionByHash', [hash]);
}

test('without a node there is a 503 that names the setting, and nothing is written', async () => {
  await rejects(transfer({ kind: 'Native', to, amount: '1' }), (error: { httpStatus?: number; message: string }) => {
    equal(error.httpStatus, 503);
    match(error.message, /holdfast networks set EthereumSepolia --rpc/);
    return true;
  });
  deepEqual((await dfns.wallets.listTransfers({ walletId: wallet.id })).items, []);
  configure(cluster, anvil);
});

test('a native payment is broadcast, confirmed and paid, with its fee', async () => {
  const before = await balanceOf(to);

  const made = await transfer({ kind: 'Native', to, amount: '1000', priority: 'Standard' });
  equal(made.status, 'Broadcasted');
  equal((await transferNow(made.id)).status, 'Broadcasted');
  await mine(anvil);
  const confirmed = await untilStatus(() => transferNow(made.id), 'Confirmed');

  equal(await balanceOf(to), before + 1000n);
  const receipt = await anvil.rpc<Record<string, string>>('eth_getTransactionReceipt', [made.txHash]);
  equal(confirmed.fee, (BigInt(receipt['gasUsed'] ?? 0) * BigInt(receipt['effectiveGasPrice'] ?? 0)).toString());
  equal(receipt['from'], wallet.address);
  equal(confirmed.metadata.asset.symbol, 'ETH');
  deepEqual(
    (await dfns.wallets.listTransfers({ walletId: wallet.id })).items.map(({ id }) => id),
    [made.id],
  );
});

test('a contract is created, and its coins and tokens are moved', async () => {
  const created = await broadcast({ kind: 'Eip1559', data: tokenCode });
  const receipt = await anvil.rpc<Record<string, string>>('eth_getTransactionReceipt', [created.txHash]);
  const contract = receipt['contractAddress'] ?? '';

  const coins = await transfer({ kind: 'Erc20', contract, to, amount: '255' });
  const token = await transfer({ kind: 'Erc721', contract, to, tokenId: '7' });
  await mine(anvil);
  for (const { id } of [coins, token]) await untilStatus(() => transferNow(id), 'Confirmed');

  equal(BigInt(await call(contract, balanceCall(to))), 255n);
  equal(BigInt(await call(contract, balanceCall(wallet.address))), 10n ** 24n - 255n);
  equal(BigInt(await call(contract, ownerCall(7))), BigInt(to));
  // What the node itself says would fail is not signed.
  await rejects(transfer({ kind: 'Erc721', contract, to, tokenId: '8' }), { httpStatus: 400 });
});

test('transactions of the kinds Evm and Eip1559 are what was asked for', async () => {
  const evm = await onChain((await broadcast({ kind: 'Evm', to, value: '7' })).txHash);
  const nonce = await nonceOf(anvil, wallet.address);
  const own = await onChain(
    (
      await broadcast({
        kind: 'Eip1559',
        to,
        value: '0x8',
        data: '0xc0ffee',
        nonce,
        gasLimit: '30000',
        maxFeePerGas: '30000000000',
        maxPriorityFeePerGas: '1000000000',
      })
    ).txHash,
  );

  deepEqual([evm['value'], evm['type'], evm['from']], ['0x7', '0x2', wallet.address]);
  deepEqual(
    [own['value'], own['input'], own['nonce'], own['gas'], own['maxFeePerGas'], own['maxPriorityFeePerGas']],
    ['0x8', '0xc0ffee', `0x${nonce.toString(16)}`, '0x7530', '0x6fc23ac00', '0x3b9aca00'],
  );
});

test('a transaction that another library built whole is broadcast as it is', async () => {
  const { serializeTransaction, keccak256 } = await oracle('viem');
  const nonce = await nonceOf(anvil, wallet.address);
  const fields = { chainId: CHAIN_ID, nonce, gas: 21_000n, to, value: 9n };
  const transaction = serializeTransaction({ ...fields, type: 'legacy', gasPrice: 3_000_000_000n });

  const made = await broadcast({ kind: 'Transaction', transaction });

  const stored = await onChain(made.txHash);
  deepEqual([stored['value'], stored['nonce'], stored['type']], ['0x9', `0x${nonce.toString(16)}`, '0x0']);
  ok(keccak256);
});

test('EIP-7702: code is set at an account by its own authorisation', async () => {
  const { serializeTransaction } = await oracle('viem');
  const nonce = await nonceOf(anvil, wallet.address);
  // The account's own nonce has moved on by one when its authorisation is looked at.
  const body = { kind: 'Eip7702' as const, address: to, nonce: nonce + 1, chainId: CHAIN_ID };
  const { signature } = await dfns.wallets.generateSignature({ walletId: wallet.id, body });
  const transaction = serializeTransaction({
    type: 'eip7702',
    chainId: CHAIN_ID,
    nonce,
    gas: 100_000n,
    maxFeePerGas: 30_000_000_000n,
    maxPriorityFeePerGas: 1_000_000_000n,
    to: wallet.address,
    authorizationList: [
      { address: to, chainId: CHAIN_ID, nonce: nonce + 1, r: signature?.r, s: signature?.s, yParity: signature?.recid },
    ],
  });

  const made = await broadcast({ kind: 'Transaction', transaction });

  ok(made.txHash);
  // EIP-7702: the account's code is 0xef0100 and the address.
  equal(await anvil.rpc('eth_getCode', [wallet.address, 'latest']), `0xef0100${to.slice(2)}`);
});

test('[bad-input 119] the same externalId with the same body is the same transfer', async () => {
  const body = { kind: 'Native' as const, to, amount: '5', externalId: 'once' };
  const nonce = await nonceOf(anvil, wallet.address);

  const made = await Promise.all([transfer(body), transfer(body), transfer(body)]);

  equal(new Set(made.map(({ id }) => id)).size, 1);
  equal(await nonceOf(anvil, wallet.address), nonce + 1);
});

test('[bad-input 118] the same externalId with another body is a conflict', () =>
  rejects(transfer({ kind: 'Native', to, amount: '6', externalId: 'once' }), {
    httpStatus: 409,
    message: /Conflicting transfer with same externalId/,
  }));

test('[bad-input 117] what the balance does not cover is refused before anything is written', async () => {
  const listed = (await dfns.wallets.listTransfers({ walletId: wallet.id })).items.length;
  await rejects(transfer({ kind: 'Native', to, amount: (10n ** 21n).toString() }), {
    httpStatus: 400,
    message: /balance [0-9]+ is less than amount 1000000000000000000000 plus fee/,
  });
  equal((await dfns.wallets.listTransfers({ walletId: wallet.id })).items.length, listed);
});

test('what this release has not is refused by name', async () => {
  await rejects(
    transfer({ kind: 'Erc7984', contract: to, to, amount: '1' }),
    /Erc7984 is not available|no kind of transfer/,
  );
  await rejects(transfer({ kind: 'Native', to, amount: '1', memo: 'hello' }), /memo/);
});

test('a transaction in the pool is sped up: same content, same nonce, one of them counts', async () => {
  await anvil.rpc('evm_setAutomine', [false]);
  const before = await balanceOf(to);
  const made = await transfer({ kind: 'Native', to, amount: '70' });

  const faster = await dfns.wallets.speedUpTransfer({ walletId: wallet.id, transferId: made.id });
  await rejects(dfns.wallets.cancelTransfer({ walletId: wallet.id, transferId: made.id }), /has been replaced by/);
  await rejects(dfns.wallets.abortTransfer({ walletId: wallet.id, transferId: made.id }), { httpStatus: 409 });
  const fastest = await dfns.wallets.speedUpTransaction({ walletId: wallet.id, transactionId: faster.id });
  await mine(anvil, 2);

  equal((await untilStatus(() => transactionNow(fastest.id), 'Confirmed')).requestBody.kind, 'SpeedUpTransaction');
  match((await untilStatus(() => transferNow(made.id), 'Failed')).reason ?? '', /replaced by tx-/);
  match((await untilStatus(() => transactionNow(faster.id), 'Failed')).reason ?? '', /replaced by tx-/);
  equal((await transferNow(made.id)).replacementId, faster.id);
  equal(await balanceOf(to), before + 70n);
});

test('a transaction in the pool is cancelled by one that moves nothing', async () => {
  const before = await balanceOf(to);
  const made = await broadcast({ kind: 'Evm', to, value: '80' });

  const cancel = await dfns.wallets.cancelTransaction({ walletId: wallet.id, transactionId: made.id });
  await mine(anvil, 2);

  const confirmed = await untilStatus(() => transactionNow(cancel.id), 'Confirmed');
  equal(confirmed.requestBody.kind, 'CancelTransaction');
  equal((await transactionNow(made.id)).replacementId, cancel.id);
  await untilStatus(() => transactionNow(made.id), 'Failed');
  equal(await balanceOf(to), before);
  const { value, to: payee, nonce } = await onChain(cancel.txHash);
  deepEqual([value, payee, nonce], ['0x0', wallet.address, (await onChain(made.txHash))?.['nonce'] ?? nonce]);
  await rejects(dfns.wallets.cancelTransaction({ walletId: wallet.id, transactionId: cancel.id }), /Confirmed/);
  await anvil.rpc('evm_setAutomine', [true]);
});

test('what a reorganisation throws out is handed in again and confirmed once more', async () => {
  const before = await balanceOf(to);
  const made = await transfer({ kind: 'Native', to, amount: '90' });
  await mine(anvil, 2);
  await untilStatus(() => transferNow(made.id), 'Confirmed');

  await anvil.rpc('anvil_reorg', [3, []]);
  equal(await onChain(made.txHash), null);
  // What is confirmed is looked at every few blocks.
  await mine(anvil, 4);
  await untilStatus(() => transferNow(made.id), 'Broadcasted');
  await mine(anvil, 2);
  const again = await untilStatus(() => transferNow(made.id), 'Confirmed');

  equal(again.txHash, made.txHash);
  equal(await balanceOf(to), before + 90n);
});

/** 500 is the whole campaign; `npm test` takes a slice of it. */
const AT_ONCE = Number(process.env['HOLDFAST_TEST_TRANSFERS'] ?? 100);

test(`${AT_ONCE} transfers of one wallet at once: nonces from 0 on, none twice, none left out`, async () => {
  const busy = await newWallet(dfns, anvil);
  const before = await balanceOf(to);

  const made = await Promise.all(
    Array.from({ length: AT_ONCE }, (_, k) =>
      persistently(() =>
        dfns.wallets.transferAsset({
          walletId: busy.id,
          body: { kind: 'Native', to, amount: String(k + 1), externalId: `busy-${k}` },
        }),
      ),
    ),
  );

  const nonces = made.map(({ details }) => Number((details as { nonce: string }).nonce)).sort((a, b) => a - b);
  deepEqual(
    nonces,
    Array.from({ length: AT_ONCE }, (_, k) => k),
  );
  await until('all are in blocks', async () => (await nonceOf(anvil, busy.address)) === AT_ONCE, 60_000);
  equal(await balanceOf(to), before + BigInt((AT_ONCE * (AT_ONCE + 1)) / 2));
});

test('a log file proves all of the above: who asked for each transfer, and for what took the place of which', async () => {
  const [file, as] = [join(cluster.dir, 'orders.log'), join(cluster.dir, 'Orders.json')];
  equal(cluster.cli('log', 'export', file, '--as', as).status, 0);
  const { items } = await dfns.wallets.listTransactions({ walletId: wallet.id });
  const replacement = items.find(({ requestBody, txHash }) => {
    const { kind } = requestBody as { kind: string };
    return txHash !== undefined && ['CancelTransaction', 'SpeedUpTransaction'].includes(kind);
  });
  ok(replacement);

  const { status, stdout, stderr } = cluster.cli('verify', file, '--as', as, '--signature', replacement.id);

  equal(status, 0, stderr);
  match(stdout, new RegExp(`^${replacement.id}  wallets\\.(cancel|speedUp)(Transfer|Transaction)$`, 'm'));
  match(stdout, /^ {2}signed {7}[0-9a-f]{64}\n {15}[0-9a-f]{128}$/m);
});
