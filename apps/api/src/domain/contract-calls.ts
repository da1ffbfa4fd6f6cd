/** Asking a contract: what both operations for it share. */
import { refuse } from '@holdfast/contract/errors';
import type { Context } from '../context.ts';

/** Answers the returned bytes as 0x hex. Refuses networks without contracts of this kind. */
export async function callContract(
  ctx: Pick<Context, 'chains'>,
  { network, contract, data }: { readonly network: string; readonly contract: string; readonly data: string },
): Promise<string> {
  const { client } = await ctx.chains.connect(network);
  if (client.call === undefined) refuse('E_UNSUPPORTED', `contracts of ${network} are not read here`);
  if (!/^0x[0-9a-fA-F]{40}$/.test(contract))
    refuse('E_BODY', 'body.contract must be 0x and 40 hex digits', { path: 'body.contract' });
  return client.call(contract.toLowerCase(), data);
}

/** 0x is optional, as in all binary data of the API. */
export function hexText(text: string): string {
  const digits = text.startsWith('0x') ? text.slice(2) : text;
  if (!/^(?:[0-9a-fA-F]{2})*$/.test(digits))
    refuse('E_BODY', 'body.data must be hex digits, two for each byte', { path: 'body.data' });
  return `0x${digits.toLowerCase()}`;
}
