/** The two ends of the relay without their manners: a client and a server that say whatever a test wants. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocket, WebSocketServer } from 'ws';
import { RELAY_PROTOCOL, readHello, relayAuthBytes, writeAuth } from '../relay/wire.ts';
import { type Cluster, until } from './world.ts';

export interface Stranger {
  readonly socket: WebSocket;
  readonly messages: Buffer[];
  /** Undefined while the connection lives. */
  closed(): number | undefined;
  send(bytes: Uint8Array | string): void;
}

export function wrap(socket: WebSocket): Stranger {
  const messages: Buffer[] = [];
  let code: number | undefined;
  socket.on('message', (data) => messages.push(data as Buffer));
  socket.on('close', (given) => {
    code = given;
  });
  socket.on('error', () => {});
  return { socket, messages, closed: () => code, send: (bytes) => socket.send(bytes) };
}

/** Connects and waits for the challenge. */
export async function stranger(url: string, o: ConstructorParameters<typeof WebSocket>[2] = {}): Promise<Stranger> {
  const end = wrap(new WebSocket(url, [RELAY_PROTOCOL], { perMessageDeflate: false, ...o }));
  await until(() => end.messages.length > 0 || end.closed() !== undefined, 'a challenge');
  return end;
}

/** The answer that signer `index` would give to the challenge this end got. */
export function proof(five: Cluster, index: number, end: Stranger): Uint8Array {
  const { fingerprint, nonce } = readHello(end.messages[0] as Buffer);
  const signer = five.roster.signers[index - 1];
  const identity = five.identities[index - 1];
  if (!signer || !identity) throw new Error(`no signer ${index}`);
  return writeAuth({ signerId: signer.signerId, signature: identity.sign(relayAuthBytes({ fingerprint, nonce })) });
}

/** A signer that is let in and then does nothing by itself. */
export async function admitted(
  five: Cluster,
  index: number,
  url: string,
  o: ConstructorParameters<typeof WebSocket>[2] = {},
): Promise<Stranger> {
  const end = await stranger(url, o);
  end.send(proof(five, index, end));
  await until(() => end.messages.length >= 3, 'welcome and presence');
  return end;
}

export interface HostileRelay {
  readonly url: string;
  readonly visitors: Stranger[];
  stop(): Promise<void>;
}

/** A relay that greets each visitor with these messages. */
export async function hostileRelay(greet: (visit: number) => readonly (Uint8Array | string)[]): Promise<HostileRelay> {
  const server = createServer();
  const sockets = new WebSocketServer({ server, perMessageDeflate: false });
  const visitors: Stranger[] = [];
  sockets.on('connection', (socket) => {
    const visitor = wrap(socket);
    visitors.push(visitor);
    for (const message of greet(visitors.length)) visitor.send(message);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/holdfast/relay`,
    visitors,
    async stop() {
      for (const { socket } of visitors) socket.terminate();
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
