/** The cap on what the platform adds to a transfer: the network's own, or the operator's of the signer. */
import { check } from '../errors/index.ts';
import type { Network } from './types.ts';

/** Throws ChainError E_FEE where the fee, in the smallest unit, is above the cap, or where there is no cap. */
export function feeOf(network: Network, fee: bigint): bigint {
  const { feeMax } = network;
  check(feeMax !== undefined, '', `no highest fee is known for ${network.name}`, 'E_FEE');
  check(fee <= feeMax, '', `fee ${inUnits(network, fee)} is above the cap ${inUnits(network, feeMax)}`, 'E_FEE');
  return fee;
}

/** For people: `0.05 ETH`. */
function inUnits({ native }: Network, amount: bigint): string {
  if (native === undefined) return `${amount} of the smallest unit`;
  const digits = amount.toString().padStart(native.decimals + 1, '0');
  const at = digits.length - native.decimals;
  const fraction = digits.slice(at).replace(/0+$/, '');
  return `${digits.slice(0, at)}${fraction === '' ? '' : `.${fraction}`} ${native.symbol}`;
}
