/** Test only: a user's recovery, as the user's own software makes it. */
import { toBase64Url, utf8 } from '@holdfast/contract/wire';
import { encodeChallenge, payloadHash } from '../challenge/index.ts';
import type { Act } from '../consent/index.ts';
import { recoveryContext } from '../consent/index.ts';
import type { State } from '../reduce/index.ts';
import type { ChallengeRecord } from '../types/index.ts';
import { keyAttestation, type TestKey } from './keys.ts';
import { challengeFor, SEALED, tokens } from './world.ts';

export const recoveryPath = '/auth/recover/user';

export interface Recovery {
  readonly userId: string;
  readonly recoveryKey: { readonly credId: string; readonly key: TestKey };
  /** The set, in the order of the body; one key each. */
  readonly fresh: readonly {
    readonly credId: string;
    readonly key: TestKey;
    /** `Key` unless told, and a recovery key in its place. */
    readonly kind?: 'PasswordProtectedKey';
  }[];
  readonly challenge?: Partial<ChallengeRecord>;
  /** Replaces the body after it was signed. */
  readonly sent?: (body: RecoveryBody) => unknown;
}

export interface RecoveryBody {
  readonly recovery: { readonly kind: string; readonly credentialAssertion: Readonly<Record<string, string>> };
  readonly newCredentials: Readonly<Record<string, unknown>>;
}

const places = [
  ['firstFactorCredential', 'Key'],
  ['secondFactorCredential', 'Key'],
  ['recoveryCredential', 'RecoveryKey'],
] as const;

/** The set of new credentials, each attested for the challenge text. */
export function newCredentials(fresh: Recovery['fresh'], challenge: string): Record<string, unknown> {
  return Object.fromEntries(
    fresh.map(({ credId, key, kind }, k) => {
      const [member, credentialKind] = places[k] ?? ['recoveryCredential', 'RecoveryKey'];
      const credentialInfo = keyAttestation({ credId, key, challenge });
      return [
        member,
        kind === undefined
          ? { credentialKind, credentialInfo, credentialName: 'new' }
          : { credentialKind: kind, credentialInfo, credentialName: 'new', encryptedPrivateKey: SEALED },
      ];
    }),
  );
}

/** What the recovery key signs: client data whose challenge is base64url of the JSON text of the set. */
export function recoveryProof(o: { credId: string; key: TestKey; set: unknown }): Record<string, string> {
  const challenge = toBase64Url(utf8(JSON.stringify(o.set)));
  const clientData = utf8(JSON.stringify({ type: 'key.get', challenge }));
  return { credId: o.credId, clientData: toBase64Url(clientData), signature: toBase64Url(o.key.sign(clientData)) };
}

export function recoveryAct(state: State, o: Recovery): Act {
  const { recoveryKey, userId } = o;
  const record = challengeFor(state, userId, { method: 'POST', path: recoveryPath });
  const challenge = encodeChallenge({
    ...record,
    k: 'Recovery',
    h: payloadHash(''),
    x: recoveryContext(recoveryKey.credId),
    ...o.challenge,
  });
  const set = newCredentials(o.fresh, challenge);
  const body: RecoveryBody = {
    recovery: { kind: 'RecoveryKey', credentialAssertion: recoveryProof({ ...recoveryKey, set }) },
    newCredentials: set,
  };
  return {
    request: { method: 'POST', path: recoveryPath, payload: JSON.stringify(o.sent?.(body) ?? body) },
    assertion: { kind: 'RecoveryKey', credId: recoveryKey.credId },
    tokens,
  };
}
