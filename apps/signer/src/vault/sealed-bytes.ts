/** Sealing of secrets that are not shares: AES-256-GCM under the store's key, bound to a purpose and a place. */
import { createCipheriv, createDecipheriv } from 'node:crypto';
import { check, refuse } from '../refusal/index.ts';

export interface SealedBytes {
  readonly nonce: Uint8Array;
  /** Ciphertext and 16-byte tag. */
  readonly sealed: Uint8Array;
}

export interface BytesSealer {
  /** `place` says what this is and where it belongs: an encoding under a tag of its own purpose. */
  seal(place: Uint8Array, secret: Uint8Array): SealedBytes;
  /** The caller wipes the result. Refuses E_VAULT_DAMAGED. */
  open(place: Uint8Array, sealed: SealedBytes): Uint8Array;
}

const NONCE_BYTES = 12;
const TAG_BYTES = 16;

export function createBytesSealer(o: { sealKey: Uint8Array; random: (n: number) => Uint8Array }): BytesSealer {
  return {
    seal(place, secret) {
      const nonce = o.random(NONCE_BYTES);
      const cipher = createCipheriv('aes-256-gcm', o.sealKey, nonce);
      cipher.setAAD(place);
      return {
        nonce,
        sealed: new Uint8Array(Buffer.concat([cipher.update(secret), cipher.final(), cipher.getAuthTag()])),
      };
    },
    open(place, { nonce, sealed }) {
      const sized = nonce.length === NONCE_BYTES && sealed.length >= TAG_BYTES;
      check(sized, 'E_VAULT_DAMAGED', 'a sealed record is damaged');
      const decipher = createDecipheriv('aes-256-gcm', o.sealKey, nonce, { authTagLength: TAG_BYTES });
      decipher.setAAD(place);
      decipher.setAuthTag(sealed.subarray(sealed.length - TAG_BYTES));
      const part = decipher.update(sealed.subarray(0, sealed.length - TAG_BYTES));
      try {
        decipher.final();
        // A buffer of its own, outside the shared pool, so that wiping it is meaningful.
        return new Uint8Array(part);
      } catch {
        // The cause says nothing more than "unable to authenticate".
        return refuse('E_VAULT_DAMAGED', 'a sealed record is damaged');
      } finally {
        part.fill(0);
      }
    },
  };
}
