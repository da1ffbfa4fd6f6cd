/** Secrets that the api has to read again, kept under its own secret: AES-256-GCM, 12 bytes of nonce in front, the tag behind. */
import { createCipheriv, createDecipheriv } from 'node:crypto';
import { fromBase64Url, toBase64Url, utf8 } from '@holdfast/contract/wire';
import type { Context } from '../context.ts';
import { deriveSecret } from './tokens.ts';

const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** `place` says what the secret is and whose: sealed for one place, it opens at no other. */
export function sealSecret(ctx: Pick<Context, 'env' | 'secrets'>, place: string, secret: Uint8Array): string {
  const nonce = ctx.env.random(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', deriveSecret(ctx, 'sealed'), nonce).setAAD(utf8(place));
  return toBase64Url(
    new Uint8Array(Buffer.concat([nonce, cipher.update(secret), cipher.final(), cipher.getAuthTag()])),
  );
}

/** Undefined when it was sealed under another secret of the api: it was replaced since. */
export function openSecret(ctx: Pick<Context, 'secrets'>, place: string, sealed: string): Uint8Array | undefined {
  const bytes = fromBase64Url(sealed);
  if (bytes.length < NONCE_BYTES + TAG_BYTES) throw new TypeError('a sealed secret is damaged');
  const decipher = createDecipheriv('aes-256-gcm', deriveSecret(ctx, 'sealed'), bytes.subarray(0, NONCE_BYTES), {
    authTagLength: TAG_BYTES,
  });
  decipher.setAAD(utf8(place)).setAuthTag(bytes.subarray(-TAG_BYTES));
  try {
    const opened = decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES));
    return new Uint8Array(Buffer.concat([opened, decipher.final()]));
  } catch {
    // The one way to fail is the tag.
    return undefined;
  }
}
