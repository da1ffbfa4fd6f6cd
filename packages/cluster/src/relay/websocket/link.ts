/**
 * A signer's link to the relay inside the api: dials out over WebSocket, proves its identity, stays connected.
 */
import { utf8 } from '@holdfast/contract/wire';
import { WebSocket } from 'ws';
import { encodePush } from '../../commands/codec.ts';
import type { ClusterEnv } from '../../env.ts';
import { check, refuse } from '../../errors.ts';
import { createListeners } from '../../listeners.ts';
import type { Identity } from '../../roster/identity.ts';
import type { Roster, SignerIndex } from '../../roster/roster.ts';
import { codeOf } from '../faults.ts';
import {
  type CommandLimits,
  checkFrame,
  createBackoff,
  createChallengeBook,
  createCommandDesk,
  type RelayLink,
  selfIn,
} from '../link.ts';
import {
  CLOSE,
  RELAY_PROTOCOL,
  readHello,
  readNumbered,
  readPeer,
  readPresence,
  readWelcome,
  relayAuthBytes,
  TYPE,
  writeAuth,
  writeBody,
  writeNumbered,
  writePeer,
} from '../wire.ts';
import { closeSoon, onBinary, socketOptions } from './sockets.ts';

export interface LinkLimits extends CommandLimits {
  /** From dialling to welcome. */
  readonly dialMs: number;
  readonly backoffMsMin: number;
  readonly backoffMsMax: number;
  /** A connection that lasted so long makes the next wait short again. */
  readonly settledMs: number;
  /** How often silence is looked at, and how long it may last; the relay pings every 10 s. */
  readonly checkMs: number;
  readonly silenceMs: number;
  /** Bytes that the relay has not taken yet; beyond it sendTo and push say false. */
  readonly waitingBytesMax: number;
}

export const linkLimits: LinkLimits = {
  dialMs: 5_000,
  backoffMsMin: 100,
  backoffMsMax: 5_000,
  settledMs: 10_000,
  checkMs: 5_000,
  silenceMs: 30_000,
  commandsMax: 1024,
  waitingBytesMax: 16 << 20,
};

interface Session {
  readonly socket: WebSocket;
  readonly dialledAt: number;
  phase: 'dialling' | 'challenged' | 'welcome';
  heardAt: number;
  welcomedAt: number;
  commands: number;
  /** Presence was told on this connection. */
  up: boolean;
  stopTimers: () => void;
  error: string;
}

/**
 * Makes a link for one signer. Throws E_ROSTER when the roster does not name this identity.
 *
 *     const link = createRelayLink({ roster, identity, env });
 *     link.onCommand(async (command) => ({ v: 1, id: command.id, ok: true, result: { t: 'done' } }));
 *     link.start();
 */
