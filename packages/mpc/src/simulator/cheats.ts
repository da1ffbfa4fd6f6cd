/** Ways to cheat, for the negative tests: on the wire towards single recipients, or inside a machine towards all. */

import type { Slot } from '../runtime/index.ts';
import { type Index, type Machine, type Message, type MpcEnv, signedBytes } from '../runtime/index.ts';
import type { Cheat } from './simulate.ts';

export interface Alteration {
  readonly round: number;
  readonly kind: Message['kind'];
  /** Only towards this recipient; towards all where absent. */
  readonly to?: Index;
  /** Another body, or undefined to send nothing. */
  readonly body: (body: Uint8Array, to: Index) => Uint8Array | undefined;
}

/** Replaces bodies on the wire and signs them anew, as a party that holds its own identity key can. */
export function altering({ execId, env, alter }: { execId: Uint8Array; env: MpcEnv; alter: Alteration }): Cheat {
  return (m, to) => {
    if (m.round !== alter.round || m.kind !== alter.kind || (alter.to !== undefined && alter.to !== to)) return m;
    const body = alter.body(m.body, to);
    return body === undefined ? undefined : signedAnew({ execId, env, message: { ...m, body } });
  };
}

export function signedAnew({ execId, env, message }: { execId: Uint8Array; env: MpcEnv; message: Message }): Message {
  if (message.sig === undefined) return message;
  return { ...message, sig: env.sign(signedBytes(execId, message)) };
}

/**
 * Makes a machine say something else from inside, the same to everybody: `alter` sees every value before it is
 * encoded and signed, so the party's own echo agrees with what it sent.
 */
export function lyingMachine<Out>(
  machine: Machine<Out>,
  alter: (at: { round: number; kind: Message['kind']; to: Index | 0 }, value: unknown) => unknown,
): Machine<Out> {
  const inside = machine as unknown as {
    broadcast(slot: Slot<unknown>, value: unknown): unknown;
    tell(to: Index, slot: Slot<unknown>, value: unknown): unknown;
  };
  const broadcast = inside.broadcast.bind(machine);
  const tell = inside.tell.bind(machine);
  inside.broadcast = (slot, value) => broadcast(slot, alter({ round: slot.round, kind: slot.kind, to: 0 }, value));
  inside.tell = (to, slot, value) => tell(to, slot, alter({ round: slot.round, kind: slot.kind, to }, value));
  return machine;
}
