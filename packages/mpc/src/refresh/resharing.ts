/**
 * Resharing to another committee: mpc-protocols §7.2, docs/specs/refresh.md §2. Old holders deal their weighted shares
 * anew to the holders of the new sharing; the key stays, and an old share fits no new one.
 */
import type { Point, Scalar } from '@holdfast/crypto/curves';
import { commitments, evaluate, feldmanShares, lagrange, randomPolynomial } from '@holdfast/crypto/sharing';
import { challengeScalar, equalBytes, i } from '@holdfast/crypto/transcript';
import { type Acknowledgement, acknowledge, epochOf, isAcknowledged, type StatementOf } from '../dkg/certificate.ts';
import { checkedSubshare } from '../dkg/dealing.ts';
import { isSupported, isThreshold } from '../dkg/parameters.ts';
import { isKeyShare, isNamedShare, isSharedKey } from '../dkg/usable.ts';
import {
  attempt,
  check,
  type Effect,
  hedgedRandom,
  type Inbox,
  type Index,
  type KeyShare,
  type Machine,
  type Message,
  RoundMachine,
  type RunContext,
  refuse,
  type Stage,
} from '../runtime/index.ts';
import { type AgreedFacts, agreedHash, chainCodeHash, commitToOpening, encodeReshare, type Role } from './evidence.ts';
import { type Opening, type ReshareSlots, reshareSlots } from './messages.ts';

export type { Role } from './evidence.ts';

/** The sharing to start from. Public; whoever is new was told it by somebody, and the run shows whether that was true. */
export type SharedKey = Pick<KeyShare, 'protocol' | 't' | 'n' | 'publicShares' | 'publicKey'>;

export interface ReshareOptions {
  readonly key: SharedKey;
  /** Of every party of the run, by its index in the run, which need be neither of its evaluation points. */
  readonly roles: ReadonlyMap<Index, Role>;
  /** Of the new sharing, whose evaluation points are 1…n. */
  readonly n: number;
  readonly t: number;
  /** Of a dealer: its share of the old sharing. It stays as it is, and the caller's. */
  readonly share?: KeyShare;
  readonly statement: StatementOf;
}

export interface Reshared {
  /** Absent at a party that only dealt. */
  readonly share: KeyShare | undefined;
  /** The name of the new sharing. */
  readonly epoch: Uint8Array;
  readonly publicShares: readonly Point[];
  /** One of every new holder, in order of their evaluation points. */
  readonly statements: readonly Acknowledgement[];
}

/** g_i with g_i(0) = λ_i^O·x_i, and what it opens. Secret until it is opened; `g` for good. */
export interface Dealing {
  readonly g: readonly Scalar[];
  readonly opening: { readonly rid: Uint8Array; readonly C: readonly Uint8Array[]; readonly u: Uint8Array };
}

/** The new sharing as everybody can compute it from the openings, and the own share of it. */
interface NewSharing {
  readonly rid: Uint8Array;
  readonly epoch: Uint8Array;
  readonly publicShares: readonly Point[];
  readonly encoded: readonly Uint8Array[];
  readonly share: KeyShare | undefined;
}

/**
 * A machine that ends with this party's share of the same key under the new roster, if it is to have one, and the
 * acknowledgements of all new holders. Throws RefusedError for a committee that cannot do it.
 *
 *     const roles = new Map([[1, { from: 1, to: 1 }], [2, { from: 2, to: 2 }], [3, { to: 3 }], [4, { from: 4, to: 4 }], …]);
 *     const machine = createResharing(ctx, { key, roles, n: 5, t: 3, share, statement });
 */
export function createResharing(ctx: RunContext, o: ReshareOptions): Machine<Reshared> {
  return new ResharingRun(ctx, o);
}

