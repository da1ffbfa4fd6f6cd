/**
 * What a wallet is asked to sign, read by the chain's own code in the browser: the same that every signer runs over the same
 * text. The api says which network and key a wallet has; signers use their own record of both.
 */
import { type Facts, loadFamily, type PublicKeyRef } from '@holdfast/chains/families';
import { isNetwork, network as networkNamed } from '@holdfast/chains/networks';
import { asJsonObject, fromHex, parseStrictJson, visibleText } from '@holdfast/contract/wire';
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
  const name = wallet.name === undefined ? '' : `“${visibleText(wallet.name)}” on `;
  const where = `${walletOf(request.path)}: ${name}${wallet.network}, as the server has it`;
  const body = asJsonObject(parseStrictJson(request.payload), 'body');
  if (request.path.endsWith('/transfers')) {
    const amount = typeof body['amount'] === 'string' ? body['amount'] : undefined;
    if (body['kind'] !== 'Native' || amount === undefined || network.native === undefined) return plain;
    const { symbol, decimals } = network.native;
    return {
      ...plain,
      sentence: `Send ${wholeUnits(amount, decimals)} ${symbol} to ${visibleText(String(body['to']))}`,
      rows: [{ label: 'From', value: where }, ...plain.rows],
    };
  }
  if (request.path.endsWith('/transactions') && body['kind'] !== 'Transaction') return plain;
  const facts = await factsOf(body, wallet);
  if (facts === undefined) return plain;
  const rows: Row[] = [
    { label: 'Wallet', value: where },
    ...facts.summary.map(({ label, value }) => ({ label: visibleText(label), value: visibleText(value) })),
  ];
  const told = new Set(rows.map(({ value }) => value));
  const others = plain.rows.filter(({ value }) => !told.has(value));
  const caution = cautionFor(facts);
  if (!facts.interpreted || caution !== undefined)
    return { ...plain, ...(caution === undefined ? {} : { caution }), rows: [...rows, ...others] };
  const verb = request.path.endsWith('/transactions') ? 'Sign and send' : 'Sign';
  return {
    sentence: `${verb} on ${wallet.network}: ${facts.kind}`,
    level: 'described',
    rows: [...rows, ...others],
  };
}

const KINDS: Readonly<Record<string, string>> = {
  Eip712: 'Typed data can let others take what the wallet holds, later and without asking. Read every value below.',
  Eip7702: 'From then on the code of the delegate acts for this wallet, and can move everything it holds.',
};

/** What a family reads for policies is not yet what it will do: a call, a permit and a delegation say it in their data. */
export function cautionFor({ kind, summary }: Facts): string | undefined {
  const has = (label: string, fits: (value: string) => boolean = () => true) =>
    summary.some((fact) => fact.label === label && fits(fact.value));
  const mine = 'Sign it only if you made it yourself.';
  if (has('Data', (value) => value !== '0 bytes') || has('Body') || has('Deploys', (value) => value === 'a contract'))
    return `It calls or deploys a contract with data that this page cannot read. ${mine}`;
  if (has('Sends', sendsTheRest)) return `It sends more than the amount it names, up to all that is there. ${mine}`;
  if (has('Outputs')) return `It pays more outputs than are listed here. ${mine}`;
  if (kind === 'Psbt' && !has('Fee')) return `Not all of its inputs are known, so nobody knows its fee. ${mine}`;
  return KINDS[kind];
}

/** TON's modes 32, 64 and 128 add to the amount or end the account; fees and errors are what 1 and 2 are about. */
const sendsTheRest = (value: string): boolean => Number(/mode (\d+)$/.exec(value)?.[1] ?? 0) >= 32;

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
