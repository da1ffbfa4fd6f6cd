/** From rows back to the transactions they stand for: the same construction that every signer makes for itself. */

import type { Assertion, SignedRequest } from '@holdfast/authority/types';
import {
  type Body,
  type Completion,
  type Construction,
  constructOrder,
  type Exclusion,
  family,
  loadFor,
  type Network,
  type Order,
} from '@holdfast/chains/families';
import { network as findNetwork } from '@holdfast/chains/networks';
import type { ActEvidence, Original } from '@holdfast/cluster/commands';
import { refuse } from '@holdfast/contract/errors';
import { parseStrictJson } from '@holdfast/contract/wire';
import { type ActRow, findAct, findKey, findOrder, type KeyRow, type OrderRow } from '@holdfast/storage/records';
import type { Context } from '../context.ts';
import { publicKeyOf } from '../domain/wallets.ts';

export type How = 'cancel' | 'speedUp';

/** Everything that signing an order takes. */
export interface Built {
  readonly key: KeyRow;
  readonly network: Network;
  readonly construction: Construction;
  readonly act: ActRow;
  readonly completion: Completion;
  /** Of a cancel or speed-up: what the signers rebuild the original from. */
  readonly originals: readonly Original[];
}

/** Caps on fees are the signers' own, and every one of them says which: the api takes any. */
export function networkOf(name: string): Network {
  return { ...findNetwork(name), feeMax: (1n << 256n) - 1n };
}

export function howOf(operation: string): How | undefined {
  if (/\.cancel(Transfer|Transaction)$/.test(operation)) return 'cancel';
  return /\.speedUp(Transfer|Transaction)$/.test(operation) ? 'speedUp' : undefined;
}

export const purposeOf = (operation: string): Order['purpose'] =>
  operation === 'wallets.transferAsset' ? 'transfer' : 'transaction';

/** An activation says nothing but that it is one. */
const bodyOf = ({ operation, payload }: ActRow): Body =>
  operation === 'wallets.activateWallet' ? { kind: 'ActivateAccount' } : (parseStrictJson(payload) as Body);

export async function build(ctx: Context, row: OrderRow): Promise<Built> {
  const [act, key] = await Promise.all([
    findAct(ctx.db.kysely, row.nullifier),
    findKey(ctx.db.kysely, row.orgId, row.keyId),
  ]);
  if (act === undefined || key === undefined) return refuse('E_INTERNAL');
  const network = networkOf(row.network);
  await loadFor({ network: row.network });
  const order = { key: publicKeyOf(key), network };
  const completion = row.completion as Completion;
  const how = howOf(act.operation);
  if (how === undefined) {
    const body = bodyOf(act);
    const construction = constructOrder({ ...order, purpose: purposeOf(act.operation), body, completion });
    return { key, network, construction, act, completion, originals: [] };
  }
  const before = row.replacesId === null ? undefined : await findOrder(ctx.db.kysely, row.orgId, row.replacesId);
  if (before === undefined) return refuse('E_INTERNAL');
  const original = await build(ctx, before);
  const construction = replacementOf({ order, original: original.construction, how }, completion);
  return { key, network, construction, act, completion, originals: originalsOf(before, original) };
}

/** What a replacement of this order shows to signers. */
export const originalsOf = (row: OrderRow, { act, completion, originals }: Built): readonly Original[] => [
  { act: evidenceOf(act), completion, signatures: (row.signatures ?? []) as Original['signatures'] },
  ...originals,
];

export function replacementOf(
  o: { readonly order: Pick<Order, 'key' | 'network'>; readonly original: Construction; readonly how: How },
  completion: Completion,
): Construction {
  const { replace } = family(o.order.network.family);
  if (replace === undefined) return refuse('E_UNSUPPORTED', `transactions of ${o.order.network.name} are not replaced`);
  return replace({ ...o, completion });
}

export function evidenceOf({ method, path, payload, assertion }: ActRow): ActEvidence {
  return { request: { method: method as SignedRequest['method'], path, payload }, assertion: assertion as Assertion };
}

/** An exclusion as one text, for the database to hold it once; null where it names nothing that could be held. */
export function holdOf(exclusion: Exclusion): string | null {
  return exclusion.kind === 'sequence' ? `${exclusion.account}/${exclusion.lane}/${exclusion.sequence}` : null;
}
