/**
 * Requests for signatures on their way to the signers (docs/specs/group-signing.md §2). A request that finds its lane
 * idle leaves at once and alone; those that arrive while a run is in progress form the next group, the organisations
 * taking turns. Every queue has a bound, and no attempt waits for ever.
 */

import type { RawSignature } from '@holdfast/chains/families';
import {
  type Completion,
  GROUP_MAX,
  type GroupElement,
  type GroupProtocol,
  isGroupElement,
  type Original,
  type Reply,
} from '@holdfast/cluster/commands';
import { WalletError } from '@holdfast/contract/errors';
import { toHex } from '@holdfast/contract/wire';
import { type Attempt, type Collector, collect } from './attempts.ts';
import type { EcdsaNonces } from './controller.ts';
import type { GrantForSigners, Room } from './room.ts';
import type { Outcome } from './types.ts';

/** One attempt at one request. */
export interface Wish {
  readonly org: string;
  readonly grant: GrantForSigners;
  /** Signatures it makes. */
  readonly items: number;
  /** Signers to do without where there are others. */
  readonly avoid: ReadonlySet<number>;
  /** Pairs of signers of whom one has named the other, for this request: not together where it can be helped. */
  readonly apart?: ReadonlySet<string>;
  readonly verifies: (signatures: readonly RawSignature[]) => boolean;
  /** The sharing of the key that all shall use. */
  readonly keyEpoch?: string;
  /** Of a transfer or transaction. */
  readonly completion?: Completion;
  readonly originals?: readonly Original[];
}

/** What shares a queue: the kinds of group, and engine C, whose runs cost a second of three processors and go alone. */
export type Lane = GroupProtocol | 'ecdsa-c';

/** Who signs, and with which session; throws where that cannot be had now. */
export type Seating = (
  avoid: ReadonlySet<number>,
  apart: ReadonlySet<string>,
) => Promise<{
  readonly participants: readonly number[];
  readonly session?: string;
  /** Of a group: as the controller says. */
  readonly nonces?: EcdsaNonces;
}>;

export interface SignQueue {
  /** Waits for its turn and for the end of its run. Rejects with E_QUEUE_FULL, or with what the seating throws. */
  attempt(lane: Lane, wish: Wish): Promise<Attempt>;
  /** Refuses with E_QUEUE_FULL where another request of this organisation would not be taken. */
  checkRoom(lane: Lane, org: string): void;
  /** For operators: how many wait, and how many are in runs. */
  figures(): { readonly waiting: number; readonly running: number };
}

/** Requests that wait in one lane; at the rate the signers reach, seconds. */
export const WAITING_MAX = 2048;
/** Of one organisation: the rest is for the others. */
export const WAITING_PER_ORG_MAX = 1024;
/** Longest wait for a turn; a client has given up by then. */
export const WAIT_MS_MAX = 15_000;
/** Signers end a run after 4 s. */
const ATTEMPT_MS_MAX = 5_000;
/** For each signature of a group (signer/commands/group.ts). */
const PLACE_MS = 40;
/** Engine C: the signers' own bound (signer/commands/sign.ts) and what the way there and back takes. */
const C_ATTEMPT_MS_MAX = 21_000;
const C_ITEM_MS = 3_000;
/** More at once would only share the processors, and all of them would miss their time. */
const C_RUNNING_MAX = 2;
/** Runs of C take longer than others, and who waits for one has no other way. */
const C_WAIT_MS_MAX = 60_000;
const C_WAITING_MAX = 256;
const C_WAITING_PER_ORG_MAX = 64;
/** A run that takes longer holds up nobody: then the next group leaves beside it. */
const PATIENCE_MS = 500;
const RUNNING_MAX = 8;
/** Characters of one group's requests: half of what a command may have, for the escapes of JSON. */
const GROUP_CHARS_MAX = 384 * 1024;
/** Path, tokens, run nonce and the names of members. */
const REST_CHARS = 1024;
const RUN_NONCE_BYTES = 32;

interface Waiting extends Wish {
  readonly chars: number;
  readonly resolve: (attempt: Attempt | Promise<Attempt>) => void;
  readonly reject: (error: unknown) => void;
  readonly stopWaiting: () => void;
}

