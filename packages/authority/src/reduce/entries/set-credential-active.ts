/** Activation and deactivation of one's own credentials. */
import { refuse } from '../../errors/index.ts';
import { withEntry } from '../state.ts';
import { readText } from './fields.ts';
import type { Reducer } from './reducer.ts';

export function setCredentialActive(active: boolean): Reducer {
  return (state, { body, user, credential: signing }) => {
    const uuid = readText(body, 'credentialUuid', 64);
    const own = [...state.credentials.values()].filter(
      ({ userId, tokenId }) => userId === user.userId && tokenId === undefined,
    );
    const credential = own.find((one) => one.uuid === uuid) ?? refuse('E_NOT_FOUND', 'credential not found');
    if (!active && credential.active) {
      // A recovery key signs nothing but a recovery: whoever has only that one is locked out.
      const isLast = !own.some((one) => one.active && one.uuid !== uuid && one.kind !== 'RecoveryKey');
      if (isLast && credential.kind !== 'RecoveryKey')
        refuse('E_LAST_CREDENTIAL', 'this is your last active credential');
      if (credential.uuid === signing.uuid)
        refuse('E_CONFLICT', 'a credential cannot deactivate itself; sign with another one');
    }
    return { ...state, credentials: withEntry(state.credentials, credential.credentialId, { ...credential, active }) };
  };
}
