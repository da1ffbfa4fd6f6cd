/**
 * What a log file is made of (docs/specs/log-file.md): the chain, and every signature with the request that asked for it.
 * Nothing here is believed by whoever verifies the file; what would not verify is left out or brought up to date.
 */
import { encodeLine, type KeyLine, type Line, type LineAct, type SignatureLine } from '@holdfast/authority/log-file';
import { refuse } from '@holdfast/contract/errors';
import { fullName, keys, wallets } from '@holdfast/contract/operations';
import { type JsonObject, toBase64Url } from '@holdfast/contract/wire';
import {
  type ActRow,
  findActs,
  type KeyRow,
  listActs,
  listEntries,
  listKeyStatements,
  listKeys,
  listOrdersOf,
  listSignaturesOf,
  listWallets,
  type Page,
  type Paging,
  type SignatureRow,
} from '@holdfast/storage/records';
import type { Context } from '../context.ts';
import { evidenceOf } from '../orders/build.ts';
import type { Principal } from '../pipeline/types.ts';
import { certifiedEntry, takeBatch } from '../signers/catch-up.ts';
import { THRESHOLD } from '../signers/participants.ts';
import { isKeyStatement } from '../signers/statements.ts';

const ENTRIES_MAX = 50;

/** Entries from a height on; in front of the first one, whose log it is. */
export async function chainLines(
  ctx: Context,
  principal: Principal,
  { orgId, from }: { readonly orgId: string; readonly from: number },
) {
  requireOwn(principal, orgId);
  const rows = await listEntries(ctx.db.kysely, orgId, from, ENTRIES_MAX + 1);
  const batch = takeBatch(rows.slice(0, ENTRIES_MAX));
  const entries = await ctx.signers.standing({ org: orgId, height: from, entries: batch.map(certifiedEntry) });
  const { epoch, signers, successions } = ctx.signers.roster;
  const identityKeys = signers.map(({ identityKey }) => toBase64Url(identityKey));
  const cluster: Line = { line: 'cluster', v: 1, org: orgId, epoch, identityKeys, successions };
  const lines = entries.map(
    ({ entry, acks }): Line => ({
      line: 'entry',
      entry,
      acks: [...acks].sort((a, b) => a.index - b.index).map(({ index, signature }) => ({ index, signature })),
    }),
  );
  const next = batch.length < rows.length ? { next: from + batch.length } : {};
  return { lines: [...(from === 0 ? [cluster] : []), ...lines].map(encodeLine), ...next };
}

const DELEGATIONS = [keys.delegateKey, wallets.delegateWallet].map(fullName);

type Kind = 'keys' | 'wallets' | 'delegations' | 'signatures' | 'orders';

/** One page of what the chain's users made, newest first. */
export async function recordLines(
  ctx: Context,
  principal: Principal,
  o: { readonly orgId: string; readonly of: Kind; readonly paging: Paging },
) {
  requireOwn(principal, o.orgId);
  const { lines, nextPageToken } = await read(ctx, o);
  return { lines: lines.map(encodeLine), ...(nextPageToken === undefined ? {} : { nextPageToken }) };
}

async function read(ctx: Context, o: { readonly orgId: string; readonly of: Kind; readonly paging: Paging }) {
  const { orgId, of, paging } = o;
  const db = ctx.db.kysely;
  switch (of) {
    case 'keys': {
      const page = await listKeys(db, { orgId }, paging);
      const lines = await Promise.all(page.items.map((key) => keyLine(ctx, key)));
      // A key that came with a wallet is made by the wallet's request.
      const { lines: acts } = await withActs(ctx, page, (act) => ({ line: 'act', act }));
      const made = acts.filter((line) => line.line === 'act' && line.act.request.path.startsWith('/keys'));
      const stated = lines.filter(({ statements }) => statements.length >= THRESHOLD);
      return { lines: [...stated, ...made], nextPageToken: page.nextPageToken };
    }
    case 'wallets':
      return withActs(ctx, await listWallets(db, { orgId }, paging), (act) => ({ line: 'act', act }));
    case 'delegations': {
      const { items, nextPageToken } = await listActs(db, { orgId, operations: DELEGATIONS }, paging);
      return { lines: items.map((row): Line => ({ line: 'act', act: evidenceOf(row) })), nextPageToken };
    }
    case 'signatures':
      return withActs(ctx, await listSignaturesOf(db, orgId, paging), (act, row) => ({
        ...{ line: 'signature', act },
        signatures: rawOf(row),
      }));
    case 'orders':
      return withActs(ctx, await listOrdersOf(db, orgId, paging), (act, row) => ({
        ...{ line: 'signature', act },
        signatures: (row.signatures ?? []) as SignatureLine['signatures'],
        completion: row.completion as JsonObject,
      }));
    default:
      return of satisfies never;
  }
}

/** Another organisation's id answers like one that does not exist. */
function requireOwn(principal: Principal, orgId: string): void {
  if (orgId !== principal.orgId) refuse('E_NOT_FOUND', 'organisation not found');
}

async function withActs<Row extends { readonly nullifier: string }>(
  ctx: Context,
  page: Page<Row>,
  lineOf: (act: LineAct, row: Row) => Line,
) {
  const acts = await findActs(
    ctx.db.kysely,
    page.items.map(({ nullifier }) => nullifier),
  );
  const byNullifier = new Map(acts.map((act): [string, ActRow] => [act.nullifier, act]));
  const lines = page.items.flatMap((row) => {
    const act = byNullifier.get(row.nullifier);
    return act === undefined ? [] : [lineOf(evidenceOf(act), row)];
  });
  return { lines, nextPageToken: page.nextPageToken };
}

/** With the statements of those who serve today. */
async function keyLine(ctx: Context, key: KeyRow): Promise<KeyLine> {
  const { id: keyId, orgId: org, scheme, curve, publicKey, epoch } = key;
  const statements = (await listKeyStatements(ctx.db.kysely, keyId))
    .map(({ signerIndex: index, signature }) => ({ index, signature }))
    .filter((each) => isKeyStatement(ctx.signers.roster, { org, keyId, curve, publicKey, epoch }, each));
  return { line: 'key', keyId, scheme, curve, publicKey, epoch, statements };
}

interface Wire {
  readonly r: string;
  readonly s: string;
  readonly recid?: number;
}

/** As the cluster made them: r‖s, 64 bytes, whatever the chain's own form is. */
function rawOf({ signature, signatures }: SignatureRow): SignatureLine['signatures'] {
  const all = (signatures ?? (signature === null ? [] : [signature])) as readonly Wire[];
  return all.map(({ r, s, recid }) => ({
    signature: r.replace(/^0x/, '') + s.replace(/^0x/, ''),
    ...(recid === undefined ? {} : { recid }),
  }));
}
