/**
 * What an api that was stopped, or a request that broke off, left in the middle. No run is ever resumed (architecture.md
 * §5), but what the signers made before the end is theirs to tell: it is asked for and written, or the act has failed.
 */
import { effectOf, isOrder, matchOperation } from '@holdfast/contract/operations';
import { failExecutingSignatures, findAct, finishAct, listStartedActs } from '@holdfast/storage/records';
import { type Context, timestamp } from '../context.ts';
import { openActs } from '../domain/open-acts.ts';
import { settleAct } from './acts.ts';

export const UNFINISHED_SIGNATURE =
  'E_INTERRUPTED: the api was stopped while the signers were at work; a signature may exist, but nobody was given it';

const PAGE = 1000;

/** Before the first request: signatures end here, everything else is noted as open until signers can tell. */
export async function takeUpUnfinished(ctx: Context): Promise<void> {
  const signatures = await failExecutingSignatures(ctx.db.kysely, UNFINISHED_SIGNATURE);
  const open = openActs(ctx);
  for (const { nullifier, orgId, method, path } of await listStartedActs(ctx.db.kysely, PAGE)) {
    const operation = matchOperation(method, path)?.operation;
    // Transfers and transactions go on where they stopped (orders/watch.ts).
    if (operation !== undefined && isOrder(operation)) continue;
    if (operation !== undefined && effectOf(operation, {}) !== 'sign') open.add(nullifier, orgId);
    else {
      const dateResolved = timestamp(ctx);
      await finishAct(ctx.db.kysely, nullifier, { status: 'Failed', reason: 'E_INTERRUPTED', dateResolved });
    }
  }
  const acts = open.list().length;
  if (acts + signatures > 0) ctx.log('unfinished', { acts, signatures });
}

/** One pass at a time; who comes while one is under way waits for that one. */
const passes = new WeakMap<object, Promise<void>>();

/** Settles every open act for which enough signers can tell. Never throws. */
export function settleOpen(ctx: Context): Promise<void> {
  const running = passes.get(ctx.db);
  if (running !== undefined) return running;
  if (openActs(ctx).list().length === 0) return Promise.resolve();
  const pass = settleAll(ctx).finally(() => passes.delete(ctx.db));
  passes.set(ctx.db, pass);
  return pass;
}

/** A request that repeats what got lost should find it, if the signers can tell at once. */
const REQUEST_WAITS_MS = 4_000;

/**
 * Before a request for a key or wallet: what this organisation lost is settled first, as far as that is possible now.
 * Whoever repeats a request then meets the wallet it made, or the way free for another.
 */
export async function settleFor(ctx: Context, orgId: string): Promise<void> {
  if (!openActs(ctx).hasAny(orgId)) return;
  let cancel = (): void => {};
  const patience = new Promise<void>((resolve) => {
    cancel = ctx.env.setTimer(REQUEST_WAITS_MS, resolve);
  });
  await Promise.race([settleOpen(ctx), patience]);
  cancel();
}

const AGAIN_MS = 5_000;

/** Looks whenever `wake` is called, once more if that was during a look, and again every few seconds. */
export function keepSettling(ctx: Context): { wake(): void; stop(): Promise<void> } {
  let isStopped = false;
  let isWanted = false;
  let looking: Promise<void> | undefined;
  let cancel = (): void => {};

  async function look(): Promise<void> {
    while (isWanted && !isStopped) {
      isWanted = false;
      await settleOpen(ctx);
    }
    looking = undefined;
    // Requests that break off add to what is open at any time: the clock goes on.
    if (!isStopped) cancel = ctx.env.setTimer(AGAIN_MS, wake);
  }
  function wake(): void {
    isWanted = true;
    if (isStopped || looking !== undefined) return;
    cancel();
    looking = look();
  }
  return {
    wake,
    async stop() {
      isStopped = true;
      cancel();
      await looking;
    },
  };
}

async function settleAll(ctx: Context): Promise<void> {
  const open = openActs(ctx);
  for (const nullifier of open.list()) {
    try {
      const row = await findAct(ctx.db.kysely, nullifier);
      if (row?.status !== 'Started') {
        open.remove(nullifier);
        continue;
      }
      const settled = await settleAct(ctx, row);
      if (settled === 'open') continue;
      open.remove(nullifier);
      ctx.log('act.settled', { operation: row.operation, org: row.orgId, settled });
    } catch (error) {
      // Stays open: the next pass tries again, a restart at the latest.
      ctx.log('act.not-settled', { kind: error instanceof Error ? error.name : 'unknown' });
    }
  }
}
