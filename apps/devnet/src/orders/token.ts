/**
 * A contract for tests, assembled here because no compiler is installed: as much of ERC-20 and ERC-721 as a transfer
 * touches. Slot = address: balance; slot = token id: owner. Whoever creates it has 10^24 coins and the token 7.
 */

type Part = string | readonly ['push', string] | readonly ['label', string] | readonly ['to', string];

/** Opcodes of the Ethereum virtual machine (execution-specs, Shanghai). */
const op: Readonly<Record<string, string>> = {
  stop: '00',
  add: '01',
  sub: '03',
  lt: '10',
  eq: '14',
  iszero: '15',
  shr: '1c',
  caller: '33',
  calldataload: '35',
  codecopy: '39',
  mstore: '52',
  sload: '54',
  sstore: '55',
  jumpi: '57',
  jumpdest: '5b',
  zero: '5f',
  dup1: '80',
  dup2: '81',
  dup3: '82',
  swap1: '90',
  log3: 'a3',
  log4: 'a4',
  return: 'f3',
  revert: 'fd',
};
const push = (hex: string): Part => ['push', hex];
const label = (name: string): Part => ['label', name];
const to = (name: string): Part => ['to', name];
const argument = (at: string): readonly Part[] => [push(at), 'calldataload'];
const on = (selector: string, name: string): readonly Part[] => ['dup1', push(selector), 'eq', to(name), 'jumpi'];

/** keccak-256 of Transfer(address,address,uint256), the same in ERC-20 and ERC-721. */
const TRANSFER = 'ddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef';

const runtime = assemble([
  ...['zero', 'calldataload', push('e0'), 'shr'],
  ...on('a9059cbb', 'transfer'),
  ...on('70a08231', 'read'),
  ...on('6352211e', 'read'),
  ...on('42842e0e', 'token'),
  ...['zero', 'zero', 'revert'],

  label('transfer'),
  ...argument('24'),
  ...['caller', 'sload', 'dup2', 'dup2', 'lt', to('fail'), 'jumpi'],
  ...['dup2', 'swap1', 'sub', 'caller', 'sstore'],
  ...argument('04'),
  ...['dup1', 'sload', 'dup3', 'add', 'dup2', 'sstore'],
  ...['swap1', 'zero', 'mstore', 'caller', push(TRANSFER), push('20'), 'zero', 'log3'],
  ...[push('01'), 'zero', 'mstore', push('20'), 'zero', 'return'],

  label('read'),
  ...argument('04'),
  ...['sload', 'zero', 'mstore', push('20'), 'zero', 'return'],

  label('token'),
  ...argument('44'),
  ...['sload', 'caller', 'eq', 'iszero', to('fail'), 'jumpi'],
  ...argument('04'),
  ...['caller', 'eq', 'iszero', to('fail'), 'jumpi'],
  ...argument('24'),
  ...argument('44'),
  'sstore',
  ...argument('44'),
  ...argument('24'),
  ...['caller', push(TRANSFER), 'zero', 'zero', 'log4', 'stop'],

  label('fail'),
  ...['zero', 'zero', 'revert'],
]);

const SUPPLY = (10n ** 24n).toString(16).padStart(32, '0');
const size = (runtime.length / 2).toString(16).padStart(4, '0');
const head = (offset: string) =>
  assemble([
    ...[push(SUPPLY), 'caller', 'sstore', 'caller', push('07'), 'sstore'],
    ...[push(size), push(offset), 'zero', 'codecopy', push(size), 'zero', 'return'],
  ]);

/** 0x hex: what creates the contract. */
export const tokenCode = `0x${head((head('0000').length / 2).toString(16).padStart(4, '0'))}${runtime}`;

export const balanceCall = (address: string): string => `0x70a08231${address.slice(2).padStart(64, '0')}`;
export const ownerCall = (tokenId: number): string => `0x6352211e${tokenId.toString(16).padStart(64, '0')}`;

function assemble(parts: readonly Part[]): string {
  const places = new Map<string, number>();
  let at = 0;
  for (const part of parts) {
    if (part[0] === 'label') places.set(part[1], at);
    at += part[0] === 'push' ? 1 + (part[1]?.length ?? 0) / 2 : part[0] === 'to' ? 3 : 1;
  }
  return parts
    .map((part) => {
      if (part[0] === 'label') return op['jumpdest'];
      if (part[0] === 'to') return `61${(places.get(part[1]) ?? 0).toString(16).padStart(4, '0')}`;
      if (part[0] === 'push') return `${(0x5f + part[1].length / 2).toString(16)}${part[1]}`;
      return op[part as string] ?? '';
    })
    .join('');
}
