/**
 * A signer's side of the relay: dials out, proves its identity, stays connected. The relay at the other end is
 * hostile: it is given one signature of one form, and nothing it says is believed but for delivery.
 */
import { utf8, utf8Decode } from '@holdfast/contract/wire';
import { WebSocket } from 'ws';
import { decodeCommand, encodePush, encodeReply } from '../commands/codec.ts';
import type { Command, Push, Refusal, Reply } from '../commands/types.ts';
import type { ClusterEnv } from '../env.ts';
import { check, refuse } from '../errors.ts';
import { createListeners } from '../listeners.ts';
import type { Identity } from '../roster/identity.ts';
import { indexOfIdentity, type Roster, type SignerIndex, signerAt } from '../roster/roster.ts';
import { closeSoon, codeOf, onBinary, socketOptions } from './sockets.ts';
import {
  CLOSE,
  PEER_BYTES_MAX,
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
} from './wire.ts';

export interface LinkLimits {
  /** From dialling to welcome. */
  readonly dialMs: number;
  readonly backoffMsMin: number;
  readonly backoffMsMax: number;
  /** A connection that lasted so long makes the next wait short again. */
  readonly settledMs: number;
  /** How often silence is looked at, and how long it may last; the relay pings every 10 s. */
  readonly checkMs: number;
  readonly silenceMs: number;
  /** Commands being worked on; one more is refused. */
  readonly commandsMax: number;
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

/** How many challenges are remembered so that none is answered twice. */
const NONCES_MAX = 256;

export interface RelayLink {
  readonly index: SignerIndex;
  /** Starts dialling. Register handlers first. */
  start(): void;
  /** Stops for good. */
  close(): void;
  connected(): boolean;
  /** Peers that the relay says are connected, without this signer, sorted. A hint: it can lie. */
  online(): SignerIndex[];
  /** The one handler of commands. What it throws becomes the refusal E_INTERNAL, without a word of the error. */
  onCommand(handler: (command: Command) => Reply | Promise<Reply>): void;
  onPeer(listener: (index: SignerIndex, frame: Uint8Array) => void): () => void;
  /** Called on every change, and with an empty list when the connection ends. */
  onPresence(listener: (online: SignerIndex[]) => void): () => void;
  /** False when it could not be sent. */
  push(push: Push): boolean;
  /** False when it could not be sent: not connected, or too much is waiting. */
  sendTo(index: SignerIndex, frame: Uint8Array): boolean;
}

interface Session {
  readonly socket: WebSocket;
  readonly dialledAt: number;
  phase: 'dialling' | 'challenged' | 'welcome';
  heardAt: number;
  welcomedAt: number;
  commands: number;
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
  const self = signerAt(roster, indexOfIdentity(roster, identity.publicKey) ?? 0);
  check(self !== undefined, 'E_ROSTER', 'The roster does not name this identity.');
  const { index, signerId } = self;
  const peerListeners = createListeners<[SignerIndex, Uint8Array]>(env, 'peer');
  const presenceListeners = createListeners<[SignerIndex[]]>(env, 'presence');
  const answered = new Set<string>();
  let handler: ((command: Command) => Reply | Promise<Reply>) | undefined;
  let session: Session | undefined;
  let peers: SignerIndex[] = [];
  let attempts = 0;
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
    const ours = Buffer.compare(fingerprint, roster.fingerprint) === 0;
    check(ours, 'E_RELAY_CHALLENGE', 'The relay serves another cluster.');
    const text = Buffer.from(nonce).toString('hex');
    check(!/^(..)\1*$/.test(text), 'E_RELAY_CHALLENGE', 'The challenge of the relay is not random.');
    check(!answered.has(text), 'E_RELAY_CHALLENGE', 'The relay repeats a challenge.');
    const [oldest] = answered;
    if (answered.size >= NONCES_MAX && oldest !== undefined) answered.delete(oldest);
    answered.add(text);
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
        break;
      default:
        refuse('E_RELAY_FORMAT', 'A message of unknown type.');
    }
  }

  async function respond(current: Session, number: number, body: Uint8Array): Promise<void> {
    const text = await reply(current, body);
    if (current.socket.readyState === WebSocket.OPEN) current.socket.send(writeNumbered(TYPE.reply, number, text));
  }

  async function reply(current: Session, body: Uint8Array): Promise<string> {
    let command: Command;
    try {
      command = decodeCommand(utf8Decode(body, 'command'));
    } catch (error) {
      return refusal(UNREADABLE_ID, { code: 'E_COMMAND', message: sentenceOf(error) });
    }
    if (current.commands >= limits.commandsMax || !handler) {
      return refusal(command.id, { code: 'E_BUSY', message: 'The signer has too much to do.' });
    }
    current.commands++;
    try {
      return encodeReply(await handler(command));
    } catch (error) {
      env.log('relay.command-failed', {
        kind: command.kind,
        error: error instanceof Error ? `${error.name}: ${error.message}` : 'unknown',
      });
      return refusal(command.id, { code: 'E_INTERNAL', message: 'The signer failed; its log says why.' });
    } finally {
      current.commands--;
    }
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
    attempts = current.phase === 'welcome' && lasted >= limits.settledMs ? 0 : attempts;
    // Another process holds this identity: returning at once would only throw it out in turn.
    const wait = o.code === CLOSE.replaced ? limits.backoffMsMax : backoff();
    if (attempts <= 1 || o.code === CLOSE.replaced) {
      env.log('relay.waiting', { signer: index, waitMs: Math.round(wait), code: o.code, error: current.error });
    }
    cancelRedial = env.setTimer(wait, dial);
  }

  /** Doubles from 100 ms to 5 s; half of it is random, so that five signers do not return in step. */
  function backoff(): number {
    const full = Math.min(limits.backoffMsMax, limits.backoffMsMin * 2 ** Math.min(attempts++, 16));
    const [a = 0, b = 0] = env.random(2);
    return full / 2 + (full / 2) * ((a * 256 + b) / 65535);
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
    onCommand(given) {
      handler = given;
    },
    onPeer: peerListeners.add,
    onPresence: presenceListeners.add,
    push: (push) => {
      const text = encodePush(push);
      return transmit(() => writeBody(TYPE.push, utf8(text)));
    },
    sendTo(to, frame) {
      const fits =
        frame.length > 0 && frame.length <= PEER_BYTES_MAX && to !== index && signerAt(roster, to) !== undefined;
      check(fits, 'E_FRAME_SIZE', 'A frame goes to another signer and has 1 byte to 1 MiB.');
      return transmit(() => writePeer(TYPE.peerTo, to, frame));
    },
  };
}

/** The id of an answer to a command whose own id could not be read. */
const UNREADABLE_ID = 'unreadable';

/** What was wrong, short, and without half a surrogate pair where it was cut: the answer itself must be writable. */
function sentenceOf(error: unknown): string {
  const sentence = error instanceof Error ? error.message : 'unreadable';
  return sentence.slice(0, 512).replace(/[\ud800-\udfff]/gu, '');
}

function refusal(id: string, error: Refusal): string {
  return encodeReply({ v: 1, id, ok: false, error });
}
