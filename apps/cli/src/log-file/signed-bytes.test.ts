import { deepEqual, rejects } from 'node:assert/strict';
import { test } from 'node:test';
import { constructOrder, loadFor, planSignature } from '@holdfast/chains/families';
import { network } from '@holdfast/chains/networks';
import { createSignedBytes } from './signed-bytes.ts';

const key = { scheme: 'ECDSA', curve: 'stark', publicKey: new Uint8Array(33).fill(2) } as const;
const completion = {
  l1GasAmount: '0',
  l1GasPrice: '1',
  l1DataGasAmount: '1000',
  l1DataGasPrice: '1000000000000',
  l2GasAmount: '1000000',
  l2GasPrice: '3000000000',
};
const asked = {
  id: 'tx-1',
  operation: 'wallets.activateWallet',
  params: {},
  body: {},
  key,
  network: 'Starknet',
  completion,
};

test('the activation of a wallet is read as the deployment that signers built for it', async () => {
  await loadFor({ network: 'Starknet' });
  const { body } = constructOrder({
    key,
    network: network('Starknet'),
    purpose: 'transaction',
    body: { kind: 'ActivateAccount' },
    completion,
  });
  const signed = planSignature({ key, network: 'Starknet', body }).items.map((item) =>
    item.algorithm === 'ecdsa' ? item.digest : undefined,
  );

  const items = await createSignedBytes().items(asked);

  deepEqual(
    items.map(({ digest }) => digest),
    signed,
  );
});

test('an activation with members is refused, as no signer builds one', async () => {
  const other = { ...asked, body: { kind: 'ActivateAccount' } };
  await rejects(createSignedBytes().items(other), { code: 'E_LOG_SIGNATURE' });
});
