/** The parcels of an import, as far as the api can judge them: one for each signer. It never looks inside. */
import { WalletError } from '@holdfast/contract/errors';
import { toBase64 } from '@holdfast/contract/wire';
import type { Context } from '../context.ts';

export function checkShares(
  ctx: Context,
  shares: readonly { readonly signerId: string; readonly encryptedKeyShare: string }[],
): void {
  const expected = ctx.signers.roster.signers.map(({ signerId }) => toBase64(signerId));
  const given = shares.map(({ signerId }) => signerId);
  const missing = expected.filter((id) => !given.includes(id));
  const unknown = given.filter((id) => !expected.includes(id));
  if (missing.length === 0 && unknown.length === 0 && given.length === expected.length) return;
  const why =
    missing.length > 0
      ? `missing ${missing.map((id) => id.slice(0, 8)).join(', ')}…`
      : unknown.length > 0
        ? `${unknown.length} of them unknown; call GET /signers`
        : 'a signer appears twice';
  throw new WalletError(
    'E_IMPORT_SHARES',
    `body.encryptedKeyShares must have one entry for each of the ${expected.length} signers; ${why}`,
    { details: { path: 'body.encryptedKeyShares', missing } },
  );
}
