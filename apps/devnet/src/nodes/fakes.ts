/**
 * Fakes, and named so: where a chain has no node that runs here, a small one in its published form. It takes only what the
 * chain's own SDK decodes and verifies, keeps balances and uses up sequences as the chain does, and makes blocks when told.
 */
import { createHash } from 'node:crypto';
import { localKey } from '@holdfast/chains/conformance';
import { addressOf, type FamilyName, loadFamily } from '@holdfast/chains/families';
import { ed25519 } from '@noble/curves/ed25519.js';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { base58 } from '@scure/base';
import { filled, hex, unhex } from '../chains/published.ts';
import { oracle } from '../oracles.ts';
import { jsonRpc, type Question, type Reply } from './serve.ts';

// biome-ignore lint/suspicious/noExplicitAny: answers of nodes and the oracles' types.
type Any = any;
type Key = ReturnType<typeof localKey>;

interface Payment {
  readonly id: string;
  readonly from: string;
  readonly to: string;
  readonly amount: bigint;
  readonly fee: bigint;
  readonly sequence: bigint;
  /** Sequences it uses up; 1 unless told. */
  readonly uses?: bigint;
}

/** Balances and the next sequence of each account; a block takes what fits and forgets the rest. */
export class Ledger {
  height = 1000;
  readonly balances = new Map<string, bigint>();
  readonly sequences = new Map<string, bigint>();
  readonly included = new Map<string, Payment & { height: number }>();
  private pool = new Map<string, Payment>();

  balance(address: string): bigint {
    return this.balances.get(address) ?? 0n;
  }

  sequence(address: string): bigint {
    return this.sequences.get(address) ?? 0n;
  }

  isPending(id: string): boolean {
    return this.pool.has(id);
  }

  /** How many wait for a block. */
  get waiting(): number {
    return this.pool.size;
  }

  take(payment: Payment): void {
    if (!this.included.has(payment.id)) this.pool.set(payment.id, payment);
  }

  mine(blocks = 1): void {
    this.height += blocks;
    for (const payment of this.pool.values()) {
      const { from, to, amount, fee, sequence, uses = 1n } = payment;
      if (sequence !== this.sequence(from) || this.balance(from) < amount + fee) continue;
      this.sequences.set(from, sequence + uses);
      this.balances.set(from, this.balance(from) - amount - fee);
      this.balances.set(to, this.balance(to) + amount);
      this.included.set(payment.id, { ...payment, height: this.height });
    }
    this.pool = new Map();
  }
}

export type Node = (ledger: Ledger, question: Question) => Reply | Promise<Reply>;

const refused = (message: string, status = 400): Reply => ({ status, json: { message } });
const missing: Reply = { status: 404, json: { message: 'not found' } };

const rpc =
  (answer: (ledger: Ledger, method: string, params: Any) => unknown): Node =>
  (ledger, question) =>
    jsonRpc((method, params) => answer(ledger, method, params))(question);

export interface Chain {
  readonly name: FamilyName;
  readonly network: string;
  readonly key: Key;
  readonly rich: bigint;
  readonly amount: bigint;
  /** What the chain counts of a new account. */
  readonly first: bigint;
  readonly node: Node;
  /** Blocks after which what was left out can never be included. */
  readonly expires?: number;
  /** How a node of another network would begin. */
  readonly other: Node;
  /** An order for a token of which the wallet has 1,000; and one for a token it lacks. */
  readonly tokens?: readonly Record<string, unknown>[];
  readonly lacking?: Record<string, unknown>;
}

const ecdsa = localKey('ECDSA', 'secp256k1', filled(0x0b));
const eddsa = localKey('EdDSA', 'ed25519', filled(0x0c));

// XRP Ledger ------------------------------------------------------------------------------------------------------------
const [rippleCodec, rippleKeypairs] = [await oracle('ripple-binary-codec'), await oracle('ripple-keypairs')];
const half = (text: string) =>
  createHash('sha512').update(Buffer.from(text, 'hex')).digest('hex').slice(0, 64).toUpperCase();
const xrplNode =
  (networkId: number): Node =>
  (ledger, { json }) => {
    const { method, params } = json();
    const result = (value: object) => ({ json: { result: { status: 'success', ...value } } });
    const error = (name: string) => ({ json: { result: { status: 'error', error: name } } });
    const [asked] = params;
    switch (method) {
      case 'server_info':
        return result({ info: { network_id: networkId } });
      case 'ledger':
        return result({ ledger_index: ledger.height });
      case 'fee':
        return result({ drops: { open_ledger_fee: '12', base_fee: '10' } });
      case 'account_info':
        return ledger.balances.has(asked.account)
          ? result({
              account_data: {
                Balance: String(ledger.balance(asked.account)),
                Sequence: Number(ledger.sequence(asked.account)),
              },
              ledger_current_index: ledger.height + 1,
            })
          : error('actNotFound');
      case 'submit': {
        const { TxnSignature, ...unsigned } = rippleCodec.decode(asked.tx_blob);
        if (!rippleKeypairs.verify(rippleCodec.encodeForSigning(unsigned), TxnSignature, unsigned.SigningPubKey))
          return result({ engine_result: 'temBAD_SIGNATURE', engine_result_message: 'bad' });
        ledger.take({
          id: half(`54584e00${asked.tx_blob}`),
          from: unsigned.Account,
          to: unsigned.Destination,
          amount: BigInt(unsigned.Amount),
          fee: BigInt(unsigned.Fee),
          sequence: BigInt(unsigned.Sequence),
        });
        return result({ engine_result: 'tesSUCCESS' });
      }
      case 'tx': {
        const found = ledger.included.get(asked.transaction);
        if (found === undefined)
          return ledger.isPending(asked.transaction) ? result({ validated: false }) : error('txnNotFound');
        return result({
          validated: true,
          ledger_index: found.height,
          meta: { TransactionResult: 'tesSUCCESS' },
          Fee: String(found.fee),
        });
      }
      default:
        return error('unknownCmd');
    }
  };
