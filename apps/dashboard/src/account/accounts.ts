/**
 * What this browser remembers of the accounts used on it, and the login that lasts as long as the tab. Nothing here is a
 * secret but the login's token, which reads and never signs.
 */

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
const ACCOUNTS_MAX = 8;

/** The one used last stands first. */
export function knownAccounts(): readonly Account[] {
  const stored = readJson(localStorage.getItem(ACCOUNTS));
  return Array.isArray(stored) ? stored.filter(isAccount) : [];
}

export function rememberAccount(account: Account): void {
  const others = knownAccounts().filter((each) => each.orgId !== account.orgId || each.userId !== account.userId);
  localStorage.setItem(ACCOUNTS, JSON.stringify([account, ...others].slice(0, ACCOUNTS_MAX)));
}

export function forgetAccount(account: Account): void {
  const others = knownAccounts().filter((each) => each.orgId !== account.orgId || each.userId !== account.userId);
  localStorage.setItem(ACCOUNTS, JSON.stringify(others));
}

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
