/**
 * Passkeys in browsers: makes them, and signs challenges with them. As browser signers of the public client do, the
 * challenge text goes in as its UTF-8 bytes, so that client data holds it encoded a second time.
 */
import { fromBase64Url, toBase64, toBase64Url, utf8 } from '@holdfast/contract/wire';
import type { CredentialSigner, UserActionChallenge } from '../credentials/index.ts';

export interface PasskeyAssertion {
  kind: 'Fido2';
  credentialAssertion: {
    credId: string;
    clientData: string;
    authenticatorData: string;
    signature: string;
    userHandle?: string;
  };
}

/** What the api answers where a passkey is to be made (auth.md §2.2), as far as it is used here. */
export interface CreationChallenge {
  readonly challenge: string;
  readonly user: { readonly id: string; readonly name: string; readonly displayName: string };
  readonly excludeCredentials?: readonly { readonly id: string }[];
}

export interface CreatedPasskey {
  readonly credentialInfo: { readonly credId: string; readonly clientData: string; readonly attestationData: string };
  /** PEM SubjectPublicKeyInfo. */
  readonly publicKey: string;
  readonly algorithm: 'P-256' | 'RSA';
}

/** `navigator.credentials`. Its types are the browser's; here stands what is asked of it. */
export interface PasskeyPort {
  create(options: object): Promise<unknown>;
  get(options: object): Promise<unknown>;
}

export interface PasskeyOptions {
  /** The host name passkeys belong to: `location.hostname`, or a domain above it. Never what the api says. */
  readonly rpId: string;
  /** Ends the wait; browsers may otherwise wait for ever. */
  readonly signal?: () => AbortSignal;
}

/**
 * Give it to a VerifyingSigner, so that it signs what the application is about to send and nothing else.
 * @example
 * const signer = new VerifyingSigner(new PasskeySigner(navigator.credentials, { rpId: location.hostname }), pins);
 */
export class PasskeySigner implements CredentialSigner<PasskeyAssertion> {
  readonly #port: PasskeyPort;
  readonly #options: PasskeyOptions;

  constructor(port: PasskeyPort, options: PasskeyOptions) {
    this.#port = port;
    this.#options = options;
  }

  /** An empty list of allowed passkeys lets the browser ask which one: a login without a user name. */
  async sign(
    challenge: Pick<UserActionChallenge, 'challenge'> & {
      readonly allowCredentials: { readonly webauthn: readonly { readonly id: string }[] };
    },
  ): Promise<PasskeyAssertion> {
    const made = (await this.#port.get({
      publicKey: {
        challenge: utf8(challenge.challenge),
        rpId: this.#options.rpId,
        userVerification: 'required',
        allowCredentials: challenge.allowCredentials.webauthn.map(({ id }) => ({
          type: 'public-key',
          id: fromBase64Url(id),
        })),
      },
      ...signalOf(this.#options),
    })) as RawAssertion;
    const { clientDataJSON, authenticatorData, signature, userHandle } = made.response;
    return {
      kind: 'Fido2',
      credentialAssertion: {
        credId: toBase64Url(new Uint8Array(made.rawId)),
        clientData: toBase64Url(new Uint8Array(clientDataJSON)),
        authenticatorData: toBase64Url(new Uint8Array(authenticatorData)),
        signature: toBase64Url(new Uint8Array(signature)),
        ...(userHandle === null || userHandle.byteLength === 0
          ? {}
          : { userHandle: toBase64Url(new Uint8Array(userHandle)) }),
      },
    };
  }
}

/** Makes a passkey that can say by itself whose it is, with user verification. `rpName` is shown by some devices. */
export async function createPasskey(
  port: PasskeyPort,
  challenge: CreationChallenge,
  options: PasskeyOptions & { readonly rpName: string },
): Promise<CreatedPasskey> {
  const made = (await port.create({
    publicKey: {
      challenge: utf8(challenge.challenge),
      rp: { id: options.rpId, name: options.rpName },
      user: { ...challenge.user, id: utf8(challenge.user.id) },
      // COSE algorithms ES256 and RS256 (RFC 9053 §2.1, RFC 8812 §2).
      pubKeyCredParams: [-7, -257].map((alg) => ({ type: 'public-key', alg })),
      excludeCredentials: (challenge.excludeCredentials ?? []).map(({ id }) => ({
        type: 'public-key',
        id: fromBase64Url(id),
      })),
      authenticatorSelection: { residentKey: 'required', requireResidentKey: true, userVerification: 'required' },
      attestation: 'none',
    },
    ...signalOf(options),
  })) as RawCreation;
  const { response } = made;
  const spki = response.getPublicKey();
  if (spki === null) throw new Error('the browser does not tell the public key of the passkey it made');
  return {
    credentialInfo: {
      credId: toBase64Url(new Uint8Array(made.rawId)),
      clientData: toBase64Url(new Uint8Array(response.clientDataJSON)),
      attestationData: toBase64Url(new Uint8Array(response.attestationObject)),
    },
    publicKey: pemOf('PUBLIC KEY', new Uint8Array(spki)),
    algorithm: response.getPublicKeyAlgorithm() === -257 ? 'RSA' : 'P-256',
  };
}

/** RFC 7468: lines of 64 characters. */
export function pemOf(label: 'PUBLIC KEY' | 'PRIVATE KEY', der: Uint8Array): string {
  const lines = toBase64(der).replace(/(.{64})(?=.)/g, '$1\n');
  return `-----BEGIN ${label}-----\n${lines}\n-----END ${label}-----\n`;
}

const signalOf = ({ signal }: PasskeyOptions): { readonly signal?: AbortSignal } =>
  signal === undefined ? {} : { signal: signal() };

interface RawAssertion {
  readonly rawId: ArrayBuffer;
  readonly response: {
    readonly clientDataJSON: ArrayBuffer;
    readonly authenticatorData: ArrayBuffer;
    readonly signature: ArrayBuffer;
    readonly userHandle: ArrayBuffer | null;
  };
}

interface RawCreation {
  readonly rawId: ArrayBuffer;
  readonly response: {
    readonly clientDataJSON: ArrayBuffer;
    readonly attestationObject: ArrayBuffer;
    getPublicKey(): ArrayBuffer | null;
    getPublicKeyAlgorithm(): number;
  };
}