/** Makes the queue; `seat` is asked once for each run. */
export function createSignQueue(room: Room, seat: (lane: Lane) => Seating): SignQueue {
  const lanes = new Map<Lane, ReturnType<typeof createLane>>();
  const laneOf = (name: Lane) => {
    const lane = lanes.get(name) ?? createLane(room, name, seat(name));
    lanes.set(name, lane);
    return lane;
  };
  return {
    attempt: (name, wish) => laneOf(name).attempt(wish),
    checkRoom: (name, org) => laneOf(name).checkRoom(org),
    figures() {
      const all = [...lanes.values()].map((lane) => lane.figures());
      return {
        waiting: all.reduce((sum, { waiting }) => sum + waiting, 0),
        running: all.reduce((sum, { running }) => sum + running, 0),
      };
    },
  };
}

function createLane(room: Room, name: Lane, seat: Seating) {
  const alone = name === 'ecdsa-c';
  const runningMax = alone ? C_RUNNING_MAX : RUNNING_MAX;
  const waitMsMax = alone ? C_WAIT_MS_MAX : WAIT_MS_MAX;
  const waitingMax = alone ? C_WAITING_MAX : WAITING_MAX;
  const waitingPerOrgMax = alone ? C_WAITING_PER_ORG_MAX : WAITING_PER_ORG_MAX;
  /** In order of turn: the organisation served last stands last. */
  const turns = new Map<string, Waiting[]>();
  let waiting = 0;
  let running = 0;
  /** Runs that the next one waits for. */
  let holding = 0;

  function checkRoom(org: string): void {
    if (waiting >= waitingMax || (turns.get(org)?.length ?? 0) >= waitingPerOrgMax) throw full(waiting);
  }

  function attempt(wish: Wish): Promise<Attempt> {
    return new Promise((resolve, reject) => {
      checkRoom(wish.org);
      const stopWaiting = room.env.setTimer(waitMsMax, () => {
        remove(one);
        reject(full(waiting));
      });
      const one: Waiting = { ...wish, chars: charsOf(wish), resolve, reject, stopWaiting };
      const queue = turns.get(wish.org);
      if (queue) queue.push(one);
      else turns.set(wish.org, [one]);
      waiting += 1;
      depart();
    });
  }

  function remove(one: Waiting): void {
    const queue = turns.get(one.org) ?? [];
    const at = queue.indexOf(one);
    if (at < 0) return;
    queue.splice(at, 1);
    if (queue.length === 0) turns.delete(one.org);
    waiting -= 1;
    one.stopWaiting();
  }

  /** As many as fit, one of each organisation in turn. */
  function nextGroup(): Waiting[] {
    const group: Waiting[] = [];
    let places = 0;
    let chars = 0;
    while (turns.size > 0) {
      const [org, queue] = turns.entries().next().value as [string, Waiting[]];
      const one = queue[0] as Waiting;
      const fits = places + one.items <= GROUP_MAX && chars + one.chars <= GROUP_CHARS_MAX;
      // What fits no group, by its size or its form, goes alone.
      if (group.length > 0 && !(fits && isGroupable(one))) break;
      remove(one);
      turns.delete(org);
      if (queue.length > 0) turns.set(org, queue);
      group.push(one);
      places += one.items;
      chars += one.chars;
      if (alone || !fits || !isGroupable(one)) break;
    }
    return group;
  }

  function depart(): void {
    while (waiting > 0 && (alone || holding === 0) && running < runningMax) {
      const group = nextGroup();
      running += 1;
      holding += 1;
      let held = true;
      const letGo = () => {
        if (held) holding -= 1;
        held = false;
        depart();
      };
      const cancel = room.env.setTimer(PATIENCE_MS, letGo);
      void run(group).finally(() => {
        cancel();
        running -= 1;
        letGo();
      });
    }
  }

  /** Ends when every element has its answer. Never rejects: what goes wrong is told to those who asked. */
  async function run(group: readonly Waiting[]): Promise<void> {
    let collectors: readonly Collector[] = [];
    try {
      const { participants, session, nonces } = await seat(
        new Set(group.flatMap(({ avoid }) => [...avoid])),
        new Set(group.flatMap(({ apart }) => [...(apart ?? [])])),
      );
      collectors = group.map(({ verifies }) => collect(room, { participants, verifies }));
      for (const [k, { resolve }] of group.entries()) resolve((collectors[k] as Collector).attempt);
      const [first] = group;
      const seats = { participants, ...(session === undefined ? {} : { session }) };
      if (name === 'ecdsa-c' || group.length === 1)
        askAlone(room, first as Wish, seats, {
          collector: collectors[0] as Collector,
          deadlineMs: alone ? C_ATTEMPT_MS_MAX + C_ITEM_MS * ((first as Wish).items - 1) : ATTEMPT_MS_MAX,
        });
      else askTogether(room, name, group, { ...seats, ...(nonces === 'together' ? { nonces } : {}) }, collectors);
      await Promise.allSettled(collectors.map((each) => each.attempt));
    } catch (error) {
      for (const { reject } of group) reject(error);
      for (const { fail } of collectors) fail(error);
    }
  }

  return { attempt, checkRoom, figures: () => ({ waiting, running }) };
}