export class ResharingRun extends RoundMachine<Reshared> {
  protected override readonly stages: readonly Stage[];
  readonly #o: ReshareOptions;
  readonly #slots: ReshareSlots;
  /** Run indices of O and N, in order. */
  readonly #dealers: readonly Index[];
  /** Evaluation point → run index of the new holders. */
  readonly #holders: ReadonlyMap<Index, Index>;
  readonly #own: Role;
  #dealing: Dealing | undefined;
  #commitments = new Map<Index, { V: Uint8Array; message: Message }>();
  /** The first message of every other party: what each of them signed. */
  #said = new Map<Index, Message>();
  /** The opening that is being checked. */
  #opened: Message | undefined;
  #chainCode: Uint8Array | undefined;
  #chainCodeHash: Uint8Array | undefined;
  #sharing: NewSharing | undefined;
  #acknowledgement: Acknowledgement | undefined;
  #isPersisted = false;

  constructor(ctx: RunContext, o: ReshareOptions) {
    super(ctx, 'reshare/1');
    const { key, roles, n, t, share } = o;
    if (!isThreshold({ t, n }) || !isThreshold(key)) refuse('E_THRESHOLD', 'A key needs 2 ≤ t ≤ n ≤ 32.');
    if (!isSupported(key.protocol, ctx.curve.name))
      refuse('E_PROTOCOL', `${key.protocol} keys do not exist on ${ctx.curve.name}.`);
    if (!isSharedKey(ctx.curve, key)) refuse('E_RS_KEY', 'The public shares are not a sharing of the key.');

    if (roles.size !== ctx.parties.length || !ctx.parties.every((p) => isRole(roles.get(p))))
      refuse('E_RS_ROLES', 'Every party of the run deals or receives.');
    this.#dealers = ctx.parties.filter((p) => roles.get(p)?.from !== undefined);
    const from = this.#dealers.map((p) => roles.get(p)?.from ?? 0);
    // λ over a point that is not one of the sharing's, or twice the same, would share another key.
    if (new Set(from).size !== from.length || !from.every((point) => isPoint(point, key.n)))
      refuse('E_RS_ROLES', 'Dealers have different evaluation points of the old sharing.');
    if (from.length < key.t) refuse('E_RS_ROLES', `Dealing this key anew takes ${key.t} of its holders.`);
    this.#holders = new Map(
      ctx.parties.flatMap((p) => {
        const to = roles.get(p)?.to;
        return to === undefined ? [] : [[to, p] as const];
      }),
    );
    const receivers = ctx.parties.filter((p) => roles.get(p)?.to !== undefined);
    if (receivers.length !== n || !Array.from({ length: n }, (_, at) => at + 1).every((j) => this.#holders.has(j)))
      refuse('E_RS_ROLES', 'The new holders have the evaluation points 1…n, each once.');

    this.#own = roles.get(ctx.self) ?? {};
    if (share?.index !== this.#own.from) refuse('E_RS_KEY', 'A dealer has the share of its evaluation point.');
    if (share !== undefined && !isOfKey(ctx, share, key))
      refuse('E_RS_KEY', 'The share is not one of the sharing to start from.');

    this.#o = o;
    // A copy: the run erases what it holds, and the share is the caller's.
    this.#chainCode = share?.chainCode?.slice();
    this.#slots = reshareSlots(ctx.curve);
    const { commitment, opening, deal, proof, acknowledgement } = this.#slots;
    this.stages = [
      { expect: [commitment], complete: (inbox) => this.#reveal(inbox) },
      { expect: [opening, deal], complete: (inbox) => this.#prove(inbox) },
      { expect: [proof], complete: (inbox) => this.#acknowledge(inbox) },
      { expect: [acknowledgement], complete: (inbox) => this.#certify(inbox) },
    ];
  }

  /** Round 1: what all must agree on; of a dealer, V_i and the hash of the chain code. */
  protected override begin(): Effect[] {
    const { self } = this.ctx;
    const { share } = this.#o;
    this.#dealing = share === undefined ? undefined : this.deal(share);
    const V = this.#dealing === undefined ? undefined : this.#commitTo(self, this.#dealing.opening);
    this.#chainCodeHash = this.#chainCode === undefined ? undefined : chainCodeHash(this.execId, this.#chainCode);
    const h = agreedHash(this.ctx, this.#agreed());
    return [this.broadcast(this.#slots.commitment, { h, V, chainCodeHash: this.#chainCodeHash })];
  }

  /** g_i of degree t′ − 1 with g_i(0) = λ_i^O·x_i. Hedged, as a dealing of a restored snapshot must not repeat. */
  protected deal(share: KeyShare): Dealing {
    const { curve } = this.ctx;
    const random = hedgedRandom(this.ctx, { label: 'reshare', secret: share.x });
    const constant = curve.scalar.mul(this.#weight(share.index), share.x);
    const g = randomPolynomial(curve, { degree: this.#o.t - 1, constant }, random);
    constant.fill(0);
    return { g, opening: { rid: random(32), C: curve.encodePoints(commitments(curve, g)), u: random(32) } };
  }

  /** Round 2, once all echoes agree: a dealer opens V_i to all, and gives g_i(j) and the chain code to each new holder. */
  #reveal(inbox: Inbox): Effect[] {
    const { commitment, opening, deal } = this.#slots;
    const h = agreedHash(this.ctx, this.#agreed());
    for (const { from, value, message } of inbox.all(commitment)) {
      this.#said.set(from, message);
      // Nobody can be blamed: somebody may have been told of another sharing, or of other roles.
      check(equalBytes(value.h, h), 'E_RS_MISMATCH');
      const isDealer = this.#dealers.includes(from);
      check((value.V !== undefined) === isDealer, 'E_RS_ROLE', [from], [message]);
      check(isDealer || value.chainCodeHash === undefined, 'E_RS_ROLE', [from], [message]);
      if (value.V === undefined) continue;
      // One honest dealer is among them, so what all of them name is the key's.
      const isFirst = this.#commitments.size === 0 && this.#dealing === undefined;
      if (isFirst) this.#chainCodeHash = value.chainCodeHash;
      check(sameBytes(this.#chainCodeHash, value.chainCodeHash), 'E_RS_MISMATCH');
      this.#commitments.set(from, { V: value.V, message });
    }

    const dealing = this.#dealing;
    return [
      this.broadcast(opening, dealing?.opening ?? { rid: undefined, C: [], u: undefined }),
      ...this.peers.map((p) => {
        const to = this.#o.roles.get(p)?.to;
        if (dealing === undefined || to === undefined)
          return this.tell(p, deal, { sigma: undefined, chainCode: undefined });
        return this.tell(p, deal, { sigma: evaluate(this.ctx.curve, dealing.g, to), chainCode: this.#chainCode });
      }),
    ];
  }

  /** Round 3: checks what was dealt (§7.2 R3), adds it up, proves possession of x′_j. */
  #prove(inbox: Inbox): Effect[] {
    const { curve } = this.ctx;
    const { to } = this.#own;
    const dealing = this.#dealing;
    const C_of: (readonly Point[])[] = [];
    const sigmas: Scalar[] = [];
    const rid = new Uint8Array(32);
    const add = (dealt: { C: readonly Point[]; rid: Uint8Array; sigma: Scalar | undefined }): void => {
      C_of.push(dealt.C);
      if (dealt.sigma !== undefined) sigmas.push(dealt.sigma);
      for (const [k, byte] of dealt.rid.entries()) rid[k] = (rid[k] ?? 0) ^ byte;
    };
    if (dealing !== undefined) {
      const C = dealing.opening.C.map((C_k) => curve.decodePoint(C_k));
      add({ C, rid: dealing.opening.rid, sigma: to === undefined ? undefined : evaluate(curve, dealing.g, to) });
    }
    const deals = inbox.all(this.#slots.deal);
    for (const [at, { from, value: opening, message }] of inbox.all(this.#slots.opening).entries()) {
      const told = known(deals[at]);
      this.#opened = message;
      const C = this.#openingOf(from, opening, message);
      const isTold = C !== undefined && to !== undefined;
      const shown = this.#shown(from, told);
      check((told.value.sigma !== undefined) === isTold, 'E_RS_ROLE', [from], shown);
      const hasChainCode = isTold && this.#chainCodeHash !== undefined;
      check((told.value.chainCode !== undefined) === hasChainCode, 'E_RS_CHAINCODE', [from], shown);
      if (C === undefined) continue;
      const sigma = this.#dealt(from, { C, opening: message, told });
      add({ C, rid: known(opening.rid), sigma });
    }
    this.#opened = undefined;
    this.#sharing = this.#addUp(C_of, sigmas, rid);
    for (const secret of sigmas) secret.fill(0);
    for (const { value } of deals) value.sigma?.fill(0);
    if (dealing !== undefined) eraseDealing(dealing);
    return [this.broadcast(this.#slots.proof, this.#ownProof())];
  }

  /** The commitments of a dealer, checked; undefined of a party that deals nothing and says nothing. */
  #openingOf(from: Index, opening: Opening, message: Message): readonly Point[] | undefined {
    const { curve } = this.ctx;
    const { rid, C: encoded, u } = opening;
    const committed = this.#commitments.get(from);
    if (committed === undefined) {
      const isEmpty = rid === undefined && encoded.length === 0 && u === undefined;
      check(isEmpty, 'E_RS_ROLE', [from]);
      return undefined;
    }
    check(rid !== undefined && u !== undefined, 'E_RS_ROLE', [from]);
    const isBound = equalBytes(committed.V, this.#commitTo(from, { rid, C: encoded, u }));
    // Nobody signs an opening: what does not open V could be anybody's, and shows a stranger nothing.
    const shown = isBound ? [committed.message] : [];
    check(encoded.length === this.#o.t, 'E_RS_SIZE', [from], shown);
    const C = attempt(() => encoded.map((C_k) => curve.decodePoint(C_k)));
    check(C !== undefined, 'E_RS_POINT', [from], shown);
    check(isBound, 'E_RS_OPENING', [from]);
    // C_{i,0} = λ_i^O·X_i: a dealer shares its part of the key and nothing else (attack row 47).
    const point = known(this.#o.roles.get(from)?.from);
    const part = curve.mulPublic(known(this.#o.key.publicShares[point - 1]), this.#weight(point));
    check(curve.equals(known(C[0]), part), 'E_RS_CONST', [from], [committed.message, message]);
    return C;
  }

  /** g_i(j), checked against the commitments, and the chain code against what all dealers named. */
  #dealt(
    from: Index,
    o: {
      readonly C: readonly Point[];
      readonly opening: Message;
      readonly told: {
        readonly value: { sigma: Uint8Array | undefined; chainCode: Uint8Array | undefined };
        message: Message;
      };
    },
  ): Scalar | undefined {
    const { curve } = this.ctx;
    const { to } = this.#own;
    const { sigma: sent, chainCode } = o.told.value;
    if (to === undefined || sent === undefined) return undefined;
    const sigma = checkedSubshare({ curve }, o.C, to, sent);
    const shown = this.#shown(from, o.told);
    check(sigma !== undefined, 'E_RS_FELDMAN', [from], shown);
    if (chainCode === undefined) return sigma;
    check(this.#isTheKeys(chainCode), 'E_RS_CHAINCODE', [from], shown);
    this.#chainCode ??= chainCode;
    return sigma;
  }

  /** What shows a stranger that a deal is wrong; nothing where the key's chain code would be shown with it. */
  #shown(
    from: Index,
    { value, message }: { value: { chainCode: Uint8Array | undefined }; message: Message },
  ): Message[] {
    if (value.chainCode !== undefined && this.#isTheKeys(value.chainCode)) return [];
    return [known(this.#said.get(from)), message];
  }

  #isTheKeys(chainCode: Uint8Array): boolean {
    return sameBytes(chainCodeHash(this.execId, chainCode), this.#chainCodeHash);
  }

  /**
   * x′_j = Σ_{i∈O} g_i(j) and X′_j = Σ_k j^k·F_k with F_k = Σ_i C_{i,k}. That F_0 = X, degree and the rest of §0.1 hold
   * follows from the checks before but for a probability of about 2^−250: an alarm.
   */
  #addUp(C_of: readonly (readonly Point[])[], sigmas: readonly Scalar[], rid: Uint8Array): NewSharing {
    const { curve } = this.ctx;
    const { key, n, t } = this.#o;
    const { protocol, publicKey } = key;
    const F = Array.from({ length: t }, (_, k) => curve.sum(C_of.map((C) => known(C[k]))));
    const publicShares = feldmanShares(curve, F, n);
    check(isSharedKey(curve, { t, n, publicShares, publicKey }), 'E_RS_DEGENERATE');
    const encoded = curve.encodePoints([publicKey, ...publicShares]);
    const epoch = epochOf(curve, publicShares);
    const sharing = { rid, epoch, publicShares, encoded };
    const { to } = this.#own;
    if (to === undefined) return { ...sharing, share: undefined };

    const x = sigmas.reduce((sum, sigma) => curve.scalar.add(sum, sigma), curve.scalar.zero);
    const parts = { index: to, t, n, x, publicShares, publicKey };
    check(isKeyShare(curve, parts), 'E_RS_DEGENERATE');
    const chainCode = this.#chainCode;
    const share: KeyShare = {
      protocol,
      curve: curve.name,
      ...parts,
      epoch,
      ...(chainCode === undefined ? {} : { chainCode }),
    };
    return { ...sharing, share };
  }

  /** (A_j, z_j) with A_j = r·G and z_j = r + e_j·x′_j. */
  #ownProof(): { A: Uint8Array | undefined; z: Uint8Array | undefined } {
    const { curve } = this.ctx;
    const { share } = known(this.#sharing);
    if (share === undefined) return { A: undefined, z: undefined };
    const r = curve.scalar.random(hedgedRandom(this.ctx, { label: 'reshare/proof', secret: share.x }));
    const A = curve.encodePoint(curve.mulBase(r));
    const z = curve.scalar.add(r, curve.scalar.mul(this.#challenge(share.index, A), share.x));
    r.fill(0); // A second z under the same r would reveal x′_j.
    return { A, z };
  }

  /** Round 4: verifies the proofs, has the own share written, then acknowledges. */
  #acknowledge(inbox: Inbox): Effect[] {
    const { curve } = this.ctx;
    const { share } = known(this.#sharing);
    for (const { from, value } of inbox.all(this.#slots.proof)) {
      const { to } = this.#o.roles.get(from) ?? {};
      const isReceiver = to !== undefined;
      check((value.A !== undefined) === isReceiver && (value.z !== undefined) === isReceiver, 'E_RS_ROLE', [from]);
      if (to !== undefined) check(this.#isProof(to, known(value.A), known(value.z)), 'E_RS_SCHNORR', [from]);
    }
    if (share === undefined) return [this.broadcast(this.#slots.acknowledgement, { signature: undefined })];
    this.#acknowledgement = acknowledge({ curve, share, statement: this.#o.statement, sign: this.ctx.env.sign });
    this.#isPersisted = true;
    return [
      // Before the acknowledgement leaves: whoever holds all n′ may let go of the old sharing (§7.4).
      { t: 'persist', tag: 'pending-share', share },
      this.broadcast(this.#slots.acknowledgement, { signature: this.#acknowledgement.signature }),
    ];
  }

  #certify(inbox: Inbox): Effect[] {
    const { curve, env } = this.ctx;
    const { statement, key, n } = this.#o;
    const { epoch, publicShares, share } = known(this.#sharing);
    const stated = { publicKey: key.publicKey, epoch, n };
    // Identities go by the index in the run, statements by the evaluation point.
    const verify = (point: Index, bytes: Uint8Array, signature: Uint8Array): boolean =>
      env.verify(this.#holders.get(point) ?? 0, bytes, signature);
    const statements = this.#acknowledgement === undefined ? [] : [this.#acknowledgement];
    for (const { from, value } of inbox.all(this.#slots.acknowledgement)) {
      const { signature } = value;
      const { to } = this.#o.roles.get(from) ?? {};
      check((signature !== undefined) === (to !== undefined), 'E_RS_ROLE', [from]);
      if (to === undefined || signature === undefined) continue;
      const acknowledgement = { index: to, signature };
      check(isAcknowledged({ curve, share: stated, statement, verify }, acknowledgement), 'E_RS_ACK', [from]);
      statements.push(acknowledgement);
    }
    statements.sort((a, b) => a.index - b.index);
    this.finish({ share, epoch, publicShares, statements });
    return [];
  }

  /** λ_i^O at zero, of the dealer at this evaluation point of the old sharing. */
  #weight(point: Index): Scalar {
    const points = this.#dealers.map((p) => this.#o.roles.get(p)?.from ?? 0);
    return known(lagrange(this.ctx.curve, points)[points.indexOf(point)]);
  }

  #commitTo(index: Index, opening: Dealing['opening']): Uint8Array {
    const { n, t } = this.#o;
    return commitToOpening({ execId: this.execId, curve: this.ctx.curve, n, t }, index, opening);
  }

  /** The sharing to start from, who deals and receives what, and the new parameters. */
  #agreed(): AgreedFacts {
    const { curve, parties } = this.ctx;
    const { key, roles, n, t } = this.#o;
    return {
      protocol: key.protocol,
      old: { t: key.t, n: key.n },
      points: curve.encodePoints([...key.publicShares, key.publicKey]),
      t,
      n,
      roles: new Map(parties.map((p) => [p, roles.get(p) ?? {}])),
    };
  }

  /** e_j = H_q(execId, j, rid, X, [X′_1 … X′_n], X′_j, A_j). */
  #challenge(point: Index, A: Uint8Array): Scalar {
    const { rid, encoded } = known(this.#sharing);
    const [X, ...X_j] = encoded;
    return challengeScalar(
      this.ctx.curve,
      'mpc/reshare/schnorr',
      i.bytes(this.execId),
      i.uint(point),
      i.bytes(rid),
      i.point(known(X)),
      i.list(X_j.map((each) => i.point(each))),
      i.point(known(X_j[point - 1])),
      i.point(A),
    );
  }

  /** A_j a point, z_j < q and z_j·G = A_j + e_j·X′_j. */
  #isProof(point: Index, encodedA: Uint8Array, bytes: Uint8Array): boolean {
    const { curve } = this.ctx;
    const A = attempt(() => curve.decodePoint(encodedA));
    const z = attempt(() => curve.scalar.decode(bytes));
    if (A === undefined || z === undefined) return false;
    const X_j = known(known(this.#sharing).publicShares[point - 1]);
    return curve.equals(curve.mulBase(z), curve.add(A, curve.mulPublic(X_j, this.#challenge(point, encodedA))));
  }

  protected override publics(): Uint8Array | undefined {
    return encodeReshare(this.#agreed(), this.#opened?.body);
  }

  protected override erase(): void {
    if (this.#dealing !== undefined) eraseDealing(this.#dealing);
    // From the persist effect on, the share belongs to the driver: it may be pending for a long time.
    if (!this.#isPersisted) this.#sharing?.share?.x.fill(0);
  }
}

function eraseDealing({ g }: Dealing): void {
  for (const a_k of g) a_k.fill(0);
}

function isRole(role: Role | undefined): boolean {
  return role !== undefined && (role.from !== undefined || role.to !== undefined);
}

function isPoint(point: number, n: number): boolean {
  return Number.isSafeInteger(point) && point >= 1 && point <= n;
}

/** Valid, and of exactly the sharing that everybody starts from. */
function isOfKey({ curve }: RunContext, share: KeyShare, key: SharedKey): boolean {
  const isSame = share.protocol === key.protocol && share.t === key.t && share.n === key.n;
  return isSame && isNamedShare(curve, share) && equalBytes(share.epoch, epochOf(curve, key.publicShares));
}

function sameBytes(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  return a === undefined || b === undefined ? a === b : equalBytes(a, b);
}

/** States that a stage is never reached without the one before it. */
function known<T>(value: T | undefined): T {
  if (value === undefined) throw new TypeError('A stage ran before the one it builds on.');
  return value;
}
