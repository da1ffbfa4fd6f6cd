/**
 * Judging the evidence of a run from outside it: the signed messages of an abort and the public inputs, nothing else.
 * docs/specs/evidence.md says why an honest party cannot be convicted.
 */
import { type Curve, curve as curveOf, type Point, type Scalar } from '@holdfast/crypto/curves';
import { equalBytes } from '@holdfast/crypto/transcript';
import { digestScalar, nonceCoordinate } from '../honest-majority/signature.ts';
import { attempt, type Index, type Message } from '../runtime/index.ts';
import {
  alertStatement,
  checkAlert,
  checkRound1,
  checkRound2,
  checkRound3,
  isPartial,
  judge,
  pointsOfRound1,
  type RunFacts,
} from './checks.ts';
import { type Round1, type Round2, type Round3, type Slots, slotsFor, viewOf } from './messages.ts';
import { contextOf, decodePublics, type Publics } from './publics.ts';

export interface Cggmp24Evidence {
  readonly execId: Uint8Array;
  readonly code: string;
  readonly round: number;
  /** Every one with a signature that verified. */
  readonly messages: readonly Message[];
  readonly publics: Uint8Array;
  readonly curve: Curve;
  readonly parties: readonly Index[];
}

/** The public inputs, where they have the form and fit the run; undefined otherwise. */
export function publicsOf(o: Cggmp24Evidence): Publics | undefined {
  const publics = attempt(() => decodePublics(o.publics, o.curve, o.parties.length));
  return publics !== undefined && `${publics.facts.parties}` === `${o.parties}` ? publics : undefined;
}

/** Whether the messages show that `culprit` deviated in the way the code says. */
export function convicts(o: Cggmp24Evidence, culprit: Index): boolean {
  return attempt(() => new Case(o, culprit).isGuilty()) === true;
}

class Case {
  readonly #o: Cggmp24Evidence;
  readonly #culprit: Index;
  readonly #slots: Slots;
  readonly #publics: Publics;
  readonly #facts: RunFacts;

  constructor(o: Cggmp24Evidence, culprit: Index) {
    const publics = publicsOf(o);
    if (publics === undefined) throw new Error('the public inputs do not fit');
    this.#o = o;
    this.#culprit = culprit;
    this.#slots = slotsFor(curveOf(o.curve.name), o.parties.length);
    this.#publics = publics;
    this.#facts = { ...publics.facts, execId: o.execId };
  }

