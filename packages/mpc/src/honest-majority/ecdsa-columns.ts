/** Runs of ECDSA as the columns of a group (docs/specs/group-signing.md §5): values to cells and back. */
import type { Curve, Point, Scalar } from '@holdfast/crypto/curves';
import type { Cells, ColumnMachine, ColumnProtocol, ColumnRun, HeardCells } from '../group/index.ts';
import { attempt, check } from '../runtime/index.ts';
import type { EcdsaRun, Heard } from './ecdsa-run.ts';
import { invertTogether } from './online.ts';
import type { EcdsaSignature } from './signature.ts';

const SCALAR_BYTES = 32;
const CONTEXT_BYTES = 32;
/** SEC 1 uncompressed, so that reading one takes no square root. Both curves of ECDSA have this form. */
const POINT_BYTES = 65;

/** Rounds and widths; between rounds 2 and 3 the inverses of all w of a group are computed together. */
export const ecdsaHColumns: ColumnProtocol<EcdsaSignature> = {
  widths: [[CONTEXT_BYTES, POINT_BYTES, SCALAR_BYTES], [POINT_BYTES], [SCALAR_BYTES]],
  together(round, runs) {
    if (round !== 2) return;
    const own = runs.filter((run) => run instanceof EcdsaColumns);
    const [first] = own;
    if (first === undefined) return;
    const inverses = invertTogether(
      first.run.ctx.curve.scalar,
      own.map(({ run }) => run.w),
    );
    for (const [at, each] of own.entries()) each.inverse_w = inverses[at];
  },
};

export function columnsOf(run: EcdsaRun): ColumnRun<EcdsaSignature> {
  return new EcdsaColumns(run);
}

/** The run behind a machine made by createEcdsaH, for whoever takes other steps with it. */
export function runOf(machine: ColumnMachine<EcdsaSignature>): EcdsaRun | undefined {
  return machine.columns instanceof EcdsaColumns ? machine.columns.run : undefined;
}

class EcdsaColumns implements ColumnRun<EcdsaSignature> {
  readonly run: EcdsaRun;
  inverse_w: Scalar | undefined;
  #out: EcdsaSignature | undefined;

  constructor(run: EcdsaRun) {
    this.run = run;
  }

  begin(): Cells {
    const { context, R_j, w_j } = this.run.open();
    return [context, this.run.ctx.curve.encodeUncompressed(R_j), w_j];
  }

  hear(round: number, heard: readonly HeardCells[]): void {
    const { curve } = this.run.ctx;
    switch (round) {
      case 1:
        this.run.hearOpenings(
          decoded(heard, ([context, R_j, w_j]) => ({
            context: context as Uint8Array,
            R_j: readPoint(curve, R_j),
            w_j: curve.scalar.decode(w_j as Uint8Array),
          })),
        );
        break;
      case 2:
        this.run.hearMasked(decoded(heard, ([W_j]) => readPoint(curve, W_j)));
        break;
      default:
        this.#out = this.run.combine(decoded(heard, ([s_j]) => curve.scalar.decode(s_j as Uint8Array)));
    }
  }

  say(round: number): Cells {
    return round === 2 ? [this.run.ctx.curve.encodeUncompressed(this.run.mask())] : [this.run.sign(this.inverse_w)];
  }

  out(): EcdsaSignature {
    if (this.#out === undefined) throw new Error('bug: asked for a signature before the last round');
    return this.#out;
  }
}

/** Sender by sender in index order, so that blame is deterministic. */
function decoded<T>(heard: readonly HeardCells[], read: (cells: Cells) => T): Heard<T> {
  return heard.map(({ from, cells }) => {
    const value = attempt(() => read(cells));
    check(value !== undefined, 'E_MALFORMED', [from]);
    return { from, value };
  });
}

/** The cell has 65 bytes, so nothing but the uncompressed form passes. */
function readPoint(curve: Curve, cell: Uint8Array | undefined): Point {
  return curve.decodePointLenient(cell as Uint8Array);
}