const xrpl: Chain = {
  name: 'xrpl',
  network: 'XrpLedgerTestnet',
  key: ecdsa,
  rich: 10n ** 9n,
  amount: 1234567n,
  first: 7n,
  node: xrplNode(1),
  other: xrplNode(0),
  expires: 40,
};

// Stellar -----------------------------------------------------------------------------------------------------------------
const stellarSdk = (await oracle('@stellar/stellar-base')).default;
await loadFamily('stellar');
const usdIssuer = () => addressOf('StellarTestnet', localKey('EdDSA', 'ed25519', filled(0x5b))) ?? '';
const lumens = (stroops: bigint) => {
  const digits = String(stroops).padStart(8, '0');
  return `${digits.slice(0, -7)}.${digits.slice(-7)}`;
};
const stellarNode =
  (passphrase: string): Node =>
  (ledger, { method, path, bytes }) => {
    const [, what, id = ''] = path.split('/');
    const closed_at = new Date(1_800_000_000_000 + ledger.height * 5000).toISOString();
    if (what === '') return { json: { network_passphrase: passphrase } };
    if (what === 'fee_stats') return { json: { fee_charged: { p80: '200' } } };
    if (what === 'ledgers') return { json: { _embedded: { records: [{ sequence: ledger.height, closed_at }] } } };
    if (what === 'accounts')
      return ledger.balances.has(id)
        ? {
            json: {
              sequence: String(ledger.sequence(id) - 1n),
              balances: [
                {
                  asset_type: 'credit_alphanum4',
                  asset_code: 'USD',
                  asset_issuer: usdIssuer(),
                  balance: lumens(1000n),
                },
                { asset_type: 'native', balance: lumens(ledger.balance(id)) },
              ],
            },
          }
        : missing;
    if (method === 'GET') {
      const found = ledger.included.get(id);
      return found === undefined
        ? missing
        : { json: { ledger: found.height, successful: true, fee_charged: String(found.fee) } };
    }
    const read = stellarSdk.TransactionBuilder.fromXDR(new URLSearchParams(bytes.toString()).get('tx'), passphrase);
    if (!stellarSdk.Keypair.fromPublicKey(read.source).verify(read.hash(), read.signatures[0].signature()))
      return refused('tx_bad_auth');
    const [operation] = read.operations;
    ledger.take({
      id: hex(read.hash()),
      from: read.source,
      to: operation.destination,
      amount: BigInt(operation.amount.replace('.', '')),
      fee: BigInt(read.fee),
      sequence: BigInt(read.sequence),
    });
    return { json: { hash: hex(read.hash()) } };
  };
const stellar: Chain = {
  name: 'stellar',
  network: 'StellarTestnet',
  key: eddsa,
  rich: 10n ** 10n,
  amount: 12_345_678n,
  first: 42n,
  node: (ledger, question) => {
    // The recipient is on the ledger, with nothing.
    const to = addressOf('StellarTestnet', localKey('EdDSA', 'ed25519', filled(0x5a))) ?? '';
    if (!ledger.balances.has(to)) ledger.balances.set(to, 0n);
    return stellarNode(stellarSdk.Networks.TESTNET)(ledger, question);
  },
  other: stellarNode(stellarSdk.Networks.PUBLIC),
  tokens: [{ kind: 'Sep41', issuer: usdIssuer(), assetCode: 'USD' }],
  lacking: { kind: 'Sep41', issuer: usdIssuer(), assetCode: 'EUR' },
};

// Tezos -------------------------------------------------------------------------------------------------------------------
const { localForger } = await oracle('@taquito/local-forging');
const taquito = await oracle('@taquito/utils');
const tezosKeys = new Map<string, string>();
const revealed = new WeakMap<Ledger, Set<string>>();
const blockHash = (height: number) =>
  taquito.b58Encode(sha256(Buffer.from(String(height))), taquito.PrefixV2.BlockHash);
