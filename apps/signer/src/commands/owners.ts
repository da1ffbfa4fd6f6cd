/**
 * Keys of end users (docs/specs/delegation.md): whoever owns one is asked for its every use, and nobody else is heard. Whose
 * a key is stands in this signer's own store, from the request that made or delegated it.
 */
import { canSign } from '@holdfast/authority/reduce';
import type { ConsentedAct } from '../consent/index.ts';
import { check, refuse } from '../refusal/index.ts';
import type { KeyRecord } from '../store/index.ts';
import type { KeyBody } from './create-key.ts';

const isEndUser = ({ state }: ConsentedAct, userId: string): boolean => state.users.get(userId)?.kind === 'EndUser';

/** Refuses everybody but the owner; an end user does not learn of keys that are not its own. */
export function checkOwner(act: ConsentedAct, { owner }: Pick<KeyRecord, 'owner'>): void {
  if (isOwned(owner) && owner === act.userId) return;
  check(!isEndUser(act, act.userId), 'E_NOT_FOUND', 'key not found');
  check(!isOwned(owner), 'E_DELEGATED', `key is delegated to ${owner}`);
}

/** What a creation says of the owner: end users own what they make, others may name one, or leave it open. */
export function ownerOfNew(act: ConsentedAct, body: KeyBody): string | undefined {
  const { delegateTo, delayDelegation = false } = body;
  check(delegateTo === undefined || !delayDelegation, 'E_DELEGATION', 'give delegateTo or delayDelegation, not both');
  if (isEndUser(act, act.userId)) {
    const isOwn = (delegateTo === undefined || delegateTo === act.userId) && !delayDelegation;
    check(isOwn, 'E_DELEGATION', 'an end user owns what it makes');
    return act.userId;
  }
  // Children of a key that changes hands would change hands with it, or their master's owner could compute them.
  check(!(delayDelegation && body.masterKey === true), 'E_DELEGATION', 'a master key is delegated at once or never');
  if (delegateTo === undefined) return delayDelegation ? UNDECIDED : undefined;
  return checkEndUser(act, delegateTo);
}

/** A key that was made to be delegated later, of this organisation's own, becomes an end user's for good. */
export function checkDelegable(act: ConsentedAct, { owner }: Pick<KeyRecord, 'owner'>, to: string): void {
  // Asked again by whoever did not hear the answer.
  if (owner === to) return;
  check(!isOwned(owner), 'E_DELEGATED', `key is delegated to ${owner}`);
  check(owner === UNDECIDED, 'E_DELEGATION', 'the key was not made with delayDelegation');
  checkEndUser(act, to);
}

/** Keys of a user who cannot sign would be nobody's, or become whose key the organisation confirms next. */
function checkEndUser(act: ConsentedAct, userId: unknown): string {
  const user = typeof userId === 'string' ? act.state.users.get(userId) : undefined;
  if (user === undefined) return refuse('E_NOT_FOUND', 'user not found');
  check(user.kind === 'EndUser', 'E_DELEGATION', 'keys are delegated to end users only');
  check(
    user.active && canSign(act.state, user.userId),
    'E_DELEGATION',
    'the end user is not active or has no confirmed credential yet',
  );
  return user.userId;
}

/** In place of an owner: the key may still be delegated. */
export const UNDECIDED = '';
const isOwned = (owner: string | undefined): owner is string => owner !== undefined && owner !== UNDECIDED;
