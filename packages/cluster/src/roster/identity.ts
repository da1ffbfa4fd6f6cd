/** What a signer is known by: an Ed25519 identity key and an X25519 transport key that the identity signs. */
import { enc, i } from '@holdfast/crypto/transcript';
import { privateKeyObject, rawPublicKey, signEd25519 } from '../keys.ts';

/** A signer's own keys. The private parts stay behind `sign` and `transport`; nothing here serialises them. */
export interface Identity {
  /** Ed25519, 32 bytes. */
  readonly publicKey: Uint8Array;
  /** Ed25519 over exactly these bytes; 64 bytes. */
  sign(bytes: Uint8Array): Uint8Array;
  /** X25519, 32 bytes each. */
  readonly transport: { readonly publicKey: Uint8Array; readonly privateKey: Uint8Array };
}

/** One line of a roster: what a signer publishes about itself. */
export interface RosterEntry {
  readonly identityKey: Uint8Array;
  readonly transportKey: Uint8Array;
  /** By the identity over transportStatement(). */
  readonly transportSignature: Uint8Array;
}

/**
 * Makes an identity from two 32-byte seeds (RFC 8032 private key, X25519 private key).
 *
 *     const identity = identityFromSeeds({ identitySeed: random(32), transportSeed: random(32) });
 */
export function identityFromSeeds(o: {
  readonly identitySeed: Uint8Array;
  readonly transportSeed: Uint8Array;
}): Identity {
  const key = privateKeyObject('ed25519', o.identitySeed);
  const privateKey = Uint8Array.from(o.transportSeed);
  const transport = { publicKey: rawPublicKey(privateKeyObject('x25519', privateKey)), privateKey };
  // Not enumerable, so that logging or serialising an identity does not show it.
  Object.defineProperty(transport, 'privateKey', { enumerable: false });
  return { publicKey: rawPublicKey(key), sign: (bytes) => signEd25519(key, bytes), transport };
}

export function rosterEntry(identity: Identity): RosterEntry {
  const identityKey = identity.publicKey;
  const transportKey = identity.transport.publicKey;
  return {
    identityKey,
    transportKey,
    transportSignature: identity.sign(transportStatement({ identityKey, transportKey })),
  };
}

export function transportStatement(o: {
  readonly identityKey: Uint8Array;
  readonly transportKey: Uint8Array;
}): Uint8Array {
  return enc('holdfast/transport/v1', i.bytes(o.identityKey), i.bytes(o.transportKey));
}
