/**
 * CGGMP24: ECDSA by exactly t of n signers, of whom all but one may be corrupt (mpc-protocols §3; docs/specs/cggmp24.md
 * is normative). Presigning and signing are one run, started when the digest is known: nothing is ever stored. Letters
 * as in the paper; subscript i is this party. The signature's nonce is γ, and R is Γ itself.
 */
import { bitLength } from '@holdfast/crypto/bigmod';
import type { Curve, Point, Scalar } from '@holdfast/crypto/curves';
import { lagrange } from '@holdfast/crypto/sharing';
import { equalBytes } from '@holdfast/crypto/transcript';
import { requireUsableShare } from '../frost/usable-share.ts';
import {
  digestScalar,
  type EcdsaSignature,
  encodeSignature,
  nonceCoordinate,
  type SignatureCodes,
  verifyEcdsa,
} from '../honest-majority/signature.ts';
import {
  abort,
  attempt,
  check,
  type Effect,
  hedgedRandom,
  type Inbox,
  type Index,
  type KeyShare,
  type Machine,
  type Message,
  type Received,
  RoundMachine,
  type RunContext,
  refuse,
  type Stage,
  wipeBytes,
} from '../runtime/index.ts';
import { type AlertFacts, alertStatement, checkRound3, isPartial, pointsOfRound1, type RunFacts } from './checks.ts';
import {
  encryptJob,
  multiplyJob,
  proveAlertJob,
  proveRound1Job,
  type Received2,
  verifyAlertJob,
  verifyRound1Job,
  verifyRound2Job,
} from './jobs.ts';
import {
  type Alert,
  type Pair,
  productHash,
  type Round1,
  type Round2,
  type Round2Products,
  type Round3,
  type Slots,
  slotsFor,
  viewOf,
} from './messages.ts';
import { type AuxOwn, type AuxPublic, fitsCurve, modulusBitsMax, modulusBitsMin } from './parameters.ts';
import { drawing, type ProofContext, type ProofLabel } from './proofs/challenge.ts';
import { elogFormat, proveElog } from './proofs/elog.ts';
import { contextOf, encodePublics } from './publics.ts';

export interface Cggmp24Options {
  readonly share: KeyShare;
  /** 32 bytes, as the curve's verifiers take it. */
  readonly digest: Uint8Array;
  /** Of exactly the parties of the run; the name of the set-up must be in the execution id. */
  readonly aux: { readonly own: AuxOwn; readonly publics: ReadonlyMap<Index, AuxPublic> };
}

/** The alert message of the largest run stays below the largest body. This product runs with three. */
export const cggmp24PartiesMax = 8;
const seedBytes = 64;
const codes: SignatureCodes = { digest: 'E_C_DIGEST', range: 'E_C_RANGE', zero: 'E_C_ZERO' };

/**
 * E_C_RANGE and E_C_ZERO mean that this nonce does not do: the driver may start again under a new execution id. Whoever
 * is named as a culprit has deviated, and the evidence shows it (docs/specs/evidence.md).
 */
export function createCggmp24(ctx: RunContext, o: Cggmp24Options): Machine<EcdsaSignature> {
  return new Cggmp24(ctx, o);
}

class Cggmp24 extends RoundMachine<EcdsaSignature> {
  protected override readonly stages: readonly Stage[];
  readonly #share: KeyShare;
  readonly #digest: Uint8Array;
  readonly #h: Scalar;
  readonly #own: AuxOwn;
  readonly #publics: Uint8Array;
  readonly #context: Uint8Array;
  readonly #facts: RunFacts;
  readonly #slots: Slots;
  readonly #draw: (n: number) => Uint8Array;
  readonly #secrets: Secrets;
  /** What the parties sent in the rounds before: checked, own values included. */
  readonly #round1 = new Map<Index, Round1>();
  readonly #products = new Map<Index, { readonly received: Round2Products; readonly sent: Round2Products }>();
  readonly #Gammas = new Map<Index, Point>();
  #nonce: { readonly Gamma: Point; readonly r: Scalar; readonly recid: number } | undefined;
  readonly #round3 = new Map<Index, { readonly delta: Scalar; readonly S: Point; readonly Delta: Point }>();
  #sigma: Scalar | undefined;
  #alert: 'gamma' | 'x' | undefined;

