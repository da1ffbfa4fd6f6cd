/** One-time codes that a person types: for a first credential (four hours, five tries), for a further one (a minute). */
import { createHmac } from 'node:crypto';
import { refuse, WalletError } from '@holdfast/contract/errors';
import {
  insertCredentialCode,
  type MailedCodeRow,
  type MailedCodes,
  putMailedCode,
  putRegistrationCode,
  takeCredentialCode,
  takeMailedCode,
  tryMailedCode,
  tryRegistrationCode,
  type UserRow,
} from '@holdfast/storage/records';
import type { Context } from '../context.ts';
import { decoyUserId } from './decoys.ts';
import { isoDate } from './ids.ts';
import { deliver } from './outbox.ts';
import { deriveSecret, equalSecret } from './tokens.ts';

const CODE_MS = 4 * 3_600_000;
const TRIES_MAX = 5;
const RETRY_AFTER_S = 60;

/** Makes a new code for a user, forgets the one before, and sends it. */
export async function sendRegistrationCode(
  ctx: Context,
  user: Pick<UserRow, 'id' | 'orgId' | 'username'>,
): Promise<void> {
  const code = randomCode(ctx);
  const now = ctx.env.now();
  await putRegistrationCode(ctx.db.kysely, {
    userId: user.id,
    orgId: user.orgId,
    hash: hashCode(ctx, user.id, code),
    dateExpires: isoDate(now + CODE_MS),
    dateCreated: isoDate(now),
  });
  await deliver(ctx, {
    to: user.username,
    subject: 'Your registration code',
    text: `Organisation: ${user.orgId}\r\nUser name: ${user.username}\r\nRegistration code: ${code}\r\n\r\nThe code is valid for four hours. Make a passkey with it here, on the device you work with:\r\n${registrationLink(ctx, user, code)}`,
  });
}

/** After `#`, so that it is in no server's log. The page asks for a passkey; nothing happens by opening it. */
function registrationLink(ctx: Context, user: Pick<UserRow, 'orgId' | 'username'>, code: string): string {
  const members = new URLSearchParams({ org: user.orgId, user: user.username, code });
  return `${ctx.config.publicUrl}/app/register#${members}`;
}

/** A code has 53 bits, so what is stored is keyed: a stolen table alone does not tell it. */
export function hashCode(ctx: Pick<Context, 'secrets'>, userId: string, code: string): string {
  return createHmac('sha256', deriveSecret(ctx, 'registration-code'))
    .update(`${userId}\n${code.trim()}`)
    .digest('base64url');
}

interface Mailed {
  readonly codes: MailedCodes;
  /** Keeps the hashes of one purpose apart from those of another. */
  readonly purpose: string;
  readonly refusal: 'E_RECOVERY_CODE' | 'E_LOGIN_CODE';
  readonly subject: string;
  readonly called: string;
  readonly note: string;
}

const MAILED_CODE_MS = 15 * 60_000;
const mailed: Readonly<Record<'recovery' | 'login', Mailed>> = {
  recovery: {
    codes: 'recoveryCodes',
    purpose: 'recovery',
    refusal: 'E_RECOVERY_CODE',
    subject: 'Your recovery code',
    called: 'Recovery code',
    note: 'without your recovery key it is worth nothing',
  },
  login: {
    codes: 'loginCodes',
    purpose: 'login',
    refusal: 'E_LOGIN_CODE',
    subject: 'Your login code',
    called: 'Login code',
    note: 'without the password of your key it is worth nothing',
  },
};

type Addressee = Pick<UserRow, 'id' | 'orgId' | 'username'>;

/** Whose code it is; without a user the same is done for nobody, and answered alike. */
export interface CodeOwner {
  readonly orgId: string;
  readonly username: string;
  readonly user: Addressee | undefined;
}
type Purpose = 'registration' | 'recovery' | 'login';

/** Makes a new code, forgets the one before, and sends it. Refuses whoever asks too often, there or not. */
export async function mailCode(ctx: Context, purpose: Purpose, { orgId, username, user }: CodeOwner): Promise<void> {
  const userId = user?.id ?? decoyUserId(ctx, orgId, username);
  const waitMs = ctx.limits.mails.take(`${purpose}/${userId}`);
  if (waitMs > 0)
    throw new WalletError('E_RATE_LIMIT', undefined, { details: { retryAfterS: Math.ceil(waitMs / 1000) } });
  ctx.limits.phantoms.ask(`${purpose}/${userId}`);
  if (user === undefined) {
    hashCode(ctx, userId, randomCode(ctx));
    await tryCode(ctx, purpose, userId);
    return ctx.mail.pretend();
  }
  if (purpose === 'registration') return sendRegistrationCode(ctx, user);
  return sendMailed(ctx, mailed[purpose], user);
}

