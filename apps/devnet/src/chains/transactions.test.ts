/** Wallets made by key generation sign what each chain's own library built; that library decodes and verifies it. */
import { deepEqual, equal, ok, rejects } from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { DfnsApiClient } from '@dfns/sdk';
import { networks } from '@holdfast/chains/networks';
import { type AccountFile, Cluster, sdk } from '../harness/index.ts';
import { oracle } from '../oracles.ts';

let cluster: Cluster;
let dfns: DfnsApiClient;
let account: AccountFile;

before(async () => {
  cluster = await Cluster.start();
  account = cluster.createOrg('Chains');
  dfns = sdk(account);
});
after(async () => {
  await cluster.stop();
  cluster.remove();
});

const hex = (bytes: Uint8Array) => `0x${Buffer.from(bytes).toString('hex')}`;
const unhex = (text: string) => Buffer.from(text.replace(/^0x/, ''), 'hex');

async function wallet(network: string, signingKey?: object) {
  return dfns.wallets.createWallet({ body: { network, ...(signingKey === undefined ? {} : { signingKey }) } as never });
}

const evmBodies = [
  [
    'eip1559',
    {
      type: 'eip1559',
      nonce: 7,
      gas: 21_000n,
      maxFeePerGas: 30_000_000_000n,
      maxPriorityFeePerGas: 1_000_000_000n,
      to: '0x3535353535353535353535353535353535353535',
      value: 5n,
    },
  ],
  [
    'eip2930',
    {
      type: 'eip2930',
      nonce: 0,
      gas: 60_000n,
      gasPrice: 1_000_000_000n,
      to: '0x3535353535353535353535353535353535353535',
      value: 0n,
      data: '0xa9059cbb',
      accessList: [{ address: '0x3535353535353535353535353535353535353535', storageKeys: [`0x${'00'.repeat(32)}`] }],
    },
  ],
  ['legacy', { type: 'legacy', nonce: 1, gas: 90_000n, gasPrice: 2_000_000_000n, value: 1n, data: '0x6001' }],
] as const;

test('EVM: viem builds, decodes and recovers the sender of each transaction type', async () => {
  const { serializeTransaction, parseTransaction, recoverTransactionAddress } = await oracle('viem');
  const made = await wallet('EthereumSepolia');
  for (const [type, fields] of evmBodies) {
    const transaction = serializeTransaction({ ...fields, chainId: 11155111 });

    const signed = await dfns.wallets.generateSignature({
      walletId: made.id,
      body: { kind: 'Transaction', transaction },
    });

    equal(signed.status, 'Signed', type);
    equal(
      (await recoverTransactionAddress({ serializedTransaction: signed.signedData })).toLowerCase(),
      made.address,
      type,
    );
    equal(parseTransaction(signed.signedData).chainId, 11155111, type);
  }
  const foreign = serializeTransaction({ ...evmBodies[0][1], chainId: 1 });
  await rejects(
    dfns.wallets.generateSignature({ walletId: made.id, body: { kind: 'Transaction', transaction: foreign } }),
    /chain id 1 does not match/,
  );
});

test('EVM: ethers verifies EIP-191 and EIP-712 signatures', async () => {
  const { ethers } = await oracle('ethers');
  const made = await wallet('Polygon');
  const text = 'Holdfast says hello';
  const types = {
    Order: [
      { name: 'to', type: 'address' },
      { name: 'items', type: 'Item[]' },
    ],
    Item: [
      { name: 'id', type: 'uint64' },
      { name: 'note', type: 'string' },
    ],
  };
  const domain = {
    name: 'Shop',
    version: '2',
    chainId: 137,
    verifyingContract: '0x3535353535353535353535353535353535353535',
  };
  const message = {
    to: '0x3535353535353535353535353535353535353535',
    items: [
      { id: '12', note: 'a' },
      { id: 13, note: '' },
    ],
  };

  const personal = await dfns.wallets.generateSignature({
    walletId: made.id,
    body: { kind: 'Eip191', message: hex(Buffer.from(text)) } as never,
  });
  const typed = await dfns.wallets.generateSignature({
    walletId: made.id,
    body: { kind: 'Eip712', types, domain, message } as never,
  });

  equal(ethers.verifyMessage(text, personal.signature?.encoded).toLowerCase(), made.address);
  equal(ethers.verifyTypedData(domain, types, message, typed.signature?.encoded).toLowerCase(), made.address);
});

test('EVM: a key is made and an address given on every EVM network of the public client', async () => {
  const all = networks.filter((each) => each.family === 'evm');
  const first = await wallet(all[0]?.name ?? '');
  for (const each of all.slice(1)) {
    const made = await wallet(each.name, { id: first.signingKey.id });
    equal(made.address, first.address, each.name);
  }
});

