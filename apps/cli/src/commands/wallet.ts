/** Wallets from the command line: create, list, import, sign, export. Every change is signed by the verifying client. */
import { readFileSync, writeFileSync } from 'node:fs';
import { addressOf, type CurveName, loadFor, type Scheme } from '@holdfast/chains/families';
import { networks } from '@holdfast/chains/networks';
import type { HoldfastApi } from '@holdfast/client/api';
import { checkSigners, checkWallet, type ListedSigners } from '@holdfast/client/cluster';
import { type ExportReply, newWalletExportContext } from '@holdfast/client/key-export';
import { type KeyScheme, splitPrivateKeyForSigners } from '@holdfast/client/key-import';
import { type AccountFile, apiAs, readAccountFile } from '../account-file.ts';
import { readArguments, UsageError } from '../arguments.ts';
import type { Command } from './index.ts';

interface Wallet {
  readonly id: string;
  readonly network: string;
  readonly address?: string;
  readonly name?: string;
  readonly status: string;
  readonly signingKey: {
    readonly id: string;
    readonly publicKey: string;
    readonly scheme: string;
    readonly curve: string;
  };
}

export const createWallet: Command = {
  name: 'wallet create',
  usage: 'wallet create --network EthereumSepolia [--name NAME] --as acme.json',
  summary: 'makes a key on the five signers and a wallet on it',
  async run(args) {
    const given = readArguments(args, {
      network: { type: 'string' },
      name: { type: 'string' },
      as: { type: 'string' },
    });
    const account = readAccountFile(given.text('as'));
    const name = given.optional('name');
    const api = apiAs(account, account.serviceAccount);
    const { result, nullifier } = await api.signed<Wallet>('POST', '/wallets', {
      network: readNetwork(given.text('network')),
      ...(name === undefined ? {} : { name }),
    });
    await verifyWallet(api, account, { wallet: result, nullifier });
    show(result);
  },
};

export const listWallets: Command = {
  name: 'wallet list',
  usage: 'wallet list --as acme.json',
  summary: 'lists the wallets of the organisation',
  async run(args) {
    const given = readArguments(args, { as: { type: 'string' } });
    const account = readAccountFile(given.text('as'));
    const api = apiAs(account, account.serviceAccount);
    let token: string | undefined;
    let shown = 0;
    do {
      const page: { items: Wallet[]; nextPageToken?: string } = await api.plain(
        'GET',
        `/wallets${token === undefined ? '' : `?paginationToken=${encodeURIComponent(token)}`}`,
      );
      page.items.forEach(show);
      shown += page.items.length;
      token = page.nextPageToken;
    } while (token !== undefined);
    if (shown === 0) console.error('no wallets yet; make one with: holdfast wallet create');
  },
};

export const importWallet: Command = {
  name: 'wallet import',
  usage: 'wallet import --network Ethereum --key-file key.hex [--scheme Schnorr] [--name NAME] --as acme.json',
  summary: 'splits a private key here and imports the shares; the file holds 64 hex digits, "-" reads standard input',
  async run(args) {
    const given = readArguments(args, {
      network: { type: 'string' },
      'key-file': { type: 'string' },
      scheme: { type: 'string' },
      name: { type: 'string' },
      as: { type: 'string' },
    });
    const account = readAccountFile(given.text('as'));
    const api = apiAs(account, account.serviceAccount);
    const network = readNetwork(given.text('network'));
    const scheme = given.optional('scheme');
    const name = given.optional('name');
    const privateKey = readPrivateKey(given.text('key-file'));

    const listed = await api.plain<ListedSigners>('GET', '/signers');
    const signers = checkSigners(listed, { ...pinsOf(account), now: Date.now() });
    const shares = splitPrivateKeyForSigners({
      signers,
      privateKey,
      keyCurve: curveOf(network),
      ...(scheme === undefined ? {} : { keyScheme: scheme as KeyScheme }),
    });
    privateKey.fill(0);
    const { result, nullifier } = await api.signed<Wallet>('POST', '/wallets/import', {
      network,
      ...(name === undefined ? {} : { name }),
      ...shares,
    });
    await verifyWallet(api, account, { wallet: result, nullifier });
    show(result);
    console.log(
      'the key is now on five signers; destroy your own copy, or keep it knowing that whoever has it can sign',
    );
  },
};