export function createRelayLink(o: {
  readonly roster: Roster;
  readonly identity: Pick<Identity, 'publicKey' | 'sign'>;
  readonly env: ClusterEnv;
  /** The roster's relay unless told. */
  readonly url?: string;
  readonly limits?: Partial<LinkLimits>;
}): RelayLink {
  const { roster, identity, env } = o;
  const limits: LinkLimits = { ...linkLimits, ...o.limits };
  const url = o.url ?? roster.relay;
  const { index, signerId } = selfIn(roster, identity);
  const challenges = createChallengeBook(roster);
  const desk = createCommandDesk({ env, limits });
  const backoff = createBackoff({ env, min: limits.backoffMsMin, max: limits.backoffMsMax });
  const peerListeners = createListeners<[SignerIndex, Uint8Array]>(env, 'peer');
  const presenceListeners = createListeners<[SignerIndex[]]>(env, 'presence');
  const upListeners = createListeners<[]>(env, 'up');
  let session: Session | undefined;
  let peers: SignerIndex[] = [];
  let cancelRedial: () => void = () => {};
  let state: 'new' | 'running' | 'closed' = 'new';

  function start(): void {
    if (state !== 'new') return;
    state = 'running';
    dial();
  }

  function dial(): void {
    const socket = new WebSocket(url, [RELAY_PROTOCOL], { ...socketOptions, followRedirects: false });
    const now = env.now();
    const current: Session = {
      socket,
      dialledAt: now,
      phase: 'dialling',
      heardAt: now,
      welcomedAt: now,
      commands: 0,
      up: false,
      stopTimers: env.setTimer(limits.dialMs, () => socket.terminate()),
      error: '',
    };
    session = current;
    const heard = () => {
      current.heardAt = env.now();
    };
    socket.on('ping', heard);
    socket.on('pong', heard);
    socket.on('error', (error) => {
      current.error = error.message;
    });
    socket.once('close', (code, reason) => ended(current, { code, reason: reason.toString('latin1') }));
    onBinary(socket, (message) => {
      heard();
      try {
        check(message !== undefined, 'E_RELAY_FORMAT', 'Messages are binary.');
        receive(current, message);
      } catch (error) {
        const code = codeOf(error);
        env.log('relay.hostile', { code, reason: error instanceof Error ? error.message : 'unknown' });
        closeSoon(socket, env, { code: CLOSE.format, reason: code });
      }
    });
  }

  function receive(current: Session, message: Uint8Array): void {
    // Nothing is taken from a relay that was hung up on.
    if (current.socket.readyState !== WebSocket.OPEN) return;
    switch (current.phase) {
      case 'dialling':
        prove(current, message);
        break;
      case 'challenged':
        check(readWelcome(message) === index, 'E_RELAY_FORMAT', 'The relay takes this signer for another one.');
        welcomed(current);
        break;
      case 'welcome':
        deliver(current, message);
        break;
    }
  }

  /** Signs enc("holdfast/relay-auth/v1", fingerprint, nonce) for this cluster's fingerprint and a fresh nonce only. */
  function prove(current: Session, message: Uint8Array): void {
    const { fingerprint, nonce } = readHello(message);
    challenges.accept({ fingerprint, nonce });
    const signature = identity.sign(relayAuthBytes({ fingerprint: roster.fingerprint, nonce }));
    current.phase = 'challenged';
    current.socket.send(writeAuth({ signerId, signature }));
  }

  function welcomed(current: Session): void {
    current.stopTimers();
    current.phase = 'welcome';
    current.welcomedAt = env.now();
    watch(current);
    env.log('relay.connected', { signer: index });
  }

  /** Ends a connection on which not even a ping has arrived for too long. */
  function watch(current: Session): void {
    current.stopTimers = env.setTimer(limits.checkMs, () => {
      if (env.now() - current.heardAt > limits.silenceMs) current.socket.terminate();
      else watch(current);
    });
  }

  function deliver(current: Session, message: Uint8Array): void {
    switch (message[0]) {
      case TYPE.peerFrom: {
        const peer = readPeer(message);
        peerListeners.call(peer.index, peer.frame);
        break;
      }
      case TYPE.request: {
        const { number, body } = readNumbered(message);
        void respond(current, number, body);
        break;
      }
      case TYPE.presence:
        peers = readPresence(message).filter((peer) => peer !== index);
        presenceListeners.call([...peers]);
        // The relay announces presence first of all.
        if (!current.up) upListeners.call();
        current.up = true;
        break;
      default:
        refuse('E_RELAY_FORMAT', 'A message of unknown type.');
    }
  }

  async function respond(current: Session, number: number, body: Uint8Array): Promise<void> {
    const text = await desk.reply(current, body);
    if (current.socket.readyState === WebSocket.OPEN) current.socket.send(writeNumbered(TYPE.reply, number, text));
  }

  function ended(current: Session, o: { readonly code: number; readonly reason: string }): void {
    current.stopTimers();
    if (session !== current) return;
    session = undefined;
    const lasted = env.now() - current.welcomedAt;
    if (current.phase === 'welcome') {
      env.log('relay.disconnected', { signer: index, ...o });
      peers = [];
      presenceListeners.call([]);
    }
    if (state !== 'running') return;
    if (current.phase === 'welcome' && lasted >= limits.settledMs) backoff.reset();
    // Another process holds this identity: returning at once would only throw it out in turn.
    const wait = o.code === CLOSE.replaced ? limits.backoffMsMax : backoff.next();
    if (backoff.attempts <= 1 || o.code === CLOSE.replaced) {
      env.log('relay.waiting', { signer: index, waitMs: Math.round(wait), code: o.code, error: current.error });
    }
    cancelRedial = env.setTimer(wait, dial);
  }

  function transmit(message: () => Uint8Array): boolean {
    const current = session;
    if (current?.phase !== 'welcome' || current.socket.readyState !== WebSocket.OPEN) return false;
    if (current.socket.bufferedAmount > limits.waitingBytesMax) return false;
    current.socket.send(message());
    return true;
  }

  return {
    index,
    start,
    close() {
      state = 'closed';
      cancelRedial();
      if (session?.phase === 'dialling') session.socket.terminate();
      else if (session) closeSoon(session.socket, env, { code: CLOSE.goingAway, reason: 'signer stops' });
    },
    connected: () => session?.phase === 'welcome' && session.socket.readyState === WebSocket.OPEN,
    online: () => [...peers],
    onCommand: desk.handle,
    onPeer: peerListeners.add,
    onPresence: presenceListeners.add,
    onUp: upListeners.add,
    push: (push) => {
      const text = encodePush(push);
      return transmit(() => writeBody(TYPE.push, utf8(text)));
    },
    sendTo(to, frame) {
      checkFrame(roster, { from: index, to, frame });
      return transmit(() => writePeer(TYPE.peerTo, to, frame));
    },
  };
}