const bitcoinNetworks = [
  ['Bitcoin', { bech32: 'bc' }],
  ['BitcoinTestnet3', { bech32: 'tb' }],
  ['BitcoinTestnet4', { bech32: 'tb' }],
  ['BitcoinSignet', { bech32: 'tb' }],
  ['Litecoin', { bech32: 'ltc' }],
] as const;

for (const [network, { bech32 }] of bitcoinNetworks)
  for (const scheme of ['ECDSA', 'Schnorr'])
    test(`${network}: bitcoinjs-lib builds a PSBT for a ${scheme} wallet, verifies its signatures and finalises it`, async () => {
      const bitcoin = await oracle('bitcoinjs-lib');
      const ecc = await oracle('@bitcoinerlab/secp256k1');
      bitcoin.initEccLib(ecc.default ?? ecc);
      const parameters = { ...bitcoin.networks.bitcoin, bech32 };
      const made = await wallet(network, { scheme, curve: 'secp256k1' });
      const publicKey = unhex(made.signingKey.publicKey);
      const script = bitcoin.address.toOutputScript(made.address, parameters);
      const psbt = new bitcoin.Psbt({ network: parameters });
      for (const index of [0, 1])
        psbt.addInput({
          hash: '11'.repeat(32),
          index,
          witnessUtxo: { script, value: 50_000n },
          ...(scheme === 'Schnorr' ? { tapInternalKey: publicKey.subarray(1) } : {}),
        });
      psbt.addOutput({ address: made.address, value: 90_000n });

      const signed = await dfns.wallets.generateSignature({
        walletId: made.id,
        body: { kind: 'Psbt', psbt: hex(psbt.toBuffer()) } as never,
      });

      equal(signed.status, 'Signed');
      equal(signed.signatures?.length, 2);
      const back = bitcoin.Psbt.fromBuffer(unhex(signed.signedData ?? ''), { network: parameters });
      const library = ecc.default ?? ecc;
      const valid = back.validateSignaturesOfAllInputs((key: Uint8Array, digest: Uint8Array, signature: Uint8Array) =>
        key.length === 32 ? library.verifySchnorr(digest, key, signature) : library.verify(digest, key, signature),
      );
      equal(valid, true);
      back.finalizeAllInputs();
      equal(back.extractTransaction(true).ins.length, 2);
    });

for (const network of ['Solana', 'SolanaDevnet'])
  test(`${network}: @solana/kit builds a transfer, decodes the signed one and verifies it`, async () => {
    const kit = await oracle('@solana/kit');
    const made = await wallet(network);
    const message = kit.pipe(
      kit.createTransactionMessage({ version: 0 }),
      (m: object) => kit.setTransactionMessageFeePayer(made.address, m),
      (m: object) =>
        kit.setTransactionMessageLifetimeUsingBlockhash(
          { blockhash: 'EkSnNWid2cvwEVnVx9aBqawnmiCNiDgp3gUdkDPTKN1N', lastValidBlockHeight: 100n },
          m,
        ),
      (m: object) =>
        kit.appendTransactionMessageInstruction(
          {
            programAddress: '11111111111111111111111111111111',
            accounts: [
              { address: made.address, role: 3 },
              { address: 'FVen3X669xLzsi6N2V91DoiyzHzg1uAgqiT8jZ9nS96Z', role: 1 },
            ],
            data: Uint8Array.of(2, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0),
          },
          m,
        ),
    );
    const unsigned = kit.getTransactionEncoder().encode(kit.compileTransaction(message));

    const signed = await dfns.wallets.generateSignature({
      walletId: made.id,
      body: { kind: 'Transaction', transaction: hex(unsigned) },
    });

    const decoded = kit.getTransactionDecoder().decode(unhex(signed.signedData ?? ''));
    const key = await kit.getPublicKeyFromAddress(made.address);
    equal(await kit.verifySignature(key, decoded.signatures[made.address ?? ''], decoded.messageBytes), true);
  });

test('Starknet and pseudo-networks sign a hash (EdDSA a message), verified by starknet and viem', async () => {
  const { ec } = await oracle('starknet');
  const hash = `0x${'03'.repeat(32)}`;
  const stark = await wallet('Starknet');
  const signed = await dfns.wallets.generateSignature({ walletId: stark.id, body: { kind: 'Hash', hash } });
  const signature = new ec.starkCurve.Signature(BigInt(signed.signature?.r ?? 0), BigInt(signed.signature?.s ?? 0));
  equal(ec.starkCurve.verify(signature, hash.slice(2), stark.signingKey.publicKey), true);

  for (const network of ['KeyECDSA', 'KeyECDSAStark'])
    equal(
      (await dfns.wallets.generateSignature({ walletId: (await wallet(network)).id, body: { kind: 'Hash', hash } }))
        .status,
      'Signed',
    );
  const eddsa = await wallet('KeyEdDSA');
  equal(
    (await dfns.wallets.generateSignature({ walletId: eddsa.id, body: { kind: 'Message', message: '0x01' } })).status,
    'Signed',
  );
  await rejects(
    dfns.wallets.generateSignature({ walletId: eddsa.id, body: { kind: 'Hash', hash } }),
    /EdDSA keys sign messages/,
  );
});