const tezosNode =
  (chainId: string): Node =>
  async (ledger, { path, json }) => {
    const isRevealed = revealed.get(ledger) ?? new Set();
    revealed.set(ledger, isRevealed);
    if (path === '/chains/main/chain_id') return { json: chainId };
    const header = /^\/chains\/main\/blocks\/([^/]+)\/header$/.exec(path);
    if (header !== null) {
      const level =
        header[1] === 'head'
          ? ledger.height
          : Array.from({ length: 2000 }, (_, n) => n + 900).find((n) => blockHash(n) === header[1]);
      return level === undefined ? missing : { json: { hash: blockHash(level), level } };
    }
    const account = /\/context\/contracts\/(\w+)\/(balance|counter|manager_key)$/.exec(path);
    if (account !== null) {
      const [, address = '', what] = account;
      if (what === 'balance') return { json: String(ledger.balance(address)) };
      if (what === 'counter') return { json: String(ledger.sequence(address) - 1n) };
      return { json: isRevealed.has(address) ? tezosKeys.get(address) : null };
    }
    const hashes = /^\/chains\/main\/blocks\/([0-9]+)\/operation_hashes\/3$/.exec(path);
    const at = (height: string | undefined) =>
      [...ledger.included.values()].filter((each) => each.height === Number(height));
    if (hashes !== null) return { json: [...new Set(at(hashes[1]).map(({ id }) => id))] };
    const operation = /^\/chains\/main\/blocks\/([0-9]+)\/operations\/3\/([0-9]+)$/.exec(path);
    if (operation !== null) {
      const found = at(operation[1])[Number(operation[2])];
      return {
        json: { contents: [{ fee: String(found?.fee), metadata: { operation_result: { status: 'applied' } } }] },
      };
    }
    if (path !== '/injection/operation') return missing;
    const text: string = json();
    const parsed = await localForger.parse(text.slice(0, -128));
    const { source } = parsed.contents[0];
    const isEd25519 = source.startsWith('tz1');
    const shown = parsed.contents.find(({ kind }: Any) => kind === 'reveal')?.public_key ?? tezosKeys.get(source);
    const signature = taquito.b58Encode(
      unhex(text.slice(-128)),
      isEd25519 ? taquito.PrefixV2.Ed25519Signature : taquito.PrefixV2.Secp256k1Signature,
    );
    if (!taquito.verifySignature(`03${text.slice(0, -128)}`, shown, signature)) return refused('signature');
    tezosKeys.set(source, shown);
    isRevealed.add(source);
    const paid = parsed.contents.at(-1);
    ledger.take({
      id: taquito.encodeOpHash(text),
      from: source,
      to: paid.destination,
      amount: BigInt(paid.amount),
      fee: parsed.contents.reduce((sum: bigint, each: Any) => sum + BigInt(each.fee), 0n),
      sequence: BigInt(parsed.contents[0].counter),
      uses: BigInt(parsed.contents.length),
    });
    return { json: taquito.encodeOpHash(text) };
  };
const tezos: Chain = {
  name: 'tezos',
  network: 'TezosGhostnet',
  key: ecdsa,
  rich: 10n ** 8n,
  amount: 123_456n,
  first: 1001n,
  node: tezosNode('NetXnHfVqm9iesp'),
  other: tezosNode('NetXdQprcVkpaWU'),
};

// Algorand ----------------------------------------------------------------------------------------------------------------
const algosdk = await oracle('algosdk');
const algorandNode =
  (genesis: string): Node =>
  (ledger, { method, path, bytes }) => {
    if (path === '/v2/transactions/params')
      return { json: { 'genesis-id': genesis, fee: 0, 'min-fee': 1000, 'last-round': ledger.height } };
    if (path === '/v2/status') return { json: { 'last-round': ledger.height } };
    const [, , what, id = '', transaction = ''] = path.split('/');
    if (what === 'accounts' && transaction === 'assets')
      return path.endsWith('/9') ? { json: { 'asset-holding': { amount: 1000, 'asset-id': 9 } } } : missing;
    if (what === 'accounts') return { json: { amount: Number(ledger.balance(id)), 'min-balance': 0 } };
    if (method === 'GET') {
      const found = ledger.included.get(transaction);
      if (found !== undefined)
        return {
          json: {
            'confirmed-round': found.height,
            'pool-error': '',
            txn: { sig: 'x', txn: { fee: Number(found.fee) } },
          },
        };
      return ledger.isPending(transaction) ? { json: { 'pool-error': '', txn: {} } } : missing;
    }
    const { txn, sig } = algosdk.decodeSignedTransaction(bytes);
    if (!ed25519.verify(sig, txn.bytesToSign(), txn.sender.publicKey)) return refused('signature');
    const from = txn.sender.toString();
    // No sequences: a note of the amount keeps two apart, and the balance alone decides.
    ledger.take({
      id: txn.txID(),
      from,
      to: txn.payment.receiver.toString(),
      amount: txn.payment.amount,
      fee: txn.fee,
      sequence: ledger.sequence(from),
    });
    return { json: { txId: txn.txID() } };
  };
const algorand: Chain = {
  name: 'algorand',
  network: 'AlgorandTestnet',
  key: eddsa,
  rich: 10n ** 9n,
  amount: 123_456n,
  first: 0n,
  node: algorandNode('testnet-v1.0'),
  other: algorandNode('mainnet-v1.0'),
  tokens: [{ kind: 'Asa', assetId: '9' }],
  lacking: { kind: 'Asa', assetId: '8' },
  expires: 220,
};

