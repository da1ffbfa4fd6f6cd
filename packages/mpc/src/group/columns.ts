/**
 * A group whose messages are columns (docs/specs/group-signing.md §5 is normative): where every message of a protocol
 * is a row of cells of fixed widths, one message holds the first cells of all elements, then the second cells, and so
 * on. Elements share nothing but the message: what is missing or wrong in one of them ends that one alone.
 */
import { equalBytes, f, i } from '@holdfast/crypto/transcript';
import {
  AbortError,
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
import type { Settled } from './group.ts';
import { bitmapBytes, bitmapOf, placesOf, requireElements } from './places.ts';

/** What a party says in one round of one run; the widths are the protocol's. */
export type Cells = readonly Uint8Array[];

export interface HeardCells {
  readonly from: Index;
  /** Of the demanded widths; nothing else is known of them. Views of a buffer that is reused: copy what stays. */
  readonly cells: Cells;
}

/** One run, step by step: begin, then hear and say for each round, hear for the last. */
export interface ColumnRun<Out> {
  /** Own cells of round 1. */
  begin(): Cells;
  /** Checks what the others said in a round, in index order. Throws AbortError where the run ends. */
  hear(round: number, heard: readonly HeardCells[]): void;
  /** Own cells of a round from 2 on, after `hear` of the one before. */
  say(round: number): Cells;
  /** After `hear` of the last round. */
  out(): Out;
}

export interface ColumnProtocol<Out> {
  /** Bytes of each cell, by round. */
  readonly widths: readonly (readonly number[])[];
  /** Work that is cheaper for many runs at once: between `hear` of a round and `say` of the next. */
  together?(round: number, runs: readonly ColumnRun<Out>[]): void;
}

/** A machine whose run can stand in a group of columns instead of being started. */
export interface ColumnMachine<Out> extends Machine<Out> {
  readonly columns: ColumnRun<Out>;
}

export interface ColumnElement<Out> {
  readonly machine: ColumnMachine<Out>;
  /** Evaluation points belong to keys (rulings 20): the group's party → the party of this element's run. */
  readonly points: ReadonlyMap<Index, Index>;
}

export interface ColumnGroupOptions<Out> {
  /** Places in the group, taken or not: the same number at every party. */
  readonly size: number;
  readonly protocol: ColumnProtocol<Out>;
  /** By place, 0…size−1. A place that is missing is refused by this party; the others end that element. */
  readonly elements: ReadonlyMap<number, ColumnElement<Out>>;
}

/** As createGroup; ends well whatever becomes of the elements. */
export function createColumnGroup<Out>(
  ctx: RunContext,
  o: ColumnGroupOptions<Out>,
): Machine<ReadonlyMap<number, Settled<Out>>> {
  return new ColumnGroup(ctx, o);
}

class ColumnGroup<Out> extends RoundMachine<ReadonlyMap<number, Settled<Out>>> {
  protected override readonly stages: readonly Stage[];
  readonly #protocol: ColumnProtocol<Out>;
  readonly #slots: readonly Slot<Row>[];
  readonly #elements: ReadonlyMap<number, ColumnElement<Out>>;
  readonly #settled = new Map<number, Settled<Out>>();

  constructor(ctx: RunContext, { size, protocol, elements }: ColumnGroupOptions<Out>) {
    super(ctx, 'group/2');
    requireElements(this.ctx, { size, elements });
    this.#elements = new Map([...elements].sort(([a], [b]) => a - b));
    this.#protocol = protocol;
    this.#slots = protocol.widths.map((widths, at) => slotOf(at + 1, { size, widths }));
    this.stages = this.#slots.map((slot, at) => ({
      expect: [slot],
      complete: (inbox) => this.#step(inbox, slot, this.#slots[at + 1]),
    }));
  }

  protected override begin(): Effect[] {
    const said = new Map<number, Cells>();
    for (const [place, { machine }] of this.#elements)
      this.#attempt(place, 1, () => said.set(place, machine.columns.begin()));
    return [this.broadcast(this.#slots[0] as Slot<Row>, this.#rowOf(1, said))];
  }

  #step(inbox: Inbox, slot: Slot<Row>, next: Slot<Row> | undefined): Effect[] {
    const { round } = slot;
    const rows = inbox.all(slot).map(({ from, value }) => ({ from, row: value, at: indexOf(value.places) }));
    const heard: [number, ColumnRun<Out>][] = [];
    for (const [place, element] of this.#elements) {
      if (this.#settled.has(place)) continue;
      const cells = this.#cellsOf(place, element, { round, rows });
      if (cells === undefined) continue;
      const { columns } = element.machine;
      if (this.#attempt(place, round, () => columns.hear(round, cells))) heard.push([place, columns]);
    }
    if (next === undefined) {
      for (const [place, columns] of heard)
        this.#attempt(place, round, () => this.#settle(place, { s: 'done', out: columns.out() }));
      this.finish(this.#settled);
      return [];
    }
    this.#protocol.together?.(
      round,
      heard.map(([, columns]) => columns),
    );
    const said = new Map<number, Cells>();
    for (const [place, columns] of heard)
      this.#attempt(place, next.round, () => said.set(place, columns.say(next.round)));
    return [this.broadcast(next, this.#rowOf(next.round, said))];
  }

  /** What everybody else said of one element; undefined where somebody said nothing of it, which ends it. */
  #cellsOf(
    place: number,
    { machine, points }: ColumnElement<Out>,
    { round, rows }: { round: number; rows: readonly { from: Index; row: Row; at: ReadonlyMap<number, number> }[] },
  ): HeardCells[] | undefined {
    const all: HeardCells[] = [];
    for (const { from, row, at } of rows) {
      const k = at.get(place);
      if (k === undefined) {
        this.#settle(place, { s: 'aborted', abort: { code: 'E_PEER_GONE', round, culprits: [] } });
        return undefined;
      }
      if (row.ids !== undefined && !equalBytes(row.ids.subarray(32 * k, 32 * (k + 1)), machine.execId)) {
        // It means another request, key, session or set of parties by this place: not this element.
        this.#settle(place, { s: 'aborted', abort: { code: 'E_GROUP_ELEMENT', round, culprits: [] } });
        return undefined;
      }
      const cells = row.columns.map(({ bytes, width }) => bytes.subarray(width * k, width * (k + 1)));
      all.push({ from: points.get(from) as Index, cells });
    }
    // The runs speak of points, whose order may be another than that of the group's parties.
    return all.sort((a, b) => a.from - b.from);
  }

  /** One step of one element; false where it ended that element. */
  #attempt(place: number, round: number, step: () => void): boolean {
    try {
      step();
      return true;
    } catch (error) {
      // Whatever else it throws is a bug here, and of this element alone.
      const { code, culprits } = error instanceof AbortError ? error : { code: 'E_INTERNAL', culprits: [] };
      const { points } = this.#elements.get(place) as ColumnElement<Out>;
      const partyOf = new Map([...points].map(([party, point]) => [point, party]));
      const parties = culprits.map((point) => partyOf.get(point) as Index);
      this.#settle(place, { s: 'aborted', abort: { code, round, culprits: parties } });
      return false;
    }
  }

  #settle(place: number, how: Settled<Out>): void {
    this.#settled.set(place, how);
    this.#elements.get(place)?.machine.wipe();
  }

  /** An element that has ended has nothing more to say. */
  #rowOf(round: number, said: ReadonlyMap<number, Cells>): Row {
    const places = [...said.keys()];
    const columns = (this.#protocol.widths[round - 1] as readonly number[]).map((width) => ({
      width,
      bytes: new Uint8Array(width * places.length),
    }));
    let k = 0;
    for (const cells of said.values()) {
      for (let c = 0; c < columns.length; c += 1) {
        const { width, bytes } = columns[c] as (typeof columns)[0];
        bytes.set(cells[c] as Uint8Array, width * k);
      }
      k += 1;
    }
    if (round > 1) return { places, columns };
    const ids = new Uint8Array(32 * places.length);
    for (const [k, place] of places.entries())
      ids.set((this.#elements.get(place) as ColumnElement<Out>).machine.execId, 32 * k);
    return { places, columns, ids };
  }

  protected override erase(): void {
    for (const { machine } of this.#elements.values()) machine.wipe();
  }
}

/** What one party says in one round. */
interface Row {
  /** Places taken, ascending. */
  readonly places: readonly number[];
  /** In the first round: the execution ids that it means by these places, one after another. */
  readonly ids?: Uint8Array;
  /** Each holds one cell for every place taken, in order. */
  readonly columns: readonly { readonly width: number; readonly bytes: Uint8Array }[];
}

const indexOf = (places: readonly number[]): ReadonlyMap<number, number> =>
  new Map(places.map((place, k) => [place, k]));

function slotOf(round: number, o: { size: number; widths: readonly number[] }): Slot<Row> {
  return { round, kind: 'bcast', format: rowFormat(round, o) };
}

function rowFormat(round: number, { size, widths }: { size: number; widths: readonly number[] }): Format<Row> {
  const all = round === 1 ? [32, ...widths] : widths;
  return format({
    tag: `mpc/group/${round}/columns/v2`,
    fields: [f.bytes(bitmapBytes(size)), ...all.map((width) => f.bytes({ max: width * size }))],
    write: ({ places, ids, columns }: Row) => [
      i.bytes(bitmapOf(places, size)),
      ...(ids === undefined ? [] : [i.bytes(ids)]),
      ...columns.map(({ bytes }) => i.bytes(bytes)),
    ],
    read: (values) => {
      const [bitmap, ...parts] = values as unknown as [Uint8Array, ...Uint8Array[]];
      const places = placesOf(bitmap, size);
      requireFull(parts, { widths: all, count: places.length });
      const columns = parts.map((bytes, c) => ({ width: all[c] as number, bytes }));
      const [ids] = parts;
      return round === 1 && ids !== undefined ? { places, ids, columns: columns.slice(1) } : { places, columns };
    },
  });
}

/** One cell for every place that is taken. */
function requireFull(parts: readonly Uint8Array[], o: { widths: readonly number[]; count: number }): void {
  const { widths, count } = o;
  if (!parts.every((bytes, c) => bytes.length === (widths[c] as number) * count))
    refuse('E_ENCODING', 'One cell for every place that is taken.');
}
