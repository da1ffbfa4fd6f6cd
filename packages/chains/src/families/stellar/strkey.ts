/** Account addresses: base32 of version byte, key and CRC-16/XMODEM, low byte first (SEP-23). */
import { base32nopad } from '@scure/base';
import { check } from '../../errors/index.ts';
import { concat, equal } from '../bytes.ts';

/** Written "G". */
const accountVersion = 6 << 3;

export function encodeAccount(publicKey: Uint8Array): string {
  const payload = concat(Uint8Array.of(accountVersion), publicKey);
  return base32nopad.encode(concat(payload, checksum(payload)));
}

/** 32 bytes. Accounts only: contracts and muxed accounts say so in the refusal. */
export function decodeAccount(text: string, path: string): Uint8Array {
  check(!/^[MC][A-Z2-7]{55,68}$/.test(text), path, 'is a muxed account or a contract; an account (G…) is needed');
  check(/^G[A-Z2-7]{55}$/.test(text), path, 'is not a Stellar account');
  const bytes = base32nopad.decode(text);
  check(
    bytes.length === 35 && bytes[0] === accountVersion && equal(checksum(bytes.subarray(0, 33)), bytes.subarray(33)),
    path,
    'is not a Stellar account: its checksum is wrong',
  );
  return bytes.slice(1, 33);
}

function checksum(bytes: Uint8Array): Uint8Array {
  let crc = 0;
  for (const byte of bytes) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit += 1)
      crc = (crc & 0x8000) !== 0 ? ((crc << 1) ^ 0x1021) & 0xffff : (crc << 1) & 0xffff;
  }
  return Uint8Array.of(crc & 0xff, crc >> 8);
}