  isGuilty(): boolean {
    const round1 = this.#read(this.#slots.round1, this.#culprit);
    // The culprit itself signed the hash of these public inputs: nobody can have put others in their place.
    if (!equalBytes(round1.context, contextOf(this.#o.execId, this.#o.publics))) return false;
    const { code, round } = this.#o;
    if (round === 1) return this.#inRound1() === code;
    if (round === 2) return this.#inRound2() === code;
    if (round === 3) return this.#inRound3(round1) === code;
    if (code === 'E_C_PARTIAL') return this.#byPartial();
    return code === 'E_C_ALERT' && this.#byAlert();
  }

  #inRound1(): string | undefined {
    const proofs = this.#addressed(this.#slots.round1Proofs.kind, 1);
    const judged = judge(this.#facts, { prover: this.#culprit, verifier: proofs.to });
    return checkRound1(judged, { round1: this.#message('bcast', 1, this.#culprit).body, proofs: proofs.body });
  }

  #inRound2(): string | undefined {
    const products = this.#addressed(this.#slots.round2Products.kind, 2);
    if (!this.#saw(this.#read(this.#slots.round2, this.#culprit), 1)) return undefined;
    const judged = judge(this.#facts, { prover: this.#culprit, verifier: products.to });
    return checkRound2(judged, {
      ownRound1: this.#message('bcast', 1, products.to).body,
      round1: this.#message('bcast', 1, this.#culprit).body,
      round2: this.#message('bcast', 2, this.#culprit).body,
      products: products.body,
    });
  }

  #inRound3(round1: Round1): string | undefined {
    const { curve, execId } = this.#o;
    const said = this.#read(this.#slots.round3, this.#culprit);
    if (!this.#saw(said, 2)) return undefined;
    const points = attempt(() => [curve.decodePoint(said.S), curve.decodePoint(said.Delta)] as const);
    if (points === undefined) return 'E_C_POINT';
    const own = pointsOfRound1(curve, round1);
    if (own === undefined) return undefined;
    const context = { execId, curve, label: 'elog.k' as const, prover: this.#culprit, verifier: 0 };
    const statement = { round1: own, Gamma: this.#Gamma(), Delta: points[1], psi: said.psi };
    return checkRound3(curve, context, statement) ? undefined : 'E_C_ELOG2';
  }

  #byPartial(): boolean {
    const { curve } = this.#o;
    const partial = this.#read(this.#slots.partial, this.#culprit);
    if (!this.#saw(partial, 3) || !this.#saw(this.#read(this.#slots.round3, this.#culprit), 2)) return false;
    const Gamma = this.#Gamma();
    const { delta, S, Delta } = this.#sums();
    return !isPartial(curve, {
      sigma: partial.sigma,
      Gamma,
      delta,
      Delta,
      S,
      h: digestScalar(curve, this.#publics.digest),
      r: nonceCoordinate(curve, Gamma).r,
    });
  }

  #byAlert(): boolean {
    const { curve } = this.#o;
    const alert = this.#addressed(this.#slots.alert.kind, 4);
    const own = this.#read(this.#slots.round3, this.#culprit);
    const views =
      this.#saw(this.#slots.alert.format.decode(alert.body), 3) &&
      this.#saw(own, 2) &&
      this.#saw(this.#read(this.#slots.round2, this.#culprit), 1);
    if (!views) return false;
    const { delta, Deltas, S } = this.#sums();
    const which = curve.equals(curve.mulBase(delta), curve.sum(Deltas)) ? 'x' : 'gamma';
    const round2 = this.#read(this.#slots.round2, this.#culprit);
    const statement = alertStatement(curve, {
      which,
      Gamma_j: curve.decodePoint(round2.Gamma),
      weighted: this.#facts.weightedShares.get(this.#culprit) as Uint8Array,
      delta: own.delta,
      S,
      Gamma: this.#Gamma(),
    });
    const judged = judge(this.#facts, { prover: this.#culprit, verifier: alert.to });
    const [one, two] = [1, 2].map(
      (round) => new Map(this.#o.parties.map((p) => [p, this.#message('bcast', round, p).body])),
    ) as [Map<Index, Uint8Array>, Map<Index, Uint8Array>];
    return !checkAlert(judged, { which, round1: one, round2: two, ...statement, alert: alert.body });
  }

  #Gamma(): Point {
    const { curve, parties } = this.#o;
    return curve.sum(parties.map((p) => curve.decodePoint(this.#read(this.#slots.round2, p).Gamma)));
  }

  #sums(): { delta: Scalar; Deltas: Point[]; S: Point; Delta: Point } {
    const { curve, parties } = this.#o;
    const all = new Map(parties.map((p) => [p, this.#read(this.#slots.round3, p)]));
    const own = all.get(this.#culprit) as Round3;
    return {
      delta: [...all.values()].reduce((sum, m) => curve.scalar.add(sum, m.delta), curve.scalar.zero),
      Deltas: [...all.values()].map((m) => curve.decodePoint(m.Delta)),
      S: curve.decodePoint(own.S),
      Delta: curve.decodePoint(own.Delta),
    };
  }

  /** Whether the culprit signed that it saw exactly these broadcasts of that round. */
  #saw({ view }: { readonly view: Uint8Array }, round: number): boolean {
    const bodies = this.#o.parties.map((p) => this.#message('bcast', round, p).body);
    return equalBytes(view, viewOf(this.#o.execId, round, bodies));
  }

  #read<T extends Round1 | Round2 | Round3 | { view: Uint8Array; sigma: Scalar }>(
    slot: { readonly round: number; readonly format: { decode(body: Uint8Array): T } },
    from: Index,
  ): T {
    return slot.format.decode(this.#message('bcast', slot.round, from).body);
  }

  #message(kind: Message['kind'], round: number, from: Index): Message {
    const found = this.#o.messages.find((m) => m.kind === kind && m.round === round && m.from === from);
    if (found === undefined) throw new Error('a message is missing');
    return found;
  }

  /** The culprit's message to one party. */
  #addressed(kind: Message['kind'], round: number): Message {
    return this.#message(kind, round, this.#culprit);
  }
}
