/**
 * Judging a dealer of a resharing from outside the run. What everybody agreed on stands in the public inputs, and the
 * culprit itself signed their hash: docs/specs/evidence.md.
 */
import type { Curve } from '@holdfast/crypto/curves';
import { lagrange } from '@holdfast/crypto/sharing';
import { decode, enc, equalBytes, f, hashCommit, i, sha512 } from '@holdfast/crypto/transcript';
import { checkedSubshare } from '../dkg/dealing.ts';
import { attempt, bodyBytesMax, type Index, type Message, partiesMax } from '../runtime/index.ts';
import { type Opening, reshareSlots } from './messages.ts';

/** What a party does in the run: its evaluation point in the old sharing, which it deals from, and in the new one. */
export interface Role {
  readonly from?: Index;
  readonly to?: Index;
}

/** What all parties start from; encoded points. */
export interface AgreedFacts {
  readonly protocol: string;
  readonly old: { readonly t: number; readonly n: number };
  /** X_1 … X_n, X of the old sharing. */
  readonly points: readonly Uint8Array[];
  readonly t: number;
  readonly n: number;
  /** In order of the run's indices. */
  readonly roles: ReadonlyMap<Index, Role>;
}

export interface ReshareEvidence {
  readonly execId: Uint8Array;
  readonly curve: Curve;
  readonly code: string;
  /** Every one with a signature that verified. */
  readonly messages: readonly Message[];
  readonly publics: Uint8Array;
}

const tag = 'mpc/reshare/publics/v1';
const textBytesMax = 32;

/** h_i of round 1. */
export function agreedHash(o: { execId: Uint8Array; curve: Curve }, facts: AgreedFacts): Uint8Array {
  return sha512(
    enc(
      'mpc/reshare/agreed/v1',
      i.bytes(o.execId),
      i.text(facts.protocol),
      i.text(o.curve.name),
      i.uint(facts.old.t),
      i.uint(facts.old.n),
      i.list(facts.points.map((point) => i.point(point))),
      i.uint(facts.t),
      i.uint(facts.n),
      rolesOf(facts),
    ),
  );
}

/** The same and the opening that the abort is about, which nobody signs and V binds. */
export function encodeReshare(facts: AgreedFacts, opening: Uint8Array | undefined): Uint8Array {
  return enc(
    tag,
    i.text(facts.protocol),
    i.uint(facts.old.t),
    i.uint(facts.old.n),
    i.list(facts.points.map((point) => i.point(point))),
    i.uint(facts.t),
    i.uint(facts.n),
    rolesOf(facts),
    opening === undefined ? i.absent : i.bytes(opening),
  );
}

/** V_i of round 1. */
export function commitToOpening(
  o: { readonly execId: Uint8Array; readonly curve: Curve; readonly n: number; readonly t: number },
  index: Index,
  { rid, C, u }: { readonly rid: Uint8Array; readonly C: readonly Uint8Array[]; readonly u: Uint8Array },
): Uint8Array {
  const payload = enc(
    'mpc/reshare/opening/v1',
    i.uint(o.n),
    i.uint(o.t),
    i.text(o.curve.name),
    i.bytes(rid),
    i.list(C.map((C_k) => i.point(C_k))),
  );
  return hashCommit('mpc/reshare/commit', o.execId, index, payload, u);
}

/** H_i of round 1. */
export function chainCodeHash(execId: Uint8Array, chainCode: Uint8Array): Uint8Array {
  return sha512(enc('mpc/reshare/chain-code/v1', i.bytes(execId), i.bytes(chainCode)));
}

/** Whether the messages show that `culprit` dealt wrongly in the way the code says. */
export function convictsResharer(o: ReshareEvidence, culprit: Index): boolean {
  return attempt(() => new Case(o, culprit).fault()) === o.code;
}

class Case {
  readonly #o: ReshareEvidence;
  readonly #culprit: Index;
  readonly #facts: AgreedFacts;
  readonly #opening: Opening | undefined;

  constructor(o: ReshareEvidence, culprit: Index) {
    const { facts, opening } = decodeReshare(o);
    this.#o = o;
    this.#culprit = culprit;
    this.#facts = facts;
    this.#opening = opening === undefined ? undefined : reshareSlots(o.curve).opening.format.decode(opening);
  }

