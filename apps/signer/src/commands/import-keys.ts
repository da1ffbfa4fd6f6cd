/**
 * The keys that importers seal shares to (rulings 7): made every hour, the last two valid, in memory only. An older
 * private part is erased, which is what makes a recorded import worthless later; a restart erases them all.
 */
import { importKeyBytes } from '@holdfast/authority/log';
import type { Result } from '@holdfast/cluster/commands';
import type { Env } from '@holdfast/contract/types';
import { toBase64 } from '@holdfast/contract/wire';
import { CryptoError, generateRecipient, open } from '@holdfast/crypto/envelope';
import type { ClusterView } from '../cluster-view/index.ts';
import { refuse } from '../refusal/index.ts';

export interface ImportKeys {
  current(): Extract<Result, { t: 'importKey' }>;
  /** The plaintext of a share sealed to one of the two valid keys; the caller wipes it. Refuses E_IMPORT_KEYS_EXPIRED. */
  open(sealed: Uint8Array): Uint8Array;
  close(): void;
}

interface ImportKey {
  readonly publicKey: Uint8Array;
  readonly privateKey: Uint8Array;
  readonly expires: string;
  readonly signature: Uint8Array;
}

export const ROTATE_MS = 60 * 60_000;

export function createImportKeys(o: { env: Env; cluster: ClusterView }): ImportKeys {
  const { env, cluster } = o;
  let valid: ImportKey[] = [];
  let cancel = (): void => {};

  const rotate = (): void => {
    const { publicKey34: publicKey, privateKey33: privateKey } = generateRecipient(env.random);
    // Valid until the second rotation from now.
    const expires = new Date(env.now() + 2 * ROTATE_MS).toISOString();
    const statement = importKeyBytes(cluster.roster.fingerprint, cluster.signerId, publicKey, expires);
    const [previous, old] = valid;
    old?.privateKey.fill(0);
    valid = [
      { publicKey, privateKey, expires, signature: cluster.identity.sign(statement) },
      ...(previous === undefined ? [] : [previous]),
    ];
    cancel = env.setTimer(ROTATE_MS, rotate);
  };
  rotate();

  return {
    current() {
      const [key] = valid;
      if (key === undefined) throw new Error('bug: asked for an import key after the end');
      return {
        t: 'importKey',
        encryptionKey: toBase64(key.publicKey),
        encryptionKeySignature: toBase64(key.signature),
        expires: key.expires,
      };
    },
    open(sealed) {
      for (const { privateKey } of valid) {
        try {
          return open({ privateKey, sealed });
        } catch (error) {
          // Sealed to the other key, or to none of ours; the loop's end says which.
          if (!(error instanceof CryptoError)) throw error;
        }
      }
      return refuse(
        'E_IMPORT_KEYS_EXPIRED',
        'the share does not open with the import keys of the last hour; call GET /signers again',
      );
    },
    close() {
      cancel();
      for (const key of valid) key.privateKey.fill(0);
      valid = [];
    },
  };
}
