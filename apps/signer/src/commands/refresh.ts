/**
 * A new sharing of a key that stays (docs/specs/refresh.md §3). No user signs for it: it changes nothing about who controls
 * a key. So this signer makes sure of everything else itself, and lets nobody have it done without end.
 */
import { keyStatementBytes } from '@holdfast/authority/log';
import type { Command, Result } from '@holdfast/cluster/commands';
import { fromHex, toHex } from '@holdfast/contract/wire';
import { curve as curveOf } from '@holdfast/crypto/curves';
import type { KeyShare } from '@holdfast/mpc/runtime';
import { check } from '../refusal/index.ts';
import type { KeyRecord } from '../store/index.ts';
import { wipeShare } from '../vault/index.ts';
import type { Context } from './context.ts';
import { confirmation } from './epochs.ts';
import { keepEvidence } from './named.ts';
import { checkParticipants, partiesOf } from './participants.ts';
import { activate, KEY_DEADLINE_MS, ownStatement } from './run-key.ts';

type Refresh = Extract<Command, { kind: 'Refresh' }>;

/** Keys whose shares change at once: each costs as much as a new key, and signing goes on beside it. */
export const REFRESHES_MAX = 8;
/** Between two starts for one key; doubled with every sharing that was left without a certificate. */
export const REFRESH_PAUSE_MS = 10_000;
const REFRESH_PAUSE_MS_MAX = 3_600_000;

export async function refreshKey(ctx: Context, command: Refresh): Promise<Extract<Result, { t: 'key' }>> {
  const { keyId } = command;
  const { store, cluster } = ctx;
  const base = fromHex(command.epoch);
  const key = refreshable(ctx, keyId, base);
  checkParticipants(ctx, command.participants, cluster.roster.signers.length);
  check(!ctx.refreshing.has(keyId), 'E_CLUSTER_BUSY', 'the shares of this key are being changed');
  check(ctx.refreshing.size < REFRESHES_MAX, 'E_BUSY', 'the shares of other keys are being changed; try again');
  checkPause(ctx, keyId);
  const release = ctx.runs.reserve(1);
  const { share, record } = store.keys.open(keyId, base);
  ctx.refreshing.add(keyId);
  try {
    const parties = partiesOf(ctx, { points: record.points, participants: command.participants });
    const curve = curveOf(key.curve);
    const execId = cluster.execId({
      protocol: 'refresh',
      keyId,
      curve: key.curve,
      parties,
      key: { epoch: base, publicKey: key.publicKey },
      runNonce: fromHex(command.runNonce),
    });
    const machine = ctx.machines.refresh(
      { execId, self: share.index, parties: [...parties.keys()], curve, env: cluster.mpcEnv(parties) },
      { share, statement: (x, epoch) => keyStatementBytes(key.org, keyId, key.curve, x, epoch) },
    );
    try {
      store.transaction('refresh', () => {
        store.used.startExecution(execId, keyId, ctx.env.now());
        store.journal.append('refresh.started', { keyId, base: command.epoch, execId: toHex(execId) });
      });
      ctx.refreshedAt.set(keyId, ctx.env.now());
      const out = await ctx.runs.run({
        machine,
        self: share.index,
        parties,
        aborted: (abort) => keepEvidence(ctx, { protocol: machine.protocol, execId, parties, abort }),
        deadlineMs: KEY_DEADLINE_MS,
        persist: (next) => persist(ctx, { keyId, base, next, points: record.points }),
      });
      wipeShare(out.share);
      const { epoch } = out.share;
      // All five stated this sharing, this signer among them: the run's own end is the certificate.
      activate(ctx, { keyId, epoch });
      const { org, publicKey } = key;
      return {
        t: 'key',
        keyId,
        publicKey: toHex(publicKey),
        epoch: toHex(epoch),
        statement: ownStatement(ctx, { org, keyId, curve: key.curve, publicKey, epoch }),
        confirmation: confirmation(ctx, { org, keyId, epoch }),
      };
    } finally {
      machine.wipe();
    }
  } finally {
    wipeShare(share);
    ctx.refreshing.delete(keyId);
    release();
  }
}

/** The key, in use here, and this sharing of it the newest that may be used. */
function refreshable(ctx: Context, keyId: string, base: Uint8Array): KeyRecord & { readonly publicKey: Uint8Array } {
  const { keys } = ctx.store;
  const key = keys.key(keyId);
  check(key?.activeEpoch !== undefined && key.publicKey !== undefined, 'E_NOT_FOUND', 'key not found');
  check(
    key.derivedFrom === undefined,
    'E_KEY_KIND',
    'a derived key has no shares of its own; those of its master change',
  );
  // Its shares are with somebody else as well: new ones here would promise what they cannot keep.
  check(!key.exported, 'E_KEY_EXPORTED', 'key is exported; its shares are not changed any more');
  const usable = keys.epochsOf(keyId).filter(({ certified }) => certified);
  const from = usable.find(({ epoch }) => Buffer.compare(epoch, base) === 0);
  const isNewest = from !== undefined && usable.every(({ generation }) => generation <= from.generation);
  check(isNewest, 'E_EPOCH', 'the shares of this key have changed since', { epoch: toHex(key.activeEpoch) });
  return { ...key, publicKey: key.publicKey };
}

/** Each start costs all five signers a run, and each failure may leave a share behind that waits for ever. */
function checkPause(ctx: Context, keyId: string): void {
  const noted = ctx.refreshedAt.get(keyId);
  if (noted === undefined) return;
  // A clock that was set back must not make the pause last until it has caught up.
  const before = Math.min(noted, ctx.env.now());
  ctx.refreshedAt.set(keyId, before);
  const waiting = ctx.store.keys.epochsOf(keyId).filter(({ certified }) => !certified).length;
  const pause = Math.min(REFRESH_PAUSE_MS_MAX, REFRESH_PAUSE_MS * 2 ** Math.min(waiting, 16));
  const left = before + pause - ctx.env.now();
  check(left <= 0, 'E_REFRESH_PAUSE', 'the shares of this key were changed a moment ago', {
    retryAfterS: Math.ceil(left / 1000),
  });
}

/** Write-ahead of the acknowledgement: from here on this signer holds both sharings (rulings 15). */
function persist(
  ctx: Context,
  o: {
    readonly keyId: string;
    readonly base: Uint8Array;
    readonly next: KeyShare;
    readonly points: readonly { readonly signerId: Uint8Array; readonly index: number }[];
  },
): void {
  const { keyId, base, next, points } = o;
  const { keys, journal } = ctx.store;
  // Something else may have happened to the key since the run began.
  refreshable(ctx, keyId, base);
  ctx.store.transaction('epoch', () => {
    const publicShares = curveOf(next.curve).encodePoints(next.publicShares);
    keys.putSuccessor({ keyId, base, share: next, publicShares, points, time: ctx.env.now() });
    journal.append('epoch.pending', { keyId, base: toHex(base), epoch: toHex(next.epoch) });
  });
}
