/** Acts that change a record and run nothing: archiving keys and wallets, and a wallet on a key that is there. */
import { deriveId } from '@holdfast/authority/ids';
import type { RecordMark, Result } from '@holdfast/cluster/commands';
import { toHex } from '@holdfast/contract/wire';
import { enc, i as item, sha256 } from '@holdfast/crypto/transcript';
import type { ConsentedAct } from '../consent/index.ts';
import { check } from '../refusal/index.ts';
import { burn, testAttempt } from './attempt.ts';
import type { Context } from './context.ts';
import { checkNetwork } from './create-key.ts';
import { makeMark } from './marks.ts';
import { checkDelegable } from './owners.ts';
import { checkUsable, keyOf, walletOf } from './records.ts';

/** A change of one record: what it marks, and how it is written. */
export interface RecordChange {
  readonly recordId: string;
  readonly mark: RecordMark['mark'];
  readonly keyId: string;
  write(): void;
}

export function changeRecord(ctx: Context, act: ConsentedAct): Result {
  const change = changeOf(ctx, act, { caughtUp: false });
  const digest = sha256(enc('holdfast/record/v1', item.text(change.recordId), item.text(change.mark)));
  testAttempt(ctx, act, digest);
  ctx.store.transaction('record', () => {
    const attempt = burn(ctx, act, { digest, keyId: change.keyId });
    change.write();
    ctx.store.journal.append(`record.${change.mark}`, {
      org: act.org,
      recordId: change.recordId,
      nullifier: toHex(act.nullifier),
      attempt,
    });
  });
  return {
    t: 'mark',
    mark: makeMark(ctx, { org: act.org, recordId: change.recordId, mark: change.mark, nullifier: act.nullifier }),
  };
}

/**
 * What an act does to a record. `caughtUp`: three signers carried it out while this one was away, so what has
 * happened to the key since does not matter any more.
 */
export function changeOf(ctx: Context, act: ConsentedAct, o: { caughtUp: boolean }): RecordChange {
  const { keys } = ctx.store;
  const byAnybody = o.caughtUp;
  switch (act.effect) {
    case 'archive': {
      const { walletId, keyId } = act.params;
      if (walletId !== undefined) {
        const wallet = walletOf(ctx, act, walletId);
        keyOf(ctx, act, wallet.keyId, { byAnybody });
        return {
          recordId: walletId,
          mark: 'archived',
          keyId: wallet.keyId,
          write: () => keys.setWalletStatus(walletId, 'Archived'),
        };
      }
      const key = keyOf(ctx, act, keyId ?? '', { byAnybody });
      return {
        recordId: key.keyId,
        mark: 'archived',
        keyId: key.keyId,
        write: () => (key.archived ? undefined : keys.mark(key.keyId, 'archived')),
      };
    }
    case 'exportKey': {
      const { walletId, keyId } = act.params;
      const key = keyOf(ctx, act, walletId === undefined ? (keyId ?? '') : walletOf(ctx, act, walletId).keyId, {
        byAnybody,
      });
      return {
        recordId: key.keyId,
        mark: 'exported',
        keyId: key.keyId,
        write: () => (key.exported ? undefined : keys.mark(key.keyId, 'exported')),
      };
    }
    case 'wallet': {
      const { network, signingKey } = act.body as { network: string; signingKey: { id: string; deriveFrom?: unknown } };
      check(signingKey.deriveFrom === undefined, 'E_HD', 'give signingKey.id or signingKey.deriveFrom, not both');
      const key = keyOf(ctx, act, signingKey.id, { byAnybody });
      const { delegateTo, delayDelegation } = act.body;
      check(
        delegateTo === undefined && delayDelegation !== true,
        'E_DELEGATION',
        'a key that is there is delegated by itself, with all its wallets',
      );
      if (!o.caughtUp) checkUsable(ctx, { key });
      checkNetwork(network, key);
      const walletId = deriveId('wa', act.nullifier);
      const status = key.archived ? 'Archived' : 'Active';
      const known = keys.wallet(walletId);
      const write = (): void => {
        if (known === undefined)
          keys.putWallet({ walletId, org: act.org, keyId: key.keyId, network, status, origin: act.nullifier });
      };
      return { recordId: walletId, mark: 'wallet', keyId: key.keyId, write };
    }
    case 'delegate': {
      const { walletId, keyId } = act.params;
      const id = walletId === undefined ? (keyId ?? '') : walletOf(ctx, act, walletId).keyId;
      const key = keyOf(ctx, act, id, { byAnybody: true });
      const to = delegateOf(act);
      if (!o.caughtUp) {
        checkDelegable(act, key, to);
        checkUsable(ctx, { key });
      }
      return {
        recordId: key.keyId,
        mark: 'delegated',
        keyId: key.keyId,
        write: () => keys.setOwner(key.keyId, to),
      };
    }
    default:
      check(false, 'E_COMMAND', 'this act changes no record');
      throw new Error('bug: unreachable');
  }
}

/** Keys take `delegateTo`, the older call on wallets `userId`; a request that says both says nothing. */
function delegateOf({ body }: ConsentedAct): string {
  const { delegateTo, userId } = body;
  const to = delegateTo ?? userId;
  check(
    typeof to === 'string' && (delegateTo === undefined || userId === undefined),
    'E_BODY',
    'body.delegateTo must be the id of a user',
  );
  return to;
}
