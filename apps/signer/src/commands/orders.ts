/**
 * Transfers and broadcast transactions (docs/specs/orders.md): this signer's own construction from what the user signed.
 * The api's completion costs at most a bounded fee; for one request no second transaction is signed that could count
 * beside the first.
 */
import { deriveId } from '@holdfast/authority/ids';
import {
  type Body,
  type Construction,
  constructOrder,
  type Exclusion,
  family,
  type Network,
  type Order,
  type PublicKeyRef,
  planSignature,
  type Scheme,
} from '@holdfast/chains/families';
import { network as findNetwork } from '@holdfast/chains/networks';
import { verifyRaw } from '@holdfast/chains/schemes';
import type { Command, Original } from '@holdfast/cluster/commands';
import { fromHex } from '@holdfast/contract/wire';
import { enc, i as item, sha256 } from '@holdfast/crypto/transcript';
import { type ConsentedAct, consentToPast } from '../consent/index.ts';
import { check, refuse } from '../refusal/index.ts';
import type { Context } from './context.ts';
import type { Target } from './records.ts';
import { digestOf } from './sign.ts';

export type OrderHints = Pick<Extract<Command, { kind: 'Act' }>, 'completion' | 'originals'>;

/** What is signed for a request, and what another transaction for it would have to exclude. */
export interface Ordered {
  /** Of a request for a signature, as if the user had sent it. */
  readonly body: Body;
  /** Absent for what is no order: the digest alone decides. */
  readonly order?: { readonly key: Uint8Array; readonly exclusion: Exclusion };
}

const purposes: Readonly<Record<string, Order['purpose'] | 'cancel' | 'speedUp'>> = {
  'wallets.transferAsset': 'transfer',
  'wallets.broadcastTransaction': 'transaction',
  'wallets.activateWallet': 'transaction',
  'wallets.cancelTransfer': 'cancel',
  'wallets.cancelTransaction': 'cancel',
  'wallets.speedUpTransfer': 'speedUp',
  'wallets.speedUpTransaction': 'speedUp',
};

/** The body to sign for an act of effect `sign`. */
export function orderedBy(ctx: Context, act: ConsentedAct, target: Target, hints: OrderHints): Ordered {
  const purpose = purposes[act.operation];
  if (purpose === undefined) {
    const none = hints.completion === undefined && hints.originals === undefined;
    check(none, 'E_COMMAND', 'only transfers and transactions are completed');
    return { body: act.body };
  }
  const { completion, originals = [] } = hints;
  check(completion !== undefined, 'E_COMPLETION', 'the transaction is not completed');
  const chain = chainOf(ctx, target);
  const isReplacement = purpose === 'cancel' || purpose === 'speedUp';
  check(isReplacement || originals.length === 0, 'E_ORIGINAL', 'this transaction replaces none');
  const { body, exclusion } = isReplacement
    ? replaced(chain, replacedBy(ctx, act, { chain, originals }), { how: purpose, completion })
    : constructed(chain, { purpose, body: orderBody(act), completion });
  return { body, order: { key: orderKey(act), exclusion } };
}

/** What the user asks for: his body, or the activation of the wallet, which has nothing to say. */
function orderBody({ operation, body }: ConsentedAct): Body {
  if (operation !== 'wallets.activateWallet') return body;
  check(Object.keys(body).length === 0, 'E_BODY', 'an activation with members is not built');
  return { kind: 'ActivateAccount' };
}

interface Chain {
  readonly key: PublicKeyRef;
  /** With the cap on fees that holds at this signer. */
  readonly network: Network;
}

function chainOf(ctx: Context, { key, wallet }: Target): Chain {
  if (wallet === undefined) return refuse('E_NOT_FOUND', 'wallet not found');
  const network = findNetwork(wallet.network);
  const own = ctx.settings.feeMax?.[network.name];
  return {
    key: { scheme: key.scheme as Scheme, curve: key.curve, publicKey: key.publicKey },
    network: own === undefined ? network : { ...network, feeMax: BigInt(own) },
  };
}

type Completion = NonNullable<OrderHints['completion']>;

function constructed(
  { key, network }: Chain,
  o: { readonly purpose: Order['purpose']; readonly body: Body; readonly completion: Completion },
): Construction {
  return constructOrder({ key, network, ...o });
}

