/** Proves that this signer holds its share of every key, a page at a time; what it cannot prove it names. */
import { keyStatementBytes } from '@holdfast/authority/log';
import { auditPageBytes, shareProofContext } from '@holdfast/authority/share-audit';
import type { AuditItem, Command, Result } from '@holdfast/cluster/commands';
import { fromHex, toBase64Url, toHex } from '@holdfast/contract/wire';
import { curve as curveOf } from '@holdfast/crypto/curves';
import { proveShare } from '@holdfast/crypto/sharing';
import { check } from '../refusal/index.ts';
import { wipeShare } from '../vault/index.ts';
import type { Context } from './context.ts';

/** Keys in one page: about 64 KiB, and a pause of some ten milliseconds at most. */
const PAGE = 64;
/** Pages answered in one minute: 10,000 keys and then some, and no more than a tenth of a core. */
const PAGES_PER_MINUTE = 240;
/** What an id of the public API looks like; anything else in the file is damage. */
const KEY_ID = /^[a-z]{2,8}(-[0-9a-z]{4,26}){1,3}$/;

export interface AuditBudget {
  since: number;
  pages: number;
}

export function auditShares(ctx: Context, command: Extract<Command, { kind: 'Audit' }>): Result {
  checkBudget(ctx);
  const { cluster } = ctx;
  const { after } = command;
  const nonce = fromHex(command.nonce, { bytes: 32 });
  const all = ctx.store.keys.keyIds();
  const next = all.filter((keyId) => KEY_ID.test(keyId) && keyId > after).sort();
  const items: AuditItem[] = [];
  let seen = 0;
  // Keys that are not made yet give no item, so that a page of them alone would not lead on.
  for (; seen < next.length && items.length < PAGE; seen++) {
    const item = itemOf(ctx, next[seen] ?? '', nonce);
    if (item !== undefined) items.push(item);
  }
  const more = seen < next.length;
  if (!more && all.some((keyId) => !KEY_ID.test(keyId)))
    items.push({ keyId: 'key-unreadable', status: 'damaged', problem: 'E_STORE_DAMAGED' });
  const { fingerprint } = cluster.roster;
  const page = auditPageBytes({ fingerprint, nonce, signerId: cluster.signerId, after, more, items });
  return { t: 'audit', page: { items, more, signature: toBase64Url(cluster.identity.sign(page)) } };
}

/** Undefined for a key that does not exist yet, and for a child, of which only the master's share is held. */
function itemOf(ctx: Context, keyId: string, nonce: Uint8Array): AuditItem | undefined {
  const { store, cluster, env } = ctx;
  try {
    const key = store.keys.key(keyId);
    if (key?.activeEpoch === undefined || key.derivedFrom !== undefined) return undefined;
    const { org, curve: name, activeEpoch: epoch } = key;
    const { share, record } = store.keys.open(keyId, epoch);
    try {
      const { index } = share;
      const { fingerprint } = cluster.roster;
      const context = shareProofContext({ fingerprint, nonce, signerId: cluster.signerId, org, keyId, epoch, index });
      const { A, z } = proveShare(curveOf(name), { x: share.x, context, random: env.random });
      const statement = cluster.identity.sign(keyStatementBytes(org, keyId, name, record.publicKey, epoch));
      return {
        keyId,
        status: 'proved',
        org,
        curve: name,
        publicKey: toHex(record.publicKey),
        epoch: toHex(epoch),
        index,
        publicShares: record.publicShares.map((X_j) => toHex(X_j)),
        statement: toBase64Url(statement),
        A: toHex(A),
        z: toHex(z),
      };
    } finally {
      wipeShare(share);
    }
  } catch (error) {
    const problem = error instanceof Error && 'code' in error ? String(error.code) : '';
    // Anything without a code of ours is a bug, not a damaged share.
    if (!/^E_[A-Z0-9_]+$/.test(problem)) throw error;
    env.log('audit.damaged', { keyId, problem });
    return { keyId, status: 'damaged', problem };
  }
}

function checkBudget({ env, audits }: Context): void {
  const now = env.now();
  if (now - audits.since >= 60_000 || now < audits.since) {
    audits.since = now;
    audits.pages = 0;
  }
  check(audits.pages < PAGES_PER_MINUTE, 'E_BUSY', 'this signer has proved enough shares for this minute; try again');
  audits.pages += 1;
}
