/**
 * Sessions of one signer with its four peers, end to end through a relay that may read, drop, repeat, reorder and
 * invent bytes (docs/specs/frames.md). What it invents is dropped and counted; what it loses ends the session, so that
 * the receiver never takes a cut stream for a whole one.
 */

import type { ClusterEnv } from '../env.ts';
import { ClusterError, type ClusterErrorCode, check, refuse } from '../errors.ts';
import { privateKeyObject, publicKeyObject } from '../keys.ts';
import { createListeners } from '../listeners.ts';
import type { Identity } from '../roster/identity.ts';
import { indexOfIdentity, type Roster, type RosterSigner, type SignerIndex } from '../roster/roster.ts';
import { FRAME_BYTES_MIN, FRAME_TYPE, type Opener, type Sealer, sessionIdOf } from './cipher.ts';
import {
  type Answering,
  answerHandshake,
  type Ends,
  type Established,
  HANDSHAKE,
  NO_SESSION,
  type Opening,
  openHandshake,
  readHello,
  same,
} from './handshake.ts';
import {
  MESSAGES_MAX,
  messageBytes,
  type PeerMessage,
  PLAIN,
  PLAIN_BYTES_MAX,
  readMessages,
  writeMessage,
} from './message.ts';

export interface SessionLimits {
  /** A session gets new keys after so long, or after so many frames in one direction. */
  readonly rekeyMs: number;
  readonly rekeyFrames: number;
  /** First wait for an answer to a hello; doubles up to retryMsMax. */
  readonly retryMs: number;
  readonly retryMsMax: number;
  /** How long an answered hello may wait for its finish, and an old session for its end. */
  readonly finishMs: number;
  /** What may wait for a session that is being made, per peer. */
  readonly queueMessagesMax: number;
  readonly queueBytesMax: number;
  /** Handshake messages taken from one peer: at once, and per second after that. */
  readonly handshakeBurst: number;
  readonly handshakePerSecond: number;
}

export const sessionLimits: SessionLimits = {
  rekeyMs: 3_600_000,
  rekeyFrames: 2 ** 32,
  retryMs: 1_000,
  retryMsMax: 8_000,
  finishMs: 5_000,
  queueMessagesMax: 1024,
  queueBytesMax: 4 << 20,
  handshakeBurst: 16,
  handshakePerSecond: 4,
};

/**
 * Why messages of a session may have been lost: `offline` the relay says the peer left; `gap` frames are missing;
 * `truncated` the old session of a rekey had no end; `restarted` the peer has no memory of the session; `expired` a
 * rekey did not happen in time; `unsent` the relay took no more bytes; `asked` by the caller.
 */
export type ResetReason = 'offline' | 'gap' | 'truncated' | 'restarted' | 'expired' | 'unsent' | 'asked';

export interface PeerSessions {
  /** Bytes that the relay says come from this signer. Never throws on hostile input. */
  onBytes(index: SignerIndex, bytes: Uint8Array): void;
  /**
   * Seals messages to one peer, several in one frame; starts a handshake and queues when there is no session. False
   * when the peer is offline or the queue is full: then none of them was taken.
   */
  send(index: SignerIndex, messages: PeerMessage | readonly PeerMessage[]): boolean;
  onMessage(listener: (index: SignerIndex, message: PeerMessage) => void): () => void;
  ready(index: SignerIndex): boolean;
  /** A session exists where there was none. A rekey is not reported. */
  onReady(listener: (index: SignerIndex) => void): () => void;
  /** Messages to or from this peer may have been lost: runs with it cannot finish. */
  onReset(listener: (index: SignerIndex, reason: ResetReason) => void): () => void;
  /** Forgets the session and, if the peer is reachable, makes a new one. */
  reset(index: SignerIndex): void;
  /** What the relay says about presence. Signers that come get a handshake; sessions of those that left are erased. */
  setOnline(indices: readonly SignerIndex[]): void;
  /** Frames sealed, opened and refused, by code. */
  counters(): Readonly<Record<string, number>>;
  /** Erases every key and stops. */
  close(): void;
}

interface Session {
  readonly id: Uint8Array;
  readonly sealer: Sealer;
  readonly opener: Opener;
  readonly stop: () => void;
  /** The peer has said that nothing more comes under these keys. */
  ended: boolean;
}

