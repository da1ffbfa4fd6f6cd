/**
 * What one assertion may be spent on (rulings 4): its intent, with one digest (of a transfer, with digests that exclude
 * one another), at most ten times while fresh; each time with execution ids that were never started. Anything else is a replay. A refused request burns nothing.
 */

import type { Exclusion } from '@holdfast/chains/families';
import { utf8 } from '@holdfast/contract/wire';
import { enc, i as item, sha256 } from '@holdfast/crypto/transcript';
import { ATTEMPTS_MAX, type ConsentedAct } from '../consent/index.ts';
import { check } from '../refusal/index.ts';
import type { Context } from './context.ts';

/** SHA-256 over who asks for what. */
export function intentOf(act: ConsentedAct): Uint8Array {
  return sha256(
    enc(
      'holdfast/intent/v1',
      item.text(act.org),
      item.text(act.userId),
      item.text(act.request.method),
      item.text(act.request.path),
      item.bytes(sha256(utf8(act.request.payload))),
    ),
  );
}

/** Step 10: the test without the burning. `digest` is absent before it is known. */
export function testAttempt(ctx: Context, act: ConsentedAct, digest?: Uint8Array): number {
  const before = ctx.store.used.spent(act.nullifier);
  if (before === undefined) return 1;
  const same = equal(before.intent, intentOf(act)) && (digest === undefined || equal(before.digest, digest));
  check(same && before.attempts < ATTEMPTS_MAX, 'E_REPLAY', 'this signed request has been used before');
  return before.attempts + 1;
}

/** Step 17, inside the transaction that journals: burns the assertion for this intent and digest. */
export function burn(
  ctx: Context,
  act: ConsentedAct,
  o: {
    digest: Uint8Array;
    execIds?: readonly Uint8Array[];
    keyId?: string;
    /** Of a transfer or transaction, for which several digests may stand that exclude one another (orders.ts). */
    order?: { readonly key: Uint8Array; readonly exclusion: Exclusion };
  },
): number {
  const attempts = testAttempt(ctx, act, o.order === undefined ? o.digest : undefined);
  const time = ctx.env.now();
  if (o.order !== undefined) ctx.store.used.signFor({ ...o.order, digest: o.digest, time });
  ctx.store.used.spend({ nullifier: act.nullifier, intent: intentOf(act), digest: o.digest, attempts, time });
  for (const execId of o.execIds ?? []) ctx.store.used.startExecution(execId, o.keyId ?? '', time);
  return attempts;
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

/**
 * What a run is for, as every participant computes it for itself: operation, organisation, assertion, digest and,
 * where one act signs several things, which of them. Goes into the execution id.
 */
export function requestHash(
  act: ConsentedAct,
  o: { digest: Uint8Array; item?: { index: number; count: number } },
): Uint8Array {
  return sha256(
    enc(
      'holdfast/request/v1',
      item.text(act.operation),
      item.text(act.org),
      item.bytes(act.nullifier),
      item.bytes(intentOf(act)),
      item.bytes(o.digest),
      item.uint(o.item?.index ?? 0),
      item.uint(o.item?.count ?? 1),
    ),
  );
}
