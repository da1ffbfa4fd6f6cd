/** What hub and link share: WebSocket options, and receiving whole binary messages. */
import { WireError } from '@holdfast/contract/wire';
import type { RawData, WebSocket } from 'ws';
import type { ClusterEnv } from '../env.ts';
import { ClusterError } from '../errors.ts';
import { MESSAGE_BYTES_MAX } from './wire.ts';

/**
 * Compression would let the length of a sealed frame depend on its neighbours and costs more than it saves. Nagle's
 * algorithm is off: ws calls setNoDelay on every socket it takes over.
 */
export const socketOptions = { perMessageDeflate: false, maxPayload: MESSAGE_BYTES_MAX } as const;

/** Calls `receive` with each binary message; text messages and anything else give undefined. */
export function onBinary(socket: WebSocket, receive: (message: Uint8Array | undefined) => void): void {
  socket.on('message', (data: RawData, isBinary: boolean) => {
    // With ws's default binaryType a message is one Buffer.
    receive(isBinary && Buffer.isBuffer(data) ? data : undefined);
  });
}

/** Why a connection is ended. Anything but a refusal is a fault of ours: it ends the connection too, under its own name. */
export function codeOf(error: unknown): string {
  if (error instanceof ClusterError) return error.code;
  return error instanceof WireError ? 'E_RELAY_FORMAT' : 'bug';
}

/** Says goodbye, and hangs up when the other side does not answer in time. */
export function closeSoon(
  socket: WebSocket,
  env: ClusterEnv,
  o: { readonly code: number; readonly reason: string },
): void {
  const cancel = env.setTimer(1000, () => socket.terminate());
  socket.once('close', cancel);
  socket.close(o.code, o.reason);
}

/** Lets through a few log lines a minute, so that a stranger cannot fill the log; says how many were left out. */
export function limitedLog(env: ClusterEnv, perMinute = 20): ClusterEnv['log'] {
  let minute = Number.NEGATIVE_INFINITY;
  let written = 0;
  return (event, facts) => {
    const now = Math.floor(env.now() / 60_000);
    const suppressed = Math.max(0, written - perMinute);
    if (now !== minute) {
      if (suppressed > 0) env.log('relay.suppressed', { lines: suppressed });
      minute = now;
      written = 0;
    }
    if (++written <= perMinute) env.log(event, facts);
  };
}