interface Seats {
  readonly participants: readonly number[];
  readonly session?: string;
}

interface GroupSeats extends Seats {
  readonly nonces?: 'together';
}

/** The shortest path: the request as an act of its own. */
function askAlone(
  room: Room,
  wish: Wish,
  seats: Seats,
  { collector, deadlineMs }: { readonly collector: Collector; readonly deadlineMs: number },
): void {
  const order = room.act(wish.grant, { ...seats, ...hintsOf(wish) });
  for (const answer of room.ask.each(order, seats.participants, deadlineMs))
    answer.then(collector.take).catch(collector.fail);
}

function askTogether(
  room: Room,
  protocol: GroupProtocol,
  group: readonly Wish[],
  seats: GroupSeats,
  collectors: readonly Collector[],
): void {
  const runNonce = () => toHex(room.env.random(RUN_NONCE_BYTES));
  const elements = group.map((each) => elementOf(each, runNonce()));
  const order = { kind: 'Group', protocol, elements, runNonce: runNonce(), ...seats } as const;
  const take = (outcome: Outcome) => {
    for (const [k, collector] of collectors.entries()) collector.take(outcomeOf(outcome, k, group.length));
  };
  const places = group.reduce((sum, { items }) => sum + items, 0);
  for (const answer of room.ask.each(order, seats.participants, ATTEMPT_MS_MAX + PLACE_MS * places)) {
    answer.then(take).catch((error: unknown) => {
      for (const collector of collectors) collector.fail(error);
    });
  }
}

/** What one signer made of one element, as if it had been asked alone. */
function outcomeOf(outcome: Outcome, at: number, count: number): Outcome {
  if (!('reply' in outcome) || !outcome.reply.ok) return outcome;
  const { index, reply } = outcome;
  const { id, result } = reply;
  if (result.t !== 'group' || result.outcomes.length !== count) return { index, lost: 'malformed' };
  const one = result.outcomes[at];
  if (one === undefined) return { index, lost: 'malformed' };
  const own: Reply = one.ok
    ? { v: 1, id, ok: true, result: { t: 'signatures', signatures: one.signatures } }
    : { v: 1, id, ok: false, error: one.error };
  return { index, reply: own };
}

function elementOf(wish: Wish, runNonce: string): GroupElement {
  const { request, assertion, tokens } = wish.grant;
  return { request, assertion, tokens, runNonce, items: wish.items, ...hintsOf(wish) };
}

const hintsOf = ({ keyEpoch, completion, originals }: Wish) => ({
  ...(keyEpoch === undefined ? {} : { keyEpoch }),
  ...(completion === undefined ? {} : { completion }),
  ...(originals === undefined ? {} : { originals }),
});

/** One element that cannot be written would spoil the command of all. */
const isGroupable = (wish: Wish): boolean => isGroupElement(elementOf(wish, '00'.repeat(RUN_NONCE_BYTES)));

const charsOf = ({ grant: { request, assertion }, completion, originals }: Wish): number =>
  request.payload.length +
  JSON.stringify(assertion).length +
  (completion === undefined ? 0 : JSON.stringify({ completion, originals }).length) +
  REST_CHARS;

const RETRY_AFTER_S = 2;

function full(waiting: number): WalletError {
  return new WalletError('E_QUEUE_FULL', undefined, { details: { waiting, retryAfterS: RETRY_AFTER_S } });
}
