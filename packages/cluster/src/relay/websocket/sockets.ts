/** What hub and link share: WebSocket options, and receiving whole binary messages. */
import type { RawData, WebSocket } from 'ws';
import type { ClusterEnv } from '../../env.ts';
import { MESSAGE_BYTES_MAX } from '../wire.ts';

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