  constructor(ctx: RunContext, { share, digest, aux }: Cggmp24Options) {
    super(ctx, 'cggmp24/1');
    const { curve, parties, self } = this.ctx;
    if (share.protocol !== 'CGGMP21') refuse('E_KEY_PROTOCOL', 'The key was not made for ECDSA.');
    if (share.curve === 'ed25519') refuse('E_KEY_PROTOCOL', 'ECDSA has no such curve.');
    requireUsableShare(this.ctx, share);
    // Exactly t, not at least: the set is part of the execution id and every λ_j depends on it.
    if (parties.length !== share.t) refuse('E_PARTIES', 'CGGMP24 runs with exactly t signers.');
    if (parties.length > cggmp24PartiesMax) refuse('E_PARTIES', 'CGGMP24 runs with at most eight signers.');
    requireUsableAux(curve, { parties, self, aux });
    this.#share = share;
    this.#own = aux.own;
    this.#digest = Uint8Array.from(digest);
    this.#h = digestScalar(curve, this.#digest, codes);
    this.#slots = slotsFor(curve, parties.length);

    const lambda = lagrange(curve, parties, 0);
    const weighted = parties.map((p, at): [Index, Uint8Array] => [
      p,
      curve.encodePoint(curve.mulPublic(share.publicShares[p - 1] as Point, lambda[at] as Scalar)),
    ]);
    this.#facts = {
      execId: this.execId,
      curve: curve.name,
      parties,
      publics: new Map(parties.map((p) => [p, aux.publics.get(p) as AuxPublic])),
      weightedShares: new Map(weighted),
    };
    this.#publics = encodePublics({
      facts: this.#facts,
      publicKey: curve.encodePoint(share.publicKey),
      keyEpoch: share.epoch,
      digest: this.#digest,
    });
    this.#context = contextOf(this.execId, this.#publics);
    this.#draw = hedgedRandom(this.ctx, { label: 'cggmp24', secret: share.x });
    const x = curve.scalar.mul(lambda[parties.indexOf(self)] as Scalar, share.x);
    this.#secrets = {
      x,
      k: empty(),
      gamma: empty(),
      a: empty(),
      b: empty(),
      chi: empty(),
      seeds: [],
      maskSeeds: new Map(),
      shares: [],
    };

    const s = this.#slots;
    this.stages = [
      { expect: [s.round1, s.round1Proofs], complete: (inbox) => this.#multiply(inbox) },
      { expect: [s.round2, s.round2Products], complete: (inbox) => this.#addUp(inbox) },
      { expect: [s.round3], complete: (inbox) => this.#sign(inbox) },
      {
        expect: [s.alert],
        isSkipped: () => this.#alert === undefined,
        complete: (inbox) => this.#blame(inbox, []),
        withoutPeer: (gone, inbox) => this.#blame(inbox, [gone]),
      },
      { expect: [s.partial], complete: (inbox) => this.#combine(inbox) },
    ];
  }

  /** Round 1 (§3.2): K = Enc(k), G = Enc(γ), ElGamal commitments to both under a fresh Y, and proofs for each peer. */
  protected override begin(): Effect[] {
    const { curve, self } = this.ctx;
    const { scalar } = curve;
    const secrets = this.#secrets;
    for (const name of ['k', 'gamma', 'a', 'b'] as const) secrets[name] = scalar.random(this.#draw);
    // Y = y·G for a y that is forgotten at once; nobody, this party included, uses it again.
    const y = scalar.random(this.#draw);
    const Y = curve.mulBase(y);
    y.fill(0);
    const seedK = this.#seed();
    const seedG = this.#seed();
    const encryption = (k: Scalar, seed: Uint8Array) => ({
      kind: encryptJob,
      input: { own: this.#own, curve: curve.name, k, seed },
    });

    return this.compute([encryption(secrets.k, seedK), encryption(secrets.gamma, seedG)], ([K, G]) => {
      const round1: Round1 = {
        context: this.#context,
        K: K as Uint8Array,
        G: G as Uint8Array,
        Y: curve.encodePoint(Y),
        A1: curve.encodePoint(curve.mulBase(secrets.a)),
        A2: curve.encodePoint(curve.add(curve.mulSecret(Y, secrets.a), curve.mulBase(secrets.k))),
        B1: curve.encodePoint(curve.mulBase(secrets.b)),
        B2: curve.encodePoint(curve.add(curve.mulSecret(Y, secrets.b), curve.mulBase(secrets.gamma))),
      };
      this.#round1.set(self, round1);
      const { k, gamma, a, b } = secrets;
      const body = this.#slots.round1.format.encode(round1);
      const jobs = this.peers.map((verifier) => ({
        kind: proveRound1Job,
        input: { ...this.#frame(), verifier, round1: body, k, gamma, a, b, seedK, seedG, seed: this.#seed() },
      }));
      return this.compute(jobs, (proofs) => [
        this.broadcast(this.#slots.round1, round1),
        ...this.#toEach(proofs, (to, proof) =>
          this.tell(to, this.#slots.round1Proofs, this.#slots.round1Proofs.format.decode(proof)),
        ),
      ]);
    });
  }

  /** Round 2 (§3.3): Γ_i with its proof, and for each peer the shares of γ_i·k_j and x⁺_i·k_j. */
  #multiply(inbox: Inbox): Effect[] {
    const { round1, round1Proofs } = this.#slots;
    const said = inbox.all(round1);
    const proofs = inbox.all(round1Proofs);
    for (const { from, value } of said) {
      // Another digest, key, set or auxiliary epoch: either side may be the one deceived, so nobody is named.
      check(equalBytes(value.context, this.#context), 'E_C_CONTEXT');
      this.#round1.set(from, value);
    }
    const jobs = said.map(({ from, message }, at) => ({
      kind: verifyRound1Job,
      input: {
        ...this.#frame(),
        prover: from,
        round1: message.body,
        proofs: (proofs[at] as Received<unknown>).message.body,
      },
    }));
    return this.compute(jobs, (faults) => {
      faults.forEach((fault, at) => {
        const [one, two] = [said[at] as Received<unknown>, proofs[at] as Received<unknown>];
        check(fault === '', fault, [one.from], [one.message, two.message]);
      });
      return this.#sendProducts();
    });
  }

  #sendProducts(): Effect[] {
    const { curve, self } = this.ctx;
    const { gamma, b, x } = this.#secrets;
    const Gamma = curve.mulBase(gamma);
    this.#Gammas.set(self, Gamma);
    const jobs = this.peers.map((verifier) => ({
      kind: multiplyJob,
      input: {
        ...this.#frame(),
        verifier,
        round1: this.#slots.round1.format.encode(this.#round1.get(verifier) as Round1),
        gamma,
        Gamma: curve.encodePoint(Gamma),
        x,
        maskSeed: this.#maskSeed(verifier),
        seed: this.#seed(),
      },
    }));
    return this.compute(jobs, (results) => {
      const sent = results.map(({ products }) => this.#slots.round2Products.format.decode(products));
      for (const { beta, betaHat } of results) this.#secrets.shares.push([beta as Scalar, betaHat as Scalar]);
      const { Y, B1, B2 } = this.#pointsOf(self);
      const elog = { L: B1, M: B2, X: Y, Yp: Gamma, h: curve.base };
      const draw = drawing(this.#seed(), 'elog');
      const psi = proveElog(this.#proof('elog.gamma', self), elog, { y: gamma, lambda: b }, draw);
      const round2: Round2 = {
        view: this.#viewOf(1),
        Gamma: curve.encodePoint(Gamma),
        psi: elogFormat(curve).encode(psi),
        products: sent.map((p) => [
          productHash(this.execId, 'gamma', p.D, p.F),
          productHash(this.execId, 'x', p.DHat, p.FHat),
        ]),
      };
      this.peers.forEach((p, at) => {
        const mine = sent[at] as Round2Products;
        this.#products.set(p, { received: mine, sent: mine });
      });
      return [
        this.broadcast(this.#slots.round2, round2),
        ...this.#toEach(sent, (to, products) => this.tell(to, this.#slots.round2Products, products)),
      ];
    });
  }

  /** Round 3 (§3.4): δ_i and χ_i from all products; Δ_i = k_i·Γ with its proof, S_i = χ_i·Γ. */
  #addUp(inbox: Inbox): Effect[] {
    const { round1, round2, round2Products } = this.#slots;
    const said = inbox.all(round2);
    const products = inbox.all(round2Products);
    const view = this.#viewOf(1);
    for (const { from, value } of said) check(equalBytes(value.view, view), 'E_C_VIEW', [from]);
    const ownRound1 = round1.format.encode(this.#round1.get(this.ctx.self) as Round1);
    const jobs = said.map(({ from, message }, at) => ({
      kind: verifyRound2Job,
      input: {
        ...this.#frame(),
        prover: from,
        ownRound1,
        round1: round1.format.encode(this.#round1.get(from) as Round1),
        round2: message.body,
        products: (products[at] as Received<unknown>).message.body,
      },
    }));
    return this.compute(jobs, (results) => {
      results.forEach(({ fault }, at) => {
        const [one, two] = [said[at] as Received<unknown>, products[at] as Received<unknown>];
        check(fault === '', fault, [one.from], [...this.broadcasts(round1), one.message, two.message]);
      });
      for (const { from, value } of said) this.#Gammas.set(from, this.ctx.curve.decodePoint(value.Gamma));
      for (const { from, value } of products) {
        const { sent } = this.#products.get(from) as { sent: Round2Products };
        this.#products.set(from, { received: value, sent });
      }
      return this.#sendSums(results);
    });
  }

  #sendSums(results: readonly Received2[]): Effect[] {
    const { curve, self } = this.ctx;
    const { scalar } = curve;
    const { k, gamma, a, x, shares } = this.#secrets;
    const Gamma = curve.sum(this.ctx.parties.map((p) => this.#Gammas.get(p) as Point));
    check(!curve.isIdentity(Gamma), 'E_C_ZERO');
    this.#nonce = { Gamma, ...nonceCoordinate(curve, Gamma, codes) };

    let delta = scalar.mul(gamma, k);
    let chi = scalar.mul(x, k);
    for (const { alpha, alphaHat } of results) shares.push([alpha as Scalar, alphaHat as Scalar]);
    for (const [share, shareHat] of shares) {
      delta = scalar.add(delta, share);
      const sum = scalar.add(chi, shareHat);
      chi.fill(0);
      chi = sum;
    }
    wipeBytes(shares);
    shares.length = 0;
    this.#secrets.chi = chi;

    const [S, Delta] = [curve.mulSecret(Gamma, chi), curve.mulSecret(Gamma, k)];
    this.#round3.set(self, { delta, S, Delta });
    const { Y, A1, A2 } = this.#pointsOf(self);
    const elog = { L: A1, M: A2, X: Y, Yp: Delta, h: Gamma };
    const draw = drawing(this.#seed(), 'elog');
    const psi = proveElog(this.#proof('elog.k', self), elog, { y: k, lambda: a }, draw);
    const round3: Round3 = {
      view: this.#viewOf(2),
      delta,
      S: curve.encodePoint(S),
      Delta: curve.encodePoint(Delta),
      psi: elogFormat(curve).encode(psi),
    };
    return [this.broadcast(this.#slots.round3, round3)];
  }

  /** Round 4 (§3.5, §3.6): the sums are right, and this party's share of s; or they are not, and the alert. */
  #sign(inbox: Inbox): Effect[] {
    const { curve, parties } = this.ctx;
    const { scalar } = curve;
    const { Gamma, r } = this.#nonce as { Gamma: Point; r: Scalar };
    const { round2, round3 } = this.#slots;
    const view = this.#viewOf(2);
    for (const { from, value, message } of inbox.all(round3)) {
      check(equalBytes(value.view, view), 'E_C_VIEW', [from]);
      const points = attempt(() => ({ S: curve.decodePoint(value.S), Delta: curve.decodePoint(value.Delta) }));
      const evidence = [this.#messageOf(this.#slots.round1, from), ...this.broadcasts(round2), message];
      check(points !== undefined, 'E_C_POINT', [from], evidence);
      const elog = { round1: this.#pointsOf(from), Gamma, Delta: points.Delta, psi: value.psi };
      check(checkRound3(curve, this.#proof('elog.k', from), elog), 'E_C_ELOG2', [from], evidence);
      this.#round3.set(from, { delta: value.delta, ...points });
    }

    const all = parties.map((p) => this.#round3.get(p) as { delta: Scalar; S: Point; Delta: Point });
    const delta = all.reduce((sum, each) => scalar.add(sum, each.delta), scalar.zero);
    // δ·G = ΣΔ_j says δ = k·γ; δ·PK = ΣS_j says Σχ_j = k·x.
    const isDelta = curve.equals(curve.mulBase(delta), curve.sum(all.map(({ Delta }) => Delta)));
    if (!isDelta) return this.#raiseAlert('gamma');
    check(!scalar.isZero(delta), 'E_C_ZERO');
    const isChi = curve.equals(curve.mulPublic(this.#share.publicKey, delta), curve.sum(all.map(({ S }) => S)));
    if (!isChi) return this.#raiseAlert('x');

    // σ_i = k̃_i·h + r·χ̃_i. After this nothing of the nonce is left in this process.
    const { k, chi } = this.#secrets;
    const parts = [scalar.mul(k, this.#h), scalar.mul(r, chi)] as const;
    const sum = scalar.add(...parts);
    const sigma = scalar.mul(sum, scalar.invert(delta));
    wipeBytes([parts, sum]);
    this.erase();
    this.#sigma = sigma;
    return [this.broadcast(this.#slots.partial, { view: this.#viewOf(3), sigma })];
  }

  /** §3.6: every σ_j by itself, then the sum; the signature leaves only when the curve's verifier takes it. */
  #combine(inbox: Inbox): Effect[] {
    const { curve, parties } = this.ctx;
    const { scalar } = curve;
    const { r, recid, Gamma } = this.#nonce as { r: Scalar; recid: number; Gamma: Point };
    const { round1, round2, round3, partial } = this.#slots;
    const received = inbox.all(partial);
    const deltas = parties.map((p) => (this.#round3.get(p) as { delta: Scalar }).delta);
    const delta = deltas.reduce((sum, each) => scalar.add(sum, each), scalar.zero);
    const view = this.#viewOf(3);
    let s = this.#sigma as Scalar;
    for (const { from, value, message } of received) {
      check(equalBytes(value.view, view), 'E_C_VIEW', [from]);
      const { S, Delta } = this.#round3.get(from) as { S: Point; Delta: Point };
      const broadcasts = [...this.broadcasts(round2), ...this.broadcasts(round3)];
      const evidence = [this.#messageOf(round1, from), ...broadcasts, message];
      const isRight = isPartial(curve, { sigma: value.sigma, Gamma, delta, Delta, S, h: this.#h, r });
      check(isRight, 'E_C_PARTIAL', [from], evidence);
      s = scalar.add(s, value.sigma);
    }
    const signed = encodeSignature(curve, { r, s, recid }, codes);
    const { publicKey } = this.#share;
    check(verifyEcdsa(curve, { publicKey, digest: this.#digest, signature: signed.signature }), 'E_C_SIG');
    this.finish(signed);
    return [];
  }

  // ---- The alert (§3.8; docs/decisions/0010-alert-proofs-per-verifier.md) ------------------------------------

  /** Proves to each peer that this party's products and their sum are what they should be, opening nothing. */
  #raiseAlert(which: 'gamma' | 'x'): Effect[] {
    const { curve, self } = this.ctx;
    this.#alert = which;
    const pairs = this.peers.map((p): Pair => {
      const { received, sent } = this.#products.get(p) as { received: Round2Products; sent: Round2Products };
      return which === 'gamma'
        ? [received.D, received.F, sent.D, sent.F]
        : [received.DHat, received.FHat, sent.DHat, sent.FHat];
    });
    const jobs = this.peers.map((verifier) => ({
      kind: proveAlertJob,
      input: {
        ...this.#frame(),
        verifier,
        which,
        view: this.#viewOf(3),
        round1: this.#bodies(1),
        pairs,
        x: which === 'gamma' ? this.#secrets.gamma : this.#secrets.x,
        ...alertStatement(curve, this.#alertFacts(self)),
        maskSeeds: this.#secrets.maskSeeds,
        seed: this.#seed(),
      },
    }));
    return this.compute(jobs, (bodies) =>
      this.#toEach(bodies, (to, body) => this.tell(to, this.#slots.alert, this.#slots.alert.format.decode(body))),
    );
  }

  /** Names whoever did not prove its part. A party that fell silent is named only where nobody else is found. */
  #blame(inbox: Inbox, silent: readonly Index[]): Effect[] {
    const { curve } = this.ctx;
    const which = this.#alert as 'gamma' | 'x';
    const received: readonly Received<Alert>[] = inbox.all(this.#slots.alert);
    if (received.length === 0) abort('E_C_ALERT', silent);
    const view = this.#viewOf(3);
    for (const { from, value } of received) check(equalBytes(value.view, view), 'E_C_VIEW', [from]);
    const jobs = received.map(({ from, message }) => ({
      kind: verifyAlertJob,
      input: {
        ...this.#frame(),
        prover: from,
        which,
        round1: this.#bodies(1),
        round2: this.#bodies(2),
        ...alertStatement(curve, this.#alertFacts(from)),
        alert: message.body,
      },
    }));
    return this.compute(jobs, (results) => {
      const failed = received.filter((_, at) => results[at] !== true);
      const { round1, round2, round3 } = this.#slots;
      const broadcasts = [round1, round2, round3].flatMap((slot) => this.broadcasts(slot));
      check(
        failed.length === 0,
        'E_C_ALERT',
        failed.map(({ from }) => from),
        [...broadcasts, ...failed.map(({ message }) => message)],
      );
      // Without a silent party: impossible, unless this one is at fault.
      abort(silent.length > 0 ? 'E_C_ALERT' : 'E_C_SUM', silent);
    });
  }

  #alertFacts(of: Index): AlertFacts {
    const { delta, S } = this.#round3.get(of) as { delta: Scalar; S: Point };
    const { Gamma } = this.#nonce as { Gamma: Point };
    return {
      which: this.#alert as 'gamma' | 'x',
      Gamma_j: this.#Gammas.get(of) as Point,
      weighted: this.#facts.weightedShares.get(of) as Uint8Array,
      delta,
      S,
      Gamma,
    };
  }

  // ---- Parts of the above ------------------------------------------------------------------------------------

  /** What every job gets. */
  #frame(): { readonly run: RunFacts; readonly self: Index; readonly own: AuxOwn } {
    return { run: this.#facts, self: this.ctx.self, own: this.#own };
  }

  /** Fresh bytes for one use, overwritten with the other secrets. */
  #seed(): Uint8Array {
    const seed = this.#draw(seedBytes);
    this.#secrets.seeds.push(seed);
    return seed;
  }

  /** From which β, s and r of the products for one peer are drawn; the alert draws them again. */
  #maskSeed(peer: Index): Uint8Array {
    const seed = this.#draw(seedBytes);
    this.#secrets.maskSeeds.set(peer, seed);
    return seed;
  }

  #proof(label: ProofLabel, prover: Index): ProofContext {
    return { execId: this.execId, curve: this.ctx.curve, label, prover, verifier: 0 };
  }

  #pointsOf(party: Index) {
    const points = pointsOfRound1(this.ctx.curve, this.#round1.get(party) as Round1);
    if (points === undefined) throw new Error('bug: these points were decoded before');
    return points;
  }

  #bodies(round: 1 | 2): Map<Index, Uint8Array> {
    const slot = round === 1 ? this.#slots.round1 : this.#slots.round2;
    return new Map(this.broadcasts(slot).map((m) => [m.from, m.body]));
  }

  #viewOf(round: 1 | 2 | 3): Uint8Array {
    const slot = [this.#slots.round1, this.#slots.round2, this.#slots.round3][round - 1] as Slots['round1'];
    const bodies = this.broadcasts(slot).map((m) => m.body);
    return viewOf(this.execId, round, bodies);
  }

  #messageOf(slot: Slots['round1'], from: Index): Message {
    return this.broadcasts(slot).find((m) => m.from === from) as Message;
  }

  #toEach<T>(values: readonly T[], send: (to: Index, value: T) => Effect): Effect[] {
    return this.peers.map((p, at) => send(p, values[at] as T));
  }

  protected override publics(): Uint8Array {
    return this.#publics;
  }

  protected override erase(): void {
    wipeBytes(this.#secrets);
    this.#secrets.seeds.length = 0;
    this.#secrets.maskSeeds.clear();
    this.#secrets.shares.length = 0;
  }
}

/** All of it overwritten at the end of the run, and before this party's σ leaves. */
interface Secrets {
  /** x⁺_i = λ_i·x_i. */
  readonly x: Scalar;
  k: Scalar;
  gamma: Scalar;
  a: Scalar;
  b: Scalar;
  chi: Scalar;
  readonly seeds: Uint8Array[];
  readonly maskSeeds: Map<Index, Uint8Array>;
  /** α, α̂ and β, β̂ of every product. */
  readonly shares: [Scalar, Scalar][];
}

const empty = (): Scalar => new Uint8Array(32) as Scalar;

/** What the auxiliary set-up guarantees of well-made values; a mix-up of epochs or signers shows here. */
function requireUsableAux(
  curve: Curve,
  { parties, self, aux }: { parties: readonly Index[]; self: Index; aux: Cggmp24Options['aux'] },
): void {
  if (!fitsCurve(curve)) refuse('E_C_AUX', 'The parameters do not fit this curve.');
  const publics = parties.map((p) => aux.publics.get(p));
  const moduli = publics.flatMap((p) => (p === undefined ? [] : [p.N, p.ringPedersen.N]));
  if (moduli.length !== 2 * parties.length) refuse('E_C_AUX', 'A party has no auxiliary values.');
  const isSized = (N: bigint): boolean => bitLength(N) >= modulusBitsMin && bitLength(N) <= modulusBitsMax;
  if (!moduli.every(isSized)) refuse('E_C_AUX', 'A modulus has a wrong size.');
  if (new Set(moduli).size !== moduli.length) refuse('E_C_AUX', 'Two moduli are the same.');
  const { own } = aux;
  const mine = aux.publics.get(self) as AuxPublic;
  if (own.p * own.q !== mine.N) refuse('E_C_AUX', 'The factors belong to another modulus.');
  if (own.pHat !== undefined && own.qHat !== undefined && own.pHat * own.qHat !== mine.ringPedersen.N)
    refuse('E_C_AUX', 'The factors belong to another modulus.');
}
