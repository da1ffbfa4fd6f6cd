/** One connection to NATS. It ends for good when it is lost: what was in flight is lost with it, and the caller dials again. */
import type { Msg, NatsConnection } from '@nats-io/transport-node';
import type { NatsAddress } from './address.ts';
import { PAYLOAD_BYTES } from './wire.ts';

/** What is bound by NATS's own clock: how long the server may take to answer, and how often it is asked whether it lives. */
const CONNECT_MS = 4_000;
const PING_MS = 5_000;
const PINGS_MAX = 2;
/** So many bytes may be on their way before the server is asked whether it has them. */
const FLUSH_BYTES = 256 << 10;

export interface NatsLine {
  publish(subject: string, payload: Uint8Array, reply?: string): void;
  subscribe(subject: string, receive: (payload: Buffer, subject: string) => void): void;
  /** Bytes that the server has not confirmed. */
  waitingBytes(): number;
  /** Kept once the server has read everything before. */
  flush(): Promise<void>;
  isOpen(): boolean;
  /** What was published leaves first. */
  close(): void;
}

/** Connects once. `onEnd` is called once, and only after the promise was kept. */
export async function connectNats(o: {
  readonly address: NatsAddress;
  /** Which of its servers to try. */
  readonly attempt: number;
  readonly name: string;
  readonly onEnd: (reason: string) => void;
}): Promise<NatsLine> {
  const { address } = o;
  // Fifty files and 50 ms of every start, for those who have a NATS.
  const { connect, credsAuthenticator } = await import('@nats-io/transport-node');
  const connection = await connect({
    servers: [address.servers[o.attempt % address.servers.length] as string],
    name: o.name,
    reconnect: false,
    ignoreClusterUpdates: true,
    noEcho: true,
    timeout: CONNECT_MS,
    pingInterval: PING_MS,
    maxPingOut: PINGS_MAX,
    ...(address.user === undefined ? {} : { user: address.user, pass: address.password ?? '' }),
    ...(address.token === undefined ? {} : { token: address.token }),
    ...(address.credentials === undefined ? {} : { authenticator: credsAuthenticator(address.credentials) }),
    ...(address.tls ? { tls: address.authorities === undefined ? {} : { ca: address.authorities } } : {}),
  });
  const payloadMax = connection.info?.max_payload ?? 0;
  if (payloadMax < PAYLOAD_BYTES || connection.info?.headers !== true) {
    await connection.close();
    throw new Error(
      `the NATS server takes messages of ${payloadMax} bytes and headers: ${connection.info?.headers === true}; ` +
        `it must take ${PAYLOAD_BYTES} (max_payload) and headers`,
    );
  }
  return lineOf(connection, o.onEnd);
}

function lineOf(connection: NatsConnection, onEnd: (reason: string) => void): NatsLine {
  let open = true;
  let waiting = 0;
  let flushing = false;

  void connection.closed().then((error) => {
    const wasOpen = open;
    open = false;
    if (wasOpen) onEnd(error instanceof Error ? error.message : 'closed');
  });

  /** The server answers a ping once it has read what was sent before it. */
  function flush(): void {
    if (flushing || waiting < FLUSH_BYTES || !open) return;
    flushing = true;
    const bytes = waiting;
    connection.flush().then(
      () => {
        flushing = false;
        waiting -= bytes;
        flush();
      },
      () => {
        // The connection has ended; `closed` tells.
      },
    );
  }

  return {
    publish(subject, payload, reply) {
      if (!open || connection.isClosed()) return;
      connection.publish(subject, payload, reply === undefined ? {} : { reply });
      waiting += payload.length;
      flush();
    },
    subscribe(subject, receive) {
      connection.subscribe(subject, {
        callback: (error: Error | null, message: Msg) => {
          // An error here is the server's refusal of the subscription; the connection's end or silence follows.
          if (error || !open) return;
          const { data } = message;
          try {
            receive(Buffer.from(data.buffer, data.byteOffset, data.byteLength), message.subject);
          } catch (fault) {
            // A bug of ours: inside the client's reader it would be swallowed and the connection would fall silent.
            queueMicrotask(() => {
              throw fault;
            });
          }
        },
      });
    },
    waitingBytes: () => waiting,
    flush: () => connection.flush(),
    isOpen: () => open && !connection.isClosed(),
    close() {
      if (!open) return;
      open = false;
      // A connection that ended in the meantime has nothing left to say.
      connection.drain().catch(() => {});
    },
  };
}
