/** Fetches what a log file is made of (docs/specs/log-file.md §2). */
import { decodeLine, type EndLine, type Line } from '@holdfast/authority/log-file';
import type { HoldfastApi } from '@holdfast/client/api';

type Content = Exclude<Line, EndLine>;

/** As they stand in the file: keys before wallets, both before what they sign. */
const RECORDS = ['keys', 'wallets', 'delegations', 'signatures', 'orders'] as const;

/**
 * The chain as it stands now, and everything that was made on it; oldest first, so that what is named stands before. Read from
 * the end, so that what is made meanwhile cannot be missing where something names it.
 */
export async function readLines(api: Pick<HoldfastApi, 'plain'>, orgId: string): Promise<readonly Content[]> {
  const base = `/holdfast/orgs/${orgId}/log`;
  const records: string[] = [];
  for (const of of RECORDS.toReversed()) {
    const found: string[] = [];
    let token: string | undefined;
    do {
      const rest = token === undefined ? '' : `&paginationToken=${encodeURIComponent(token)}`;
      const page: { readonly lines: string[]; readonly nextPageToken?: string } = await api.plain(
        'GET',
        `${base}/records?of=${of}&limit=50${rest}`,
      );
      found.push(...page.lines);
      token = page.nextPageToken;
    } while (token !== undefined);
    records.unshift(...found.reverse());
  }
  // After the records: what one of them names is in the chain by now.
  const chain: string[] = [];
  let from: number | undefined = 0;
  do {
    const page: { readonly lines: string[]; readonly next?: number } = await api.plain('GET', `${base}?from=${from}`);
    chain.push(...page.lines);
    from = page.next;
  } while (from !== undefined);
  return [...chain, ...records].map((text) => decodeLine(text) as Content);
}
