/**
 * Addresses (TEP-2): raw `workchain:hex`, or 36 bytes in base64 with flags and CRC-16. And the wallet contract v4R2
 * (github.com/ton-blockchain/wallet-contract): its address is the hash of its code and first data.
 */
import { base64 } from '@scure/base';
import { check, refuse } from '../../errors/index.ts';
import { be } from '../binary.ts';
import { bytesToBigInt, concat, equal, toHex0x } from '../bytes.ts';
import type { Network, PublicKeyRef } from '../types.ts';
import { bitsToBytes, bytesToBits, type Cell, cell, decodeBoc, type Stub, stub, uint } from './cell.ts';

export interface TonAddress {
  readonly workchain: 0 | -1;
  readonly account: Uint8Array;
}

/** The contract's default, plus the workchain, which is 0 here. */
export const WALLET_ID = 698_983_191;

/** Code of wallet v4R2 as published, hash 0xfeb5ff6820e2ff0d9483e7e0d62c817d846789fb4ae580c878866d959dabd5c0. */
const walletCodeBoc =
  'te6ccgECFAEAAtQAART/APSkE/S88sgLAQIBIAIDAgFIBAUE+PKDCNcYINMf0x/THwL4I7vyZO1E0NMf0x/T//QE0VFDuvKhUVG68qIF+QFUEGT5EPKj+AAkpMjLH1JAyx9SMMv/UhD0AMntVPgPAdMHIcAAn2xRkyDXSpbTB9QC+wDoMOAhwAHjACHAAuMAAcADkTDjDQOkyMsfEssfy/8QERITAubQAdDTAyFxsJJfBOAi10nBIJJfBOAC0x8hghBwbHVnvSKCEGRzdHK9sJJfBeAD+kAwIPpEAcjKB8v/ydDtRNCBAUDXIfQEMFyBAQj0Cm+hMbOSXwfgBdM/yCWCEHBsdWe6kjgw4w0DghBkc3RyupJfBuMNBgcCASAICQB4AfoA9AQw+CdvIjBQCqEhvvLgUIIQcGx1Z4MesXCAGFAEywUmzxZY+gIZ9ADLaRfLH1Jgyz8gyYBA+wAGAIpQBIEBCPRZMO1E0IEBQNcgyAHPFvQAye1UAXKwjiOCEGRzdHKDHrFwgBhQBcsFUAPPFiP6AhPLassfyz/JgED7AJJfA+ICASAKCwBZvSQrb2omhAgKBrkPoCGEcNQICEekk30pkQzmkD6f+YN4EoAbeBAUiYcVnzGEAgFYDA0AEbjJftRNDXCx+AA9sp37UTQgQFA1yH0BDACyMoHy//J0AGBAQj0Cm+hMYAIBIA4PABmtznaiaEAga5Drhf/AABmvHfaiaEAQa5DrhY/AAG7SB/oA1NQi+QAFyMoHFcv/ydB3dIAYyMsFywIizxZQBfoCFMtrEszMyXP7AMhAFIEBCPRR8qcCAHCBAQjXGPoA0z/IVCBHgQEI9FHyp4IQbm90ZXB0gBjIywXLAlAGzxZQBPoCFMtqEssfyz/Jc/sAAgBsgQEI1xj6ANM/MFIkgQEI9Fnyp4IQZHN0cnB0gBjIywXLAlAFzxZQA/oCE8tqyx8Syz/Jc/sAAAr0AMntVA==';
let walletCode: Cell | undefined;

/** Code and first data of the wallet of a key: what deploys it with its first message. */
export function walletInit(key: PublicKeyRef): Cell {
  walletCode ??= decodeBoc(base64.decode(walletCodeBoc), 'wallet');
  const data = cell(uint(0, 32) + uint(WALLET_ID, 32) + bytesToBits(key.publicKey).concat('0'));
  return cell(INIT_BITS, [walletCode, data]);
}

/** StateInit with code and data, without anything else (block.tlb). */
const INIT_BITS = '00110';

export function walletAddress(key: PublicKeyRef): TonAddress {
  return { workchain: 0, account: walletInit(key).hash };
}

/** Of a contract whose code is known by its hash. */
export function contractAddress(code: Stub, data: Stub): TonAddress {
  return { workchain: 0, account: stub(INIT_BITS, [code, data]).hash };
}

/** Not bounceable, so that a wallet can be paid before it is deployed. */
export function formatAddress({ workchain, account }: TonAddress, network: Network): string {
  const plain = concat(Uint8Array.of(0x51 | (network.testnet ? 0x80 : 0), workchain & 0xff), account);
  return base64
    .encode(concat(plain, crc16(plain)))
    .replaceAll('+', '-')
    .replaceAll('/', '_');
}

export function formatRaw({ workchain, account }: TonAddress): string {
  return `${workchain}:${toHex0x(account).slice(2)}`;
}

/** Throws ChainError at `path`; an address for tests only is refused on main networks. */
export function parseAddress(
  text: string,
  network: Network,
  path = 'to',
): { readonly address: TonAddress; readonly bounceable: boolean } {
  const says = `is not an address of ${network.name}`;
  const raw = /^(0|-1):([0-9a-fA-F]{64})$/.exec(text);
  if (raw !== null) {
    const account = be(BigInt(`0x${raw[2]}`), 32);
    return { address: { workchain: raw[1] === '0' ? 0 : -1, account }, bounceable: false };
  }
  const isUsual = /^[A-Za-z0-9_-]{48}$/.test(text) || /^[A-Za-z0-9+/]{48}$/.test(text);
  check(isUsual, path, says);
  const bytes = base64.decode(text.replaceAll('-', '+').replaceAll('_', '/'));
  check(equal(crc16(bytes.subarray(0, 34)), bytes.subarray(34)), path, `${says}: its checksum does not hold`);
  const [flags = 0, workchain] = bytes;
  const isTest = (flags & 0x80) !== 0;
  check((flags & 0x7f) === 0x11 || (flags & 0x7f) === 0x51, path, says);
  check(!isTest || network.testnet, path, `${says}: it is for tests only`);
  check(workchain === 0 || workchain === 0xff, path, `${says}: there is no workchain ${workchain}`);
  return {
    address: { workchain: workchain === 0 ? 0 : -1, account: bytes.slice(2, 34) },
    bounceable: (flags & 0x40) === 0,
  };
}

/** MsgAddressInt, addr_std without anycast. */
export function addressBits({ workchain, account }: TonAddress): string {
  return `100${uint(workchain & 0xff, 8)}${bytesToBits(account)}`;
}

export function readAddress(slice: { bits(length: number): string; path: string }): TonAddress {
  check(slice.bits(3) === '100', slice.path, 'has an address of a form that is not read here');
  const workchain = Number.parseInt(slice.bits(8), 2);
  if (workchain !== 0 && workchain !== 0xff) refuse(slice.path, `names workchain ${workchain}, which there is not`);
  return { workchain: workchain === 0 ? 0 : -1, account: bitsToBytes(slice.bits(256)) };
}

export function sameAddress(a: TonAddress, b: TonAddress): boolean {
  return a.workchain === b.workchain && bytesToBigInt(a.account) === bytesToBigInt(b.account);
}

/** CRC-16/XMODEM, big-endian. */
function crc16(bytes: Uint8Array): Uint8Array {
  let sum = 0;
  for (const byte of bytes) {
    sum ^= byte << 8;
    for (let bit = 0; bit < 8; bit += 1) sum = sum & 0x8000 ? ((sum << 1) ^ 0x1021) & 0xffff : (sum << 1) & 0xffff;
  }
  return be(sum, 2);
}
