/**
 * Starknet: signs digests, typed data and transactions of version 3. The address is that of the account contract the key
 * will have; its deployment is the transaction of kind ActivateAccount, and until then nothing can be sent from it.
 */
import { check, refuse } from '../../errors/index.ts';
import { be } from '../binary.ts';
import { bytesToBigInt, toHex0x } from '../bytes.ts';
import { amountOf, checkFee, completionOf, textOf, transferOf, u64Max } from '../members.ts';
import { planHash, unknownKind } from '../plain.ts';
import { rs, wire } from '../signature.ts';
import type {
  Body,
  Completion,
  Construction,
  Facts,
  Family,
  Network,
  Order,
  PublicKeyRef,
  SigningPlan,
} from '../types.ts';
import { accountAddress, addressBound, addressText, publicKeyX } from './address.ts';
import { selector, shortString } from './felt.ts';
import { snip12 } from './snip12.ts';
import {
  accountOf,
  type Call,
  decodeCalls,
  encodeCalls,
  encodeTransaction,
  feeOf,
  felt,
  hashOf,
  parseSigned,
  parseUnsigned,
  type Transaction,
} from './transaction.ts';

/** docs.starknet.io, "Chain IDs". */
export const chainIds: Readonly<Record<string, string>> = { Starknet: 'SN_MAIN', StarknetSepolia: 'SN_SEPOLIA' };
/** STRK, on both networks (starknet-io/starknet-addresses, bridged_tokens). */
export const strk = 0x04718f5a0fc34cc1af16a1cdee98ffb20c31f5cd61d6ab07201858f4287c938dn;
/** SNIP-2 and SNIP-3. */
const transferSelector = selector('transfer');
const transferFromSelector = selector('transferFrom');
/** 10 STRK: far above what a transfer or a deployment has cost. */
const feeMaxDefault = 10n ** 19n;
/** Of a transaction that is not understood; how many more there are is said. */
const CALLS_SHOWN = 3;
const u128Max = (1n << 128n) - 1n;
const u256Max = (1n << 256n) - 1n;

export const starknet: Family = {
  name: 'starknet',

  address: (key) => addressText(accountAddress(key)),

  plan({ key, network, body }) {
    switch (body['kind']) {
      case 'Snip12':
        return planTypedData(key, network, body);
      case 'Transaction': {
        const transaction = unsignedOf(key, body);
        const digest = signable(hashOf(transaction, chainIdOf(network)), 'transaction');
        return { items: [{ algorithm: 'ecdsa', digest }], facts: factsOf(transaction) };
      }
      case 'Hash':
        return planHash(key, body);
      default:
        return unknownKind(body, ['Hash', 'Snip12', 'Transaction']);
    }
  },

  assemble({ key, body, signatures }) {
    const [raw] = signatures;
    if (raw === undefined) refuse('', 'no signature to assemble', 'E_ASSEMBLE');
    const signature = wire(raw);
    if (body['kind'] !== 'Transaction') return { signature };
    const { r, s } = rs(raw);
    const signed = encodeTransaction(unsignedOf(key, body), [bytesToBigInt(r), bytesToBigInt(s)]);
    return { signature, signedData: toHex0x(signed) };
  },

  occupies({ key, body }) {
    return exclusionOf(unsignedOf(key, body));
  },

  construct(order) {
    const { key, network, body, completion } = order;
    if (order.purpose === 'transaction' && body['kind'] === 'Transaction') return whole(order);
    const deploys = order.purpose === 'transaction';
    if (deploys && body['kind'] !== 'ActivateAccount') return unknownKind(body, ['ActivateAccount', 'Transaction']);
    if (deploys) transferOf(body, []);
    const call = deploys ? undefined : callOf(body, accountAddress(key));
    const given = completionOf(completion, {
      required: [
        ...(deploys ? [] : ['nonce']),
        ...['l1Gas', 'l1DataGas', 'l2Gas'].flatMap((each) => [`${each}Amount`, `${each}Price`]),
      ],
    });
    const bound = (name: string) => ({
      amount: given.number(`${name}Amount`),
      price: given.number(`${name}Price`, u128Max),
    });
    const shared = {
      bounds: { l1_gas: bound('l1Gas'), l1_data_gas: bound('l1DataGas'), l2_gas: bound('l2Gas') },
      tip: 0n,
    };
    const transaction: Transaction =
      call === undefined
        ? { type: 'DEPLOY_ACCOUNT', x: publicKeyX(key), nonce: 0n, ...shared }
        : {
            type: 'INVOKE',
            sender: accountAddress(key),
            calldata: encodeCalls([call]),
            nonce: given.number('nonce', u64Max),
            ...shared,
          };
    const feeMax = feeOf(transaction);
    checkFee(feeMax, network.feeMax ?? feeMaxDefault, 'STRK');
    return {
      body: { kind: 'Transaction', transaction: toHex0x(encodeTransaction(transaction)) },
      facts: factsOf(transaction),
      feeMax,
      exclusion: exclusionOf(transaction),
    };
  },

  /** 0x and the hash without leading zeros, as nodes write it. */
  transactionId(signedData, network) {
    return felt(hashOf(parseSigned(signedData).transaction, chainIdOf(network)));
  },
};

function whole({ key, body, completion }: Order & { readonly completion: Completion }): Construction {
  completionOf(completion, { required: [] });
  const made = { kind: 'Transaction', transaction: body['transaction'] };
  return { body: made, facts: factsOf(unsignedOf(key, made)), exclusion: { kind: 'digest' } };
}

