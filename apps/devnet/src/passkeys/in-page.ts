/**
 * What a web application does with passkeys, run inside the page. As browser signers of the public client do: the
 * challenge text goes in as its UTF-8 bytes, so that client data holds it encoded a second time (auth.md §2.2).
 */
import type { Page } from './browser.ts';

export interface CreationChallenge {
  readonly challenge: string;
  readonly rp?: { readonly id: string; readonly name: string } | undefined;
  readonly user: { readonly id: string; readonly displayName: string; readonly name: string };
  readonly pubKeyCredParams: readonly { readonly type: string; readonly alg: number }[];
  readonly excludeCredentials: readonly { readonly type: string; readonly id: string }[];
  readonly authenticatorSelection: object;
  readonly attestation: string;
}

export interface RequestChallenge {
  readonly challenge: string;
  readonly rp?: { readonly id: string } | undefined;
  readonly userVerification: string;
  readonly allowCredentials: { readonly webauthn: readonly { readonly type: string; readonly id: string }[] };
}

export interface CreatedPasskey {
  readonly credentialInfo: {
    readonly credId: string;
    readonly clientData: string;
    readonly attestationData: string;
  };
  /** DER, base64: what the browser says the new key is. */
  readonly publicKey: string;
}

export interface PasskeyAssertion {
  readonly credId: string;
  readonly clientData: string;
  readonly authenticatorData: string;
  readonly signature: string;
  readonly userHandle?: string;
}

export function createPasskey(page: Page, challenge: CreationChallenge): Promise<CreatedPasskey> {
  return page.run(create, [challenge]);
}

/** `origin`: in the page's frame of that origin. */
export function signWithPasskey(page: Page, challenge: RequestChallenge, origin?: string): Promise<PasskeyAssertion> {
  return page.run(get, [challenge], origin);
}

// The two functions below are sent to the browser as their text: they can use nothing from around them.

async function create(challenge: CreationChallenge): Promise<CreatedPasskey> {
  const text = (buffer: ArrayBuffer, alphabet: 'base64' | 'base64url') => {
    const base64 = btoa(String.fromCharCode(...new Uint8Array(buffer)));
    return alphabet === 'base64' ? base64 : base64.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
  };
  const bytes = (id: string) =>
    Uint8Array.from(atob(id.replaceAll('-', '+').replaceAll('_', '/')), (c) => c.charCodeAt(0));
  // biome-ignore lint/suspicious/noExplicitAny: the types of the browser are not among ours.
  const { navigator } = globalThis as any;
  const made = await navigator.credentials.create({
    publicKey: {
      ...challenge,
      challenge: new TextEncoder().encode(challenge.challenge),
      user: { ...challenge.user, id: new TextEncoder().encode(challenge.user.id) },
      excludeCredentials: challenge.excludeCredentials.map(({ id, type }) => ({ id: bytes(id), type })),
      timeout: 20_000,
    },
  });
  return {
    credentialInfo: {
      credId: made.id,
      clientData: text(made.response.clientDataJSON, 'base64url'),
      attestationData: text(made.response.attestationObject, 'base64url'),
    },
    publicKey: text(made.response.getPublicKey(), 'base64'),
  };
}

async function get(challenge: RequestChallenge): Promise<PasskeyAssertion> {
  const text = (buffer: ArrayBuffer) =>
    btoa(String.fromCharCode(...new Uint8Array(buffer)))
      .replaceAll('+', '-')
      .replaceAll('/', '_')
      .replace(/=+$/, '');
  const bytes = (id: string) =>
    Uint8Array.from(atob(id.replaceAll('-', '+').replaceAll('_', '/')), (c) => c.charCodeAt(0));
  // biome-ignore lint/suspicious/noExplicitAny: the types of the browser are not among ours.
  const { navigator } = globalThis as any;
  const made = await navigator.credentials.get({
    publicKey: {
      challenge: new TextEncoder().encode(challenge.challenge),
      allowCredentials: challenge.allowCredentials.webauthn.map(({ id, type }) => ({ id: bytes(id), type })),
      rpId: challenge.rp?.id,
      userVerification: challenge.userVerification,
      timeout: 20_000,
    },
  });
  const { clientDataJSON, authenticatorData, signature, userHandle } = made.response;
  return {
    credId: made.id,
    clientData: text(clientDataJSON),
    authenticatorData: text(authenticatorData),
    signature: text(signature),
    ...(userHandle === null ? {} : { userHandle: text(userHandle) }),
  };
}
