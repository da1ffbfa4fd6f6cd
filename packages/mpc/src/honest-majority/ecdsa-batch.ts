/**
 * A group of ECDSA requests whose nonces are made together: four rounds for the nonces, a fifth for the signatures
 * (docs/specs/honest-majority-ecdsa.md §5 is normative). From the second round on the elements share one fate until the
 * fifth: one wrong share discards every nonce of the batch. Nothing is made ahead and nothing is kept.
 */
import type { Curve, Point } from '@holdfast/crypto/curves';
import { f, i } from '@holdfast/crypto/transcript';
import type { ColumnElement, Settled } from '../group/index.ts';
import { bitmapBytes, bitmapOf, placesOf, requireElements } from '../group/places.ts';
import {
  attempt,
  check,
  type Effect,
  format,
  type Inbox,
  type Machine,
  RoundMachine,
  type RunContext,
  refuse,
  type Slot,
  type Stage,
} from '../runtime/index.ts';
import { BatchRun, type Challenge, type Masked, type MaskedAgain, type Opened } from './batch-run.ts';
import { runOf } from './ecdsa-columns.ts';
import type { Heard } from './ecdsa-run.ts';
import { requireSession, type Signing } from './online.ts';
import type { PrssSession } from './prss.ts';
import type { EcdsaSignature } from './signature.ts';

export interface EcdsaBatchOptions {
  /** Of exactly these parties; its id must be in the execution id. */
  readonly prss: PrssSession;
  /** Places in the batch, taken or not: the same number at every party. */
  readonly size: number;
  /** By place, made by createEcdsaH and not started. A place that is missing is refused by this party. */
  readonly elements: ReadonlyMap<number, ColumnElement<EcdsaSignature>>;
}

/** As createColumnGroup, for engine H. */
export function createEcdsaBatch(
  ctx: RunContext,
  o: EcdsaBatchOptions,
): Machine<ReadonlyMap<number, Settled<EcdsaSignature>>> {
  return new EcdsaBatch(ctx, o);
}

class EcdsaBatch extends RoundMachine<ReadonlyMap<number, Settled<EcdsaSignature>>> {
  protected override readonly stages: readonly Stage[];
  readonly #elements: EcdsaBatchOptions['elements'];
  readonly #run: BatchRun;
  readonly #slots: Slots;