function callOf(body: Body, own: bigint): Call {
  switch (body['kind']) {
    case 'Native':
      transferOf(body, ['to', 'amount']);
      return {
        to: strk,
        selector: transferSelector,
        data: [addressMember(body, 'to'), ...u256(amountOf(body, u256Max))],
      };
    case 'Snip2':
      transferOf(body, ['to', 'amount', 'contract']);
      return {
        to: addressMember(body, 'contract'),
        selector: transferSelector,
        data: [addressMember(body, 'to'), ...u256(amountOf(body, u256Max))],
      };
    case 'Snip3': {
      transferOf(body, ['to', 'tokenId', 'contract']);
      const tokenId = textOf(body, 'tokenId');
      check(
        /^(0|[1-9][0-9]{0,77})$/.test(tokenId) && BigInt(tokenId) <= u256Max,
        'tokenId',
        'must be a decimal integer below 2^256',
      );
      return {
        to: addressMember(body, 'contract'),
        selector: transferFromSelector,
        data: [own, addressMember(body, 'to'), ...u256(BigInt(tokenId))],
      };
    }
    default:
      return unknownKind(body, ['Native', 'Snip2', 'Snip3']);
  }
}

function addressMember(body: Body, name: string): bigint {
  const text = textOf(body, name);
  check(/^0x[0-9a-fA-F]{1,64}$/.test(text), name, 'is not a Starknet address');
  const address = BigInt(text);
  // Addresses 0 to 15 are the chain's own.
  check(address > 15n && address < addressBound, name, 'is not a Starknet address');
  return address;
}

/** Low half first. */
const u256 = (value: bigint): readonly bigint[] => [value & u128Max, value >> 128n];

/** Refuses what another account sends. */
function unsignedOf(key: PublicKeyRef, body: Body): Transaction {
  const transaction = parseUnsigned(body);
  const account = accountOf(transaction);
  check(account === accountAddress(key), 'transaction', `is of ${addressText(account)}, not of this wallet`);
  return transaction;
}

function chainIdOf(network: Network): string {
  return chainIds[network.name] ?? refuse('network', 'must be named: each has transactions of its own', 'E_NETWORK');
}

const exclusionOf = (transaction: Transaction) =>
  ({
    kind: 'sequence',
    account: addressText(accountOf(transaction)),
    lane: '',
    sequence: transaction.nonce.toString(),
  }) as const;

function factsOf(transaction: Transaction): Facts {
  const { type, nonce } = transaction;
  const calls = type === 'INVOKE' ? decodeCalls(transaction.calldata) : [];
  const [only] = calls;
  const understood = calls.length === 1 && only !== undefined ? interpret(only, accountOf(transaction)) : undefined;
  const what =
    type === 'DEPLOY_ACCOUNT'
      ? [{ label: 'Deploys', value: addressText(accountOf(transaction)) }]
      : (understood ?? [
          {
            label: 'Calls',
            value: calls
              .slice(0, CALLS_SHOWN)
              .map(({ to, selector: name }) => `${felt(name)} of ${felt(to)}`)
              .concat(calls.length > CALLS_SHOWN ? [`${calls.length - CALLS_SHOWN} more`] : [])
              .join(', '),
          },
        ]);
  return {
    interpreted: type === 'DEPLOY_ACCOUNT' || understood !== undefined,
    kind: 'Transaction',
    summary: [
      ...what,
      { label: 'Nonce', value: nonce.toString() },
      { label: 'Fee at most', value: feeOf(transaction).toString() },
    ],
  };
}

/** What `callOf` writes, and nothing besides. */
function interpret({ to, selector: name, data }: Call, own: bigint): Facts['summary'] | undefined {
  const isHalf = (value: bigint | undefined): value is bigint => value !== undefined && value <= u128Max;
  const asset = { label: 'Asset', value: to === strk ? 'STRK' : addressText(to) };
  if (name === transferSelector && data.length === 3) {
    const [recipient = 0n, low, high] = data;
    if (!isHalf(low) || !isHalf(high)) return undefined;
    return [
      { label: 'To', value: addressText(recipient) },
      asset,
      { label: 'Amount', value: ((high << 128n) | low).toString() },
    ];
  }
  if (name === transferFromSelector && data.length === 4) {
    const [from, recipient = 0n, low, high] = data;
    if (from !== own || !isHalf(low) || !isHalf(high)) return undefined;
    // A token of one standard counts, one of the other is one: the same call, and the contract alone knows.
    return [
      { label: 'To', value: addressText(recipient) },
      asset,
      { label: 'Token id or amount', value: ((high << 128n) | low).toString() },
    ];
  }
  return undefined;
}

/** One digest in 2^58: the curve's signatures take none above, and another nonce or message has another digest. */
function signable(digest: bigint, path: string): Uint8Array {
  check(digest < 1n << 251n, path, 'has a digest that Starknet cannot sign; change it');
  return be(digest, 32);
}

function planTypedData(key: PublicKeyRef, network: Network, body: Body): SigningPlan {
  const { digest, primaryType, name, chainId } = snip12(body, accountAddress(key));
  const expected = chainIds[network.name];
  check(
    chainId === undefined || expected === undefined || chainId === shortString(expected),
    'domain.chainId',
    `does not match network ${network.name} (${expected})`,
  );
  return {
    items: [{ algorithm: 'ecdsa', digest: signable(digest, 'message') }],
    facts: {
      interpreted: true,
      kind: 'Snip12',
      summary: [
        { label: 'Type', value: primaryType },
        ...(name === undefined ? [] : [{ label: 'Domain', value: name.slice(0, 64) }]),
      ],
    },
  };
}