interface Peer {
  readonly ends: Ends;
  readonly index: SignerIndex;
  presence: 'unknown' | 'online' | 'offline';
  session: Session | undefined;
  /** The receiving half of the session before a rekey, until its end has arrived. */
  ending: { readonly id: Uint8Array; readonly opener: Opener; readonly stop: () => void } | undefined;
  opening: { readonly handshake: Opening; readonly stop: () => void } | undefined;
  answering: { readonly handshake: Answering; readonly stop: () => void } | undefined;
  attempts: number;
  /** A start that is waiting for its time. */
  stopStart: () => void;
  queue: Buffer[];
  queueBytes: number;
  tokens: number;
  tokensAt: number;
}

/**
 * Makes the sessions of one signer.
 *
 *     const sessions = createPeerSessions({ self, roster, identity, env, send: link.sendTo });
 *     link.onPeer(sessions.onBytes);
 *     link.onPresence(sessions.setOnline);
 *     sessions.onMessage((index, message) => runs.receive(index, message));
 */
export function createPeerSessions(o: {
  readonly self: SignerIndex;
  readonly roster: Roster;
  readonly identity: Identity;
  readonly env: ClusterEnv;
  /** Hands bytes to the relay, in order; false when they were not taken. */
  readonly send: (index: SignerIndex, bytes: Uint8Array) => boolean;
  readonly limits?: Partial<SessionLimits>;
}): PeerSessions {
  const { roster, identity, env } = o;
  const limits: SessionLimits = { ...sessionLimits, ...o.limits };
  const self = selfOf(roster, identity, o.self);
  const transport = privateKeyObject('x25519', identity.transport.privateKey);
  const messageListeners = createListeners<[SignerIndex, PeerMessage]>(env, 'message');
  const readyListeners = createListeners<[SignerIndex]>(env, 'ready');
  const resetListeners = createListeners<[SignerIndex, ResetReason]>(env, 'reset');
  const counters: Record<string, number> = {};
  let closed = false;
  const peers = new Map<SignerIndex, Peer>(
    roster.signers.filter((signer) => signer !== self).map((peer) => [peer.index, newPeer(endsOf(peer))]),
  );

  function endsOf(peer: RosterSigner): Ends {
    const peerTransport = publicKeyObject('x25519', peer.transportKey);
    return { roster, self, peer, sign: identity.sign, transport, peerTransport };
  }

  function newPeer(ends: Ends): Peer {
    return {
      ends,
      index: ends.peer.index,
      presence: 'unknown',
      session: undefined,
      ending: undefined,
      opening: undefined,
      answering: undefined,
      attempts: 0,
      stopStart: nothing,
      queue: [],
      queueBytes: 0,
      tokens: limits.handshakeBurst,
      tokensAt: env.now(),
    };
  }

  const count = (reason: string) => {
    counters[reason] = (counters[reason] ?? 0) + 1;
  };

  // ---- what arrives

  function onBytes(index: SignerIndex, bytes: Uint8Array): void {
    if (closed) return;
    try {
      const peer = peers.get(index);
      check(peer !== undefined, 'E_FRAME_SOURCE', 'Bytes from nobody of the roster.');
      const frame = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      if (frame[0] === FRAME_TYPE) onFrame(peer, frame);
      else onHandshake(peer, frame);
    } catch (error) {
      // Anybody on the way can make these: they are counted, never blamed on the peer, never answered.
      if (!(error instanceof ClusterError)) throw error;
      count(error.code);
    }
  }

  function onFrame(peer: Peer, frame: Buffer): void {
    check(frame.length >= FRAME_BYTES_MIN, 'E_FRAME_FORMAT', 'A frame is cut short.');
    const id = sessionIdOf(frame);
    const { session, ending } = peer;
    if (session && same(id, session.id)) {
      const plain = open(peer, session.opener, frame);
      // The first frame under new keys must come after the end of the old session.
      if (ending) settleEnding(peer, 'truncated');
      deliver(peer, plain, 'session');
    } else if (ending && same(id, ending.id)) {
      deliver(peer, open(peer, ending.opener, frame), 'ending');
    } else {
      // Either invented, or the peer has a session that this process does not know: then a handshake mends it.
      scheduleStart(peer, session ? limits.retryMsMax : 0);
      refuse('E_FRAME_SESSION', 'A frame of an unknown session.');
    }
  }

  function open(peer: Peer, opener: Opener, frame: Buffer): Buffer {
    try {
      return opener.open(frame);
    } catch (error) {
      if (error instanceof ClusterError && error.code === 'E_FRAME_ORDER') {
        forget(peer, 'gap');
        scheduleStart(peer, 0);
      }
      throw error;
    }
  }

  function deliver(peer: Peer, plain: Buffer, from: 'session' | 'ending'): void {
    count('opened');
    if (plain[0] === PLAIN.end && plain.length === 1) {
      // The opener of a rekey ends the old session before its finish arrives here, the answerer after.
      if (from === 'ending') settleEnding(peer, 'ended');
      else if (peer.session) peer.session.ended = true;
      return;
    }
    check(plain[0] === PLAIN.messages, 'E_FRAME_MESSAGE', 'A frame of unknown contents.');
    const messages = readMessages(plain, self.index);
    for (const message of messages) messageListeners.call(peer.index, message);
  }

  function onHandshake(peer: Peer, message: Buffer): void {
    const type = message[0];
    const known = type === HANDSHAKE.hello || type === HANDSHAKE.answer || type === HANDSHAKE.finish;
    check(known, 'E_FRAME_FORMAT', 'A frame of unknown type.');
    check(takeToken(peer), 'E_HANDSHAKE_RATE', 'Too many handshake messages.');
    if (type === HANDSHAKE.hello) onHello(peer, message);
    else if (type === HANDSHAKE.answer) onAnswer(peer, message);
    else onFinish(peer, message);
  }

  function onHello(peer: Peer, message: Buffer): void {
    const { publicKey } = readHello(message);
    const { opening, answering } = peer;
    check(!opening || !same(opening.handshake.publicKey, publicKey), 'E_HANDSHAKE_STATE', 'Our own hello came back.');
    if (opening && self.index < peer.index) {
      // Both opened at once: the lower index goes on. Saying it again costs nothing if the first one arrived.
      transmit(peer, opening.handshake.hello);
      return;
    }
    if (answering && same(answering.handshake.opener, publicKey)) {
      transmit(peer, answering.handshake.answer);
      return;
    }
    stopAnswering(peer);
    const handshake = answerHandshake(peer.ends, message, { ephemeral: env.random(32), previous: currentId(peer) });
    const stop = env.setTimer(limits.finishMs, () => {
      stopAnswering(peer);
      if (!peer.session || peer.session.ended) scheduleStart(peer, 0);
    });
    peer.answering = { handshake, stop };
    transmit(peer, handshake.answer);
  }

  function onAnswer(peer: Peer, message: Buffer): void {
    check(peer.opening !== undefined, 'E_HANDSHAKE_STATE', 'An answer to no hello.');
    const { established, finish } = peer.opening.handshake.accept(message);
    establish(peer, established, finish);
  }

  function onFinish(peer: Peer, message: Buffer): void {
    check(peer.answering !== undefined, 'E_HANDSHAKE_STATE', 'The end of no handshake.');
    establish(peer, peer.answering.handshake.accept(message), undefined);
  }

  // ---- sessions

  function establish(peer: Peer, made: Established, finish: Uint8Array | undefined): void {
    stopOpening(peer);
    stopAnswering(peer);
    peer.stopStart();
    peer.attempts = 0;
    const old = peer.session;
    const goesOn = old !== undefined && same(made.previous, old.id);
    const isReset = old !== undefined && !goesOn;
    if (old && goesOn) {
      if (peer.ending) settleEnding(peer, 'truncated');
      // The end tells the peer that nothing of the old session is missing.
      transmit(peer, old.sealer.seal(Uint8Array.of(PLAIN.end)));
      retire(peer, old);
    } else if (old) erase(peer);
    if (finish) transmit(peer, finish);
    // The opener renews; the answerer does so a little later in case the opener did not.
    const stopRekey = env.setTimer(limits.rekeyMs + (finish ? 0 : limits.retryMsMax), () => start(peer));
    const stopExpiry = env.setTimer(2 * limits.rekeyMs, () => {
      forget(peer, 'expired');
      scheduleStart(peer, 0);
    });
    const stop = () => {
      stopRekey();
      stopExpiry();
    };
    peer.session = { id: made.sessionId, sealer: made.sealer, opener: made.opener, stop, ended: false };
    count('established');
    flush(peer);
    if (isReset) notifyReset(peer, 'restarted');
    if (!goesOn) readyListeners.call(peer.index);
  }

  /** After a rekey the old session sends no more, and receives until its end. */
  function retire(peer: Peer, old: Session): void {
    old.stop();
    old.sealer.wipe();
    if (old.ended) old.opener.wipe();
    else {
      const stop = env.setTimer(limits.finishMs, () => settleEnding(peer, 'truncated'));
      peer.ending = { id: old.id, opener: old.opener, stop };
    }
    peer.session = undefined;
  }

  /** Ends the wait for the end of the old session. */
  function settleEnding(peer: Peer, how: 'ended' | 'truncated'): void {
    const { ending } = peer;
    if (!ending) return;
    peer.ending = undefined;
    ending.stop();
    ending.opener.wipe();
    if (how === 'truncated') notifyReset(peer, 'truncated');
  }

  /** Erases keys and queue, and says so if there were any. */
  function forget(peer: Peer, reason: ResetReason): void {
    const lost = peer.session !== undefined || peer.ending !== undefined || peer.queue.length > 0;
    erase(peer);
    for (const plain of peer.queue) plain.fill(0);
    peer.queue = [];
    peer.queueBytes = 0;
    if (lost) notifyReset(peer, reason);
  }

  /** Nothing of the session can be sent or opened after this. */
  function erase(peer: Peer): void {
    for (const half of [peer.session, peer.ending]) {
      half?.stop();
      half?.opener.wipe();
    }
    peer.session?.sealer.wipe();
    peer.session = undefined;
    peer.ending = undefined;
  }

  function notifyReset(peer: Peer, reason: ResetReason): void {
    count(`reset-${reason}`);
    if (!closed) resetListeners.call(peer.index, reason);
  }

  /** Begins a handshake, for the first session or for new keys; tries again while the peer is not known to be away. */
  function start(peer: Peer): void {
    peer.stopStart();
    if (closed || peer.opening || peer.answering || peer.presence === 'offline') return;
    const handshake = openHandshake(peer.ends, { ephemeral: env.random(32), previous: currentId(peer) });
    const wait = Math.min(limits.retryMsMax, limits.retryMs * 2 ** Math.min(peer.attempts++, 10));
    const stop = env.setTimer(wait, () => {
      stopOpening(peer);
      start(peer);
    });
    peer.opening = { handshake, stop };
    transmit(peer, handshake.hello);
  }

  /** At most one start is waiting, and never more than one in retryMs: strangers can cause them. */
  function scheduleStart(peer: Peer, ms: number): void {
    if (closed || peer.opening || peer.answering || peer.stopStart !== nothing) return;
    const cancel = env.setTimer(ms, () => start(peer));
    peer.stopStart = () => {
      cancel();
      peer.stopStart = nothing;
    };
  }

  function stopOpening(peer: Peer): void {
    peer.opening?.stop();
    peer.opening = undefined;
  }

  function stopAnswering(peer: Peer): void {
    peer.answering?.stop();
    peer.answering?.handshake.wipe();
    peer.answering = undefined;
  }

  // ---- what leaves

  function send(index: SignerIndex, given: PeerMessage | readonly PeerMessage[]): boolean {
    const peer = peers.get(index);
    check(peer !== undefined, 'E_FRAME_SOURCE', `Signer ${index} is not a peer.`);
    const messages = isList(given) ? given : [given];
    if (closed || peer.presence === 'offline') return false;
    if (messages.length === 0) return true;
    if (peer.session) {
      let sent = true;
      for (const plain of pack(messages, peer.index)) sent = sealAndSend(peer, plain) && sent;
      return sent;
    }
    const plains = pack(messages, peer.index);
    const bytes = plains.reduce((sum, plain) => sum + plain.length, 0);
    const fits =
      peer.queue.length + plains.length <= limits.queueMessagesMax && peer.queueBytes + bytes <= limits.queueBytesMax;
    if (!fits) {
      count('queue-full');
      return false;
    }
    peer.queue.push(...plains);
    peer.queueBytes += bytes;
    start(peer);
    return true;
  }

  function flush(peer: Peer): void {
    const { queue } = peer;
    peer.queue = [];
    peer.queueBytes = 0;
    for (const plain of queue) sealAndSend(peer, plain);
  }

  function sealAndSend(peer: Peer, plain: Buffer): boolean {
    const { session } = peer;
    if (!session) {
      plain.fill(0);
      return false;
    }
    const frame = session.sealer.seal(plain);
    plain.fill(0);
    count('sealed');
    if (!transmit(peer, frame)) {
      // The counter has moved on: without this frame the peer refuses every later one.
      forget(peer, 'unsent');
      scheduleStart(peer, limits.retryMs);
      return false;
    }
    if (session.sealer.sealed === limits.rekeyFrames) start(peer);
    if (session.sealer.sealed >= 2 * limits.rekeyFrames && peer.session === session) {
      forget(peer, 'expired');
      scheduleStart(peer, 0);
    }
    return true;
  }

  function transmit(peer: Peer, bytes: Uint8Array): boolean {
    return o.send(peer.index, bytes);
  }

  function takeToken(peer: Peer): boolean {
    const now = env.now();
    const refill = (Math.max(0, now - peer.tokensAt) / 1000) * limits.handshakePerSecond;
    peer.tokens = Math.min(limits.handshakeBurst, peer.tokens + refill);
    peer.tokensAt = now;
    if (peer.tokens < 1) return false;
    peer.tokens--;
    return true;
  }

  function setOnline(indices: readonly SignerIndex[]): void {
    if (closed) return;
    for (const peer of peers.values()) {
      const before = peer.presence;
      peer.presence = indices.includes(peer.index) ? 'online' : 'offline';
      if (peer.presence === before) continue;
      if (peer.presence === 'online') {
        peer.attempts = 0;
        // The lower index opens; the higher one steps in if nothing has come.
        if (!peer.session) scheduleStart(peer, self.index < peer.index ? 0 : limits.retryMs);
      } else {
        stopOpening(peer);
        stopAnswering(peer);
        peer.stopStart();
        forget(peer, 'offline');
      }
    }
  }

  function reset(index: SignerIndex): void {
    const peer = peers.get(index);
    check(peer !== undefined, 'E_FRAME_SOURCE', `Signer ${index} is not a peer.`);
    forget(peer, 'asked');
    start(peer);
  }

  return {
    onBytes,
    send,
    onMessage: messageListeners.add,
    ready: (index) => peers.get(index)?.session !== undefined,
    onReady: readyListeners.add,
    onReset: resetListeners.add,
    reset,
    setOnline,
    counters: () => ({ ...counters }),
    close() {
      closed = true;
      for (const peer of peers.values()) {
        stopOpening(peer);
        stopAnswering(peer);
        peer.stopStart();
        forget(peer, 'asked');
      }
    },
  };
}

