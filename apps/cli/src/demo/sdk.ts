/** The round trip as the public client's own examples write it. */
import { DfnsApiClient } from '@dfns/sdk';
import { AsymmetricKeySigner } from '@dfns/sdk-keysigner';
import { newWalletExportContext } from '@holdfast/client/key-export';
import { splitPrivateKeyForSigners } from '@holdfast/client/key-import';
import type { AccountFile } from '../account-file.ts';

export async function sdkRoundTrip(
  account: AccountFile,
  { privateKey, step }: { readonly privateKey: Uint8Array; step(text: string): void },
): Promise<void> {
  const { serviceAccount } = account;
  const dfns = new DfnsApiClient({
    orgId: account.orgId,
    authToken: serviceAccount.authToken,
    baseUrl: account.apiUrl,
    signer: new AsymmetricKeySigner({ credId: serviceAccount.credentialId, privateKey: serviceAccount.privateKey }),
  });

  const { clusters } = await dfns.signers.listSigners();
  const [cluster] = clusters;
  if (cluster === undefined) throw new Error('no cluster is listed');
  step(`signers.listSigners() lists ${cluster.signers.length} signers`);

  const shares = splitPrivateKeyForSigners({ signers: cluster.signers, privateKey, keyCurve: 'secp256k1' });
  const wallet = await dfns.wallets.importWallet({
    body: { network: 'EthereumSepolia', name: 'demo', ...shares } as never,
  });
  step(`wallets.importWallet() answers ${wallet.id}, ${wallet.address}`);

  const signed = await dfns.wallets.generateSignature({
    walletId: wallet.id,
    body: { kind: 'Hash', hash: `0x${'a5'.repeat(32)}` },
  });
  step(`wallets.generateSignature() answers ${signed.status}, r ${signed.signature?.r.slice(0, 18)}…`);

  const context = newWalletExportContext();
  const reply = await dfns.wallets.exportWallet({ walletId: wallet.id, body: context.getConf() as never });
  const recovered = context.recoverSecretKey(reply);
  if (!Buffer.from(recovered).equals(Buffer.from(privateKey)))
    throw new Error('the exported key is not the imported one');
  step('wallets.exportWallet() gives back the very key');
}
