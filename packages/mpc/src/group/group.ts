/**
 * A vector of runs in lockstep (rulings 17; docs/specs/group-signing.md is normative): every party sends one message
 * per round that holds its messages of all elements. Elements share nothing: each is a machine of its own under an
 * execution id of its own, and what is missing or wrong in one of them ends that one alone.
 */
import { equalBytes, f, i } from '@holdfast/crypto/transcript';
import {
  type Abort,
  bodyBytesMax,
  type Effect,
  type Format,
  format,
  type Inbox,
  type Index,
  type Machine,
  RoundMachine,
  type RunContext,
  refuse,
  type Slot,
  type Stage,
} from '../runtime/index.ts';
import { bitmapBytes, bitmapOf, placesOf, requireElements } from './places.ts';

export interface GroupElement<Out> {
  /** Speaks by broadcasts alone, one in each round. */
  readonly machine: Machine<Out>;
  /** Evaluation points belong to keys (rulings 20): the group's party → the party of this element's run. */
  readonly points: ReadonlyMap<Index, Index>;
}

export interface GroupOptions<Out> {
  /** Places in the group, taken or not: the same number at every party. */
  readonly size: number;
  /** Rounds of the protocol. */
  readonly rounds: number;
  /** By place, 0…size−1. A place that is missing is refused by this party; the others end that element. */
  readonly elements: ReadonlyMap<number, GroupElement<Out>>;
}

/** How one element ended; culprits are parties of the group. */
export type Settled<Out> = { readonly s: 'done'; readonly out: Out } | { readonly s: 'aborted'; readonly abort: Abort };

/**
 * The group's execution id only brings its messages together; what binds a message to what is signed is the id of its
 * element, which every party derives for itself and compares in the first round. Ends well whatever becomes of the
 * elements; it aborts where a party is gone or sends what is no message of a group.
 */
export function createGroup<Out>(ctx: RunContext, o: GroupOptions<Out>): Machine<ReadonlyMap<number, Settled<Out>>> {
  return new Group(ctx, o);
}

class Group<Out> extends RoundMachine<ReadonlyMap<number, Settled<Out>>> {
  protected override readonly stages: readonly Stage[];
  readonly #slots: readonly Slot<Row>[];
  readonly #elements: ReadonlyMap<number, GroupElement<Out>>;
  readonly #settled = new Map<number, Settled<Out>>();