export const signWithWallet: Command = {
  name: 'wallet sign',
  usage: 'wallet sign WALLET_ID (--hash HEX | --message HEX | --transaction HEX | --psbt HEX) --as acme.json',
  summary: 'signs with a wallet and prints the signature request as JSON',
  async run(args) {
    const given = readArguments(
      args,
      {
        hash: { type: 'string' },
        message: { type: 'string' },
        transaction: { type: 'string' },
        psbt: { type: 'string' },
        as: { type: 'string' },
      },
      1,
    );
    const [walletId] = given.positionals;
    if (walletId === undefined) throw new UsageError('give the id of the wallet');
    const kinds = [
      ['hash', 'Hash'],
      ['message', 'Message'],
      ['transaction', 'Transaction'],
      ['psbt', 'Psbt'],
    ] as const;
    const chosen = kinds.filter(([option]) => given.optional(option) !== undefined);
    const [only] = chosen;
    if (only === undefined || chosen.length > 1)
      throw new UsageError('give one of --hash, --message, --transaction, --psbt');
    const account = readAccountFile(given.text('as'));
    const { result } = await apiAs(account, account.serviceAccount).signed('POST', `/wallets/${walletId}/signatures`, {
      kind: only[1],
      [only[0]]: given.text(only[0]),
    });
    console.log(JSON.stringify(result, null, 2));
  },
};

export const exportWallet: Command = {
  name: 'wallet export',
  usage: 'wallet export WALLET_ID --out key.hex --as acme.json',
  summary: 'takes a key out: recombined here, written to the file (mode 0600); the platform never signs with it again',
  async run(args) {
    const given = readArguments(args, { out: { type: 'string' }, as: { type: 'string' } }, 1);
    const [walletId] = given.positionals;
    if (walletId === undefined) throw new UsageError('give the id of the wallet');
    const account = readAccountFile(given.text('as'));
    const context = newWalletExportContext();
    const { result } = await apiAs(account, account.serviceAccount).signed<ExportReply>(
      'POST',
      `/wallets/${walletId}/export`,
      context.getConf(),
    );
    const secret = context.recoverSecretKey(result);
    writeFileSync(given.text('out'), `${Buffer.from(secret).toString('hex')}\n`, { mode: 0o600, flag: 'wx' });
    secret.fill(0);
    console.log(
      `wrote the private key of ${result.publicKey} to ${given.text('out')}; it gives that public key, and the platform signs with it no more`,
    );
  },
};

/** Nothing is shown as a wallet before the pinned signers vouch for its key and its address follows from it. */
async function verifyWallet(
  api: HoldfastApi,
  account: AccountFile,
  { wallet, nullifier }: { readonly wallet: Wallet; readonly nullifier: Uint8Array },
): Promise<void> {
  const key = await api.plain<Parameters<typeof checkWallet>[1]>('GET', `/keys/${wallet.signingKey.id}`);
  const listed = await api.plain<ListedSigners>('GET', '/signers');
  await loadFor(wallet);
  checkWallet(wallet, key, {
    ...pinsOf(account),
    orgId: account.orgId,
    identityKeys: (listed.clusters[0]?.signers ?? []).map((signer) => signer.identityKey),
    nullifier,
    addressOf: (network, { scheme, curve, publicKey }) =>
      addressOf(network, { scheme: scheme as Scheme, curve: curve as CurveName, publicKey }),
  });
}

function pinsOf({ clusterFingerprint, members }: AccountFile) {
  return { clusterFingerprint, ...(members === undefined ? {} : { members }) };
}

function readPrivateKey(path: string): Uint8Array {
  const text = readFileSync(path === '-' ? 0 : path, 'utf8')
    .trim()
    .replace(/^0x/, '');
  if (!/^[0-9a-fA-F]{64}$/.test(text)) throw new UsageError('the key file must hold 64 hex digits');
  return new Uint8Array(Buffer.from(text, 'hex'));
}

/** The api says the same with the list of all; here the few that were likely meant come first. */
function readNetwork(name: string): string {
  const names = networks.map((network) => network.name);
  if (names.some((each) => each === name)) return name;
  const start = name.toLowerCase().slice(0, 4);
  const near = names.filter((each) => each.toLowerCase().startsWith(start));
  throw new UsageError(
    `there is no network "${name}"; ${near.length > 0 ? 'near it' : 'there are'}: ${(near.length > 0 ? near : names).join(', ')}`,
  );
}

/** Enough to split: the api refuses a network that does not take the curve. */
function curveOf(network: string): 'secp256k1' | 'ed25519' | 'stark' {
  if (/^(Solana|KeyEdDSA)/.test(network)) return 'ed25519';
  return /^(Starknet|KeyECDSAStark)/.test(network) ? 'stark' : 'secp256k1';
}

function show(wallet: Wallet): void {
  console.log(
    [wallet.id, wallet.network, wallet.address ?? wallet.signingKey.publicKey, wallet.status, wallet.name ?? ''].join(
      '  ',
    ),
  );
}
