/** What the API has for Canton and this release cannot do, as no participant node could be asked: refused in one way. */
import { refuse } from '@holdfast/contract/errors';
import { type NetworkName, networkOfPath, networksOfKind } from '@holdfast/contract/types';

/** Of a path; refuses E_NETWORK where it is none of Canton's. */
export function cantonNetworkOf(params: Readonly<Record<string, string>>): NetworkName {
  const network = networkOfPath(params['network'] ?? '');
  const isCanton = (networksOfKind.Canton as readonly string[]).includes(network ?? '');
  return network !== undefined && isCanton ? network : refuse('E_NETWORK', 'network must be one of Canton');
}

export const refuseCanton = (what: string): never =>
  refuse('E_CANTON', `${what} needs a Canton participant, and this release speaks to none`);

/** There are none: nothing in this release makes any. */
export const refuseUnknown = (what: 'offer' | 'validator'): never => refuse('E_NOT_FOUND', `${what} not found`);

/** One empty page, and so no token that would lead to another. */
export function nothingIn(query: { readonly paginationToken?: string }): { items: never[] } {
  if (query.paginationToken !== undefined) refuse('E_PAGINATION_TOKEN');
  return { items: [] };
}
