/**
 * Which sharings of a key this signer holds, and the erasure of old ones (docs/specs/refresh.md §3). A share is erased
 * only when all five signers have promised to keep a newer one: at no moment do fewer than all hold one sharing.
 */
import { confirmationBytes } from '@holdfast/authority/log';
import type { Command, KeyEpochs, KeyStatement, Result } from '@holdfast/cluster/commands';
import { verifyBySigner } from '@holdfast/cluster/roster';
import { fromBase64Url, fromHex, toBase64Url, toHex } from '@holdfast/contract/wire';
import { check } from '../refusal/index.ts';
import type { Context } from './context.ts';
import { ownStatement } from './run-key.ts';

/** Keys of one answer, and sharings of one key: the newest, with every one that may be used. */
const KEYS_MAX = 128;
const WAITING_MAX = 16;
/** What was erased is overwritten in the file at once and in its log after this: many keys in a row cost one pass. */
export const SCRUB_AFTER_MS = 1_000;

interface StatedEpoch {
  readonly org: string;
  readonly keyId: string;
  readonly epoch: Uint8Array;
}

export function epochs(ctx: Context, command: Extract<Command, { kind: 'Epochs' }>): Result {
  const { only, after = '' } = command;
  const ids = only === undefined ? ctx.store.keys.changing(after, KEYS_MAX) : [only];
  const keys = ids.flatMap((id) => epochsOf(ctx, id));
  return { t: 'epochs', keys, more: only === undefined && ids.length === KEYS_MAX };
}

/**
 * A key that is damaged here is left out: it says nothing about any sharing. So is one that is still being made; a key that
 * others have and this signer was only just dealt its first share of counts, or its resharing could never be finished.
 */
function epochsOf(ctx: Context, keyId: string): KeyEpochs[] {
  const { keys } = ctx.store;
  try {
    const isInUse = keys.key(keyId)?.activeEpoch !== undefined;
    const held = keys.epochsOf(keyId).filter(({ generation }) => isInUse || generation > 0);
    if (held.length === 0) return [];
    const waiting = held.filter(({ certified }) => !certified).slice(-WAITING_MAX);
    const stated = held.filter((each) => each.certified || waiting.includes(each));
    const epochs = stated.flatMap(({ epoch, generation, certified }) => {
      const record = keys.record(keyId, epoch);
      if (record === undefined) return [];
      return [
        {
          epoch: toHex(epoch),
          generation,
          statement: ownStatement(ctx, record),
          ...(certified ? { confirmation: confirmation(ctx, record) } : {}),
        },
      ];
    });
    return [{ keyId, epochs }];
  } catch {
    return []; // Set aside: the audit names it.
  }
}

/** This signer's promise to hold its share of this epoch until all five promised the same of a later one. */
export function confirmation(ctx: Context, { org, keyId, epoch }: StatedEpoch): KeyStatement {
  const { index, identity } = ctx.cluster;
  return { index, signature: toBase64Url(identity.sign(confirmationBytes(org, keyId, epoch))) };
}

/** Five promises: everything older goes. Idempotent. */
export function epochConfirmed(ctx: Context, command: Extract<Command, { kind: 'EpochConfirmed' }>): Result {
  const { keyId, confirmations } = command;
  const { keys, journal } = ctx.store;
  const key = keys.key(keyId);
  check(key?.activeEpoch !== undefined, 'E_NOT_FOUND', 'key not found');
  const epoch = fromHex(command.epoch);
  const { roster } = ctx.cluster;
  const bytes = confirmationBytes(key.org, keyId, epoch);
  const by = new Set(
    confirmations
      .filter((c) => verifyBySigner(roster, { index: c.index, bytes, signature: fromBase64Url(c.signature) }))
      .map(({ index }) => index),
  );
  check(by.size === roster.signers.length, 'E_ACKS', 'not all five signers confirm this epoch');
  const erased = ctx.store.transaction('erase', () => {
    const old = keys.eraseOlder(keyId, epoch);
    if (old.length > 0)
      journal.append('epoch.erased', { keyId, epoch: command.epoch, erased: old.map(toHex).join(',') });
    return old;
  });
  if (erased.length > 0) scrubSoon(ctx);
  return { t: 'done' };
}

function scrubSoon(ctx: Context): void {
  if (ctx.scrubbing.due) return;
  ctx.scrubbing.due = true;
  ctx.scrubbing.cancel = ctx.env.setTimer(SCRUB_AFTER_MS, () => {
    ctx.scrubbing.due = false;
    ctx.store.scrub();
  });
}
