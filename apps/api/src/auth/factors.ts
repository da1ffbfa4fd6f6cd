/**
 * Which factors prove a user, and together with which others (docs/specs/factors.md). Keys of all kinds may also sign
 * for the signers; a password and a one-time code are known to the api alone and open nothing but a login.
 */
import { refuse, WalletError } from '@holdfast/contract/errors';
import type { Executor } from '@holdfast/storage/database';
import {
  type CredentialRow,
  listCredentials,
  type OrganisationRow,
  raiseCounter,
  updateCredential,
} from '@holdfast/storage/records';
import type { Context } from '../context.ts';
import { countUse, type Factor, type KeyFactor, type VerifiedFactor, verifyFactor } from './assertions.ts';
import { guessesAt } from './limits.ts';
import { hashPassword, pretendPassword, verifyPassword } from './password.ts';
import { openSecret } from './seal.ts';
import { stepOf } from './totp.ts';

export interface Factors {
  readonly firstFactor: Factor;
  readonly secondFactor?: Factor | undefined;
}

/** What was proven. `spend` belongs into the transaction that spends the challenge: of two uses at once, one is refused. */
export interface Proven {
  readonly userId: string;
  /** Those of the factors that are keys, in the order given. */
  readonly keys: readonly VerifiedFactor[];
  spend(tx: Executor): Promise<void>;
}

interface Expected {
  readonly organisation: Pick<OrganisationRow, 'id' | 'head' | 'genesis'>;
  /** The application that the request names. */
  readonly appId: string | undefined;
  readonly challenge: string;
  /** Null when a passkey is to say who the user is. */
  readonly userId: string | null;
  readonly credentialId?: string | undefined;
}

type SecretFactor = Extract<Factor, { readonly kind: 'Password' | 'Totp' }>;
type Spend = (tx: Executor) => Promise<void>;

/** The place a secret of one-time codes is sealed for. */
export const totpPlace = (uuid: string): string => `totp/${uuid}`;

export const isSecretKind = (kind: string): kind is SecretFactor['kind'] => kind === 'Password' || kind === 'Totp';
const isKey = (factor: Factor): factor is KeyFactor => !isSecretKind(factor.kind);

/**
 * Refuses unless all that was given is right and it is enough. A password never is without a second factor; a password
 * protected key is not where the user has one-time codes.
 */
export async function proveFactors(
  ctx: Context,
  { firstFactor, secondFactor }: Factors,
  expected: Expected,
): Promise<Proven> {
  if (firstFactor.kind === 'Totp') refuse('E_CREDENTIAL_KIND', 'a one-time code is a second factor');
  if (firstFactor.kind === 'Password' && secondFactor === undefined) refuse('E_SECOND_FACTOR');
  const keys = await verifyKeys(ctx, { firstFactor, secondFactor }, expected);
  const userId = keys[0]?.credential.userId ?? expected.userId;
  if (userId === null) return refuse('E_CREDENTIAL_KIND', 'a password needs the name of its user');
  const given = [firstFactor, secondFactor].filter(
    (factor): factor is SecretFactor => factor !== undefined && !isKey(factor),
  );
  const spends: Spend[] = [];
  if (given.length > 0 || firstFactor.kind === 'PasswordProtectedKey') {
    const { id: orgId } = expected.organisation;
    const own = (await listCredentials(ctx.db.kysely, orgId, userId)).filter((row) => row.isActive);
    // After the key: whoever holds none does not learn who has one-time codes.
    if (secondFactor === undefined && own.some(({ kind }) => kind === 'Totp')) refuse('E_SECOND_FACTOR');
    spends.push(...(await verifySecrets(ctx, given, { userId, own, orgId })));
  }
  return {
    userId,
    keys,
    async spend(tx) {
      for (const key of keys) await countUse(ctx, tx, key);
      for (const spend of spends) await spend(tx);
    },
  };
}

/** First and second are different credentials of one user; the token's own key, where there is one, is the first. */
async function verifyKeys(
  ctx: Context,
  { firstFactor, secondFactor }: Factors,
  expected: Expected,
): Promise<VerifiedFactor[]> {
  const first = isKey(firstFactor) ? await verifyFactor(ctx, firstFactor, expected) : undefined;
  if (secondFactor === undefined || !isKey(secondFactor)) return first === undefined ? [] : [first];
  const { organisation, appId, challenge } = expected;
  const userId = first?.credential.userId ?? expected.userId;
  const second = await verifyFactor(ctx, secondFactor, { organisation, appId, challenge, userId });
  if (second.credential.uuid === first?.credential.uuid)
    refuse('E_SECOND_FACTOR', 'the second factor must be another credential');
  return first === undefined ? [second] : [first, second];
}

/** All are looked at before any is refused, and none says which was wrong: neither can be guessed without the other. */
async function verifySecrets(
  ctx: Context,
  factors: readonly SecretFactor[],
  of: { readonly userId: string; readonly orgId: string; readonly own: readonly CredentialRow[] },
): Promise<Spend[]> {
  if (factors.length === 0) return [];
  const account = `${of.orgId}/${of.userId}`;
  const guesses = guessesAt(
    ctx.limits,
    of.own.some(({ kind }) => isSecretKind(kind)),
  );
  const waitMs = guesses.take(account);
  if (waitMs > 0) {
    ctx.log('auth.guesses-limited', { orgId: of.orgId, userId: of.userId });
    throw new WalletError('E_RATE_LIMIT', undefined, { details: { retryAfterS: Math.ceil(waitMs / 1000) } });
  }
  const spends: (Spend | undefined)[] = [];
  for (const factor of factors)
    spends.push(factor.kind === 'Password' ? await checkPassword(ctx, factor, of.own) : checkTotp(ctx, factor, of.own));
  const right = spends.filter((spend) => spend !== undefined);
  if (right.length < factors.length) refuse('E_FACTOR');
  guesses.forget(account);
  return right;
}

async function checkPassword(
  ctx: Context,
  { password }: Extract<Factor, { kind: 'Password' }>,
  own: readonly CredentialRow[],
): Promise<Spend | undefined> {
  const row = own.find(({ kind }) => kind === 'Password');
  if (row?.secret == null) {
    await pretendPassword(ctx, password);
    return undefined;
  }
  const { isRight, isOutdated } = await verifyPassword(ctx, password, row.secret);
  if (!isRight) return undefined;
  const secret = isOutdated ? await hashPassword(ctx, password) : undefined;
  return async (tx) => {
    if (secret !== undefined) await updateCredential(tx, row.orgId, row.uuid, { secret });
  };
}

function checkTotp(
  ctx: Context,
  { otpCode }: Extract<Factor, { kind: 'Totp' }>,
  own: readonly CredentialRow[],
): Spend | undefined {
  const row = own.find(({ kind }) => kind === 'Totp');
  const secret = row?.secret == null ? undefined : openSecret(ctx, totpPlace(row.uuid), row.secret);
  const step = secret === undefined ? undefined : stepOf(secret, otpCode, ctx.env.now());
  if (row === undefined || step === undefined || step <= row.counter) return undefined;
  return async (tx) => {
    if (!(await raiseCounter(tx, row.uuid, step))) refuse('E_FACTOR');
  };
}
