/**
 * The api's side of the relay: lets in the signers of the roster, carries sealed frames between them, and asks them
 * the api's requests. It is trusted with availability only; whatever it forwards is sealed and signed end to end.
 */

import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { utf8Decode } from '@holdfast/contract/wire';
import { type WebSocket, WebSocketServer } from 'ws';
import { COMMAND_BYTES_MAX, decodePush, decodeReply, encodeCommand } from '../commands/codec.ts';
import type { Command, Push, Reply } from '../commands/types.ts';
import type { ClusterEnv } from '../env.ts';
import { ClusterError, check, refuse } from '../errors.ts';
import { createListeners } from '../listeners.ts';
import { indexOfSignerId, type Roster, type SignerIndex, verifyBySigner } from '../roster/roster.ts';
import { closeSoon, codeOf, limitedLog, onBinary, socketOptions } from './sockets.ts';
import {
  CLOSE,
  NONCE_BYTES,
  RELAY_PATH,
  RELAY_PROTOCOL,
  readAuth,
  readNumbered,
  readPeer,
  relayAuthBytes,
  TYPE,
  writeHello,
  writeNumbered,
  writePeer,
  writePresence,
  writeWelcome,
} from './wire.ts';

export interface HubLimits {
  /** Connections that have not said who they are; one more ends the oldest of them. */
  readonly pendingMax: number;
  /** How long a connection may take to say who it is. */
  readonly authMs: number;
  /** Bytes a connection may send before it has said who it is: the answer is 98 bytes and its frame. */
  readonly authBytesMax: number;
  readonly pingMs: number;
  /** A connection that was silent for so long is gone. */
  readonly silenceMs: number;
  /** Unanswered requests per signer. */
  readonly requestsMax: number;
  /** Bytes of requests that a signer has not taken yet. */
  readonly requestBytesMax: number;
  /** Bytes from one signer that another has not taken yet; beyond it frames are dropped. */
  readonly peerBytesMax: number;
  /** Deadline of a request that names none. */
  readonly requestMs: number;
}

export const hubLimits: HubLimits = {
  pendingMax: 32,
  authMs: 5_000,
  authBytesMax: 1024,
  pingMs: 10_000,
  silenceMs: 25_000,
  requestsMax: 1024,
  requestBytesMax: 16 << 20,
  peerBytesMax: 4 << 20,
  requestMs: 30_000,
};

/** Every message that passes, for tests that look at what a relay can see. */
export interface Traffic {
  readonly direction: 'in' | 'out';
  /** 0 before the connection has said who it is. */
  readonly index: SignerIndex | 0;
  readonly message: Uint8Array;
}

export interface RelayHub {
  /** Serves `/holdfast/relay` on this server; other upgrades are refused unless somebody else listens for them. */
  attach(server: Server): void;
  /** For servers with an upgrade listener of their own; false when the path is not the relay's. */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean;
  /**
   * Asks a signer. Rejects with ClusterError E_RELAY_OFFLINE or E_RELAY_BUSY when nothing was sent, E_RELAY_LOST or
   * E_RELAY_DEADLINE when the signer may have acted, E_REPLY when its answer is malformed. Pass the text of
   * encodeCommand to ask several signers the same thing for the price of one encoding.
   */
  send(index: SignerIndex, command: Command | string, o?: { readonly deadlineMs?: number }): Promise<Reply>;
  /** Sorted. */
  online(): SignerIndex[];
  onPush(listener: (index: SignerIndex, push: Push) => void): () => void;
  onPresence(listener: (online: SignerIndex[]) => void): () => void;
  onTraffic(listener: (traffic: Traffic) => void): () => void;
  /** Counters since the start: what was refused or dropped, by reason. */
  counters(): Readonly<Record<string, number>>;
  /** Ends every connection and request. */
  close(): void;
}

interface Waiting {
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: ClusterError) => void;
  readonly cancel: () => void;
  readonly commandId: string | undefined;
}

interface Connection {
  readonly index: SignerIndex;
  readonly socket: WebSocket;
  readonly requests: Map<number, Waiting>;
  nextNumber: number;
  heardAt: number;
  requestBytes: number;
  /** peerBytes[i − 1]: bytes from signer i that this one has not taken yet. */
  readonly peerBytes: number[];
}

