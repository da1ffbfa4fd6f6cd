/**
 * The verifying credential signer: looks at what it is asked to sign. With it a hostile api cannot turn one request
 * into another (security-model P4); a stock signer signs any challenge it is handed.
 */
import { decodeChallenge, nullifier, payloadHash } from '@holdfast/authority/challenge';
import type { ChallengeRecord } from '@holdfast/authority/types';

/** What the public SDK hands to a signer. */
export interface UserActionChallenge {
  readonly challenge: string;
  readonly challengeIdentifier: string;
  readonly allowCredentials: {
    readonly key: readonly { readonly id: string }[];
    readonly webauthn: readonly { readonly id: string }[];
  };
}

/** The public SDK's CredentialSigner. */
export interface CredentialSigner<T> {
  sign(challenge: UserActionChallenge): Promise<T>;
}

/** A request as the application is about to send it. */
export interface IntendedRequest {
  readonly method: 'POST' | 'PUT' | 'DELETE' | 'GET';
  /** Without query. */
  readonly path: string;
  /** The JSON body, or its exact text; absent for calls without one. */
  readonly body?: unknown;
}

export interface Approved<T> {
  readonly result: T;
  /** SHA-256 of the challenge that was signed: ids of what the call created derive from it. */
  readonly nullifier: Uint8Array;
}

export class ChallengeRefused extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ChallengeRefused';
  }
}

export class VerifyingSigner<T> implements CredentialSigner<T> {
  readonly #inner: CredentialSigner<T>;
  readonly #pins: { readonly clusterFingerprint: string; readonly orgId: string; readonly userId?: string };
  readonly #intended = new Map<string, { count: number; signed: Uint8Array[] }>();

  /** @param pins what `org create` wrote down: nothing the api says later can change it. */
  constructor(
    inner: CredentialSigner<T>,
    pins: { readonly clusterFingerprint: string; readonly orgId: string; readonly userId?: string },
  ) {
    this.#inner = inner;
    this.#pins = pins;
  }

  /**
   * Makes one call with one signature, which may be over `request` and nothing else.
   * @example
   * await signer.approve({ method: 'POST', path: '/wallets', body }, () => dfns.wallets.createWallet({ body }));
   */
  async approve<R>(request: IntendedRequest, call: () => Promise<R>): Promise<Approved<R>> {
    const key = intentKey(request.method, request.path, payloadHash(payloadOf(request.body)));
    const slot = this.#intended.get(key) ?? { count: 0, signed: [] };
    slot.count += 1;
    this.#intended.set(key, slot);
    try {
      const result = await call();
      const signed = slot.signed.shift();
      if (signed === undefined) throw new ChallengeRefused('the call returned without asking for a signature');
      return { result, nullifier: signed };
    } finally {
      slot.count -= 1;
      if (slot.count <= 0) this.#intended.delete(key);
    }
  }

  async sign(challenge: UserActionChallenge): Promise<T> {
    const record = this.#read(challenge.challenge);
    const slot = this.#intended.get(intentKey(record.m, record.p, record.h));
    if (slot === undefined || slot.signed.length >= slot.count)
      throw new ChallengeRefused(
        `the challenge is for ${record.m} ${record.p}, which this application did not ask for`,
      );
    const assertion = await this.#inner.sign(challenge);
    slot.signed.push(nullifier(challenge.challenge));
    return assertion;
  }

  /** Signs a challenge that can do nothing but log in. */
  async signLogin(challenge: UserActionChallenge): Promise<T> {
    this.#read(challenge.challenge, 'Login');
    return this.#inner.sign(challenge);
  }

  #read(text: string, kind: ChallengeRecord['k'] = 'UserAction'): ChallengeRecord {
    const record = decodeChallenge(text);
    if (record.k !== kind)
      throw new ChallengeRefused(
        kind === 'Login'
          ? `a ${record.k} challenge was sent where one for a login was asked for`
          : `a ${record.k} challenge cannot authorise a request`,
      );
    if (record.c !== this.#pins.clusterFingerprint) throw new ChallengeRefused('the challenge is for another cluster');
    if (record.o !== this.#pins.orgId) throw new ChallengeRefused('the challenge is for another organisation');
    if (this.#pins.userId !== undefined && record.u !== this.#pins.userId)
      throw new ChallengeRefused('the challenge is for another user');
    return record;
  }
}

function payloadOf(body: unknown): string {
  if (body === undefined) return '';
  return typeof body === 'string' ? body : JSON.stringify(body);
}

function intentKey(method: string, path: string, hash: string): string {
  return `${method} ${path} ${hash}`;
}
