/**
 * The api's side of a relay, whatever carries it: who is connected, what was asked of whom, what everybody is told.
 * Whoever calls `admit` has made sure that the other end of the line is that signer.
 */
import { utf8Decode } from '@holdfast/contract/wire';
import { COMMAND_BYTES_MAX, decodePush, decodeReply, encodeCommand } from '../commands/codec.ts';
import type { Command, Push, Reply } from '../commands/types.ts';
import type { ClusterEnv } from '../env.ts';
import { ClusterError, check, refuse } from '../errors.ts';
import { createListeners } from '../listeners.ts';
import type { SignerIndex } from '../roster/roster.ts';
import { CLOSE, readNumbered, TYPE, writeNumbered, writePresence, writeWelcome } from './wire.ts';

export interface RequestLimits {
  /** Unanswered requests per signer. */
  readonly requestsMax: number;
  /** Bytes of requests that a signer has not taken yet. */
  readonly requestBytesMax: number;
  /** Deadline of a request that names none. */
  readonly requestMs: number;
}

export const requestLimits: RequestLimits = { requestsMax: 1024, requestBytesMax: 16 << 20, requestMs: 30_000 };

/** Every message that passes, for tests that look at what a relay can see. */
export interface Traffic {
  readonly direction: 'in' | 'out';
  /** 0 before the connection has said who it is. */
  readonly index: SignerIndex | 0;
  readonly message: Uint8Array;
}

export interface RelayHub {
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

/** The way to one signer that has proved its identity: whole messages, in order, until it ends. */
export interface Line {
  /** `taken` is called once the message is out of this process's hands, and at the latest when the line ends. */
  send(message: Uint8Array, taken?: () => void): void;
  /** Tells the other end why, and takes nothing more from it. */
  end(o: { readonly code: number; readonly reason: string }): void;
}

interface Waiting {
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: ClusterError) => void;
  readonly cancel: () => void;
  readonly commandId: string | undefined;
  readonly taken: () => void;
}

/** A signer that is connected. */
export interface Seat {
  readonly index: SignerIndex;
  readonly line: Line;
  readonly requests: Map<number, Waiting>;
  nextNumber: number;
  requestBytes: number;
}

export interface HubCore {
  /** A newer line of an identity replaces the older one: the process behind it may be a new one. */
  admit(index: SignerIndex, line: Line): Seat;
  /** A reply or a push. Throws on anything else. */
  receive(seat: Seat, message: Uint8Array): void;
  /** Ends what depended on a line; the line itself is ended by the caller or already was. */
  drop(seat: Seat, reason: string): void;
  /** The one that holds the place of a signer now. */
  at(index: SignerIndex): Seat | undefined;
  transmit(seat: Seat, message: Uint8Array, taken?: () => void): void;
  count(reason: string): void;
  /** For onTraffic. */
  passed(direction: Traffic['direction'], index: SignerIndex | 0, message: Uint8Array): void;
  /** What every kind of hub offers; `close` drops every seat and ends its line. */
  readonly hub: RelayHub;
}