/**
 * Makes a hub for one roster.
 *
 *     const hub = createRelayHub({ roster, env });
 *     hub.attach(server);
 *     const reply = await hub.send(1, { v: 1, id: 'c1', kind: 'Status' }, { deadlineMs: 2000 });
 */
export function createRelayHub(o: {
  readonly roster: Roster;
  readonly env: ClusterEnv;
  readonly limits?: Partial<HubLimits>;
}): RelayHub {
  const { roster, env } = o;
  const limits: HubLimits = { ...hubLimits, ...o.limits };
  const log = limitedLog(env);
  const server = new WebSocketServer({
    ...socketOptions,
    noServer: true,
    clientTracking: false,
    handleProtocols: () => RELAY_PROTOCOL,
  });
  const pending = new Set<WebSocket>();
  const connections = new Map<SignerIndex, Connection>();
  const pushListeners = createListeners<[SignerIndex, Push]>(env, 'push');
  const presenceListeners = createListeners<[SignerIndex[]]>(env, 'presence');
  const trafficListeners = createListeners<[Traffic]>(env, 'traffic');
  const counters: Record<string, number> = {};
  const detach: (() => void)[] = [];
  let closed = false;
  let cancelHeartbeat = env.setTimer(limits.pingMs, heartbeat);

  const count = (reason: string) => {
    counters[reason] = (counters[reason] ?? 0) + 1;
  };
  const online = () => [...connections.keys()].sort((a, b) => a - b);

  function attach(httpServer: Server): void {
    const listener = (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      if (handleUpgrade(request, socket, head)) return;
      if (httpServer.listenerCount('upgrade') === 1) refuseUpgrade(socket, '404 Not Found');
    };
    httpServer.on('upgrade', listener);
    detach.push(() => httpServer.off('upgrade', listener));
  }

  function handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean {
    if ((request.url ?? '').split('?')[0] !== RELAY_PATH) return false;
    const protocols = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim());
    // Browsers always name an origin and signers never do: a page in a browser has no business here.
    const fits = !closed && request.headers.origin === undefined && protocols.includes(RELAY_PROTOCOL);
    if (!fits) {
      count('upgrade-refused');
      refuseUpgrade(socket, closed ? '503 Service Unavailable' : '400 Bad Request');
      return true;
    }
    server.handleUpgrade(request, socket, head, (accepted) => challenge(accepted, socket));
    return true;
  }

  /** Before a signer has proved its identity it costs one socket, one nonce and at most `authBytesMax` bytes. */
  function challenge(socket: WebSocket, transport: Duplex): void {
    const [oldest] = pending;
    if (pending.size >= limits.pendingMax && oldest) {
      count('pending-evicted');
      oldest.terminate();
      pending.delete(oldest);
    }
    pending.add(socket);
    let bytes = 0;
    const meter = (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= limits.authBytesMax) return;
      count('auth-oversized');
      socket.terminate();
    };
    transport.on('data', meter);
    const cancelDeadline = env.setTimer(limits.authMs, () => {
      count('auth-late');
      socket.terminate();
    });
    const settle = () => {
      cancelDeadline();
      pending.delete(socket);
      transport.off('data', meter);
    };
    // Every failure of a socket ends in 'close'; the error itself says nothing that a signer's owner could use.
    socket.on('error', () => count('socket-error'));
    socket.once('close', settle);
    const nonce = env.random(NONCE_BYTES);
    let connection: Connection | undefined;
    onBinary(socket, (message) => {
      // After a goodbye nothing more is taken: no second try, and no message of a replaced connection.
      if (socket.readyState !== socket.OPEN) return;
      if (message) trafficListeners.call({ direction: 'in', index: connection?.index ?? 0, message });
      try {
        check(message !== undefined, 'E_RELAY_FORMAT', 'Messages are binary.');
        if (connection) receive(connection, message);
        else {
          // The first message decides: there is no second try on one connection.
          const index = authenticate(message, nonce);
          settle();
          connection = admit(index, socket);
        }
      } catch (error) {
        hangUp(socket, connection?.index ?? 0, error);
      }
    });
    transmit(socket, 0, writeHello({ fingerprint: roster.fingerprint, nonce }));
  }

  function authenticate(message: Uint8Array, nonce: Uint8Array): SignerIndex {
    const { signerId, signature } = readAuth(message);
    const index = indexOfSignerId(roster, signerId);
    // One refusal for both: a stranger does not learn who is in the roster.
    const proved =
      index !== undefined &&
      verifyBySigner(roster, { index, bytes: relayAuthBytes({ fingerprint: roster.fingerprint, nonce }), signature });
    check(proved, 'E_RELAY_AUTH', 'The challenge is not signed by an identity of the roster.');
    return index;
  }

  function admit(index: SignerIndex, socket: WebSocket): Connection {
    const older = connections.get(index);
    if (older) {
      // Peers must see it leave and come: the process behind it may be a new one.
      drop(older, 'replaced');
      closeSoon(older.socket, env, { code: CLOSE.replaced, reason: 'replaced by a newer connection' });
    }
    const connection: Connection = {
      index,
      socket,
      requests: new Map(),
      nextNumber: 0,
      heardAt: env.now(),
      requestBytes: 0,
      peerBytes: roster.signers.map(() => 0),
    };
    const heard = () => {
      connection.heardAt = env.now();
    };
    socket.on('ping', heard);
    socket.on('pong', heard);
    socket.once('close', () => drop(connection, 'closed'));
    connections.set(index, connection);
    env.log('relay.connected', { signer: index });
    transmit(socket, index, writeWelcome(index));
    announce();
    return connection;
  }

  function receive(connection: Connection, message: Uint8Array): void {
    connection.heardAt = env.now();
    switch (message[0]) {
      case TYPE.peerTo:
        forward(connection, readPeer(message));
        break;
      case TYPE.reply:
        answer(connection, readNumbered(message));
        break;
      case TYPE.push:
        pushListeners.call(connection.index, decodePush(utf8Decode(message.subarray(1), 'push')));
        break;
      default:
        refuse('E_RELAY_FORMAT', 'A message of unknown type.');
    }
  }

  /** The source is the connection's identity, whatever the frame may claim inside. */
  function forward(from: Connection, peer: { readonly index: SignerIndex; readonly frame: Uint8Array }): void {
    const to = connections.get(peer.index);
    if (!to || to === from) {
      count(to ? 'peer-to-self' : 'peer-offline');
      return;
    }
    const slot = from.index - 1;
    const waiting = to.peerBytes[slot] ?? 0;
    // Dropping hurts only the session of these two; pausing the sender would let one signer silence another.
    if (waiting + peer.frame.length > limits.peerBytesMax) {
      count('peer-overflow');
      return;
    }
    to.peerBytes[slot] = waiting + peer.frame.length;
    transmit(to.socket, to.index, writePeer(TYPE.peerFrom, from.index, peer.frame), () => {
      to.peerBytes[slot] = (to.peerBytes[slot] ?? 0) - peer.frame.length;
    });
  }

  function answer(connection: Connection, message: { readonly number: number; readonly body: Uint8Array }): void {
    const waiting = connection.requests.get(message.number);
    if (!waiting) {
      // Its deadline has passed and nobody waits any more.
      count('reply-late');
      return;
    }
    connection.requests.delete(message.number);
    waiting.cancel();
    try {
      const reply = decodeReply(utf8Decode(message.body, 'reply'));
      const matches = waiting.commandId === undefined || waiting.commandId === reply.id;
      check(matches, 'E_REPLY', 'The reply names another command.');
      waiting.resolve(reply);
    } catch (cause) {
      const sentence = cause instanceof Error ? cause.message : 'unreadable';
      waiting.reject(new ClusterError('E_REPLY', sentence, { signer: connection.index }, cause));
    }
  }

  async function send(
    index: SignerIndex,
    command: Command | string,
    options: { readonly deadlineMs?: number } = {},
  ): Promise<Reply> {
    const text = typeof command === 'string' ? command : encodeCommand(command);
    const message = writeNumbered(TYPE.request, 0, text);
    const sized = message.length > 5 && message.length <= 5 + COMMAND_BYTES_MAX;
    check(sized, 'E_COMMAND', `A command has 1 to ${COMMAND_BYTES_MAX} bytes.`);
    const connection = connections.get(index);
    check(connection !== undefined, 'E_RELAY_OFFLINE', `Signer ${index} is not connected.`, { signer: index });
    const free =
      connection.requests.size < limits.requestsMax &&
      connection.requestBytes + message.length <= limits.requestBytesMax;
    check(free, 'E_RELAY_BUSY', `Signer ${index} has too much to do.`, { signer: index });
    const number = freeNumber(connection);
    Buffer.from(message.buffer, message.byteOffset).writeUInt32BE(number, 1);
    return new Promise<Reply>((resolve, reject) => {
      const cancel = env.setTimer(options.deadlineMs ?? limits.requestMs, () => {
        connection.requests.delete(number);
        count('request-late');
        reject(new ClusterError('E_RELAY_DEADLINE', `Signer ${index} did not answer in time.`, { signer: index }));
      });
      const commandId = typeof command === 'string' ? undefined : command.id;
      connection.requests.set(number, { resolve, reject, cancel, commandId });
      connection.requestBytes += message.length;
      transmit(connection.socket, index, message, () => {
        connection.requestBytes -= message.length;
      });
    });
  }

  function transmit(socket: WebSocket, index: SignerIndex | 0, message: Uint8Array, taken?: () => void): void {
    if (trafficListeners.size > 0) trafficListeners.call({ direction: 'out', index, message });
    // The callback comes with an error too, when the socket has ended; 'close' follows and cleans up.
    socket.send(message, () => taken?.());
  }

  function announce(): void {
    const message = writePresence(online());
    for (const connection of connections.values()) transmit(connection.socket, connection.index, message);
    presenceListeners.call(online());
  }

  /** Ends what depended on a connection; the socket itself is closed by the caller or already was. */
  function drop(connection: Connection, reason: string): void {
    if (connections.get(connection.index) !== connection) return;
    connections.delete(connection.index);
    for (const waiting of connection.requests.values()) {
      waiting.cancel();
      const message = `The connection of signer ${connection.index} ended before it answered.`;
      waiting.reject(new ClusterError('E_RELAY_LOST', message, { signer: connection.index }));
    }
    connection.requests.clear();
    env.log('relay.disconnected', { signer: connection.index, reason });
    announce();
  }

  function hangUp(socket: WebSocket, index: SignerIndex | 0, error: unknown): void {
    const code = codeOf(error);
    count(code);
    log('relay.refused', { signer: index, code, reason: error instanceof Error ? error.message : 'unknown' });
    closeSoon(socket, env, { code: index === 0 ? CLOSE.refused : CLOSE.format, reason: code });
  }

  function heartbeat(): void {
    cancelHeartbeat = env.setTimer(limits.pingMs, heartbeat);
    for (const { socket, heardAt } of connections.values()) {
      if (env.now() - heardAt > limits.silenceMs) socket.terminate();
      else socket.ping();
    }
  }

  function close(): void {
    if (closed) return;
    closed = true;
    cancelHeartbeat();
    for (const undo of detach) undo();
    for (const socket of pending) socket.terminate();
    for (const connection of [...connections.values()]) {
      drop(connection, 'relay closed');
      closeSoon(connection.socket, env, { code: CLOSE.goingAway, reason: 'relay closed' });
    }
  }

  return {
    attach,
    handleUpgrade,
    send,
    online,
    onPush: pushListeners.add,
    onPresence: presenceListeners.add,
    onTraffic: trafficListeners.add,
    counters: () => ({ ...counters }),
    close,
  };
}

function freeNumber(connection: Connection): number {
  do connection.nextNumber = (connection.nextNumber + 1) >>> 0;
  while (connection.requests.has(connection.nextNumber));
  return connection.nextNumber;
}

function refuseUpgrade(socket: Duplex, status: string): void {
  socket.on('error', () => socket.destroy());
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}