// Cosmos ------------------------------------------------------------------------------------------------------------------
const cosmosSigning = await oracle('@cosmjs/proto-signing');
const cosmosAmino = await oracle('@cosmjs/amino');
const { TxRaw } = await oracle('cosmjs-types/cosmos/tx/v1beta1/tx');
const { MsgSend } = await oracle('cosmjs-types/cosmos/bank/v1beta1/tx');
const cosmosNode =
  (chainId: string): Node =>
  (ledger, { method, path, json }) => {
    if (path.endsWith('/blocks/latest'))
      return { json: { block: { header: { height: String(ledger.height), chain_id: chainId } } } };
    const id = path.split('/').at(-1) ?? '';
    if (path.startsWith('/cosmos/auth')) {
      if (!ledger.balances.has(id)) return missing;
      const base = { account_number: '12', sequence: String(ledger.sequence(id)) };
      return {
        json: { account: { '@type': '/cosmos.vesting.v1beta1.X', base_vesting_account: { base_account: base } } },
      };
    }
    const balance = /^\/cosmos\/bank\/v1beta1\/balances\/(\w+)\/by_denom$/.exec(path);
    if (balance !== null)
      return { json: { balance: { denom: 'uatom', amount: String(ledger.balance(balance[1] ?? '')) } } };
    if (method === 'GET') {
      const found = ledger.included.get(id);
      if (found === undefined) return missing;
      const fee = { amount: [{ denom: 'uatom', amount: String(found.fee) }] };
      return { json: { tx_response: { height: String(found.height), code: 0, tx: { auth_info: { fee } } } } };
    }
    const bytes = Buffer.from(json().tx_bytes, 'base64');
    const raw = TxRaw.decode(bytes);
    const { body, authInfo } = cosmosSigning.decodeTxRaw(bytes);
    const publicKey = cosmosSigning.decodePubkey(authInfo.signerInfos[0].publicKey);
    const signBytes = cosmosSigning.makeSignBytes(
      cosmosSigning.makeSignDoc(raw.bodyBytes, raw.authInfoBytes, chainId, 12),
    );
    if (!secp256k1.verify(raw.signatures[0], signBytes, Buffer.from(publicKey.value, 'base64')))
      return { json: { tx_response: { code: 4, codespace: 'sdk', raw_log: 'signature verification failed' } } };
    const paid = MsgSend.decode(body.messages[0].value);
    ledger.take({
      id: Buffer.from(sha256(bytes)).toString('hex').toUpperCase(),
      from: cosmosAmino.pubkeyToAddress(publicKey, 'cosmos'),
      to: paid.toAddress,
      amount: BigInt(paid.amount[0].amount),
      fee: BigInt(authInfo.fee.amount[0].amount),
      sequence: authInfo.signerInfos[0].sequence,
    });
    return { json: { tx_response: { code: 0 } } };
  };
const cosmos: Chain = {
  name: 'cosmos',
  network: 'CosmosIcsTestnet',
  key: ecdsa,
  rich: 10n ** 8n,
  amount: 123_456n,
  first: 3n,
  node: cosmosNode('provider'),
  other: cosmosNode('cosmoshub-4'),
};

// Aptos -------------------------------------------------------------------------------------------------------------------
const aptosSdk = await oracle('@aptos-labs/ts-sdk');
const aptosNode =
  (chainId: number): Node =>
  (ledger, { method, path, bytes }) => {
    const [, what, id = '', more = ''] = path.split('/');
    if (what === '')
      return {
        json: {
          chain_id: chainId,
          ledger_timestamp: `${1_800_000_000 + ledger.height}000000`,
          block_height: String(ledger.height),
        },
      };
    if (what === 'estimate_gas_price') return { json: { gas_estimate: 100 } };
    if (what === 'accounts') {
      if (more === 'balance' && path.includes('abab')) return { json: 1000 };
      if (more === 'balance' && !path.includes('AptosCoin')) return missing;
      if (more === 'balance') return ledger.balances.has(id) ? { json: Number(ledger.balance(id)) } : missing;
      return ledger.balances.has(id)
        ? { json: { sequence_number: String(ledger.sequence(id)), authentication_key: id } }
        : missing;
    }
    if (method === 'GET') {
      const found = ledger.included.get(more);
      if (found === undefined) return ledger.isPending(more) ? { json: { type: 'pending_transaction' } } : missing;
      return {
        json: {
          type: 'user_transaction',
          version: String(found.height),
          success: true,
          vm_status: 'Executed',
          gas_used: String(found.fee / 100n),
          gas_unit_price: '100',
        },
      };
    }
    const read = aptosSdk.SignedTransaction.deserialize(new aptosSdk.Deserializer(bytes));
    const { public_key, signature } = read.authenticator;
    const message = aptosSdk.generateSigningMessageForTransaction({ rawTransaction: read.raw_txn });
    if (!public_key.verifySignature({ message, signature })) return refused('INVALID_SIGNATURE');
    const { args } = read.raw_txn.payload.entryFunction;
    const argument = (index: number) => Buffer.from(args[index].value.value ?? args[index].bcsToBytes());
    ledger.take({
      id: aptosSdk.generateUserTransactionHash({
        transaction: { rawTransaction: read.raw_txn },
        senderAuthenticator: new aptosSdk.AccountAuthenticatorEd25519(public_key, signature),
      }),
      from: read.raw_txn.sender.toStringLong(),
      to: `0x${hex(argument(0).subarray(-32))}`,
      amount: argument(1).readBigUInt64LE(argument(1).length - 8),
      fee: 80_000n,
      sequence: read.raw_txn.sequence_number,
    });
    return { status: 202, json: {} };
  };
