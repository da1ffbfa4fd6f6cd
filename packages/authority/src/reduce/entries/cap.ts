/** Nobody hands out more than they have (security-model.md 2.6 (d)). */
import type { VerifiedRequest } from '../../consent/request.ts';
import { refuse } from '../../errors/index.ts';
import { type Actor, operationsHeld, type State } from '../state.ts';

/** Who signed: by a personal access token, no more than the token has. */
export function actorOf({ user, credential }: Pick<VerifiedRequest, 'user' | 'credential'>): Actor {
  return { userId: user.userId, tokenId: credential.tokenId };
}

/** Refuses unless the grantor holds every one of the operations itself. */
export function checkGrant(state: State, grantor: Actor, operations: Iterable<string>): void {
  const held = operationsHeld(state, grantor);
  for (const name of operations) {
    if (!held.has(name)) refuse('E_GRANT', `cannot grant ${name}: you do not have it`, { operation: name });
  }
}
