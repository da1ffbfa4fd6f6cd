/**
 * Parties that do not follow: up to two signers that alter, repeat, tell different peers different things, or say
 * nothing; and an api that loses, repeats, alters and splits what it passes on. None of them has anybody's key but its own.
 */
import { decodeCommand, type Reply } from '@holdfast/cluster/commands';
import { toHex } from '@holdfast/contract/wire';
import { type MessageKind, signedBytes } from '@holdfast/mpc/runtime';
import type { SeededRandom } from '@holdfast/mpc/simulator';
import type { PeerMessage } from '@holdfast/signer/runs';
import type { Oracles } from './oracles.ts';
import type { SignerProcess, World } from './world.ts';

export interface HostileSigner {
  alter(from: SignerProcess, to: number, message: PeerMessage): readonly PeerMessage[];
  lie(from: SignerProcess, reply: Reply): Reply;
}

/** Messages remembered for repetition. */
const REMEMBERED_MAX = 200;
const DEVIATES = 0.08;

export function createHostileSigner(o: {
  readonly world: World;
  readonly random: SeededRandom;
  readonly oracles: Pick<Oracles, 'deviated'>;
}): HostileSigner {
  const { world, random, oracles } = o;
  const remembered: PeerMessage[] = [];

  /** With its own identity key, so that it is no forgery but a lie. */
  const signed = (index: number, message: PeerMessage): PeerMessage => {
    if (message.sig === undefined) return message;
    const identity = world.identities.get(index);
    if (identity === undefined) return message;
    const kind: MessageKind = message.kind;
    const m = { round: message.round, kind, from: index, to: message.to, body: message.body };
    return { ...message, sig: identity.sign(signedBytes(message.execId, m)) };
  };
  const flipped = (body: Uint8Array): Uint8Array => {
    const altered = body.slice();
    // Behind the tag more often than in it: what still decodes goes further.
    const at = altered.length - 1 - random.below(Math.min(altered.length, 64));
    altered[at] = (altered[at] ?? 0) ^ (1 << random.below(8));
    return altered;
  };

  return {
    alter(from, to, message) {
      remembered.push(message);
      if (remembered.length > REMEMBERED_MAX) remembered.shift();
      if (!random.chance(DEVIATES)) return [message];
      oracles.deviated(from.index);
      switch (random.below(5)) {
        case 0:
          return [];
        case 1:
          // Only to this one: the others get the true message.
          return [signed(from.index, { ...message, body: flipped(message.body) })];
        case 2: {
          const like = remembered.filter((m) => m.round === message.round && m.kind === message.kind);
          const other = like[random.below(like.length)];
          return other === undefined ? [] : [signed(from.index, { ...message, body: other.body.slice() })];
        }
        case 3:
          return [message, signed(from.index, { ...message, body: flipped(message.body) })];
        default: {
          // Something of an earlier run, as it was: its id, its body, its signature.
          const old = remembered[random.below(remembered.length)];
          return old === undefined ? [message] : [{ ...old, to: old.to === 0 ? 0 : to }, message];
        }
      }
    },
    lie(from, reply) {
      if (!reply.ok || reply.result.t !== 'signatures' || !random.chance(0.3)) return reply;
      oracles.deviated(from.index);
      const signatures = reply.result.signatures.map((each) => ({ ...each, signature: toHex(random.bytes(64)) }));
      return { ...reply, result: { ...reply.result, signatures } };
    },
  };
}

export interface HostileApi {
  /** Whether this command reaches its signer as it is; others may have been sent besides or instead. */
  passes(index: number, text: string): boolean;
  /** Something that nobody asked for, now. */
  meddle(): void;
}

const COMMANDS_MAX = 400;

export function createHostileApi(o: {
  readonly world: World;
  readonly random: SeededRandom;
  readonly counts: { hostileCommands: number };
}): HostileApi {
  const { world, random, counts } = o;
  const seen: string[] = [];
  const pick = <T>(values: readonly T[]): T | undefined => values[random.below(Math.max(1, values.length))];
  const inject = (index: number, text: string): void => {
    counts.hostileCommands += 1;
    world.inject(index, text);
  };

  const altered = (text: string): string => {
    const command = JSON.parse(text) as Record<string, unknown>;
    const other = JSON.parse(pick(seen) ?? text) as Record<string, unknown>;
    switch (random.below(9)) {
      case 0:
        return JSON.stringify({ ...command, runNonce: toHex(random.bytes(32)) });
      case 1:
        return JSON.stringify({
          ...command,
          participants: pick([
            [1, 2, 3],
            [1, 4, 5],
            [2, 3, 4],
            [1, 2, 3, 4, 5],
            [2, 2, 3],
          ]),
        });
      case 2:
        return JSON.stringify({ ...command, request: other['request'] ?? command['request'] });
      case 3:
        return JSON.stringify({ ...command, assertion: other['assertion'] ?? command['assertion'] });
      case 4:
        return JSON.stringify({ ...command, tokens: other['tokens'] ?? command['tokens'] });
      case 5:
        return JSON.stringify({ ...command, session: other['session'] ?? toHex(random.bytes(32)) });
      case 6:
        return JSON.stringify({ ...command, acks: other['acks'] ?? [] });
      case 7: {
        const request = command['request'] as { payload?: string } | undefined;
        if (request?.payload === undefined) return text;
        // A digit of what is to be signed, of an amount, of a name.
        const payload = request.payload.replace(/[0-9a-f](?=[^0-9a-f]*"\}$)/, (digit) => (digit === '0' ? '1' : '0'));
        return JSON.stringify({ ...command, request: { ...request, payload } });
      }
      default: {
        const at = random.below(text.length);
        return `${text.slice(0, at)}${String.fromCharCode(33 + random.below(90))}${text.slice(at + 1)}`;
      }
    }
  };
  const readable = (text: string): boolean => {
    try {
      decodeCommand(text);
      return true;
    } catch {
      return false;
    }
  };

  return {
    passes(index, text) {
      seen.push(text);
      if (seen.length > COMMANDS_MAX) seen.shift();
      switch (random.below(12)) {
        case 0:
          return false;
        case 1: {
          // Two views: this signer gets another run of the same request than the rest.
          const split = altered(text);
          if (!readable(split)) return true;
          inject(index, split);
          return false;
        }
        case 2:
          inject(index, text);
          return true;
        case 3: {
          const more = altered(text);
          if (readable(more)) inject(1 + random.below(5), more);
          return true;
        }
        default:
          return true;
      }
    },
    meddle() {
      const text = pick(seen);
      if (text === undefined) return;
      const made = random.chance(0.5) ? text : altered(text);
      const index = 1 + random.below(5);
      if (readable(made)) inject(index, made);
      // A clone's other self hears of it too: the relay decides who holds the identity now.
      if (random.chance(0.1)) world.swap(index);
    },
  };
}
