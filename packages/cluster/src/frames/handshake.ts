/**
 * How two signers agree on the keys of a session (docs/specs/frames.md §3): SIGMA with X25519 ephemerals, the static
 * transport keys mixed in, and each side's identity signing the whole transcript. Three messages:
 *
 *     hello   A → B   01 00 E_a previous_a
 *     answer  B → A   02 00 E_a E_b previous_b signature_b mac_b
 *     finish  A → B   03 00 sessionId signature_a mac_a
 */
import { createHmac, hkdfSync, type KeyObject, timingSafeEqual } from 'node:crypto';
import { enc, i, sha256 } from '@holdfast/crypto/transcript';
import { check } from '../errors.ts';
import { agreeX25519, privateKeyObject, publicKeyObject, rawPublicKey } from '../keys.ts';
import type { Identity } from '../roster/identity.ts';
import { type Roster, type RosterSigner, verifyBySigner } from '../roster/roster.ts';
import { createOpener, createSealer, type Opener, SESSION_ID_BYTES, type Sealer } from './cipher.ts';

export const HANDSHAKE = { hello: 0x01, answer: 0x02, finish: 0x03 } as const;
const VERSION = 1;
const KEY = 32;
const SIGNATURE = 64;
const MAC = 32;
const HELLO_BYTES = 2 + KEY + SESSION_ID_BYTES;
const ANSWER_BYTES = 2 + KEY + KEY + SESSION_ID_BYTES + SIGNATURE + MAC;
const FINISH_BYTES = 2 + SESSION_ID_BYTES + SIGNATURE + MAC;

/** "I have no session with you." */
export const NO_SESSION = new Uint8Array(SESSION_ID_BYTES);

/** The two ends of a session as this signer sees them. */
export interface Ends {
  readonly roster: Roster;
  readonly self: RosterSigner;
  readonly peer: RosterSigner;
  readonly sign: Identity['sign'];
  /** This signer's static transport key. */
  readonly transport: KeyObject;
  /** The peer's, from the roster. */
  readonly peerTransport: KeyObject;
}

export interface Established {
  readonly sessionId: Uint8Array;
  readonly sealer: Sealer;
  readonly opener: Opener;
  /** Both sides named this session as the one that goes on; NO_SESSION where they did not agree. */
  readonly previous: Uint8Array;
}

export interface Opening {
  readonly publicKey: Uint8Array;
  readonly hello: Uint8Array;
  /** Checks an answer to this hello. Gives the session and the message that lets the other side have it too. */
  accept(answer: Buffer): { readonly established: Established; readonly finish: Uint8Array };
}

export interface Answering {
  /** Ephemeral key of the hello that is answered. */
  readonly opener: Uint8Array;
  readonly answer: Uint8Array;
  readonly sessionId: Uint8Array;
  accept(finish: Buffer): Established;
  wipe(): void;
}

/** `previous` is the id of the session that this side has now. `ephemeral` is 32 random bytes and is erased. */
export function openHandshake(
  ends: Ends,
  o: { readonly ephemeral: Uint8Array; readonly previous: Uint8Array },
): Opening {
  const e = privateKeyObject('x25519', o.ephemeral);
  o.ephemeral.fill(0);
  const E_a = rawPublicKey(e);
  return {
    publicKey: E_a,
    hello: Buffer.concat([Uint8Array.of(HANDSHAKE.hello, VERSION), E_a, o.previous]),
    accept(answer) {
      const read = reader(answer, HANDSHAKE.answer, ANSWER_BYTES);
      check(same(read(KEY), E_a), 'E_HANDSHAKE_STATE', 'An answer to another hello.');
      const E_b = read(KEY);
      const previous_b = read(SESSION_ID_BYTES);
      const signature = read(SIGNATURE);
      const mac = read(MAC);
      const transcript = transcriptOf(ends, {
        opener: ends.self,
        answerer: ends.peer,
        E_a,
        E_b,
        previous_a: o.previous,
        previous_b,
      });
      const theirs = publicKeyObject('x25519', E_b);
      const keys = deriveKeys(transcript, [
        agree(e, theirs),
        agree(e, ends.peerTransport),
        agree(ends.transport, theirs),
      ]);
      try {
        verify(ends, { side: 'answerer', transcript, key: keys.macAnswerer, signature, mac });
        const finish = Buffer.concat([
          Uint8Array.of(HANDSHAKE.finish, VERSION),
          keys.sessionId,
          prove(ends, { side: 'opener', transcript, key: keys.macOpener }),
        ]);
        return {
          established: {
            sessionId: Uint8Array.from(keys.sessionId),
            sealer: createSealer(keys.toAnswerer, Uint8Array.from(keys.sessionId)),
            opener: createOpener(keys.toOpener),
            previous: same(o.previous, previous_b) ? Uint8Array.from(previous_b) : NO_SESSION,
          },
          finish,
        };
      } finally {
        keys.wipe();
      }
    },
  };
}

