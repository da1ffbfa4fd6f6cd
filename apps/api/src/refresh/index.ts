/**
 * Rounds of refresh: every key of the cluster gets new shares, a few at a time, off the hot path (docs/specs/refresh.md
 * §4). The round is a row, so that it outlives this process; a key whose turn fails comes again after the others.
 */
import { WalletError } from '@holdfast/contract/errors';
import { inTransaction } from '@holdfast/storage/database';
import {
  beginRefreshRound,
  countRefreshes,
  endRefreshRound,
  findRefreshRound,
  type KeyRow,
  listRefreshFailures,
  nextToRefresh,
  noteRefresh,
  oldestKeyDate,
  replaceKeyEpoch,
} from '@holdfast/storage/records';
import { type Context, timestamp } from '../context.ts';
import { SIGNERS } from '../signers/participants.ts';

export type RefreshState = 'Never' | 'Running' | 'Waiting' | 'Stopped' | 'Done';

export interface RefreshStatus {
  readonly state: RefreshState;
  readonly cause?: string;
  readonly dateStarted?: string;
  readonly dateEnded?: string;
  readonly keys: number;
  readonly refreshed: number;
  readonly failed: number;
  /** Why it waits, or why the last keys failed. */
  readonly reasons: readonly string[];
}

export interface Refresher {
  /** Begins a round, or goes on with the one under way. */
  begin(cause: 'operator' | 'schedule'): Promise<void>;
  /** Ends the round after the keys it is at. */
  stop(): Promise<void>;
  status(): Promise<RefreshStatus>;
  /** Something has changed: a signer came back. */
  wake(): void;
  close(): Promise<void>;
}

/** Together they share frames and flushes with each other and wait for one another's round trips. */
const KEYS_AT_ONCE = 4;
/** After these keys, at least as long as they took: half of the time is left to signing, whatever the machine. */
const REST_RATIO = 1;
const REST_MS_MIN = 20;
const REST_MS_MAX = 5_000;
/** A key that failed comes again after this; signers ask for at least 10 s, and for more where it goes on. */
const AGAIN_MS = 15_000;
const LOOK_MS = 15_000;
/** While nothing is under way: whether a round is due. */
const IDLE_MS = 3_600_000;
const DAY_MS = 86_400_000;
const REASONS_MAX = 5;

