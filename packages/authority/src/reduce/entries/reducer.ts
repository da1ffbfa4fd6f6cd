/** The shape of every file beside this one. */
import type { VerifiedRequest } from '../../consent/request.ts';
import type { AuthorityDeps, State } from '../state.ts';

/** The state after a request whose authority is already verified, or a refusal. Height and head are set by `apply`. */
export type Reducer = (state: State, act: VerifiedRequest, deps: AuthorityDeps) => State;
