/** One order to one signer, or to several at once: what came back, or why nothing did. Never throws for a signer. */
import { type Command, encodeCommand, type Reply } from '@holdfast/cluster/commands';
import type { RelayHub } from '@holdfast/cluster/relay';
import type { Env } from '@holdfast/contract/types';
import { toHex } from '@holdfast/contract/wire';
import type { Order, Outcome } from './types.ts';

/** The part of the relay this room uses; tests put their own in its place. */
export type ClusterLink = Pick<RelayHub, 'send' | 'online' | 'onPush' | 'onPresence'>;

export interface Ask {
  /** The same order, under one command id, to each; answers in the order of `indices`. */
  each(order: Order, indices: readonly number[], deadlineMs: number): Promise<Outcome>[];
  all(order: Order, indices: readonly number[], deadlineMs: number): Promise<Outcome[]>;
  one(order: Order, index: number, deadlineMs: number): Promise<Outcome>;
}

export function createAsk(o: { readonly link: ClusterLink; readonly env: Pick<Env, 'random'> }): Ask {
  const each: Ask['each'] = (order, indices, deadlineMs) => {
    const id = `c-${toHex(o.env.random(8))}`;
    const text = encodeCommand({ v: 1, id, ...order } as Command);
    return indices.map((index) => askOne(o.link, { index, id, text, deadlineMs }));
  };
  return {
    each,
    all: (order, indices, deadlineMs) => Promise.all(each(order, indices, deadlineMs)),
    async one(order, index, deadlineMs) {
      const [outcome] = await Promise.all(each(order, [index], deadlineMs));
      return outcome ?? { index, lost: 'offline' };
    },
  };
}

async function askOne(
  link: ClusterLink,
  o: { readonly index: number; readonly id: string; readonly text: string; readonly deadlineMs: number },
): Promise<Outcome> {
  const { index } = o;
  try {
    const reply: Reply = await link.send(index, o.text, { deadlineMs: o.deadlineMs });
    return reply.id === o.id ? { index, reply } : { index, lost: 'malformed' };
  } catch (error) {
    return { index, lost: lostBecause(error) };
  }
}

/** Everything the relay throws ends here: a signer that cannot be asked is a fact, not a failure of the api. */
function lostBecause(error: unknown): 'offline' | 'lost' | 'deadline' | 'malformed' {
  switch (error instanceof Error && 'code' in error ? error.code : undefined) {
    case 'E_RELAY_OFFLINE':
    case 'E_RELAY_BUSY':
      return 'offline';
    case 'E_RELAY_LOST':
      return 'lost';
    case 'E_RELAY_DEADLINE':
      return 'deadline';
    case 'E_REPLY':
      return 'malformed';
    default:
      throw error;
  }
}
