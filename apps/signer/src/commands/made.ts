/**
 * What a signed request of the past has made here, for an api that was stopped between the signers' answers and its
 * own rows. Asking makes nothing, so it needs no fresh assertion; the answer is the one that was given then, and public.
 */
import { deriveId } from '@holdfast/authority/ids';
import type { Command, Result } from '@holdfast/cluster/commands';
import { toHex } from '@holdfast/contract/wire';
import { type ConsentedAct, consentToPast } from '../consent/index.ts';
import { check, refuse } from '../refusal/index.ts';
import { intentOf } from './attempt.ts';
import type { Context } from './context.ts';
import { makeMark } from './marks.ts';
import { changeOf } from './records-acts.ts';
import { keyResult } from './run-key.ts';

/** Refuses E_NOT_FOUND where the act has made nothing, and E_CLUSTER_BUSY while it may still. */
export function made(ctx: Context, command: Extract<Command, { kind: 'Made' }>): Result {
  const act = consentToPast(ctx, command.act);
  switch (act.effect) {
    case 'createKey':
    case 'importKey':
      return madeKey(ctx, act);
    case 'exportKey':
    case 'archive':
    case 'wallet':
    case 'delegate':
      return madeMark(ctx, act);
    default:
      return refuse('E_COMMAND', 'this act makes nothing that lasts');
  }
}

/** A share waiting for its certificate answers as an active one does: the statement over it was given already. */
function madeKey(ctx: Context, act: ConsentedAct): Result {
  const { keys } = ctx.store;
  const keyId = deriveId('key', act.nullifier);
  const key = keys.key(keyId);
  const epoch = key?.activeEpoch ?? firstOf(keys.pendingEpochs(keyId).map((pending) => pending.epoch));
  const record = epoch === undefined ? undefined : keys.stated(keyId, epoch);
  if (record === undefined) {
    check(!ctx.making.has(keyId), 'E_CLUSTER_BUSY', 'the key is being made');
    return refuse('E_NOT_FOUND', 'this act made no key here');
  }
  const wallet = keys.walletsOf(keyId).find(({ origin }) => Buffer.compare(origin, act.nullifier) === 0);
  return keyResult(
    ctx,
    { act, keyId, kind: record, ...(wallet === undefined ? {} : { wallet }) },
    { publicKey: record.publicKey, epoch: record.epoch },
  );
}

/** Several attempts may have left several; every signer that holds them all takes the same one. */
function firstOf(epochs: readonly Uint8Array[]): Uint8Array | undefined {
  return [...epochs].sort((a, b) => (toHex(a) < toHex(b) ? -1 : 1))[0];
}

/** The assertion is burnt in the transaction that changes the record: where it is spent on this, this was done. */
function madeMark(ctx: Context, act: ConsentedAct): Result {
  const spent = ctx.store.used.spent(act.nullifier);
  const isDone = spent !== undefined && Buffer.compare(spent.intent, intentOf(act)) === 0;
  check(isDone, 'E_NOT_FOUND', 'this act changed nothing here');
  const { recordId, mark } = changeOf(ctx, act, { caughtUp: true });
  return { t: 'mark', mark: makeMark(ctx, { org: act.org, recordId, mark, nullifier: act.nullifier }) };
}
