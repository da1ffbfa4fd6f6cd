/** What an identity signature on a protocol message covers: docs/specs/runtime.md §3. */
import { enc, i, sha512 } from '@holdfast/crypto/transcript';
import type { Message } from './types.ts';

export function signedBytes(execId: Uint8Array, m: Omit<Message, 'sig'>): Uint8Array {
  return enc(
    'mpc/msg/v1',
    i.bytes(execId),
    i.uint(m.round),
    i.text(m.kind),
    i.uint(m.from),
    i.uint(m.to),
    i.bytes(sha512(m.body)),
  );
}