  /** The code of the first check that fails; throws where the evidence is not whole or not the culprit's. */
  fault(): string | undefined {
    const { execId, curve } = this.#o;
    const slots = reshareSlots(curve);
    const said = slots.commitment.format.decode(this.#signed(1, 'bcast').body);
    // The culprit itself signed the hash of these roles and this sharing: nobody can have put others in their place.
    if (!equalBytes(said.h, agreedHash({ execId, curve }, this.#facts))) return undefined;
    const isDealer = this.#role(this.#culprit).from !== undefined;
    if ((said.V !== undefined) !== isDealer || (!isDealer && said.chainCodeHash !== undefined)) return 'E_RS_ROLE';

    const inOpening = said.V === undefined ? undefined : this.#inOpening(said.V);
    if (inOpening !== undefined) return inOpening;
    const told = this.#signed(2, 'p2p');
    const { sigma, chainCode } = slots.deal.format.decode(told.body);
    const { to } = this.#role(told.to);
    const isTold = isDealer && to !== undefined;
    if ((sigma !== undefined) !== isTold) return 'E_RS_ROLE';
    const hasChainCode = isTold && said.chainCodeHash !== undefined;
    if ((chainCode !== undefined) !== hasChainCode) return 'E_RS_CHAINCODE';
    if (sigma === undefined || to === undefined || this.#opening === undefined) return undefined;
    const C = this.#opening.C.map((C_k) => curve.decodePoint(C_k));
    if (checkedSubshare({ curve }, C, to, sigma) === undefined) return 'E_RS_FELDMAN';
    const isTheKeys =
      chainCode === undefined || equalBytes(chainCodeHash(execId, chainCode), said.chainCodeHash as Uint8Array);
    return isTheKeys ? undefined : 'E_RS_CHAINCODE';
  }

  /** What the commitment binds; without it, only what follows from the deal alone is judged. */
  #inOpening(V: Uint8Array): string | undefined {
    if (this.#opening === undefined) return undefined;
    const { execId, curve } = this.#o;
    const { n, t, points } = this.#facts;
    const { rid, C, u } = this.#opening;
    if (rid === undefined || u === undefined) throw new Error('no opening');
    if (!equalBytes(V, commitToOpening({ execId, curve, n, t }, this.#culprit, { rid, C, u })))
      throw new Error('another opening');
    if (C.length !== t) return 'E_RS_SIZE';
    const decoded = attempt(() => C.map((C_k) => curve.decodePoint(C_k)));
    const [first] = decoded ?? [];
    if (first === undefined) return 'E_RS_POINT';
    const point = this.#role(this.#culprit).from ?? 0;
    const X_i = curve.decodePoint(points[point - 1] as Uint8Array);
    const dealers = [...this.#facts.roles.values()].flatMap(({ from }) => (from === undefined ? [] : [from]));
    const weight = lagrange(curve, dealers)[dealers.indexOf(point)];
    if (weight === undefined) throw new Error('no dealer');
    return curve.equals(first, curve.mulPublic(X_i, weight)) ? undefined : 'E_RS_CONST';
  }

  #role(party: Index): Role {
    const role = this.#facts.roles.get(party);
    if (role === undefined) throw new Error('nobody of the run');
    return role;
  }

  #signed(round: number, kind: Message['kind']): Message {
    const found = this.#o.messages.find((m) => m.round === round && m.kind === kind && m.from === this.#culprit);
    if (found === undefined) throw new Error('a message is missing');
    return found;
  }
}

/** Strict in form; whether the values are those of a run, the culprit's h says. */
function decodeReshare(o: ReshareEvidence): { facts: AgreedFacts; opening: Uint8Array | undefined } {
  const count = f.uint(partiesMax);
  const index = f.uint(0xffff);
  const fields = [
    f.text(textBytesMax),
    count,
    count,
    f.list(f.point(o.curve.pointBytes), { max: partiesMax + 1 }),
    count,
    count,
    f.list(f.tuple(index, index, index), { max: partiesMax }),
    f.optional(f.bytes({ max: bodyBytesMax })),
  ] as const;
  const [protocol, oldT, oldN, points, t, n, rows, opening] = decode(tag, o.publics, fields);
  const roles = new Map(
    rows.map(([p, from, to]): [Index, Role] => [p, { ...(from === 0 ? {} : { from }), ...(to === 0 ? {} : { to }) }]),
  );
  return { facts: { protocol, old: { t: oldT, n: oldN }, points, t, n, roles }, opening };
}

function rolesOf({ roles }: AgreedFacts) {
  return i.list([...roles].map(([p, { from, to }]) => i.list([i.uint(p), i.uint(from ?? 0), i.uint(to ?? 0)])));
}
