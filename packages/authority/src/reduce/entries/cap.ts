/** Nobody hands out more than they have (security-model.md 2.6 (d)). */
import { refuse } from '../../errors/index.ts';
import { operationsOf, type State } from '../state.ts';

/** Refuses unless `grantorId` holds every one of the operations itself. */
export function checkGrant(state: State, grantorId: string, operations: Iterable<string>): void {
  const held = operationsOf(state, grantorId);
  for (const name of operations) {
    if (!held.has(name)) refuse('E_GRANT', `cannot grant ${name}: you do not have it`, { operation: name });
  }
}