  constructor(ctx: RunContext, { prss, size, elements }: EcdsaBatchOptions) {
    super(ctx, 'ecdsa-h-batch/1');
    requireElements(this.ctx, { size, elements });
    requireSession(this.ctx, prss);
    const signings = signingsOf(this.ctx, elements);
    // Last, because it burns the execution id within the session.
    const randomness = prss.open(this.ctx.execId, ctx.curve);
    const run = new BatchRun(this.ctx, { size, signings, randomness });
    const slots = slotsFor(ctx.curve, size);
    this.#elements = elements;
    this.#run = run;
    this.#slots = slots;
    this.stages = [
      {
        expect: [slots.masked],
        complete: (inbox) => {
          run.hearMasked(this.#read(inbox, slots.masked, (row) => maskedIn(ctx.curve, row)));
          return [this.broadcast(slots.again, run.maskAgain())];
        },
      },
      {
        expect: [slots.again],
        complete: (inbox) => {
          run.hearAgreed(inbox.all(slots.again).map(({ from, value }) => ({ from, value: value.agreed })));
          run.hearMaskedAgain(this.#read(inbox, slots.again, ({ tau }) => this.#scalars(tau)));
          return [this.broadcast(slots.challenge, run.challenge())];
        },
      },
      {
        expect: [slots.challenge],
        complete: (inbox) => {
          run.hearChallenge(inbox.all(slots.challenge));
          const opened = run.open();
          return [this.broadcast(slots.open, { ...opened, R: pointColumn(ctx.curve, opened.R) })];
        },
      },
      {
        expect: [slots.open],
        complete: (inbox) => {
          run.hearOpened(
            this.#read(inbox, slots.open, ({ T_j, w, R }) => ({ T_j, w: this.#scalars(w), R: this.#points(R) })),
          );
          return [this.broadcast(slots.share, { s: run.sign() })];
        },
      },
      {
        expect: [slots.share],
        complete: (inbox) => {
          run.combine(this.#read(inbox, slots.share, ({ s }) => this.#scalars(s)));
          this.finish(run.settled);
          return [];
        },
      },
    ];
  }

  protected override begin(): Effect[] {
    return [this.broadcast(this.#slots.masked, this.#run.mask())];
  }

  protected override erase(): void {
    this.#run.erase();
    for (const { machine } of this.#elements.values()) machine.wipe();
  }

  /** Sender by sender in index order, so that blame is deterministic. */
  #read<T, V>(inbox: Inbox, slot: Slot<T>, read: (row: T) => V): Heard<V> {
    return inbox.all(slot).map(({ from, value }) => {
      const said = attempt(() => read(value));
      check(said !== undefined, 'E_MALFORMED', [from]);
      return { from, value: said };
    });
  }

  #scalars(column: Uint8Array): Uint8Array {
    return scalarsIn(this.ctx.curve, column, this.#run.count);
  }

  #points(column: Uint8Array): Point[] {
    // The cell has 65 bytes, so nothing but the uncompressed form passes.
    return cellsOf(column, POINT_BYTES, this.#run.count).map((cell) => this.ctx.curve.decodePointLenient(cell));
  }
}

/** Refuses elements that were not made for this: of another engine, curve or party. */
function signingsOf(ctx: RunContext, elements: EcdsaBatchOptions['elements']): Map<number, Signing> {
  return new Map(
    [...elements]
      .sort(([a], [b]) => a - b)
      .map(([place, { machine, points }]) => {
        const run = runOf(machine);
        // Shares of nonces lie at the points of the batch, so those of every key must lie there too.
        const fits =
          run?.ctx.curve.name === ctx.curve.name &&
          run.ctx.self === ctx.self &&
          ctx.parties.every((party) => points.get(party) === party);
        if (!fits) refuse('E_PARTIES', 'An element of a batch is a run of engine H of the same parties and points.');
        return [place, run.signing];
      }),
  );
}

/** Columns: one cell for every place taken, or from round 2 on for every place agreed on, in order. */
interface Slots {
  readonly masked: Slot<Masked>;
  readonly again: Slot<MaskedAgain>;
  readonly challenge: Slot<Challenge>;
  readonly open: Slot<OpenedRow>;
  readonly share: Slot<{ readonly s: Uint8Array }>;
}

/** R as a column of points. */
type OpenedRow = Omit<Opened, 'R'> & { readonly R: Uint8Array };

const SCALAR_BYTES = 32;
const CONTEXT_BYTES = 32;
/** SEC 1 uncompressed, so that reading one takes no square root. Both curves of ECDSA have this form. */
const POINT_BYTES = 65;

function slotsFor(curve: Curve, size: number): Slots {
  const column = (width: number) => f.bytes({ max: width * size });
  return {
    masked: {
      round: 1,
      kind: 'bcast',
      format: format({
        tag: 'mpc/ecdsa-h-batch/1/masked/v1',
        fields: [f.bytes(bitmapBytes(size)), column(CONTEXT_BYTES), column(SCALAR_BYTES), column(SCALAR_BYTES)],
        write: ({ places, contexts, w, mu }: Masked) => [
          i.bytes(bitmapOf(places, size)),
          i.bytes(contexts),
          i.bytes(w),
          i.bytes(mu),
        ],
        read: ([bitmap, contexts, w, mu]) => ({ places: placesOf(bitmap, size), contexts, w, mu }),
      }),
    },
    again: {
      round: 2,
      kind: 'bcast',
      format: format({
        tag: 'mpc/ecdsa-h-batch/2/masked/v1',
        fields: [f.bytes(32), column(SCALAR_BYTES)],
        write: ({ agreed, tau }: MaskedAgain) => [i.bytes(agreed), i.bytes(tau)],
        read: ([agreed, tau]) => ({ agreed, tau }),
      }),
    },
    challenge: {
      round: 3,
      kind: 'bcast',
      format: format({
        tag: 'mpc/ecdsa-h-batch/3/challenge/v1',
        fields: [f.scalar(), f.scalar()],
        write: ({ rho_j, beta_j }: Challenge) => [i.scalar(rho_j), i.scalar(beta_j)],
        read: ([rho_j, beta_j]) => ({ rho_j: curve.scalar.decode(rho_j), beta_j: curve.scalar.decode(beta_j) }),
      }),
    },
    open: {
      round: 4,
      kind: 'bcast',
      format: format({
        tag: 'mpc/ecdsa-h-batch/4/open/v1',
        fields: [f.scalar(), column(SCALAR_BYTES), column(POINT_BYTES)],
        write: ({ T_j, w, R }: OpenedRow) => [i.scalar(T_j), i.bytes(w), i.bytes(R)],
        read: ([T_j, w, R]) => ({ T_j: curve.scalar.decode(T_j), w, R }),
      }),
    },
    share: {
      round: 5,
      kind: 'bcast',
      format: format({
        tag: 'mpc/ecdsa-h-batch/5/share/v1',
        fields: [column(SCALAR_BYTES)],
        write: ({ s }: { s: Uint8Array }) => [i.bytes(s)],
        read: ([s]) => ({ s }),
      }),
    },
  };
}

function maskedIn(curve: Curve, said: Masked): Masked {
  const { places, contexts, w, mu } = said;
  requireCells(contexts, CONTEXT_BYTES, places.length);
  scalarsIn(curve, w, places.length);
  scalarsIn(curve, mu, places.length);
  return said;
}

/** Each below the order. */
function scalarsIn(curve: Curve, column: Uint8Array, count: number): Uint8Array {
  requireCells(column, SCALAR_BYTES, count);
  curve.scalar.requireAll(column);
  return column;
}

function pointColumn(curve: Curve, points: readonly Point[]): Uint8Array {
  const column = new Uint8Array(POINT_BYTES * points.length);
  for (const [at, point] of points.entries()) column.set(curve.encodeUncompressed(point), POINT_BYTES * at);
  return column;
}

function requireCells(column: Uint8Array, width: number, count: number): void {
  if (column.length !== width * count) refuse('E_ENCODING', 'One cell for every element.');
}

function cellsOf(column: Uint8Array, width: number, count: number): Uint8Array[] {
  requireCells(column, width, count);
  return Array.from({ length: count }, (_, at) => column.subarray(width * at, width * (at + 1)));
}