export function answerHandshake(
  ends: Ends,
  hello: Buffer,
  o: { readonly ephemeral: Uint8Array; readonly previous: Uint8Array },
): Answering {
  const { publicKey: E_a, previous: previous_a } = readHello(hello);
  const e = privateKeyObject('x25519', o.ephemeral);
  o.ephemeral.fill(0);
  const E_b = rawPublicKey(e);
  const transcript = transcriptOf(ends, {
    opener: ends.peer,
    answerer: ends.self,
    E_a,
    E_b,
    previous_a,
    previous_b: o.previous,
  });
  const theirs = publicKeyObject('x25519', E_a);
  const keys = deriveKeys(transcript, [agree(e, theirs), agree(ends.transport, theirs), agree(e, ends.peerTransport)]);
  const answer = Buffer.concat([
    Uint8Array.of(HANDSHAKE.answer, VERSION),
    E_a,
    E_b,
    o.previous,
    prove(ends, { side: 'answerer', transcript, key: keys.macAnswerer }),
  ]);
  const sessionId = Uint8Array.from(keys.sessionId);
  return {
    opener: Uint8Array.from(E_a),
    answer,
    sessionId,
    accept(finish) {
      const read = reader(finish, HANDSHAKE.finish, FINISH_BYTES);
      check(same(read(SESSION_ID_BYTES), sessionId), 'E_HANDSHAKE_STATE', 'The end of another handshake.');
      verify(ends, { side: 'opener', transcript, key: keys.macOpener, signature: read(SIGNATURE), mac: read(MAC) });
      const established = {
        sessionId,
        sealer: createSealer(keys.toOpener, sessionId),
        opener: createOpener(keys.toAnswerer),
        previous: same(o.previous, previous_a) ? Uint8Array.from(previous_a) : NO_SESSION,
      };
      keys.wipe();
      return established;
    },
    wipe: keys.wipe,
  };
}

export function readHello(hello: Buffer): { readonly publicKey: Uint8Array; readonly previous: Uint8Array } {
  const read = reader(hello, HANDSHAKE.hello, HELLO_BYTES);
  return { publicKey: Uint8Array.from(read(KEY)), previous: Uint8Array.from(read(SESSION_ID_BYTES)) };
}

export function same(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

interface Transcript {
  readonly opener: RosterSigner;
  readonly answerer: RosterSigner;
  readonly E_a: Uint8Array;
  readonly E_b: Uint8Array;
  readonly previous_a: Uint8Array;
  readonly previous_b: Uint8Array;
}

/** Everything that both sides must see alike: cluster, who has which role, every key, both previous sessions. */
function transcriptOf(ends: Ends, o: Transcript): Uint8Array {
  const end = (signer: RosterSigner) =>
    i.list([i.uint(signer.index), i.bytes(signer.signerId), i.bytes(signer.identityKey), i.bytes(signer.transportKey)]);
  return sha256(
    enc(
      'holdfast/frames/transcript/v1',
      i.bytes(ends.roster.fingerprint),
      end(o.opener),
      end(o.answerer),
      i.bytes(o.E_a),
      i.bytes(o.E_b),
      i.bytes(o.previous_a),
      i.bytes(o.previous_b),
    ),
  );
}

/**
 * HKDF-SHA256 (RFC 5869) over ephemeral–ephemeral, opener's ephemeral–answerer's static, opener's static–answerer's
 * ephemeral, salted with the transcript. One key per purpose and direction; the session id is public.
 */
function deriveKeys(transcript: Uint8Array, shared: readonly Uint8Array[]) {
  const secret = Buffer.concat(shared);
  const material = Buffer.from(
    hkdfSync('sha256', secret, transcript, 'holdfast/frames/keys/v1', 4 * KEY + SESSION_ID_BYTES),
  );
  secret.fill(0);
  for (const each of shared) each.fill(0);
  return {
    toAnswerer: material.subarray(0, KEY),
    toOpener: material.subarray(KEY, 2 * KEY),
    macOpener: material.subarray(2 * KEY, 3 * KEY),
    macAnswerer: material.subarray(3 * KEY, 4 * KEY),
    sessionId: material.subarray(4 * KEY),
    wipe: () => void material.fill(0),
  };
}

type Side = 'opener' | 'answerer';

/** signature ‖ mac: the identity signs the transcript in its role, the mac shows that the same side has the keys. */
function prove(
  ends: Ends,
  o: { readonly side: Side; readonly transcript: Uint8Array; readonly key: Uint8Array },
): Buffer {
  const signature = ends.sign(signedBytes(o.side, o.transcript));
  return Buffer.concat([signature, macOf(o, signature)]);
}

function verify(
  ends: Ends,
  o: {
    readonly side: Side;
    readonly transcript: Uint8Array;
    readonly key: Uint8Array;
    readonly signature: Uint8Array;
    readonly mac: Uint8Array;
  },
): void {
  const signed = verifyBySigner(ends.roster, {
    index: ends.peer.index,
    bytes: signedBytes(o.side, o.transcript),
    signature: o.signature,
  });
  check(signed, 'E_HANDSHAKE_SIGNATURE', 'The handshake is not signed by the identity of the peer.');
  check(
    timingSafeEqual(macOf(o, o.signature), o.mac),
    'E_HANDSHAKE_MAC',
    'The peer does not have the keys of the session.',
  );
}

function signedBytes(side: Side, transcript: Uint8Array): Uint8Array {
  return enc(`holdfast/frames/${side}/v1`, i.bytes(transcript));
}

function macOf(
  o: { readonly side: Side; readonly transcript: Uint8Array; readonly key: Uint8Array },
  signature: Uint8Array,
): Buffer {
  const confirmed = enc(`holdfast/frames/${o.side}-mac/v1`, i.bytes(o.transcript), i.bytes(signature));
  return createHmac('sha256', o.key).update(confirmed).digest();
}

function agree(privateKey: KeyObject, publicKey: KeyObject): Uint8Array {
  const shared = agreeX25519(privateKey, publicKey);
  check(shared !== undefined, 'E_HANDSHAKE_KEY', 'A key of small order.');
  return shared;
}

/** Takes the fields of a message of one type and exact length, in order. */
function reader(message: Buffer, type: number, length: number): (bytes: number) => Buffer {
  const fits = message.length === length && message[0] === type && message[1] === VERSION;
  check(fits, 'E_HANDSHAKE_FORMAT', 'A handshake message of unknown form.');
  let at = 2;
  return (bytes) => {
    at += bytes;
    return message.subarray(at - bytes, at);
  };
}
