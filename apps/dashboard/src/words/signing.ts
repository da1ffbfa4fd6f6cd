/**
 * What a wallet is asked to sign, read by the chain's own code in the browser: the same that every signer runs over the same
 * text. The api says which network and key a wallet has; signers use their own record of both.
 */
import { type Facts, loadFamily, type PublicKeyRef } from '@holdfast/chains/families';
import { isNetwork, network as networkNamed } from '@holdfast/chains/networks';
import { asJsonObject, fromHex, parseStrictJson } from '@holdfast/contract/wire';
import type { ActionRequest, Described, Row } from './actions.ts';

export interface WalletClaim {
  readonly network: string;
  readonly name?: string;
  readonly signingKey: { readonly scheme: string; readonly curve: string; readonly publicKey: string };
}

const readable = /^\/wallets\/(wa-[a-z0-9-]+)\/(signatures|transactions|transfers)$/;

/** The wallet of a request whose body a chain family can read. */
export const walletOf = (path: string): string | undefined => readable.exec(path)?.[1];

/** The same request with what the family reads in it; as it was where the family cannot read it. */
export async function describeSigning(
  request: ActionRequest,
  plain: Described,
  wallet: WalletClaim,
): Promise<Described> {
  if (!isNetwork(wallet.network)) return plain;
  const network = networkNamed(wallet.network);
  const where = `${wallet.name === undefined ? '' : `“${wallet.name}” on `}${wallet.network}`;
  const body = asJsonObject(parseStrictJson(request.payload), 'body');
  if (request.path.endsWith('/transfers')) {
    const amount = typeof body['amount'] === 'string' ? body['amount'] : undefined;
    if (body['kind'] !== 'Native' || amount === undefined || network.native === undefined) return plain;
    const { symbol, decimals } = network.native;
    return {
      ...plain,
      sentence: `Send ${wholeUnits(amount, decimals)} ${symbol} to ${String(body['to'])}`,
      rows: [{ label: 'From', value: where }, ...plain.rows],
    };
  }
  if (request.path.endsWith('/transactions') && body['kind'] !== 'Transaction') return plain;
  const facts = await factsOf(body, wallet);
  if (facts === undefined) return plain;
  const rows: Row[] = [
    { label: 'Wallet', value: where },
    ...facts.summary.map(({ label, value }) => ({ label, value })),
  ];
  const told = new Set(rows.map(({ value }) => value));
  const others = plain.rows.filter(({ value }) => !told.has(value));
  return facts.interpreted
    ? { sentence: `Sign on ${wallet.network}: ${facts.kind}`, level: 'described', rows: [...rows, ...others] }
    : { ...plain, rows: [...rows, ...others] };
}

async function factsOf(body: Readonly<Record<string, unknown>>, wallet: WalletClaim): Promise<Facts | undefined> {
  const network = networkNamed(wallet.network);
  const { scheme, curve, publicKey } = wallet.signingKey;
  const key = { scheme, curve, publicKey: fromHex(publicKey) } as PublicKeyRef;
  try {
    return (await loadFamily(network.family)).plan({ key, network, body }).facts;
  } catch {
    // Not of a form this family reads: it is shown whole, as something nobody can read.
    return undefined;
  }
}

/** Exact: by text, never by floating point. */
export function wholeUnits(amount: string, decimals: number): string {
  if (!/^[0-9]+$/.test(amount)) return amount;
  const padded = amount.padStart(decimals + 1, '0');
  const whole = padded.slice(0, padded.length - decimals).replace(/\B(?=(\d{3})+$)/g, ' ');
  const rest = decimals === 0 ? '' : padded.slice(-decimals).replace(/0+$/, '');
  return rest === '' ? whole : `${whole}.${rest}`;
}
