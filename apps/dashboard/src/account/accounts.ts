/**
 * What this browser remembers of the accounts used on it and of the passkeys made on it, and the login that lasts as long as
 * the tab. Nothing here is a secret but the login's token, which reads and never signs.
 */
import { ChallengeRefused } from '@holdfast/client/credentials';

/** The pins of a VerifyingSigner: written down at the first meeting, never changed by what the api says later. */
export interface Account {
  readonly orgId: string;
  readonly orgName: string;
  readonly username: string;
  readonly userId: string;
  readonly clusterFingerprint: string;
}

export interface Session {
  readonly account: Account;
  readonly token: string;
}

const ACCOUNTS = 'holdfast.accounts';
const SESSION = 'holdfast.session';
const KEYS = 'holdfast.keys';
const ACCOUNTS_MAX = 8;
const KEYS_MAX = 16;

/** The one used last stands first. */
export function knownAccounts(): readonly Account[] {
  const stored = readJson(localStorage.getItem(ACCOUNTS));
  return Array.isArray(stored) ? stored.filter(isAccount) : [];
}

/**
 * An organisation's id derives from a founding that names its cluster: it never has another one.
 * @throws ChallengeRefused where this browser has met the organisation on another cluster.
 */
export function holdToPins(
  met: Pick<Account, 'orgId' | 'clusterFingerprint'>,
  known: readonly Account[] = knownAccounts(),
): void {
  if (known.some((each) => each.orgId === met.orgId && each.clusterFingerprint !== met.clusterFingerprint))
    throw new ChallengeRefused(
      'the server shows other signers than this browser has written down for the organisation',
    );
}

export function rememberAccount(account: Account): void {
  holdToPins(account);
  const others = knownAccounts().filter((each) => each.orgId !== account.orgId || each.userId !== account.userId);
  localStorage.setItem(ACCOUNTS, JSON.stringify([account, ...others].slice(0, ACCOUNTS_MAX)));
}

export function forgetAccount(account: Account): void {
  const others = knownAccounts().filter((each) => each.orgId !== account.orgId || each.userId !== account.userId);
  localStorage.setItem(ACCOUNTS, JSON.stringify(others));
}

/** The public key of a passkey, as the browser that made it has it: the api is not asked what somebody confirms. */
export function rememberKey(credentialId: string, publicKey: string): void {
  const others = keysMadeHere().filter(([id]) => id !== credentialId);
  localStorage.setItem(KEYS, JSON.stringify([[credentialId, publicKey], ...others].slice(0, KEYS_MAX)));
}

/** `other`: the api lists another key for this passkey than was made here. `elsewhere`: nothing is known of it here. */
export function comparedKey(
  { credentialId, publicKey }: { readonly credentialId: string; readonly publicKey: string },
  made: readonly (readonly [credentialId: string, publicKey: string])[] = keysMadeHere(),
): 'same' | 'other' | 'elsewhere' {
  const [, own] = made.find(([id]) => id === credentialId) ?? [];
  return own === undefined ? 'elsewhere' : own === publicKey ? 'same' : 'other';
}

function keysMadeHere(): readonly (readonly [string, string])[] {
  const stored = readJson(localStorage.getItem(KEYS));
  return Array.isArray(stored) ? stored.filter(isPair) : [];
}

const isPair = (value: unknown): value is [string, string] =>
  Array.isArray(value) && value.length === 2 && value.every((part) => typeof part === 'string');

export function currentSession(): Session | undefined {
  const stored = readJson(sessionStorage.getItem(SESSION)) as Partial<Session> | undefined;
  if (stored === undefined || typeof stored.token !== 'string' || !isAccount(stored.account)) return undefined;
  return { account: stored.account, token: stored.token };
}

export function openSession(session: Session): void {
  rememberAccount(session.account);
  sessionStorage.setItem(SESSION, JSON.stringify(session));
}

export const closeSession = (): void => sessionStorage.removeItem(SESSION);

function readJson(text: string | null): unknown {
  try {
    return text === null ? undefined : JSON.parse(text);
  } catch {
    // Damaged by hand or by an older release: as if it were not there.
    return undefined;
  }
}

const isAccount = (value: unknown): value is Account =>
  typeof value === 'object' &&
  value !== null &&
  ['orgId', 'orgName', 'username', 'userId', 'clusterFingerprint'].every(
    (member) => typeof (value as Record<string, unknown>)[member] === 'string',
  );
