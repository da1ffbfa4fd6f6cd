/**
 * What went wrong, in the form every page shows: what happened, why as far as it is known, and what to do next. Every code
 * of the contract has words here: its own, or those of its family.
 */
import { ApiError } from '@holdfast/client/api';
import { ChallengeRefused } from '@holdfast/client/credentials';

export interface Problem {
  readonly what: string;
  readonly why?: string;
  /** Always there: no dead end. */
  readonly next: string;
  /** A command that helps, where one does. */
  readonly command?: string;
  readonly code: string;
  readonly requestId?: string;
  /** The raw words, folded away. */
  readonly raw?: string;
  /** The login is over: the page offers to sign in again. */
  readonly endsSession?: true;
}

type Words = Pick<Problem, 'what' | 'why' | 'next' | 'command'>;

const START = 'npm start';

/** Codes that these pages can meet and that deserve words of their own. */
const words: Readonly<Record<string, Words>> = {
  E_UNAUTHENTICATED: {
    what: 'You are not signed in any more',
    why: 'A login lasts eight hours, and ends early when your account changes.',
    next: 'Sign in again. What you typed stays here.',
  },
  E_OPERATOR_TOKEN: {
    what: 'This set-up link is not valid any more',
    why: 'A link lasts an hour, and belongs to the installation that printed it.',
    next: 'Ask for a new link in the folder that holds Holdfast:',
    command: 'npm run --silent holdfast -- org setup-link',
  },
  E_UNPINNED: {
    what: 'The signers do not trust this organisation yet',
    why: 'Each signer waits until its operator has pinned the hash shown on this page.',
    next: 'Run the command, then wait: this page asks again by itself.',
  },
  E_REGISTRATION_CODE: {
    what: 'This code does not fit',
    why: 'It is mistyped, older than four hours, used already, or for another address.',
    next: 'Check organisation, address and code, or have a new code sent.',
  },
  E_RECOVERY_CODE: {
    what: 'This code does not fit',
    why: 'It is mistyped, older than fifteen minutes, used already, or for another kit.',
    next: 'Have a new code sent and try again.',
  },
  E_CODE: {
    what: 'This code does not fit',
    why: 'Codes for a further device last one minute and work once.',
    next: 'Make a new code on the device that is signed in.',
  },
  E_USER_NOT_FOUND: {
    what: 'There is no such account in this organisation',
    next: 'Check the organisation and the address. Whoever invited you can tell you both.',
  },
  E_USER_INACTIVE: {
    what: 'This account has been switched off',
    next: 'Ask an administrator of your organisation to switch it on again.',
  },
  E_NO_CREDENTIAL: {
    what: 'This passkey is not active here any more',
    why: 'It was switched off, or belongs to another account.',
    next: 'Use another passkey, or recover the account with your recovery kit.',
  },
  E_CREDENTIAL_UNKNOWN: {
    what: 'The signers do not know this passkey',
    next: 'Use another passkey, or ask an administrator to confirm this one.',
  },
  E_UNCONFIRMED: {
    what: 'Signers do not know your passkey yet',
    why: 'It was enrolled with a code from a mail; somebody who already belongs has to confirm it.',
    next: 'Ask an administrator to compare the fingerprint of your passkey with you and to confirm it.',
  },
  E_FORBIDDEN: {
    what: 'Your role does not allow this',
    next: 'Ask an administrator of your organisation for it.',
  },
  E_CREDENTIAL_EXISTS: {
    what: 'This device already has a passkey for you',
    next: 'Sign in with it, or use another device.',
  },
  E_LAST_CREDENTIAL: {
    what: 'This is your last active passkey',
    why: 'Without it nobody could sign in to this account.',
    next: 'Add another passkey first.',
  },
  E_STALE_HEAD: {
    what: 'Somebody changed the organisation a moment ago',
    why: 'What you signed answered for the state before that change. Nothing was done.',
    next: 'Look at it again and sign again.',
  },
  E_CHALLENGE_STALE: {
    what: 'That took longer than five minutes, or a signer restarted',
    why: 'Nothing was done.',
    next: 'Sign again; it takes one touch.',
  },
  E_CHALLENGE_EXPIRED: {
    what: 'That took longer than five minutes',
    why: 'Nothing was done.',
    next: 'Sign again; it takes one touch.',
  },
  E_CHALLENGE_TOKEN: {
    what: 'That took longer than five minutes',
    why: 'Nothing was done.',
    next: 'Start again; it takes one touch.',
  },
  E_SIGNERS_UNAVAILABLE: {
    what: 'Too few signers are connected',
    why: 'Changes of an organisation need three signers of five. Nothing was done.',
    next: 'Try again when they are back. On the machine that runs them:',
    command: 'npm run --silent holdfast -- status',
  },
  E_CONFLICT: {
    what: 'This exists already',
    next: 'Look at what is there; nothing was changed.',
  },
  E_RATE_LIMIT: {
    what: 'Too many tries',
    next: 'Wait a minute, then try again.',
  },
  E_COUNTER: {
    what: 'This passkey may have been copied',
    why: 'Its counter went back, which happens when two devices hold the same passkey.',
    next: 'Use another passkey, switch this one off, and tell your administrator.',
  },
  E_INTERNAL: {
    what: 'Holdfast made a mistake',
    why: 'Nothing was signed.',
    next: 'Copy the details for whoever runs this installation; the log has the same request id.',
  },
};

