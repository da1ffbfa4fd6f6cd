/**
 * Requests over connections that stay open, one at a time on each: a client so plain that it takes little of the machine
 * that it shares with the server.
 */
import { connect, type Socket } from 'node:net';

export interface Load {
  readonly host: string;
  readonly port: number;
  /** Head of the request, line ends included, and its body. */
  readonly request: string;
  readonly connections: number;
}

/** An answer other than 200. */
export class Answered extends Error {
  readonly status: number;
  /** As the server asked for it; 0 where it did not. */
  readonly retryAfterS: number;
  /** Of the product's error table; empty where the body is none of its own. */
  readonly code: string;

  constructor(head: string, body: string) {
    super(`${head.split('\r\n')[0]} ${body}`);
    this.status = Number(/^HTTP\/1\.1 (\d+)/.exec(head)?.[1] ?? 0);
    this.retryAfterS = Number(/\r\nretry-after: (\d+)/i.exec(head)?.[1] ?? 0);
    this.code = /"code":"(\w+)"/.exec(body)?.[1] ?? '';
  }
}

/** A connection on which requests follow each other. */
export interface Line {
  /** Sends a request and answers the body; throws on any answer but 200. */
  ask(method: string, path: string, headers: Readonly<Record<string, string>>, body: string): Promise<string>;
  close(): void;
}

/** Opens one; its client parses no more than it must. */
export async function openLine({ host, port }: { readonly host: string; readonly port: number }): Promise<Line> {
  const socket = await open({ host, port, request: '', connections: 1 });
  return {
    async ask(method, path, headers, body) {
      const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
      const bytes = Buffer.byteLength(body);
      const head = `${method} ${path} HTTP/1.1\r\nhost: localhost:${port}\r\n${lines.join('')}content-type: application/json\r\ncontent-length: ${bytes}\r\n\r\n`;
      return exchange(socket, Buffer.from(head + body));
    },
    close: () => socket.destroy(),
  };
}

/** Sends `count` requests and gives the requests per second; throws on any answer but 200. */
export async function rateOf(load: Load, count: number): Promise<number> {
  const sockets = await Promise.all(Array.from({ length: load.connections }, () => open(load)));
  const request = Buffer.from(load.request, 'latin1');
  let left = count;
  const start = performance.now();
  await Promise.all(
    sockets.map(async (socket) => {
      while (left-- > 0) await exchange(socket, request);
    }),
  );
  const seconds = (performance.now() - start) / 1000;
  for (const socket of sockets) socket.destroy();
  return count / seconds;
}

function open({ host, port }: Load): Promise<Socket> {
  return new Promise((done, fail) => {
    const socket = connect({ host, port, noDelay: true });
    socket.once('connect', () => done(socket));
    socket.once('error', fail);
  });
}

/** Answers the body. */
function exchange(socket: Socket, request: Buffer): Promise<string> {
  return new Promise((done, fail) => {
    let received: Buffer = Buffer.alloc(0);
    const take = (chunk: Buffer): void => {
      received = received.length === 0 ? chunk : Buffer.concat([received, chunk]);
      const end = received.indexOf('\r\n\r\n');
      if (end < 0) return;
      const head = received.toString('latin1', 0, end);
      const length = /\r\ncontent-length: (\d+)/i.exec(head)?.[1];
      if (length !== undefined && received.length < end + 4 + Number(length)) return;
      if (length === undefined) finish(new Error('an answer without content-length'));
      else if (head.startsWith('HTTP/1.1 200 ')) finish(undefined, received.toString('utf8', end + 4));
      else finish(new Answered(head, received.toString('utf8', end + 4)));
    };
    const closed = (): void => finish(new Error('the server closed the connection'));
    const finish = (error: Error | undefined, body = ''): void => {
      socket.off('data', take);
      socket.off('close', closed);
      if (error === undefined) done(body);
      else fail(error);
    };
    socket.on('data', take);
    socket.once('close', closed);
    socket.write(request);
  });
}