// ── the vendor's adapters for other libraries, as their users use them ──────────────────────────────────────────────────

const typedData = {
  domain: {
    name: 'Shop',
    version: '2',
    chainId: 11155111,
    verifyingContract: '0x3535353535353535353535353535353535353535',
  },
  types: {
    Order: [
      { name: 'to', type: 'address' },
      { name: 'amount', type: 'uint256' },
    ],
  },
  message: { to: '0x3535353535353535353535353535353535353535', amount: '1234567890123456789012' },
} as const;
const text = 'Holdfast says hello ✓';

/** The client of this release, and the one that the adapters were made for. */
async function clients(): Promise<readonly (readonly [string, DfnsApiClient])[]> {
  const [{ DfnsApiClient: Before }, { AsymmetricKeySigner }] = await Promise.all([
    oracle('@dfns/sdk'),
    oracle('@dfns/sdk-keysigner'),
  ]);
  const { appId, apiUrl, serviceAccount } = account;
  const signer = new AsymmetricKeySigner({
    credId: serviceAccount.credentialId,
    privateKey: serviceAccount.privateKey,
    appOrigin: apiUrl,
  });
  const before = new Before({ appId, authToken: serviceAccount.authToken, baseUrl: apiUrl, signer });
  return [
    ['@dfns/sdk of this release', dfns],
    ['@dfns/sdk 0.3.3', before],
  ];
}

test('@dfns/lib-viem gives viem an account: address, message, typed data and transactions, verified by viem', async () => {
  const [{ DfnsWallet }, viem, { toAccount }] = await Promise.all([
    oracle('@dfns/lib-viem'),
    oracle('viem'),
    oracle('viem/accounts'),
  ]);
  const made = await wallet('EthereumSepolia');
  for (const [name, dfnsClient] of await clients()) {
    const own = toAccount(await DfnsWallet.init({ walletId: made.id, dfnsClient }));
    const client = viem.createWalletClient({
      account: own,
      transport: viem.custom({ request: async () => '0xaa36a7' }),
    });

    equal(own.address, viem.getAddress(made.address), name);
    const message = await client.signMessage({ message: text });
    ok(await viem.verifyMessage({ address: own.address, message: text, signature: message }), name);
    const asked = { ...typedData, primaryType: 'Order' };
    const typed = await client.signTypedData(asked);
    ok(await viem.verifyTypedData({ address: own.address, ...asked, signature: typed }), name);
    for (const [type, fields] of evmBodies) {
      const signed = await own.signTransaction({ ...fields, chainId: 11155111 });
      equal(await viem.recoverTransactionAddress({ serializedTransaction: signed }), own.address, `${name} ${type}`);
    }
  }
});

test('@dfns/lib-ethersjs5 is a signer of ethers: address, message, typed data and transactions, verified by ethers', async () => {
  const [{ DfnsWallet }, { ethers }] = await Promise.all([oracle('@dfns/lib-ethersjs5'), oracle('ethers')]);
  const evm = await wallet('EthereumSepolia');
  const plain = await wallet('KeyECDSA');
  for (const [name, dfnsClient] of await clients())
    for (const made of [evm, plain]) {
      const signer = await DfnsWallet.init({ walletId: made.id, dfnsClient });
      const address = await signer.getAddress();

      equal(address, ethers.computeAddress(`0x${made.signingKey.publicKey}`), name);
      equal(ethers.verifyMessage(text, await signer.signMessage(text)), address, name);
      const { domain, types, message } = typedData;
      const typed = await signer._signTypedData(domain, types, message);
      equal(ethers.verifyTypedData(domain, types, message, typed), address, name);
      const to = '0x3535353535353535353535353535353535353535';
      for (const fields of [
        { type: 2, nonce: 7, gasLimit: 21_000, maxFeePerGas: 30_000_000_000, maxPriorityFeePerGas: 1_000_000_000 },
        { nonce: 1, gasLimit: 90_000, gasPrice: 2_000_000_000, data: '0x6001' },
      ]) {
        const signed = await signer.signTransaction({ ...fields, to, value: 5, chainId: 11155111 });
        const read = ethers.Transaction.from(signed);
        deepEqual([read.from, read.to, read.value, read.chainId], [address, to, 5n, 11155111n], name);
      }
    }
});