/** What to do next where a code has no words of its own. */
function familyOf(code: string, status: number): Pick<Problem, 'why' | 'next'> {
  if (code.includes('CHALLENGE') || code === 'E_ASSERTION' || code === 'E_REPLAY')
    return { why: 'Nothing was done.', next: 'Start again; it takes one touch.' };
  if (status === 401 || status === 403)
    return { next: 'Check who you are signed in as, or ask an administrator of your organisation.' };
  if (status === 404) return { next: 'Go back and choose again: it may have been removed since.' };
  if (status === 409) return { why: 'Something changed in the meantime.', next: 'Look again, then try again.' };
  if (status === 429) return { next: 'Wait a minute, then try again.' };
  if (status === 503) return { why: 'Nothing was done, or the page would say so.', next: 'Try again in a moment.' };
  if (status >= 500)
    return { next: 'Copy the details for whoever runs this installation; the log has the same request id.' };
  return { next: 'Check what you entered, then try again.' };
}

/**
 * The words of a code; `message` is what the place of the refusal said, and stands where nothing better is known. The contract's
 * own sentences arrive with every answer, so their table is not part of the page.
 */
export function problemOf(code: string, o: { readonly status?: number; readonly message?: string } = {}): Problem {
  const own = words[code];
  const sentence = o.message ?? `refused: ${code}`;
  if (own === undefined) return { what: capital(sentence), ...familyOf(code, o.status ?? 400), code, raw: sentence };
  return { ...own, code, raw: sentence };
}

/** Refusals of our own checks, by name: their classes belong to code that loads later. */
const stops: readonly string[] = ['AuthorityError', 'ClusterRefused'];

const SOON_MS = 1_000;

/** Browsers hide on purpose why a passkey did not work; how long it took decides which hint is the likelier one. */
function passkeyProblem(cause: DOMException, tookMs: number): Problem | undefined {
  const raw = `${cause.name}: ${cause.message}`;
  switch (cause.name) {
    case 'NotAllowedError':
      if (tookMs < SOON_MS)
        return {
          what: 'This device did not offer a passkey',
          why: 'It may hold none for this address, or have no screen lock.',
          next: 'Check what you typed, use another device or a security key, or look for the passkey on your phone.',
          code: 'PASSKEY_NONE',
          raw,
        };
      return closed(raw);
    case 'AbortError':
    case 'TimeoutError':
      return closed(raw);
    case 'InvalidStateError':
      return {
        what: 'This device already has a passkey for you',
        next: 'Sign in with it, or use another device or security key.',
        code: 'PASSKEY_EXISTS',
        raw,
      };
    case 'SecurityError':
      return {
        what: 'This address cannot use passkeys',
        why: 'Passkeys work on localhost, or over https with a name.',
        next: 'Open the address that was printed at the start, or put a TLS proxy in front.',
        command: START,
        code: 'PASSKEY_ADDRESS',
        raw,
      };
    case 'OperationError':
      return closed(raw);
    default:
      return undefined;
  }
}

const closed = (raw: string): Problem => ({
  what: 'The passkey window was closed or took too long',
  why: 'Nothing was changed.',
  next: 'Try again.',
  code: 'PASSKEY_CLOSED',
  raw,
});

/** Any failure of a page's work, in words. */
export function toProblem(cause: unknown, tookMs: number): Problem {
  if (cause instanceof ApiError) {
    const made = problemOf(cause.code, { status: cause.status, message: cause.message });
    const [, permission] = cause.code === 'E_FORBIDDEN' ? (/\(([A-Za-z:]+)\)/.exec(cause.message) ?? []) : [];
    return {
      ...made,
      ...(permission === undefined ? {} : { why: `It takes the permission “${permission}”.` }),
      ...(cause.requestId === undefined ? {} : { requestId: cause.requestId }),
      ...(cause.code === 'E_UNAUTHENTICATED' ? { endsSession: true as const } : {}),
    };
  }
  if (cause instanceof ChallengeRefused || stops.includes(nameOf(cause)))
    return {
      what: 'Stop: the server asked for a signature over something else',
      why: 'This page compares every challenge with what it is about to send. Nothing was signed.',
      next: 'Do not try again. Tell whoever runs this installation, and show them the details.',
      code: 'CHALLENGE_REFUSED',
      raw: messageOf(cause),
    };
  if (cause instanceof DOMException) {
    const made = passkeyProblem(cause, tookMs);
    if (made !== undefined) return made;
  }
  if (cause instanceof TypeError && !navigator.onLine) return offline(messageOf(cause));
  // What fetch throws when nobody answers.
  if (cause instanceof TypeError && /fetch|network/i.test(cause.message)) return unreachable(cause.message);
  if (cause instanceof Problematic) return cause.problem;
  return { ...problemOf('E_INTERNAL'), what: 'This page made a mistake', code: 'PAGE', raw: messageOf(cause) };
}

/** For what a page finds out by itself. */
export class Problematic extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.what);
    this.problem = problem;
  }
}

const offline = (raw: string): Problem => ({
  what: 'You are offline',
  why: 'Nothing was sent.',
  next: 'Try again when the connection is back. What you typed stays here.',
  code: 'OFFLINE',
  raw,
});

const unreachable = (raw: string): Problem => ({
  what: 'The server does not answer',
  why: 'It may be restarting, or the connection is broken.',
  next: 'Try again in a moment. What you typed stays here.',
  code: 'UNREACHABLE',
  raw,
});

const nameOf = (cause: unknown): string => (cause instanceof Error ? cause.name : '');
const messageOf = (cause: unknown): string =>
  cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause);
const capital = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
