/** Key import and export are off for an organisation until it switches them on (rulings 10). */
import { refuse } from '@holdfast/contract/errors';
import { findOrganisation } from '@holdfast/storage/records';
import type { Context } from '../context.ts';

export type Feature = 'keyImport' | 'keyExport';

/** The same refusal as the signers', who have the last word; here it comes before any key material travels. */
export async function requireFeature(ctx: Context, orgId: string, feature: Feature): Promise<void> {
  const state = (await findOrganisation(ctx.db.kysely, orgId))?.state as
    | { readonly settings?: Readonly<Partial<Record<Feature, boolean>>> }
    | undefined;
  if (state?.settings?.[feature] === true) return;
  if (feature === 'keyImport') refuse('E_IMPORT_DISABLED');
  refuse('E_EXPORT_DISABLED');
}
