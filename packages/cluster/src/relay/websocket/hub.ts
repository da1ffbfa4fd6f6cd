/**
 * The relay inside the api: lets in the signers of the roster over WebSocket, carries sealed frames between them, and
 * asks them the api's requests. It is trusted with availability only; whatever it forwards is sealed end to end.
 */

import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import type { ClusterEnv } from '../../env.ts';
import { check } from '../../errors.ts';
import { indexOfSignerId, type Roster, type SignerIndex, verifyBySigner } from '../../roster/roster.ts';
import { codeOf, limitedLog } from '../faults.ts';
import { createHubCore, type Line, type RelayHub, type RequestLimits, requestLimits, type Seat } from '../hub.ts';
import {
  CLOSE,
  NONCE_BYTES,
  RELAY_PATH,
  RELAY_PROTOCOL,
  readAuth,
  readPeer,
  relayAuthBytes,
  TYPE,
  writeHello,
  writePeer,
} from '../wire.ts';
import { closeSoon, onBinary, socketOptions } from './sockets.ts';

export interface HubLimits extends RequestLimits {
  /** Connections that have not said who they are; one more ends the oldest of them. */
  readonly pendingMax: number;
  /** How long a connection may take to say who it is. */
  readonly authMs: number;
  /** Bytes a connection may send before it has said who it is: the answer is 98 bytes and its frame. */
  readonly authBytesMax: number;
  readonly pingMs: number;
  /** A connection that was silent for so long is gone. */
  readonly silenceMs: number;
  /** Bytes from one signer that another has not taken yet; beyond it frames are dropped. */
  readonly peerBytesMax: number;
}

export const hubLimits: HubLimits = {
  ...requestLimits,
  pendingMax: 32,
  authMs: 5_000,
  authBytesMax: 1024,
  pingMs: 10_000,
  silenceMs: 25_000,
  peerBytesMax: 4 << 20,
};

export interface WebSocketHub extends RelayHub {
  /** Serves `/holdfast/relay` on this server; other upgrades are refused unless somebody else listens for them. */
  attach(server: Server): void;
  /** For servers with an upgrade listener of their own; false when the path is not the relay's. */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean;
}

interface Connection {
  readonly socket: WebSocket;
  readonly seat: Seat;
  heardAt: number;
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
}): WebSocketHub {
  const { roster, env } = o;
  const limits: HubLimits = { ...hubLimits, ...o.limits };
  const log = limitedLog(env);
  const core = createHubCore({ env, limits });
  const { count } = core;
  const server = new WebSocketServer({
    ...socketOptions,
    noServer: true,
    clientTracking: false,
    handleProtocols: () => RELAY_PROTOCOL,
  });
  const pending = new Set<WebSocket>();
  const connections = new Map<Seat, Connection>();
  const detach: (() => void)[] = [];
  let closed = false;
  let cancelHeartbeat = env.setTimer(limits.pingMs, heartbeat);

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
      if (message) core.passed('in', connection?.seat.index ?? 0, message);
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
        hangUp(socket, connection?.seat.index ?? 0, error);
      }
    });
    const hello = writeHello({ fingerprint: roster.fingerprint, nonce });
    core.passed('out', 0, hello);
    socket.send(hello);
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
    const seat = core.admit(index, lineOf(socket));
    const connection: Connection = { socket, seat, heardAt: env.now(), peerBytes: roster.signers.map(() => 0) };
    const heard = () => {
      connection.heardAt = env.now();
    };
    socket.on('ping', heard);
    socket.on('pong', heard);
    socket.once('close', () => {
      connections.delete(seat);
      core.drop(seat, 'closed');
    });
    connections.set(seat, connection);
    return connection;
  }

  function lineOf(socket: WebSocket): Line {
    return {
      // The callback comes with an error too, when the socket has ended; 'close' follows and cleans up.
      send: (message, taken) => socket.send(message, () => taken?.()),
      end: (why) => closeSoon(socket, env, why),
    };
  }

  function receive(connection: Connection, message: Uint8Array): void {
    connection.heardAt = env.now();
    if (message[0] === TYPE.peerTo) forward(connection.seat, readPeer(message));
    else core.receive(connection.seat, message);
  }

  /** The source is the connection's identity, whatever the frame may claim inside. */
  function forward(from: Seat, peer: { readonly index: SignerIndex; readonly frame: Uint8Array }): void {
    const seat = core.at(peer.index);
    const to = seat && connections.get(seat);
    if (!to || seat === from) {
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
    core.transmit(seat, writePeer(TYPE.peerFrom, from.index, peer.frame), () => {
      to.peerBytes[slot] = (to.peerBytes[slot] ?? 0) - peer.frame.length;
    });
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
    core.hub.close();
  }

  return { ...core.hub, attach, handleUpgrade, close };
}

function refuseUpgrade(socket: Duplex, status: string): void {
  socket.on('error', () => socket.destroy());
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}
