/** Ids and times of things that no signer knows. */
import { deriveId } from '@holdfast/authority/ids';
import type { Context } from '../context.ts';

/** An id of the usual form that nothing made. */
export function randomId(ctx: Pick<Context, 'env'>, prefix: string): string {
  return deriveId(prefix, ctx.env.random(32));
}

export const isoDate = (ms: number): string => new Date(ms).toISOString();