const nothing = () => {};

function currentId(peer: Peer): Uint8Array {
  return peer.session?.id ?? NO_SESSION;
}

function selfOf(roster: Roster, identity: Identity, index: SignerIndex): RosterSigner {
  const self = roster.signers[index - 1];
  const named = self !== undefined && indexOfIdentity(roster, identity.publicKey) === index;
  check(
    named && same(self.transportKey, identity.transport.publicKey),
    'E_ROSTER',
    `The roster does not name this identity at ${index}.`,
  );
  return self;
}

/** Plain texts of as few frames as the limits allow, in order. */
function pack(messages: readonly PeerMessage[], receiver: SignerIndex): Buffer[] {
  const plains: Buffer[] = [];
  for (let at = 0; at < messages.length; ) {
    let length = 1;
    let end = at;
    for (; end < messages.length && end - at < MESSAGES_MAX; end++) {
      const more = messageBytes(messages[end] as PeerMessage);
      if (end > at && length + more > PLAIN_BYTES_MAX) break;
      length += more;
    }
    const plain = Buffer.allocUnsafe(length);
    plain[0] = PLAIN.messages;
    let offset = 1;
    for (; at < end; at++) offset = writeMessage(plain, offset, messages[at] as PeerMessage, receiver);
    plains.push(plain);
  }
  return plains;
}

function isList(given: PeerMessage | readonly PeerMessage[]): given is readonly PeerMessage[] {
  return Array.isArray(given);
}

export type FrameRefusal = Extract<ClusterErrorCode, `E_FRAME_${string}` | `E_HANDSHAKE_${string}`>;