const aptos: Chain = {
  name: 'aptos',
  network: 'AptosTestnet',
  key: eddsa,
  rich: 10n ** 9n,
  amount: 123_456n,
  first: 5n,
  node: aptosNode(2),
  other: aptosNode(1),
  tokens: [
    { kind: 'Coin', coin: `0x${'ab'.repeat(32)}::usd::USD` },
    { kind: 'Aip21', metadata: `0x${'ab'.repeat(32)}` },
  ],
  lacking: { kind: 'Aip21', metadata: '0xa' },
};

// Sui and IOTA ------------------------------------------------------------------------------------------------------------
const { bcs } = (await oracle('@mysten/sui.js/bcs')).default;
const { TransactionBlock } = (await oracle('@mysten/sui.js/transactions')).default;
const { Ed25519PublicKey } = (await oracle('@mysten/sui.js/keypairs/ed25519')).default;
const coinId = `0x${'c0'.repeat(32)}`;
const suiNode = (prefix: 'sui' | 'iota', chainId: string): Node =>
  rpc(async (ledger, method, params) => {
    // One coin holds all there is; its version is the account's sequence.
    const version = (owner: string) => String(ledger.sequence(owner));
    const owner = () => [...ledger.sequences.keys()][0] ?? '';
    switch (method.replace(prefix, 'sui')) {
      case 'sui_getChainIdentifier':
        return chainId;
      case 'suix_getReferenceGasPrice':
        return '1000';
      case 'sui_getLatestCheckpointSequenceNumber':
        return String(ledger.height);
      case 'suix_getBalance':
        return { totalBalance: String(ledger.balance(params[0])) };
      case 'suix_getCoins': {
        const has = ledger.balances.has(params[0]);
        const coin = {
          coinObjectId: coinId,
          version: version(params[0]),
          digest: base58.encode(filled(9)),
          balance: String(ledger.balance(params[0])),
        };
        // Of the token two coins, which have to be merged.
        const half = (n: number) => ({ ...coin, coinObjectId: `0x${String(n).repeat(64)}`, balance: '500' });
        if (!params[1].startsWith('0x2::'))
          return { data: params[1].includes('::usd::') ? [half(1), half(2)] : [], hasNextPage: false };
        return { data: has ? [coin] : [], hasNextPage: false, nextCursor: null };
      }
      case 'sui_multiGetObjects':
        return params[0].map((objectId: string) => ({ data: { objectId, version: version(owner()) } }));
      case 'sui_getTransactionBlock': {
        const found = ledger.included.get(params[0]);
        if (found === undefined && !ledger.isPending(params[0]))
          throw new Error('Could not find the referenced transaction [TransactionDigest(x)].');
        if (found === undefined) return { digest: params[0], checkpoint: null };
        const gasUsed = { computationCost: '1000000', storageCost: '2000000', storageRebate: '1000000' };
        return {
          digest: params[0],
          checkpoint: String(found.height),
          effects: { status: { status: 'success' }, gasUsed },
        };
      }
      case 'sui_executeTransactionBlock': {
        const bytes = Uint8Array.from(Buffer.from(params[0], 'base64'));
        const { V1: data } = bcs.TransactionData.parse(bytes);
        const signature = Buffer.from(params[1][0], 'base64');
        const publicKey = new Ed25519PublicKey(Uint8Array.from(signature.subarray(65)));
        if (!(await publicKey.verifyTransactionBlock(bytes, params[1][0]))) throw new Error('Invalid user signature');
        const [amount, to] = data.kind.ProgrammableTransaction.inputs;
        ledger.take({
          id: await TransactionBlock.from(bytes).getDigest(),
          from: data.sender,
          to: bcs.Address.parse(Uint8Array.from(to.Pure)),
          amount: BigInt(bcs.U64.parse(Uint8Array.from(amount.Pure))),
          fee: 2_000_000n,
          sequence: BigInt(data.gasData.payment[0].version),
        });
        return { digest: 'x' };
      }
      default:
        throw new Error(`no method ${method}`);
    }
  });
