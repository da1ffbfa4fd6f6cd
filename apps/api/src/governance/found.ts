/** The first entry of an organisation: a genesis that its administrator signed and operators pinned. */
import { encodeEntry, type GenesisEntry } from '@holdfast/authority/log';
import { initialState } from '@holdfast/authority/reduce';
import type { Assertion } from '@holdfast/authority/types';
import { refuse } from '@holdfast/contract/errors';
import { fromBase64Url, toHex } from '@holdfast/contract/wire';
import { conflictOf, inTransaction } from '@holdfast/storage/database';
import { findOrganisation, insertEntry, insertOrganisation } from '@holdfast/storage/records';
import { isoDate } from '../auth/ids.ts';
import { openSession } from '../auth/sessions.ts';
import type { Context } from '../context.ts';
import { judge, tellSigners } from './commit.ts';
import { needSigners } from './govern.ts';
import { project } from './project.ts';
import { depsOf, encodeState } from './state.ts';

/**
 * Founds an organisation. The api proves nothing by this: signers take the genesis only because their operators
 * pinned its hash. After a crash the same call finishes what it began, since signers acknowledge a genesis they hold.
 */
export async function foundOrganisation(ctx: Context, genesis: string, proof: Assertion) {
  const entry: GenesisEntry = { v: 1, height: 0, genesis, proof };
  const state = initialState(entry, depsOf(ctx));
  const [admin] = [...state.users.values()];
  const [credential] = [...state.credentials.values()];
  if (admin === undefined || credential === undefined) throw new TypeError('a genesis has one administrator');
  if (await findOrganisation(ctx.db.kysely, state.org)) refuse('E_CONFLICT', 'this organisation exists already');
  needSigners(ctx);
  const asked = ctx.signers.online().length;
  const verdict = judge(ctx, await ctx.signers.genesis(genesis, proof), state, asked);
  if (verdict.t !== 'acknowledged') throw verdict.error;
  const { acks } = verdict;
  ctx.env.point('genesis.acknowledged');
  const now = isoDate(ctx.env.now());
  const authToken = await inTransaction(ctx.db, async (tx) => {
    const { org: id, name, head, height } = state;
    await insertOrganisation(tx, { id, name, genesis, state: encodeState(state), head, height, dateCreated: now });
    await insertEntry(tx, {
      orgId: id,
      height,
      head,
      entry: encodeEntry(entry),
      nullifier: null,
      acks,
      dateCreated: now,
    });
    await project(tx, undefined, state, { entry: undefined, now });
    return openSession(ctx, tx, { id: admin.userId, orgId: id });
  }).catch((error: unknown) => {
    if (conflictOf(error) === 'organisations_pkey') refuse('E_CONFLICT', 'this organisation exists already');
    throw error;
  });
  await tellSigners(ctx, state.org, acks);
  return {
    orgId: state.org,
    appId: state.app.appId,
    genesisHash: toHex(fromBase64Url(state.genesisHash, { bytes: 32 })),
    clusterFingerprint: ctx.signers.fingerprint,
    admin: {
      username: admin.username,
      userId: admin.userId,
      credentialId: credential.credentialId,
      credentialUuid: credential.uuid,
      authToken,
    },
    acknowledgedBy: acks.map(({ index }) => index).sort((a, b) => a - b),
  };
}
