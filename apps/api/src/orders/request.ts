/** A transfer or transaction as it is asked for: completed and written down in its wallet's turn, then carried out. */
import { deriveId } from '@holdfast/authority/ids';
import {
  type Body,
  type Completion,
  constructOrder,
  type Exclusion,
  family,
  isWhole,
  loadFor,
} from '@holdfast/chains/families';
import { refuse, WalletError } from '@holdfast/contract/errors';
import { fullName } from '@holdfast/contract/operations';
import { toBase64Url } from '@holdfast/contract/wire';
import { conflictOf } from '@holdfast/storage/database';
import {
  beginOrder,
  exclusionsOf,
  findOrder,
  findOrderByExternalId,
  type KeyRow,
  type OrderRow,
  type WalletRow,
} from '@holdfast/storage/records';
import { type Context, timestamp } from '../context.ts';
import { type ActCall, newAct } from '../domain/acts.ts';
import { externalIdConflict, sameJson } from '../domain/idempotency.ts';
import { protocolOf, refuseUnusable } from '../domain/signatures.ts';
import { publicKeyOf } from '../domain/wallets.ts';
import { holdOf, networkOf, purposeOf } from './build.ts';

export interface OrderCall extends ActCall {
  readonly body: Body & { readonly kind: string; readonly externalId?: string };
  readonly path: string;
}

export interface OrderTarget {
  readonly key: KeyRow;
  readonly wallet: WalletRow;
}

export async function requestOrder(ctx: Context, call: OrderCall, target: OrderTarget): Promise<OrderRow> {
  const { key, wallet } = target;
  const known = await sameOrder(ctx, call);
  if (known) return known;
  refuseUnusable(target);
  refuseUnsupported(call.body);
  await loadFor({ network: wallet.network });
  const connection = await ctx.chains.connect(wallet.network);
  // Before anything is written: a request that cannot be served now leaves no trace and may simply be sent again.
  ctx.signers.requireSigners({ org: wallet.orgId, protocol: protocolOf(key) });
  const network = networkOf(wallet.network);
  const name = fullName(call.operation);
  const order = { key: publicKeyOf(key), network, purpose: purposeOf(name), body: call.body };
  const begin = async (): Promise<OrderRow> => {
    const again = await sameOrder(ctx, call);
    if (again) return again;
    const pending = (await exclusionsOf(ctx.db.kysely, wallet.id)) as Exclusion[];
    const completion: Completion = isWhole(order)
      ? {}
      : await connection.client.complete({ ...order, address: wallet.address ?? '', pending });
    const { body, exclusion } = constructOrder({ ...order, completion });
    const taken =
      exclusion.kind === 'digest' ? family(network.family).occupies?.({ key: order.key, network, body }) : undefined;
    return write(ctx, call, target, {
      id: deriveId(order.purpose === 'transfer' ? 'xfr' : 'tx', call.grant.nullifier),
      kind: order.purpose,
      requestBody: call.body,
      externalId: call.body.externalId ?? null,
      completion,
      exclusion: taken ?? exclusion,
      holds: holdOf(exclusion),
      replacesId: null,
    });
  };
  const row = await ctx.orders.lanes.run(wallet.id, () => unlessTaken(begin, isWhole(order) ? 1 : ATTEMPTS_MAX));
  ctx.env.point('orders.begun');
  return row.status === 'Executing' ? ctx.orders.carry(row) : row;
}

/** Other apis of one database, each of which may win once in between. */
const ATTEMPTS_MAX = 10;

/**
 * Another api of the same database may complete an order of the wallet at the same moment. The database lets one of them have
 * the nonce, or the name; the other looks again, and finds what has been written meanwhile.
 */
async function unlessTaken<T>(begin: () => Promise<T>, attemptsMax: number): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await begin();
    } catch (error) {
      const isTaken = error instanceof WalletError && ['E_CONFLICT', 'E_EXTERNAL_ID'].includes(error.code);
      if (!isTaken || attempt >= attemptsMax) throw error;
    }
  }
}

/** Writes an order down before any signer hears of it. */
export async function write(
  ctx: Context,
  call: ActCall & { readonly path: string },
  { key, wallet }: OrderTarget,
  o: Pick<
    Parameters<typeof beginOrder>[2],
    'id' | 'kind' | 'requestBody' | 'externalId' | 'completion' | 'exclusion' | 'holds' | 'replacesId'
  >,
): Promise<OrderRow> {
  const { principal, grant } = call;
  const row = {
    ...o,
    orgId: principal.orgId,
    walletId: wallet.id,
    keyId: key.id,
    network: wallet.network,
    address: wallet.address ?? '',
    requesterUserId: principal.userId,
    requesterTokenId: principal.tokenId,
    requestPath: call.path,
    nullifier: toBase64Url(grant.nullifier),
    tokens: grant.tokens,
    dateRequested: timestamp(ctx),
  };
  try {
    if (!(await beginOrder(ctx.db.kysely, newAct(ctx, call), row))) refuse('E_USER_ACTION_USED');
  } catch (error) {
    const conflict = conflictOf(error);
    if (conflict === 'orders_holds') refuse('E_CONFLICT', 'another transaction of the wallet has this nonce');
    // Of another wallet, at the same moment.
    if (conflict === 'orders_external_id') refuse('E_EXTERNAL_ID', `Conflicting ${o.kind} with same externalId`);
    throw error;
  }
  return (await findOrder(ctx.db.kysely, principal.orgId, o.id)) ?? refuse('E_INTERNAL');
}

/** The same request again is answered with what the first one made; another one under its externalId is refused. */
async function sameOrder(ctx: Context, { principal, body, path }: OrderCall): Promise<OrderRow | undefined> {
  if (body.externalId === undefined) return undefined;
  const known = await findOrderByExternalId(ctx.db.kysely, principal.orgId, body.externalId);
  if (!known) return undefined;
  if (known.requestPath !== path || !sameJson(known.requestBody, body))
    throw externalIdConflict(known.kind, { id: known.id, externalId: body.externalId });
  return known;
}

function refuseUnsupported(body: Body): void {
  if (body['feeSponsorId'] !== undefined)
    refuse('E_UNSUPPORTED', 'fee sponsors are not available in this release', { path: 'body.feeSponsorId' });
  if (body['travelRule'] !== undefined)
    refuse('E_UNSUPPORTED', 'the travel rule is not available in this release', { path: 'body.travelRule' });
}