const sui: Chain = {
  name: 'sui',
  network: 'SuiTestnet',
  key: eddsa,
  rich: 10n ** 10n,
  amount: 123_456n,
  first: 5n,
  node: suiNode('sui', '4c78adac'),
  other: suiNode('sui', '35834a8a'),
  tokens: [{ kind: 'Coin', coin: `0x${'ab'.repeat(32)}::usd::USD` }],
  lacking: { kind: 'Coin', coin: '0x9::eur::EUR' },
};
const iota: Chain = {
  name: 'iota',
  network: 'IotaTestnet',
  key: eddsa,
  rich: 10n ** 10n,
  amount: 123_456n,
  first: 5n,
  node: suiNode('iota', '2304aa97'),
  other: suiNode('iota', '6364aad5'),
  tokens: [{ kind: 'Coin', coin: `0x${'ab'.repeat(32)}::usd::USD` }],
  lacking: { kind: 'Coin', coin: '0x9::eur::EUR' },
};

// NEAR --------------------------------------------------------------------------------------------------------------------
const nearSdk = await oracle('near-api-js/lib/index.js');
const nearNode = (chainId: string): Node =>
  rpc((ledger, method, params) => {
    const hash = base58.encode(filled(7));
    switch (method) {
      case 'status':
        return { chain_id: chainId, sync_info: { latest_block_height: ledger.height } };
      case 'block':
        return {
          header: {
            hash,
            height: params.block_id === undefined ? ledger.height : Number(base58.decode(params.block_id)[31]) + 1000,
          },
        };
      case 'query': {
        const id = params.account_id;
        if (!ledger.balances.has(id)) throw new Error('UNKNOWN_ACCOUNT');
        return params.request_type === 'view_account'
          ? { amount: String(ledger.balance(id)) }
          : { nonce: Number(ledger.sequence(id) - 1n) };
      }
      case 'tx': {
        const found = ledger.included.get(params.tx_hash);
        if (found === undefined && !ledger.isPending(params.tx_hash)) throw new Error('UNKNOWN_TRANSACTION');
        if (found === undefined) return { final_execution_status: 'NONE' };
        const block = new Uint8Array(32).fill(1);
        block[31] = found.height - 1000;
        const outcome = { block_hash: base58.encode(block), outcome: { tokens_burnt: String(found.fee / 2n) } };
        return {
          final_execution_status: 'FINAL',
          status: { SuccessValue: '' },
          transaction_outcome: outcome,
          receipts_outcome: [outcome],
        };
      }
      case 'send_tx': {
        const { transaction, signature } = nearSdk.decodeSignedTransaction(
          Uint8Array.from(Buffer.from(params.signed_tx_base64, 'base64')),
        );
        const id = sha256(nearSdk.encodeTransaction(transaction));
        if (!ed25519.verify(Uint8Array.from(signature.ed25519Signature.data), id, unhex(transaction.signerId)))
          throw new Error('InvalidSignature');
        ledger.take({
          id: base58.encode(id),
          from: transaction.signerId,
          to: transaction.receiverId,
          amount: BigInt(transaction.actions[0].transfer.deposit),
          fee: 10n ** 20n,
          sequence: BigInt(transaction.nonce),
        });
        return { final_execution_status: 'NONE' };
      }
      default:
        throw new Error(`no method ${method}`);
    }
  });
const near: Chain = {
  name: 'near',
  network: 'NearTestnet',
  key: eddsa,
  rich: 10n ** 25n,
  amount: 10n ** 23n,
  first: 77n,
  node: nearNode('testnet'),
  other: nearNode('mainnet'),
};