function replaced(
  order: Chain,
  original: Construction,
  o: { readonly how: 'cancel' | 'speedUp'; readonly completion: Completion },
): Construction {
  const replace = family(order.network.family).replace;
  check(replace !== undefined, 'E_KIND', `transactions of ${order.network.name} are not replaced`);
  return replace({ order, original, ...o });
}

/**
 * The transaction that a cancel or speed-up names, rebuilt from the acts that made it, newest first: each verified as a
 * past act of this wallet whose id is the one named, and each proved to be what was signed. Without that proof the api
 * could name another nonce, and have the same payment signed for a second time.
 */
function replacedBy(
  ctx: Context,
  act: ConsentedAct,
  { chain, originals }: { readonly chain: Chain; readonly originals: readonly Original[] },
): Construction {
  const named = act.params['transferId'] ?? act.params['transactionId'] ?? '';
  const [first, ...rest] = originals;
  if (first === undefined) return refuse('E_ORIGINAL', 'the transaction to be replaced was not shown');
  const past = consentToPast(ctx, first.act);
  const purpose = purposes[past.operation];
  const id = deriveId(past.operation === 'wallets.transferAsset' ? 'xfr' : 'tx', past.nullifier);
  const isNamed =
    purpose !== undefined && id === named && past.org === act.org && past.params['walletId'] === act.params['walletId'];
  check(isNamed, 'E_ORIGINAL', 'another transaction than the one named was shown');
  const { completion } = first;
  const construction =
    purpose === 'cancel' || purpose === 'speedUp'
      ? replaced(chain, replacedBy(ctx, past, { chain, originals: rest }), { how: purpose, completion })
      : constructed(chain, { purpose, body: orderBody(past), completion });
  const { items } = planSignature({ key: chain.key, network: chain.network.name, body: construction.body });
  const spentOn = ctx.store.used.signedFor(orderKey(past)).map(({ digest }) => digest);
  const digest = digestOf({ items });
  const isOurs = spentOn.some((each) => Buffer.compare(each, digest) === 0);
  // Of what it took no part in itself, a signer believes a signature of the wallet's key.
  const isSigned =
    spentOn.length === 0 &&
    first.signatures.length === items.length &&
    items.every((each, k) => {
      const { signature = '', recid } = first.signatures[k] ?? {};
      const raw = { signature: fromHex(signature), ...(recid === undefined ? {} : { recid }) };
      return verifyRaw(each, chain.key, raw);
    });
  check(isOurs || isSigned, 'E_ORIGINAL', 'the transaction shown as the original was not signed');
  return construction;
}

/**
 * What only one transaction is signed for: the request, and where the user gave it a name of his own, everything he asks
 * for by that name.
 */
function orderKey(act: ConsentedAct): Uint8Array {
  const { externalId } = act.body;
  if (typeof externalId !== 'string') return act.nullifier;
  return sha256(
    enc(
      'holdfast/order/v1',
      item.text(act.org),
      item.text(act.params['walletId'] ?? ''),
      item.text(act.operation),
      item.text(externalId),
    ),
  );
}

/** Refuses E_INTENT_SIGNED unless every transaction signed for the order before is this one, or is excluded by it. */
export function checkRepeat(ctx: Context, { key, exclusion }: NonNullable<Ordered['order']>, digest: Uint8Array): void {
  for (const before of ctx.store.used.signedFor(key)) {
    if (Buffer.compare(before.digest, digest) === 0) continue;
    check(
      excludes(exclusion, before.exclusion),
      'E_INTENT_SIGNED',
      before.exclusion.kind === 'sequence'
        ? `intent already signed with nonce ${before.exclusion.sequence}`
        : 'another transaction has been signed for this request',
    );
  }
}

/** Whether at most one of the two can ever count on the chain. */
export function excludes(a: Exclusion, b: Exclusion): boolean {
  if (a.kind === 'sequence' && b.kind === 'sequence')
    return a.account === b.account && a.lane === b.lane && a.sequence === b.sequence;
  if (a.kind === 'inputs' && b.kind === 'inputs') return a.inputs.some((each) => b.inputs.includes(each));
  return false;
}