/** Spends a code (of a registration: checks it); refuses one that is wrong, old, of nobody, or tried too often. */
export async function checkCode(ctx: Context, purpose: Purpose, of: CodeOwner, code: string): Promise<Addressee> {
  const { orgId, username, user } = of;
  const userId = user?.id ?? decoyUserId(ctx, orgId, username);
  const row = await tryCode(ctx, purpose, userId);
  const tries = row?.attempts ?? ctx.limits.phantoms.try(`${purpose}/${userId}`);
  if (tries > TRIES_MAX) throw tooManyTries(`${purpose} code`);
  const hash = hashCode(ctx, purpose === 'registration' ? userId : `${purpose} ${userId}`, code);
  const isRight = equalSecret(row?.hash ?? '', hash) && Date.parse(row?.dateExpires ?? '') > ctx.env.now();
  const refusal = purpose === 'registration' ? 'E_REGISTRATION_CODE' : mailed[purpose].refusal;
  if (!isRight || user === undefined) return refuse(refusal);
  if (purpose !== 'registration' && !(await takeMailedCode(ctx.db.kysely, mailed[purpose].codes, userId, hash)))
    refuse(refusal);
  return user;
}

function tryCode(ctx: Context, purpose: Purpose, userId: string): Promise<MailedCodeRow | undefined> {
  if (purpose === 'registration') return tryRegistrationCode(ctx.db.kysely, userId);
  return tryMailedCode(ctx.db.kysely, mailed[purpose].codes, userId);
}

async function sendMailed(ctx: Context, of: Mailed, user: Addressee): Promise<void> {
  const code = randomCode(ctx);
  const now = ctx.env.now();
  await putMailedCode(ctx.db.kysely, of.codes, {
    userId: user.id,
    orgId: user.orgId,
    hash: hashCode(ctx, `${of.purpose} ${user.id}`, code),
    dateExpires: isoDate(now + MAILED_CODE_MS),
    dateCreated: isoDate(now),
  });
  await deliver(ctx, {
    to: user.username,
    subject: of.subject,
    text: `Organisation: ${user.orgId}\r\nUser name: ${user.username}\r\n${of.called}: ${code}\r\n\r\nThe code is valid for fifteen minutes. If you did not ask for it, nothing has happened: ${of.note}.`,
  });
}

const tooManyTries = (called: string): WalletError =>
  new WalletError('E_RATE_LIMIT', `too many tries; ask for a new ${called}`, {
    details: { retryAfterS: RETRY_AFTER_S },
  });

function randomCode(ctx: Context): string {
  // 64 random bits modulo 10^16: no digit is favoured by more than 2^-10.
  const value = new DataView(ctx.env.random(8).slice().buffer).getBigUint64(0) % 10n ** 16n;
  return value
    .toString()
    .padStart(16, '0')
    .replace(/(.{4})(?=.)/g, '$1-');
}

/** Without letters and digits that look alike; 9 of them carry 44 bits, for one minute. */
const CODE_ALPHABET = 'ABCDEFGHJKLMNPQRTUVWXYZ2346789';
const CODE_CHARS = 9;
const CREDENTIAL_CODE_MS_MAX = 60_000;

/** A code of the form `A7U-KY6-9PT` for a further credential of a user. */
export async function makeCredentialCode(
  ctx: Context,
  o: { orgId: string; userId: string; expiration: string | number },
): Promise<{ code: string; expiration: string }> {
  const expiresAt = readExpiration(o.expiration);
  const now = ctx.env.now();
  if (!(expiresAt > now && expiresAt <= now + CREDENTIAL_CODE_MS_MAX)) refuse('E_EXPIRATION');
  const code = randomLetters(ctx, CODE_CHARS).replace(/(.{3})(?=.)/g, '$1-');
  const { orgId, userId } = o;
  const expiration = isoDate(expiresAt);
  await insertCredentialCode(ctx.db.kysely, {
    hash: hashCode(ctx, 'credential', code),
    userId,
    orgId,
    dateExpires: expiration,
  });
  return { code, expiration };
}

/** Spends a credential code; refuses all that is not one. */
export async function readCredentialCode(ctx: Context, code: string): Promise<{ orgId: string; userId: string }> {
  const hash = hashCode(ctx, 'credential', code.trim().toUpperCase());
  const row = await takeCredentialCode(ctx.db.kysely, hash, isoDate(ctx.env.now()));
  return row ?? refuse('E_CODE');
}

/** ISO text, or a Unix number in seconds or milliseconds: below 10^11 it can only be seconds. */
function readExpiration(expiration: string | number): number {
  if (typeof expiration === 'string') return Date.parse(expiration);
  return expiration < 1e11 ? expiration * 1000 : expiration;
}

function randomLetters(ctx: Context, count: number): string {
  let text = '';
  while (text.length < count) {
    for (const byte of ctx.env.random(2 * count)) {
      // Bytes beyond the last whole multiple are thrown away, so that no letter is favoured.
      if (byte < 256 - (256 % CODE_ALPHABET.length) && text.length < count)
        text += CODE_ALPHABET[byte % CODE_ALPHABET.length];
    }
  }
  return text;
}
