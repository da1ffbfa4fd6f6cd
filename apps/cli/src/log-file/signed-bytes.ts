/** What the cluster signs for a request, by the code that every signer plans with: the port of `verifyLogFile`. */
import { AuthorityError } from '@holdfast/authority/errors';
import type { Asked, SignedBytes } from '@holdfast/authority/log-file';
import {
  ChainError,
  type Construction,
  constructOrder,
  family,
  loadFor,
  type Network,
  type PublicKeyRef,
  planSignature,
  type SigningItem,
} from '@holdfast/chains/families';
import { network as findNetwork } from '@holdfast/chains/networks';
import { verifyRaw } from '@holdfast/chains/schemes';
import type { JsonObject } from '@holdfast/contract/wire';
import { sha256 } from '@holdfast/crypto/transcript';

type How = 'cancel' | 'speedUp';

/** One for each file: a cancel or speed-up is read from the transaction it names, which stands before it. */
export function createSignedBytes(): SignedBytes {
  const constructions = new Map<string, Construction>();
  return {
    async items(asked) {
      try {
        await loadFor({
          network: asked.network ?? asked.body['network'],
          blockchainKind: asked.body['blockchainKind'],
        });
        const key = asked.key as unknown as PublicKeyRef;
        const body = asked.completion === undefined ? asked.body : ordered(asked, asked.completion, constructions);
        const { items } = planSignature({ key, network: asked.network, body });
        return items.map((item) => ({ digest: digestOf(item), verifies: (raw) => verifyRaw(item, key, raw) }));
      } catch (cause) {
        if (!(cause instanceof ChainError)) throw cause;
        throw new AuthorityError('E_LOG_SIGNATURE', `${asked.id}: ${cause.message}`, undefined, cause);
      }
    },
  };
}

/** The body of the transaction that every signer built for an order. */
function ordered(
  { id, operation, params, body, key, network: name }: Asked,
  completion: JsonObject,
  constructions: Map<string, Construction>,
): JsonObject {
  const network = anyFee(findNetwork(name ?? ''));
  const order = { key: key as unknown as PublicKeyRef, network };
  const how = howOf(operation);
  const named = params['transferId'] ?? params['transactionId'] ?? '';
  const construction =
    how === undefined
      ? constructOrder({ ...order, purpose: purposeOf(operation), body: orderBody(operation, body), completion })
      : replaced(order, { how, original: constructions.get(named), named, completion });
  constructions.set(id, construction);
  return construction.body as JsonObject;
}

function replaced(
  order: { readonly key: PublicKeyRef; readonly network: Network },
  o: {
    readonly how: How;
    readonly original: Construction | undefined;
    readonly named: string;
    readonly completion: JsonObject;
  },
): Construction {
  const { how, original, named, completion } = o;
  const { replace } = family(order.network.family);
  if (original === undefined || replace === undefined)
    throw new AuthorityError('E_LOG_SIGNATURE', `${named}, which was replaced, does not stand before its replacement`);
  return replace({ order, original, how, completion });
}

/** Caps on fees were the signers' own at the time: whoever reads what was signed sets none. */
const anyFee = (network: Network): Network => ({ ...network, feeMax: (1n << 256n) - 1n });

function howOf(operation: string): How | undefined {
  if (/\.cancel(Transfer|Transaction)$/.test(operation)) return 'cancel';
  return /\.speedUp(Transfer|Transaction)$/.test(operation) ? 'speedUp' : undefined;
}

const purposeOf = (operation: string): 'transfer' | 'transaction' =>
  operation === 'wallets.transferAsset' ? 'transfer' : 'transaction';

/** An activation says nothing but that it is one (docs/specs/orders.md §1). */
function orderBody(operation: string, body: JsonObject): JsonObject {
  if (operation !== 'wallets.activateWallet') return body;
  if (Object.keys(body).length > 0)
    throw new AuthorityError('E_LOG_SIGNATURE', 'an activation with members, which no signer builds');
  return { kind: 'ActivateAccount' };
}

/** What the signature is over, as 32 bytes a person can look for; of messages their SHA-256. */
function digestOf(item: SigningItem): Uint8Array {
  switch (item.algorithm) {
    case 'ecdsa':
      return item.digest;
    case 'bip340':
      return item.message.length === 32 ? item.message : sha256(item.message);
    case 'eddsa':
      return sha256(item.message);
    default:
      return item satisfies never;
  }
}