/** `refreshDays` of the settings says how often a round begins by itself; 0: never. */
export function createRefresher(ctx: Pick<Context, 'env' | 'config' | 'db' | 'signers'>): Refresher {
  const { env, db } = ctx;
  let isClosed = false;
  let isStopped = false;
  let working: Promise<void> | undefined;
  let cancel = (): void => {};
  let waitsFor: string | undefined;

  const later = (ms: number): void => {
    cancel();
    if (!isClosed) cancel = env.setTimer(ms, wake);
  };

  function wake(): void {
    if (isClosed || working !== undefined) return;
    cancel();
    working = work()
      .catch((error: unknown) => {
        env.log('refresh.failed', { kind: error instanceof Error ? error.name : 'unknown' });
        return LOOK_MS;
      })
      .then((ms) => {
        working = undefined;
        later(ms);
      });
  }

  /** One step; answers when to look again. */
  async function work(): Promise<number> {
    await beginWhenDue();
    const round = await findRefreshRound(db.kysely);
    if (round?.state !== 'Running') return IDLE_MS;
    if (isStopped) return end('Stopped');
    const online = ctx.signers.online().length;
    waitsFor = online < SIGNERS ? `${online} of ${SIGNERS} signers available, ${SIGNERS} needed` : undefined;
    if (waitsFor !== undefined) return LOOK_MS;
    const { dateStarted } = round;
    const triedBefore = new Date(env.now() - AGAIN_MS).toISOString();
    const keys = await nextToRefresh(db.kysely, { dateStarted, triedBefore, limit: KEYS_AT_ONCE });
    if (keys.length > 0) return refreshSome(keys);
    const count = await countRefreshes(db.kysely, dateStarted);
    // Those that failed have their turn again after a while.
    return count.refreshed < count.keys ? LOOK_MS : end('Done');
  }

  async function refreshSome(keys: readonly KeyRow[]): Promise<number> {
    const started = env.now();
    // All of them end, whatever becomes of one: no key may be under way when the next turns begin.
    const done = await Promise.allSettled(keys.map(refreshOne));
    for (const each of done) if (each.status === 'rejected') throw each.reason;
    // What was left half way is put right before anything else is begun.
    if (done.some((each) => each.status === 'fulfilled' && !each.value)) await ctx.signers.settleEpochs();
    return Math.min(REST_MS_MAX, Math.max(REST_MS_MIN, REST_RATIO * (env.now() - started)));
  }

  /** False: the key keeps its sharing, or is left half way. */
  async function refreshOne(key: KeyRow): Promise<boolean> {
    try {
      const { epoch, statements, confirmations } = await ctx.signers.refreshKey(key);
      env.point('refresh.made');
      await inTransaction(db, async (tx) => {
        await replaceKeyEpoch(tx, { keyId: key.id, epoch, statements });
        await noteRefresh(tx, { keyId: key.id, time: timestamp(ctx), reason: null });
      });
      env.point('refresh.written');
      // From here on the row names the new sharing, so nobody asks for the old one any more.
      await ctx.signers.confirmEpoch({ keyId: key.id, epoch, confirmations });
      return true;
    } catch (error) {
      const reason = error instanceof WalletError ? `${error.code}: ${error.message}` : 'E_INTERNAL';
      env.log('refresh.key.failed', { keyId: key.id, code: error instanceof WalletError ? error.code : 'E_INTERNAL' });
      await noteRefresh(db.kysely, { keyId: key.id, time: timestamp(ctx), reason });
      return false;
    }
  }

  async function beginWhenDue(): Promise<void> {
    const { refreshDays } = ctx.config;
    if (refreshDays === 0) return;
    const round = await findRefreshRound(db.kysely);
    if (round?.state === 'Running') return;
    // The first one is due when the oldest key has had its shares for that long.
    const last = round === undefined ? await oldestKeyDate(db.kysely) : (round.dateEnded ?? round.dateStarted);
    if (last !== undefined && env.now() - Date.parse(last) >= refreshDays * DAY_MS) await beginRound('schedule');
  }

  async function beginRound(cause: 'operator' | 'schedule'): Promise<void> {
    isStopped = false;
    await beginRefreshRound(db.kysely, { cause, dateStarted: timestamp(ctx) });
    env.log('refresh.begun', { cause });
  }

  async function end(state: 'Done' | 'Stopped'): Promise<number> {
    await endRefreshRound(db.kysely, { state, dateEnded: timestamp(ctx) });
    env.log('refresh.ended', { state });
    return IDLE_MS;
  }

  later(LOOK_MS);
  return {
    async begin(cause) {
      isStopped = false;
      const round = await findRefreshRound(db.kysely);
      if (round?.state !== 'Running') await beginRound(cause);
      wake();
    },
    async stop() {
      isStopped = true;
      await working;
      const round = await findRefreshRound(db.kysely);
      if (round?.state === 'Running') await end('Stopped');
    },
    async status() {
      const round = await findRefreshRound(db.kysely);
      if (round === undefined) return { state: 'Never', keys: 0, refreshed: 0, failed: 0, reasons: [] };
      const { cause, state, dateStarted, dateEnded } = round;
      const counts = await countRefreshes(db.kysely, dateStarted);
      const failures = await listRefreshFailures(db.kysely, { dateStarted, limit: REASONS_MAX });
      const waiting = state === 'Running' && waitsFor !== undefined;
      return {
        state: waiting ? 'Waiting' : (state as RefreshState),
        cause,
        dateStarted,
        ...(dateEnded === null ? {} : { dateEnded }),
        ...counts,
        reasons: [
          ...(waiting && waitsFor !== undefined ? [waitsFor] : []),
          ...failures.map(({ keyId, reason }) => `${keyId}: ${reason}`),
        ],
      };
    },
    wake,
    async close() {
      isClosed = true;
      cancel();
      await working;
    },
  };
}
