/**
 * ECDSA by an honest majority, on demand: 5 parties of whom at most 2 are corrupt, three rounds, no stored
 * presignatures (docs/specs/honest-majority-ecdsa.md is normative). What is computed: ecdsa-run.ts.
 */
import type { Curve, Point, Scalar } from '@holdfast/crypto/curves';
import { f, i } from '@holdfast/crypto/transcript';
import type { ColumnMachine, ColumnRun } from '../group/index.ts';
import { type Effect, format, RoundMachine, type RunContext, type Slot, type Stage } from '../runtime/index.ts';
import { columnsOf } from './ecdsa-columns.ts';
import { type EcdsaOptions, EcdsaRun, type Opening } from './ecdsa-run.ts';
import type { EcdsaSignature } from './signature.ts';

/**
 * E_H_RANGE and E_H_ZERO mean that this nonce does not do: the driver may start again under a new execution id. Nobody
 * is ever named for a wrong value: two colluding parties can make an innocent one look like the outlier.
 */
export function createEcdsaH(ctx: RunContext, o: EcdsaOptions): ColumnMachine<EcdsaSignature> {
  return new EcdsaH(ctx, o);
}

class EcdsaH extends RoundMachine<EcdsaSignature> {
  /** The same run for a group; whoever takes its steps there does not start this machine. */
  readonly columns: ColumnRun<EcdsaSignature>;
  readonly #run: EcdsaRun;
  readonly #slots: Slots;
  #stages: readonly Stage[] | undefined;

  constructor(ctx: RunContext, o: EcdsaOptions) {
    super(ctx, 'ecdsa-h/2');
    const run = new EcdsaRun(this.ctx, o);
    const slots = slotsFor(ctx.curve);
    this.#run = run;
    this.#slots = slots;
    this.columns = columnsOf(run);
  }

  /** Made when first asked for: whoever stands in a group is never asked. */
  protected override get stages(): readonly Stage[] {
    this.#stages ??= this.#stagesOf(this.#run, this.#slots);
    return this.#stages;
  }

  #stagesOf(run: EcdsaRun, slots: Slots): readonly Stage[] {
    return [
      {
        expect: [slots.open],
        complete: (inbox) => {
          run.hearOpenings(inbox.all(slots.open));
          return [this.broadcast(slots.masked, { W_j: run.mask() })];
        },
      },
      {
        expect: [slots.masked],
        complete: (inbox) => {
          run.hearMasked(inbox.all(slots.masked).map(({ from, value }) => ({ from, value: value.W_j })));
          return [this.broadcast(slots.share, { s_j: run.sign() })];
        },
      },
      {
        expect: [slots.share],
        complete: (inbox) => {
          this.finish(run.combine(inbox.all(slots.share).map(({ from, value }) => ({ from, value: value.s_j }))));
          return [];
        },
      },
    ];
  }

  protected override begin(): Effect[] {
    return [this.broadcast(this.#slots.open, this.#run.open())];
  }

  protected override erase(): void {
    this.#run.erase();
  }
}

interface Slots {
  readonly open: Slot<Opening>;
  readonly masked: Slot<{ W_j: Point }>;
  readonly share: Slot<{ s_j: Scalar }>;
}

const slotsByCurve = new WeakMap<Curve, Slots>();

function slotsFor(curve: Curve): Slots {
  const known = slotsByCurve.get(curve);
  if (known !== undefined) return known;
  const slots: Slots = {
    open: {
      round: 1,
      kind: 'bcast',
      format: format({
        tag: 'mpc/ecdsa-h/1/open/v1',
        fields: [f.bytes(32), f.point(curve.pointBytes), f.scalar()],
        write: ({ context, R_j, w_j }) => [i.bytes(context), i.point(curve.encodePoint(R_j)), i.scalar(w_j)],
        read: ([context, R_j, w_j]) => ({ context, R_j: curve.decodePoint(R_j), w_j: curve.scalar.decode(w_j) }),
      }),
    },
    masked: {
      round: 2,
      kind: 'bcast',
      format: format({
        tag: 'mpc/ecdsa-h/2/masked/v1',
        fields: [f.point(curve.pointBytes)],
        write: ({ W_j }) => [i.point(curve.encodePoint(W_j))],
        read: ([W_j]) => ({ W_j: curve.decodePoint(W_j) }),
      }),
    },
    share: {
      round: 3,
      kind: 'bcast',
      format: format({
        tag: 'mpc/ecdsa-h/3/share/v1',
        fields: [f.scalar()],
        write: ({ s_j }) => [i.scalar(s_j)],
        read: ([s_j]) => ({ s_j: curve.scalar.decode(s_j) }),
      }),
    },
  };
  slotsByCurve.set(curve, slots);
  return slots;
}
