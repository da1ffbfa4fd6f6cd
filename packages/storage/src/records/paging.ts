/**
 * Lists in pages, newest first. A token names the last row seen and is bound by an HMAC to the collection, the
 * organisation and the filter it was issued for, so that it opens nothing else.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { StorageError } from '../database/errors.ts';

export interface Paging {
  limit: number;
  /** `nextPageToken` of the page before. */
  token?: string | undefined;
  /** The api's secret; at least 32 bytes. */
  secret: Uint8Array;
}

export interface Page<Row> {
  readonly items: Row[];
  readonly nextPageToken?: string;
}

const TAG_BYTES = 16;

/** Reads one page with `read(before, limit)`, which returns rows of lower `seq` than `before`, newest first. */
export async function readPage<Row extends { seq: number }>(
  scope: readonly (string | undefined)[],
  paging: Paging,
  read: (before: number, limit: number) => Promise<Row[]>,
): Promise<Page<Row>> {
  const before =
    paging.token === undefined ? Number.MAX_SAFE_INTEGER : decodeCursor(paging.secret, scope, paging.token);
  const rows = await read(before, paging.limit + 1);
  const items = rows.slice(0, paging.limit);
  const last = items.at(-1);
  if (rows.length <= paging.limit || last === undefined) return { items };
  return { items, nextPageToken: encodeCursor(paging.secret, scope, last.seq) };
}

export function encodeCursor(secret: Uint8Array, scope: readonly (string | undefined)[], position: number): string {
  const text = position.toString(36);
  return `${text}.${mac(secret, scope, text).toString('base64url')}`;
}

/** Throws E_STORAGE_CURSOR for anything this api did not issue for exactly this list. */
export function decodeCursor(secret: Uint8Array, scope: readonly (string | undefined)[], token: string): number {
  const match = /^([0-9a-z]{1,11})\.([A-Za-z0-9_-]{22})$/.exec(token);
  const [, text = '', tag = ''] = match ?? [];
  const expected = mac(secret, scope, text);
  const given = Buffer.from(tag, 'base64url');
  const ok =
    match !== null &&
    given.length === TAG_BYTES &&
    given.toString('base64url') === tag &&
    timingSafeEqual(given, expected);
  if (!ok) throw new StorageError('E_STORAGE_CURSOR', 'The pagination token is not one of this list.');
  return Number.parseInt(text, 36);
}

function mac(secret: Uint8Array, scope: readonly (string | undefined)[], text: string): Buffer {
  // JSON of a list of strings is unambiguous; the label keeps this use of the secret apart from every other.
  const message = JSON.stringify(['holdfast/page/v1', scope.map((part) => part ?? null), text]);
  return createHmac('sha256', secret).update(message).digest().subarray(0, TAG_BYTES);
}
