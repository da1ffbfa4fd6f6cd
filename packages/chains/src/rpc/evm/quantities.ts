/** Values of the Ethereum JSON-RPC (ethereum/execution-apis): quantities and data as 0x hex. */
import { nonsense } from '../errors.ts';

const quantityForm = /^0x[0-9a-fA-F]{1,64}$/;
const dataForm = /^0x(?:[0-9a-fA-F]{2})*$/;

/** Non-negative, below 2^256. Zeros in front are let through: some nodes write them. */
export function quantity(value: unknown, what: string): bigint {
  return typeof value === 'string' && quantityForm.test(value) ? BigInt(value) : nonsense(`${what} is no quantity`);
}

export function smallQuantity(value: unknown, what: string): number {
  const number = quantity(value, what);
  return number <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(number) : nonsense(`${what} is too large`);
}

/** Lower case. */
export function data(value: unknown, what: string, bytes?: number): string {
  const fits =
    typeof value === 'string' && dataForm.test(value) && (bytes === undefined || value.length === 2 + 2 * bytes);
  return fits ? (value as string).toLowerCase() : nonsense(`${what} is no data`);
}

export function object(value: unknown, what: string): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : nonsense(`${what} is no object`);
}

export function list(value: unknown, what: string): readonly unknown[] {
  return Array.isArray(value) ? value : nonsense(`${what} is no list`);
}

export const toQuantity = (value: bigint | number): string => `0x${value.toString(16)}`;
