/** Signs challenges with a private key in PEM, in Node (service accounts, scripts, the command line). */
import { createPrivateKey, type KeyObject, sign } from 'node:crypto';
import type { CredentialSigner, UserActionChallenge } from '../credentials/index.ts';

export interface KeyAssertion {
  kind: 'Key';
  credentialAssertion: { credId: string; clientData: string; signature: string };
}

export class KeySigner implements CredentialSigner<KeyAssertion> {
  readonly #credId: string;
  readonly #key: KeyObject;

  constructor(options: { readonly credId: string; readonly privateKey: string }) {
    this.#credId = options.credId;
    this.#key = createPrivateKey(options.privateKey);
  }

  async sign(challenge: UserActionChallenge): Promise<KeyAssertion> {
    if (!challenge.allowCredentials.key.some((allowed) => allowed.id === this.#credId))
      throw new Error(`credential ${this.#credId} is not among those the challenge allows`);
    const clientData = Buffer.from(JSON.stringify({ type: 'key.get', challenge: challenge.challenge }));
    return {
      kind: 'Key',
      credentialAssertion: {
        credId: this.#credId,
        clientData: clientData.toString('base64url'),
        signature: signKey(this.#key, clientData).toString('base64url'),
      },
    };
  }
}

/** No digest for Ed25519, SHA-256 for everything else: what the platform verifies (reference auth.md §2.4). */
export function signKey(key: KeyObject, bytes: Uint8Array): Buffer {
  return sign(key.asymmetricKeyType === 'ed25519' ? null : 'sha256', bytes, key);
}
