/** Deterministic derivation. The output passes through here on its way to the caller and is written nowhere. */
import { refuse } from '@holdfast/contract/errors';
import { fullName } from '@holdfast/contract/operations';
import { toHex } from '@holdfast/contract/wire';
import type { KeyRow } from '@holdfast/storage/records';
import type { Context } from '../context.ts';
import { requireThree } from '../signers/participants.ts';
import { type ActCall, carryOut, completeAct } from './acts.ts';

export async function deriveOutput(ctx: Context, call: ActCall, key: KeyRow): Promise<{ readonly output: string }> {
  if (key.scheme !== 'DH') refuse('E_KEY_KIND', 'the key was made for signing; derivation needs a key of scheme DH');
  if (key.status !== 'Active') refuse('E_KEY_INACTIVE', 'key is archived and derives no more');
  // Before anything is written: a request that cannot be served now leaves no trace and may simply be sent again.
  requireThree(ctx.signers.online());
  return carryOut(ctx, call, async () => {
    const output = await ctx.signers.derive(call.grant, { id: key.id, epoch: key.epoch });
    ctx.env.point(`${fullName(call.operation)}.made`);
    await completeAct(ctx, ctx.db.kysely, call, key.id);
    return { output: `0x${toHex(output)}` };
  });
}