export function createHubCore(o: { readonly env: ClusterEnv; readonly limits: RequestLimits }): HubCore {
  const { env, limits } = o;
  const seats = new Map<SignerIndex, Seat>();
  const pushListeners = createListeners<[SignerIndex, Push]>(env, 'push');
  const presenceListeners = createListeners<[SignerIndex[]]>(env, 'presence');
  const trafficListeners = createListeners<[Traffic]>(env, 'traffic');
  const counters: Record<string, number> = {};

  const count = (reason: string) => {
    counters[reason] = (counters[reason] ?? 0) + 1;
  };
  const online = () => [...seats.keys()].sort((a, b) => a - b);

  function admit(index: SignerIndex, line: Line): Seat {
    const older = seats.get(index);
    if (older) {
      // Peers must see it leave and come.
      drop(older, 'replaced');
      older.line.end({ code: CLOSE.replaced, reason: 'replaced by a newer connection' });
    }
    const seat: Seat = { index, line, requests: new Map(), nextNumber: 0, requestBytes: 0 };
    seats.set(index, seat);
    env.log('relay.connected', { signer: index });
    transmit(seat, writeWelcome(index));
    announce();
    return seat;
  }

  function receive(seat: Seat, message: Uint8Array): void {
    switch (message[0]) {
      case TYPE.reply:
        answer(seat, readNumbered(message));
        break;
      case TYPE.push:
        pushListeners.call(seat.index, decodePush(utf8Decode(message.subarray(1), 'push')));
        break;
      default:
        refuse('E_RELAY_FORMAT', 'A message of unknown type.');
    }
  }

  function answer(seat: Seat, message: { readonly number: number; readonly body: Uint8Array }): void {
    const waiting = seat.requests.get(message.number);
    if (!waiting) {
      // Its deadline has passed and nobody waits any more.
      count('reply-late');
      return;
    }
    seat.requests.delete(message.number);
    waiting.cancel();
    // What was answered was taken, whatever the line knows of it.
    waiting.taken();
    try {
      const reply = decodeReply(utf8Decode(message.body, 'reply'));
      const matches = waiting.commandId === undefined || waiting.commandId === reply.id;
      check(matches, 'E_REPLY', 'The reply names another command.');
      waiting.resolve(reply);
    } catch (cause) {
      const sentence = cause instanceof Error ? cause.message : 'unreadable';
      waiting.reject(new ClusterError('E_REPLY', sentence, { signer: seat.index }, cause));
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
    const seat = seats.get(index);
    check(seat !== undefined, 'E_RELAY_OFFLINE', `Signer ${index} is not connected.`, { signer: index });
    const free =
      seat.requests.size < limits.requestsMax && seat.requestBytes + message.length <= limits.requestBytesMax;
    check(free, 'E_RELAY_BUSY', `Signer ${index} has too much to do.`, { signer: index });
    const number = freeNumber(seat);
    Buffer.from(message.buffer, message.byteOffset).writeUInt32BE(number, 1);
    return new Promise<Reply>((resolve, reject) => {
      const cancel = env.setTimer(options.deadlineMs ?? limits.requestMs, () => {
        seat.requests.delete(number);
        count('request-late');
        reject(new ClusterError('E_RELAY_DEADLINE', `Signer ${index} did not answer in time.`, { signer: index }));
      });
      const commandId = typeof command === 'string' ? undefined : command.id;
      let waits = true;
      const taken = () => {
        if (waits) seat.requestBytes -= message.length;
        waits = false;
      };
      seat.requests.set(number, { resolve, reject, cancel, commandId, taken });
      seat.requestBytes += message.length;
      transmit(seat, message, taken);
    });
  }

  function transmit(seat: Seat, message: Uint8Array, taken?: () => void): void {
    passed('out', seat.index, message);
    seat.line.send(message, taken);
  }

  function passed(direction: Traffic['direction'], index: SignerIndex | 0, message: Uint8Array): void {
    if (trafficListeners.size > 0) trafficListeners.call({ direction, index, message });
  }

  function announce(): void {
    const message = writePresence(online());
    for (const seat of seats.values()) transmit(seat, message);
    presenceListeners.call(online());
  }

  function drop(seat: Seat, reason: string): void {
    if (seats.get(seat.index) !== seat) return;
    seats.delete(seat.index);
    for (const waiting of seat.requests.values()) {
      waiting.cancel();
      const message = `The connection of signer ${seat.index} ended before it answered.`;
      waiting.reject(new ClusterError('E_RELAY_LOST', message, { signer: seat.index }));
    }
    seat.requests.clear();
    env.log('relay.disconnected', { signer: seat.index, reason });
    announce();
  }

  return {
    admit,
    receive,
    drop,
    at: (index) => seats.get(index),
    transmit,
    count,
    passed,
    hub: {
      send,
      online,
      onPush: pushListeners.add,
      onPresence: presenceListeners.add,
      onTraffic: trafficListeners.add,
      counters: () => ({ ...counters }),
      close() {
        for (const seat of [...seats.values()]) {
          drop(seat, 'relay closed');
          seat.line.end({ code: CLOSE.goingAway, reason: 'relay closed' });
        }
      },
    },
  };
}

function freeNumber(seat: Seat): number {
  do seat.nextNumber = (seat.nextNumber + 1) >>> 0;
  while (seat.requests.has(seat.nextNumber));
  return seat.nextNumber;
}
