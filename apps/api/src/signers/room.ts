/** What the parts of this folder share. */
import type { Command } from '@holdfast/cluster/commands';
import type { Roster } from '@holdfast/cluster/roster';
import type { Env } from '@holdfast/contract/types';
import { toHex } from '@holdfast/contract/wire';
import type { Database } from '@holdfast/storage/database';
import type { UserActionGrant } from '../pipeline/types.ts';
import type { Ask, ClusterLink } from './ask.ts';

export type ActOrder = Omit<Extract<Command, { readonly kind: 'Act' }>, 'v' | 'id'>;
export type GrantForSigners = Pick<UserActionGrant, 'request' | 'assertion' | 'tokens'>;

export interface Room {
  readonly roster: Roster;
  readonly env: Env;
  readonly db: Database;
  readonly link: ClusterLink;
  readonly ask: Ask;
  /** The order that shows a signed request to a signer; every one has a run nonce of its own. */
  act(
    grant: GrantForSigners,
    o: Pick<ActOrder, 'participants' | 'session' | 'path' | 'keyEpoch' | 'completion' | 'originals'>,
  ): ActOrder;
  /** The PRSS session that all five hold, or undefined. */
  session(): string | undefined;
  /** Waits until all five hold one session, or the time is over. */
  awaitSession(ms: number): Promise<string | undefined>;
}

const RUN_NONCE_BYTES = 32;

export function actOrder(env: Pick<Env, 'random'>): Room['act'] {
  return ({ request, assertion, tokens }, { participants, session, path, keyEpoch, completion, originals }) => ({
    kind: 'Act',
    request,
    assertion,
    tokens,
    runNonce: toHex(env.random(RUN_NONCE_BYTES)),
    participants,
    ...(session === undefined ? {} : { session }),
    ...(path === undefined ? {} : { path }),
    ...(keyEpoch === undefined ? {} : { keyEpoch }),
    ...(completion === undefined ? {} : { completion }),
    ...(originals === undefined ? {} : { originals }),
  });
}