// Starknet ----------------------------------------------------------------------------------------------------------------
const { ec: starkEc, hash: starkHash } = await oracle('starknet');
const starkAccount = '0x05b4b537eaa2399e3aa99c4e2e0208ebd6c71bc1467938cd52c798c601e43564';
const starkStrk = '0x04718f5a0fc34cc1af16a1cdee98ffb20c31f5cd61d6ab07201858f4287c938d';
const padded = (address: unknown) => `0x${BigInt(String(address)).toString(16).padStart(64, '0')}`;
const starkAddress = (x: string) => padded(starkHash.calculateContractAddressFromHash(x, starkAccount, [x], 0));
/** The key is not named: of those that may have signed, one has this account. */
function starkSigned(id: string, [r, s]: readonly string[], account: string): boolean {
  const digest = BigInt(id).toString(16).padStart(64, '0');
  const signature = new starkEc.starkCurve.Signature(BigInt(r ?? 0), BigInt(s ?? 0));
  return [0, 1, 2, 3].some((bit) => {
    try {
      const key: Any = signature.addRecoveryBit(bit).recoverPublicKey(digest);
      const isOwn = starkAddress(`0x${key.toHex(true).slice(2)}`) === account;
      return isOwn && starkEc.starkCurve.verify(signature, digest, key.toHex(true));
    } catch {
      // No point of the curve has this coordinate.
      return false;
    }
  });
}
const starknetNode = (chainId: string): Node =>
  rpc((ledger, method, params) => {
    const isThere = (address: string) => ledger.balances.has(address) && ledger.sequences.has(address);
    /** Hashed by starknet.js from the members that a node is given. */
    const take = (json: Any, more: object, from: string, to: string, amount: bigint) => {
      const shared = {
        version: json.version,
        chainId,
        nonce: json.nonce,
        nonceDataAvailabilityMode: 0,
        feeDataAvailabilityMode: 0,
        resourceBounds: json.resource_bounds,
        tip: json.tip,
        paymasterData: json.paymaster_data,
        ...more,
      };
      const id =
        json.type === 'INVOKE'
          ? starkHash.calculateInvokeTransactionHash(shared)
          : starkHash.calculateDeployAccountTransactionHash(shared);
      if (!starkSigned(id, json.signature, from)) throw new Error('Account validation failed');
      ledger.take({
        id: `0x${BigInt(id).toString(16)}`,
        from,
        to,
        amount,
        fee: 10n ** 15n,
        sequence: BigInt(json.nonce),
      });
      return { transaction_hash: id };
    };
    switch (method) {
      case 'starknet_chainId':
        return chainId;
      case 'starknet_blockNumber':
        return ledger.height;
      case 'starknet_getNonce': {
        const address = padded(params.contract_address);
        if (!isThere(address)) throw new Error('Contract not found');
        return `0x${ledger.sequence(address).toString(16)}`;
      }
      case 'starknet_call': {
        const { contract_address: contract, calldata, entry_point_selector: selector } = params.request;
        if (selector !== starkHash.getSelectorFromName('balanceOf')) throw new Error('Entry point not found');
        const tokens = padded(contract) === padded('0x77') ? 1000n : 0n;
        const held = padded(contract) === starkStrk ? ledger.balance(padded(calldata[0])) : tokens;
        return [`0x${held.toString(16)}`, '0x0'];
      }
      case 'starknet_estimateFee': {
        const [json] = params.request;
        if (params.simulation_flags[0] !== 'SKIP_VALIDATE' || json.signature.length > 0) throw new Error('Bad request');
        return [
          {
            l1_gas_consumed: '0x0',
            l1_gas_price: '0x5af3107a4000',
            l1_data_gas_consumed: '0x80',
            l1_data_gas_price: '0x3b9aca00',
            l2_gas_consumed: '0xf4240',
            l2_gas_price: '0x3b9aca00',
            overall_fee: '0x38d7ea4c68000',
            unit: 'FRI',
          },
        ];
      }
      case 'starknet_addInvokeTransaction': {
        const json = params.invoke_transaction;
        const own = padded(json.sender_address);
        if (!isThere(own)) throw new Error('Contract not found');
        const [, , , , to, low] = json.calldata;
        const more = {
          senderAddress: json.sender_address,
          compiledCalldata: json.calldata,
          accountDeploymentData: json.account_deployment_data,
        };
        return take(json, more, own, padded(to), BigInt(low));
      }
      case 'starknet_addDeployAccountTransaction': {
        const json = params.deploy_account_transaction;
        const [classHash, salt, data] = [json.class_hash, json.contract_address_salt, json.constructor_calldata];
        const contractAddress = starkHash.calculateContractAddressFromHash(salt, classHash, data, 0);
        if (isThere(padded(contractAddress))) throw new Error('Account is already deployed');
        const more = { contractAddress, classHash, salt, compiledConstructorCalldata: data };
        return take(json, more, padded(contractAddress), padded('0x1000'), 0n);
      }
      case 'starknet_getTransactionStatus':
        if (!ledger.isPending(params.transaction_hash)) throw new Error('Transaction hash not found');
        return { finality_status: 'RECEIVED' };
      case 'starknet_getTransactionReceipt': {
        const found = ledger.included.get(params.transaction_hash);
        if (found === undefined) throw new Error('Transaction hash not found');
        return {
          block_hash: '0xb10c',
          block_number: found.height,
          execution_status: 'SUCCEEDED',
          actual_fee: { amount: `0x${found.fee.toString(16)}`, unit: 'FRI' },
        };
      }
      default:
        throw new Error(`no method ${method}`);
    }
  });
export const starknet: Chain = {
  name: 'starknet',
  network: 'StarknetSepolia',
  key: localKey('ECDSA', 'stark', filled(0x03)),
  rich: 10n ** 20n,
  amount: 123_456n,
  first: 3n,
  node: starknetNode('0x534e5f5345504f4c4941'),
  other: starknetNode('0x534e5f4d41494e'),
  tokens: [{ kind: 'Snip2', contract: '0x77' }],
  lacking: { kind: 'Snip2', contract: '0x78' },
};

// TRON --------------------------------------------------------------------------------------------------------------------
const protobuf = (await oracle('protobufjs')).default;
const ethers = await oracle('ethers');
/** Of tronprotocol/protocol, as far as payments need it. */
const tronTypes = protobuf.parse(
  `
  syntax = "proto3";
  message Any { string type_url = 1; bytes value = 2; }
  message Contract { int32 type = 1; Any parameter = 2; }
  message Raw {
    bytes ref_block_bytes = 1; bytes ref_block_hash = 4; int64 expiration = 8; repeated Contract contract = 11;
    int64 timestamp = 14; int64 fee_limit = 18;
  }
  message Transaction { bytes raw_data = 1; repeated bytes signature = 2; }
  message TransferContract { bytes owner_address = 1; bytes to_address = 2; int64 amount = 3; }
`,
  { keepCase: true },
).root;
const tronRead = (type: string, bytes: Uint8Array): Any => {
  const of = tronTypes.lookupType(type);
  return of.toObject(of.decode(Buffer.from(bytes)), { longs: String, bytes: Buffer });
};
const tronText = (account: Uint8Array): string =>
  ethers.encodeBase58(Buffer.concat([account, Buffer.from(sha256(sha256(account))).subarray(0, 4)]));