  constructor(ctx: RunContext, { size, rounds, elements }: GroupOptions<Out>) {
    super(ctx, 'group/1');
    requireElements(this.ctx, { size, elements });
    this.#elements = elements;
    this.#slots = Array.from({ length: rounds }, (_, at) => slotOf(at + 1, size));
    this.stages = this.#slots.map((slot, at) => ({
      expect: [slot],
      complete: (inbox) => this.#step(inbox, slot, this.#slots[at + 1]),
    }));
  }

  protected override begin(): Effect[] {
    const bodies = new Map<number, Uint8Array>();
    for (const [place, { machine }] of this.#elements) this.#take(place, 1, machine.start(), bodies);
    return [this.broadcast(this.#slots[0] as Slot<Row>, this.#rowOf(1, bodies))];
  }

  /** Hands every element its messages of the round, and ends those in which somebody has said nothing. */
  #step(inbox: Inbox, slot: Slot<Row>, next: Slot<Row> | undefined): Effect[] {
    const received = inbox.all(slot);
    const bodies = new Map<number, Uint8Array>();
    for (const [place, { machine, points }] of this.#elements) {
      for (const { from, value } of received) {
        const point = points.get(from) as Index;
        const said = value.get(place);
        if (said === undefined) this.#take(place, slot.round, machine.peerGone(point), bodies);
        else if (said.id !== undefined && !equalBytes(said.id, machine.execId))
          // It means another request, key, session or set of parties by this place: not this element.
          this.#settle(place, { s: 'aborted', abort: { code: 'E_GROUP_ELEMENT', round: 1, culprits: [] } });
        else {
          const message = { round: slot.round, kind: 'bcast', from: point, to: 0, body: said.body } as const;
          this.#take(place, slot.round + 1, machine.receive(message), bodies);
        }
        if (this.#settled.has(place)) break;
      }
    }
    if (next !== undefined) return [this.broadcast(next, this.#rowOf(next.round, bodies))];
    for (const place of this.#elements.keys())
      if (!this.#settled.has(place))
        // Its protocol has more rounds than were said: a fault of the caller, and of this element alone.
        this.#settle(place, { s: 'aborted', abort: { code: 'E_INTERNAL', round: slot.round, culprits: [] } });
    this.finish(this.#settled);
    return [];
  }

  /** What one element made of one step: its message of round `round`, or its end. */
  #take(place: number, round: number, effects: readonly Effect[], bodies: Map<number, Uint8Array>): void {
    for (const effect of effects) {
      const message = effect.t === 'send' ? effect.message : undefined;
      // A protocol that does more than speak in rounds, unsigned, has no place in a group.
      const fits = message?.kind === 'bcast' && message.round === round && message.sig === undefined;
      if (!fits) {
        this.#settle(place, { s: 'aborted', abort: { code: 'E_INTERNAL', round, culprits: [] } });
        return;
      }
      bodies.set(place, message.body);
    }
    const element = this.#elements.get(place) as GroupElement<Out>;
    const status = element.machine.status();
    if (status.s === 'done') this.#settle(place, status);
    if (status.s !== 'aborted') return;
    const partyOf = new Map([...element.points].map(([party, point]) => [point, party]));
    const { code, round: at, culprits } = status.abort;
    this.#settle(place, {
      s: 'aborted',
      abort: { code, round: at, culprits: culprits.map((point) => partyOf.get(point) as Index) },
    });
  }

  #settle(place: number, how: Settled<Out>): void {
    if (this.#settled.has(place)) return;
    this.#settled.set(place, how);
    this.#elements.get(place)?.machine.wipe();
  }

  /** An element that has ended has nothing more to say, except what it said with its end. */
  #rowOf(round: number, bodies: ReadonlyMap<number, Uint8Array>): Row {
    const row = new Map<number, Said>();
    for (const [place, { machine }] of this.#elements) {
      const body = bodies.get(place);
      if (body !== undefined) row.set(place, { body, ...(round === 1 ? { id: machine.execId } : {}) });
    }
    return row;
  }

  protected override erase(): void {
    for (const { machine } of this.#elements.values()) machine.wipe();
  }
}

/** What one party says in one round: by place. */
type Row = ReadonlyMap<number, Said>;

interface Said {
  /** In the first round: the execution id that it means by this place. */
  readonly id?: Uint8Array;
  readonly body: Uint8Array;
}

function slotOf(round: number, size: number): Slot<Row> {
  return { round, kind: 'bcast', format: round === 1 ? firstFormat(size) : laterFormat(round, size) };
}

function firstFormat(size: number): Format<Row> {
  return format({
    tag: 'mpc/group/1/row/v1',
    fields: [f.bytes(bitmapBytes(size)), f.list(f.bytes(32), { max: size }), bodiesField(size)],
    write: (row: Row) => [
      i.bytes(bitmapOf(row.keys(), size)),
      i.list(inOrder(row).map(({ id }) => i.bytes(id as Uint8Array))),
      i.list(inOrder(row).map(({ body }) => i.bytes(body))),
    ],
    read: ([bitmap, ids, bodies]) => {
      const places = placesOf(bitmap, size);
      if (ids.length !== places.length) refuse('E_ENCODING', 'One id for every place that is taken.');
      const row = rowFrom(places, bodies);
      return new Map([...row].map(([place, said], at) => [place, { ...said, id: ids[at] as Uint8Array }]));
    },
  });
}

function laterFormat(round: number, size: number): Format<Row> {
  return format({
    tag: `mpc/group/${round}/row/v1`,
    fields: [f.bytes(bitmapBytes(size)), bodiesField(size)],
    write: (row: Row) => [i.bytes(bitmapOf(row.keys(), size)), i.list(inOrder(row).map(({ body }) => i.bytes(body)))],
    read: ([bitmap, bodies]) => rowFrom(placesOf(bitmap, size), bodies),
  });
}

/** The element's own format reads the body; here only the whole is bounded. */
const bodiesField = (size: number) => f.list(f.bytes({ min: 1, max: bodyBytesMax }), { max: size });

const inOrder = (row: Row): Said[] => [...row].sort(([a], [b]) => a - b).map(([, said]) => said);

function rowFrom(places: readonly number[], bodies: readonly Uint8Array[]): Row {
  if (bodies.length !== places.length) refuse('E_ENCODING', 'One body for every place that is taken.');
  return new Map(places.map((place, at) => [place, { body: bodies[at] as Uint8Array }]));
}
