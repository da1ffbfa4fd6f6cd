/** A factor from the wire, verified against the challenge it should answer; passkey counters are kept here. */
import { verifyAssertion } from '@holdfast/authority/assertion';
import { decodeGenesis } from '@holdfast/authority/genesis';
import { placesOf } from '@holdfast/authority/reduce';
import type { CredentialKind, FactorAssertion, KeyAlgorithm } from '@holdfast/authority/types';
import { nodeVerify } from '@holdfast/authority/verify-node';
import { refuse } from '@holdfast/contract/errors';
import { fromBase64Url, utf8Decode, WireError } from '@holdfast/contract/wire';
import type { Executor } from '@holdfast/storage/database';
import { type CredentialRow, findCredential, type OrganisationRow, raiseCounter } from '@holdfast/storage/records';
import type { Context } from '../context.ts';
import { stateOf } from '../governance/state.ts';
import { checkOrigin } from './clients.ts';
import { decoyCredential } from './decoys.ts';

/** A factor that is a key, as the contract's schema lets it through. */
export interface KeyFactor {
  readonly kind: 'Key' | 'Fido2' | 'PasswordProtectedKey';
  readonly credentialAssertion: {
    readonly credId: string;
    readonly clientData: string;
    readonly signature: string;
    readonly algorithm?: string | undefined;
    readonly authenticatorData?: string | undefined;
    readonly userHandle?: string | undefined;
  };
}

/** `firstFactor` and `secondFactor`. */
export type Factor =
  | KeyFactor
  | { readonly kind: 'Password'; readonly password: string }
  | { readonly kind: 'Totp'; readonly otpCode: string };

export interface VerifiedFactor {
  readonly assertion: FactorAssertion;
  readonly credential: CredentialRow;
  readonly signCount: number | undefined;
}

/** Refuses unless an active credential of the right owner signed exactly this challenge. */
export async function verifyFactor(
  ctx: Context,
  factor: KeyFactor,
  expected: {
    organisation: Pick<OrganisationRow, 'id' | 'head' | 'genesis'>;
    /** The application that the request names. */
    appId: string | undefined;
    challenge: string;
    /** Null when the credential is to say who the user is. */
    userId: string | null;
    /** The one credential a long-lived token is bound to; where there is none, keys of tokens do not count. */
    credentialId?: string | undefined;
  },
): Promise<VerifiedFactor> {
  const assertion = readFactor(factor);
  const { organisation, userId, credentialId } = expected;
  const credential =
    (await findCredential(ctx.db.kysely, organisation.id, assertion.credId)) ??
    decoyOf(ctx, organisation.id, userId, assertion.credId);
  const isUsable =
    credential?.isActive === true &&
    (userId === null || credential.userId === userId) &&
    (credentialId === undefined ? credential.tokenId === null : credential.credentialId === credentialId);
  if (!isUsable) refuse('E_NO_CREDENTIAL');
  const state = await stateOf(ctx, organisation.id, organisation.head);
  const { challenge, signCount, origin } = verifyAssertion({
    assertion,
    credential: {
      credentialId: credential.credentialId,
      kind: credential.kind as CredentialKind,
      algorithm: credential.algorithm as KeyAlgorithm,
      publicKey: credential.publicKey,
    },
    ...placesOf(state),
    verify: nodeVerify,
    purpose: 'get',
  });
  if (challenge !== expected.challenge) refuse('E_ASSERTION', 'the signature is for another challenge');
  checkUserHandle(assertion, credential, organisation);
  checkOrigin(state, origin, expected.appId);
  return { assertion, credential, signCount };
}

/** Whoever answers for the passkey of somebody who is not there is told what a wrong signature is told. */
function decoyOf(ctx: Context, orgId: string, userId: string | null, credId: string): CredentialRow | undefined {
  if (userId === null) return undefined;
  const decoy = decoyCredential(ctx, orgId, userId);
  return decoy.credentialId === credId ? decoy : undefined;
}

/** Moves a passkey's counter on; part of the transaction that spends the challenge. */
export async function countUse(ctx: Context, tx: Executor, { credential, signCount }: VerifiedFactor): Promise<void> {
  if (signCount === undefined || (await raiseCounter(tx, credential.uuid, signCount))) return;
  ctx.log('auth.counter-not-raised', {
    orgId: credential.orgId,
    userId: credential.userId,
    credential: credential.uuid,
  });
  refuse('E_COUNTER');
}

/** The assertion in the form signers take: padding off, exactly the members of its kind. */
export function readFactor({ kind, credentialAssertion }: KeyFactor): FactorAssertion {
  const { credId, clientData, authenticatorData, signature, algorithm, userHandle } = credentialAssertion;
  const common = { credId: unpadded(credId), clientData: unpadded(clientData), signature: unpadded(signature) };
  if (kind !== 'Fido2') return { kind, ...common, ...(algorithm === undefined ? {} : { algorithm }) };
  return {
    kind,
    ...common,
    authenticatorData: unpadded(authenticatorData ?? ''),
    // Authenticators without a resident key send an empty one.
    ...(userHandle === undefined || userHandle === '' ? {} : { userHandle: unpadded(userHandle) }),
  };
}

/** auth.md §3: the authenticator keeps the text of the user id, or of what stands for it in a genesis. */
function checkUserHandle(
  assertion: FactorAssertion,
  { credentialId, userId }: CredentialRow,
  organisation: Pick<OrganisationRow, 'genesis'>,
): void {
  if (assertion.kind !== 'Fido2' || assertion.userHandle === undefined) return;
  const handle = decodeText(assertion.userHandle);
  if (handle === userId) return;
  // The passkey that a genesis names is older than the id derived from it (docs/specs/genesis.md §1).
  const { admin, nonce } = decodeGenesis(organisation.genesis);
  if (credentialId !== admin.credential.id || handle !== nonce) refuse('E_NO_CREDENTIAL');
}

function decodeText(text: string): string | undefined {
  try {
    return utf8Decode(fromBase64Url(text));
  } catch (error) {
    if (error instanceof WireError) return undefined;
    throw error;
  }
}

const unpadded = (text: string): string => text.replace(/={1,2}$/, '');