const tronGenesis = {
  TronNile: '0000000000000000d698d4192c56cb6be724a558448e2684802de4d6cd8690dc',
  Tron: '00000000000000001ebf88508a03865c71d452e25f4d51194196a1d22b6653dc',
};
const tronNode =
  (genesis: string): Node =>
  (ledger, { path, json }) => {
    const asked = json();
    const blockId = (height: number) => `${height.toString(16).padStart(16, '0')}${'ab'.repeat(24)}`;
    /** A block every three seconds. */
    const timeOf = (height: number) => 1_700_000_000_000 + 3_000 * height;
    const block = (height: number) => ({
      blockID: height === 0 ? genesis : blockId(height),
      block_header: { raw_data: { number: height, timestamp: timeOf(height) } },
    });
    const token = tronText(Buffer.concat([Buffer.of(0x41), Buffer.alloc(20, 0x77)]));
    switch (path) {
      case '/wallet/getblockbynum':
        return { json: block(asked.num) };
      case '/wallet/getnowblock':
        return { json: block(ledger.height) };
      case '/wallet/getaccount':
        return {
          json: ledger.balances.has(asked.address)
            ? {
                balance: Number(ledger.balance(asked.address)),
                assetV2: [{ key: '1000001', value: 1000 }],
              }
            : {},
        };
      case '/wallet/getaccountnet':
        return { json: { freeNetLimit: 600, freeNetUsed: 599 } };
      case '/wallet/getchainparameters':
        return { json: { chainParameter: [{ key: 'getEnergyFee', value: 210 }] } };
      case '/wallet/triggerconstantcontract': {
        const held = asked.contract_address === token ? 1000n : 0n;
        return {
          json: {
            result: { result: true },
            energy_used: 31_895,
            constant_result: [held.toString(16).padStart(64, '0')],
          },
        };
      }
      case '/wallet/broadcasthex': {
        const { raw_data: raw, signature } = tronRead('Transaction', unhex(asked.transaction));
        const { contract, expiration, ref_block_bytes: reference } = tronRead('Raw', raw);
        const {
          owner_address: owner,
          to_address: to,
          amount,
        } = tronRead('TransferContract', contract[0].parameter.value);
        const id = hex(sha256(raw));
        const signer = ethers
          .recoverAddress(`0x${id}`, `0x${hex(signature[0])}`)
          .slice(2)
          .toLowerCase();
        const no = (code: string) => ({ json: { code, message: hex(Buffer.from('refused')) } });
        if (`41${signer}` !== hex(owner)) return no('SIGERROR');
        if (Number(expiration) <= timeOf(ledger.height)) return no('TRANSACTION_EXPIRATION_ERROR');
        const number = Buffer.from(reference).readUInt16BE();
        if (number > ledger.height || number < 1000) return no('TAPOS_ERROR');
        if (ledger.included.has(id) || ledger.isPending(id)) return no('DUP_TRANSACTION_ERROR');
        const from = tronText(owner);
        // Nothing counts here: every transaction takes what there is next.
        const sequence = ledger.sequence(from);
        ledger.take({ id, from, to: tronText(to), amount: BigInt(amount), fee: 345_000n, sequence, uses: 0n });
        return { json: { result: true, txid: id } };
      }
      case '/wallet/gettransactioninfobyid': {
        const found = ledger.included.get(asked.value);
        const receipt = { net_fee: Number(found?.fee ?? 0n) };
        return {
          json: found === undefined ? {} : { id: found.id, blockNumber: found.height, fee: Number(found.fee), receipt },
        };
      }
      case '/wallet/gettransactionfrompending':
        return { json: ledger.isPending(asked.value) ? { txID: asked.value } : {} };
      default:
        return missing;
    }
  };
const tron: Chain = {
  name: 'tron',
  network: 'TronNile',
  key: ecdsa,
  rich: 10n ** 10n,
  amount: 123_456n,
  first: 0n,
  node: tronNode(tronGenesis.TronNile),
  expires: 500,
  other: tronNode(tronGenesis.Tron),
  tokens: [
    { kind: 'Trc10', tokenId: '1000001' },
    { kind: 'Trc20', contract: tronText(Buffer.concat([Buffer.of(0x41), Buffer.alloc(20, 0x77)])) },
  ],
  lacking: { kind: 'Trc10', tokenId: '1000002' },
};

/** Who is paid, and who signs where another should have: scalars of the stark curve begin with a small byte. */
export const otherKey = ({ key: { scheme, curve } }: Chain, byte: number): Key =>
  localKey(scheme, curve, filled(curve === 'stark' ? byte & 7 : byte));

export const fakes: readonly Chain[] = [xrpl, stellar, tezos, algorand, cosmos, aptos, sui, iota, near, starknet, tron];
