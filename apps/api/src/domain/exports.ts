/** Taking a key out. The api carries sealed shares it cannot open, and writes down that the key has left. */
import type { RecordMark } from '@holdfast/cluster/commands';
import { refuse, WalletError } from '@holdfast/contract/errors';
import { fullName } from '@holdfast/contract/operations';
import { isEcdsaLabel, staysHere } from '@holdfast/contract/types';
import { fromBase64, WireError } from '@holdfast/contract/wire';
import { inTransaction } from '@holdfast/storage/database';
import { addRecordMarks, type KeyRow, updateKey } from '@holdfast/storage/records';
import { type Context, timestamp } from '../context.ts';
import { type ActCall, type ActRef, carryOut, completeAct } from './acts.ts';
import { refuseHdExport } from './child-keys.ts';
import { requireFeature } from './features.ts';

export interface ExportBody {
  readonly encryptionKey: string;
  readonly supportedSchemes: readonly { readonly protocol: string; readonly curve: string }[];
}

/** Repeatable by a fresh assertion (rulings 13): a reply that got lost must not cost the key. */
export async function exportKey(ctx: Context, call: ActCall & { readonly body: ExportBody }, key: KeyRow) {
  const { principal, grant, body } = call;
  await requireFeature(ctx, principal.orgId, 'keyExport');
  if (staysHere(key.protocol)) refuse('E_KEY_KIND', 'a key of scheme DH stays on the signers that made it');
  await refuseHdExport(ctx, key);
  checkEncryptionKey(body.encryptionKey);
  const protocol = labelFor(key, body.supportedSchemes);
  return carryOut(ctx, call, async () => {
    const { shares, marks } = await ctx.signers.exportKey(grant, {
      org: principal.orgId,
      keyId: key.id,
      epoch: key.epoch,
    });
    ctx.env.point(`${fullName(call.operation)}.made`);
    await writeExport(ctx, call, { key, marks });
    ctx.env.point(`${fullName(call.operation)}.written`);
    return {
      publicKey: key.publicKey,
      protocol,
      curve: key.curve,
      minSigners: 3,
      encryptedKeyShares: shares.map(({ signerId, encryptedKeyShare }) => ({ signerId, encryptedKeyShare })),
    };
  });
}

/** Writes that the key has left, once at least three signers marked it. */
export function writeExport(
  ctx: Context,
  call: ActRef,
  { key, marks }: { readonly key: KeyRow; readonly marks: readonly RecordMark[] },
): Promise<void> {
  return inTransaction(ctx.db, async (tx) => {
    if (!key.isExported) await updateKey(tx, key.orgId, key.id, { isExported: true, dateExported: timestamp(ctx) });
    await addRecordMarks(tx, marks);
    await completeAct(ctx, tx, call, key.id);
  });
}

/** The first ECDSA label that the client listed for the curve; other keys have one label only. */
function labelFor(key: KeyRow, supported: ExportBody['supportedSchemes']): string {
  const fits = (label: string) => (isEcdsaLabel(key.protocol) ? isEcdsaLabel(label) : label === key.protocol);
  const found = supported.find(({ protocol, curve }) => curve === key.curve && fits(protocol));
  if (found) return found.protocol;
  const listed = supported.map(({ protocol, curve }) => `${protocol}/${curve}`).join(', ') || 'nothing';
  throw new WalletError('E_EXPORT_SCHEME', `key uses ${key.protocol}/${key.curve}; your client lists ${listed}`, {
    details: { path: 'body.supportedSchemes' },
  });
}

/** Version byte 1 and a compressed point; whether it lies on the curve the signers find out (keys.md §4). */
function checkEncryptionKey(text: string): void {
  try {
    const [version, prefix] = fromBase64(text, { bytes: 34 });
    if (version === 1 && (prefix === 2 || prefix === 3)) return;
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
  }
  refuse('E_ENCRYPTION_KEY', undefined, { path: 'body.encryptionKey' });
}
