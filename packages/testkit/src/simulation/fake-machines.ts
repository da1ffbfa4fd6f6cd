/**
 * Machines with the rounds, kinds and sizes of the real ones and hashes in place of their arithmetic, so that a run
 * costs a fraction. What the parties could not compute without the group they look up in a table that all of them
 * share, the trapdoor: it checks shares, knows every key it made, and turns the parties' nonces into a signature that
 * the real verifiers accept. They prove nothing about the protocols; they let everything around these be tried.
 * A nonce is drawn exactly where the real machine draws one, and the signature's R depends on the nonces and on
 * nothing else, so that a nonce used twice shows as in the real thing.
 */
import { createHash } from 'node:crypto';
import type { Curve, Scalar } from '@holdfast/crypto/curves';
import { split } from '@holdfast/crypto/sharing';
import { enc, equalBytes, f, i, sha256, sha512 } from '@holdfast/crypto/transcript';
import { type Acknowledgement, acknowledge, type CertifiedShare, epochOf, isAcknowledged } from '@holdfast/mpc/dkg';
import type { ColumnRun } from '@holdfast/mpc/group';
import type { EcdsaSignature, PrssSession } from '@holdfast/mpc/honest-majority';
import {
  abort,
  check,
  type Effect,
  format,
  hedgedRandom,
  type Inbox,
  type Index,
  type KeyShare,
  RoundMachine,
  type RunContext,
  type Slot,
  type Stage,
} from '@holdfast/mpc/runtime';
import { seededRandom } from '@holdfast/mpc/simulator';
import { type Machines, machines as real } from '@holdfast/signer/runs';

export interface FakeProvider {
  readonly machines: Machines;
  /** Nonces drawn so far: secrets that must be found nowhere. */
  nonces(): readonly Uint8Array[];
  /** A key that was made elsewhere and imported. */
  learn(key: { readonly publicKey: Uint8Array; readonly secret: Uint8Array }): void;
}

export function createFakeProvider(): FakeProvider {
  const trapdoor = new Trapdoor();
  return {
    nonces: () => [...trapdoor.openings.values()],
    learn: ({ publicKey, secret }) => trapdoor.learn(publicKey, secret as Scalar),
    machines: {
      ...real,
      // Masters have a chain code and keys for derivation answer in the group: those are real, and so are imported
      // keys, children, and whatever else the trapdoor has not made.
      dkg: (ctx, o) =>
        o.masterKey === true || o.protocol === 'GLOW20_DH' ? real.dkg(ctx, o) : new FakeDkg(ctx, trapdoor, o),
      ecdsaH: (ctx, o) => (trapdoor.knows(ctx, o.share) ? new FakeEcdsaH(ctx, trapdoor, o) : real.ecdsaH(ctx, o)),
      cggmp24: (ctx, o) => (trapdoor.knows(ctx, o.share) ? new FakeCggmp24(ctx, trapdoor, o) : real.cggmp24(ctx, o)),
      frostEd25519(ctx, o) {
        if (!trapdoor.knows(ctx, o.share)) return real.frostEd25519(ctx, o);
        const sign = (curve: Curve, x: Scalar, k: Scalar) => signEd25519(curve, { x, k, message: o.message });
        return new FakeFrost(ctx, trapdoor, { ...o, sign });
      },
      frostBip340(ctx, o) {
        if (o.taprootMerkleRoot !== undefined || !trapdoor.knows(ctx, o.share)) return real.frostBip340(ctx, o);
        const sign = (curve: Curve, x: Scalar, k: Scalar) => signBip340(curve, { x, k, message: o.message });
        return new FakeFrost(ctx, trapdoor, { ...o, sign });
      },
    },
  };
}

/** What all parties of a simulation share and no party of the product has. */
class Trapdoor {
  /** What a commitment opens to. */
  readonly openings = new Map<string, Uint8Array>();
  readonly #secrets = new Map<string, Scalar>();
  readonly #sharings = new Map<
    string,
    Omit<KeyShare, 'index' | 'x' | 'protocol'> & { readonly xs: readonly Scalar[] }
  >();
  readonly #signatures = new Map<string, unknown>();

  commit(purpose: string, opening: Uint8Array, bytes: number): Uint8Array {
    const commitment = stretch(`commit/${purpose}`, [opening], bytes);
    this.openings.set(hexOf(commitment), opening);
    return commitment;
  }
  opening(commitment: Uint8Array): Uint8Array {
    return this.openings.get(hexOf(commitment)) ?? new Uint8Array(32);
  }
  sharing(curve: Curve, seeds: readonly Uint8Array[], o: { t: number; n: number }) {
    const name = hexOf(stretch('sharing', [new TextEncoder().encode(curve.name), ...seeds], 32));
    const known = this.#sharings.get(name);
    if (known !== undefined) return known;
    const random = seededRandom(name);
    const secret = curve.scalar.random((n) => random.bytes(n));
    const { shares, publicShares, publicKey } = split(curve, { secret, ...o }, (n) => random.bytes(n));
    const made = { curve: curve.name, ...o, xs: shares, publicShares, publicKey, epoch: epochOf(curve, publicShares) };
    this.#secrets.set(hexOf(curve.encodePoint(publicKey)), secret);
    this.#sharings.set(name, made);
    return made;
  }
  knows({ curve }: RunContext, share: KeyShare): boolean {
    return this.#secrets.has(hexOf(curve.encodePoint(share.publicKey)));
  }
  learn(publicKey: Uint8Array, secret: Scalar): void {
    this.#secrets.set(hexOf(publicKey), secret);
  }
  /** One computation for all parties of a run; a key that these machines did not make has no signature. */
  sign<Out>(name: string, curve: Curve, share: KeyShare, work: (x: Scalar) => Out): Out | undefined {
    const known = this.#signatures.get(name);
    if (known !== undefined) return known as Out;
    const x = this.#secrets.get(hexOf(curve.encodePoint(share.publicKey)));
    if (x === undefined) return undefined;
    const made = work(x);
    this.#signatures.set(name, made);
    return made;
  }
}

// ---- Key generation ------------------------------------------------------------------------------------------

interface Opened {
  readonly rid: Uint8Array;
  readonly C: readonly Uint8Array[];
  readonly A: Uint8Array;
  readonly u: Uint8Array;
}

const bytes32 = (tag: string) =>
  format({ tag, fields: [f.scalar()], write: (k: Uint8Array) => [i.scalar(k)], read: ([k]) => k });

class FakeDkg extends RoundMachine<CertifiedShare> {
  protected override readonly stages: readonly Stage[];
  readonly #o: Parameters<Machines['dkg']>[1];
  readonly #trapdoor: Trapdoor;
  readonly #commitment: Slot<{ h: Uint8Array; V: Uint8Array }>;
  readonly #opening: Slot<Opened>;
  readonly #subshare: Slot<Uint8Array>;
  readonly #proof: Slot<Uint8Array>;
  readonly #acknowledgement: Slot<Uint8Array>;
  readonly #seeds = new Map<Index, Uint8Array>();
  #V: Uint8Array = new Uint8Array();
  #share: KeyShare | undefined;
  #own: Acknowledgement | undefined;

  constructor(ctx: RunContext, trapdoor: Trapdoor, o: Parameters<Machines['dkg']>[1]) {
    super(ctx, 'dkg/1');
    this.#o = o;
    this.#trapdoor = trapdoor;
    const { pointBytes } = ctx.curve;
    this.#commitment = {
      round: 1,
      kind: 'bcast',
      echo: true,
      format: format({
        tag: 'mpc/dkg/1/commitment/v1',
        fields: [f.bytes(64), f.bytes(64)],
        write: ({ h, V }) => [i.bytes(h), i.bytes(V)],
        read: ([h, V]) => ({ h, V }),
      }),
    };
    this.#opening = {
      round: 2,
      kind: 'bcast',
      format: format({
        tag: 'mpc/dkg/2/opening/v1',
        fields: [f.bytes(32), f.list(f.point(pointBytes), { count: o.t }), f.point(pointBytes), f.bytes(32)],
        write: ({ rid, C, A, u }) => [i.bytes(rid), i.list(C.map((c) => i.point(c))), i.point(A), i.bytes(u)],
        read: ([rid, C, A, u]) => ({ rid, C, A, u }),
      }),
    };
    this.#subshare = { round: 2, kind: 'p2p', signed: true, format: bytes32('mpc/dkg/2/subshare/v1') };
    this.#proof = { round: 3, kind: 'bcast', format: bytes32('mpc/dkg/3/proof/v1') };
    this.#acknowledgement = {
      round: 4,
      kind: 'ack',
      format: format({
        tag: 'mpc/dkg/4/acknowledgement/v1',
        fields: [f.bytes(64)],
        write: (signature: Uint8Array) => [i.bytes(signature)],
        read: ([signature]) => signature,
      }),
    };
    this.stages = [
      { expect: [this.#commitment], complete: (inbox) => this.#reveal(inbox) },
      { expect: [this.#opening, this.#subshare], complete: (inbox) => this.#prove(inbox) },
      { expect: [this.#proof], complete: (inbox) => this.#acknowledge(inbox) },
      { expect: [this.#acknowledgement], complete: (inbox) => this.#certify(inbox) },
    ];
  }

  protected override begin(): Effect[] {
    const seed = hedgedRandom(this.ctx, { label: 'dkg' })(32);
    this.#seeds.set(this.ctx.self, seed);
    this.#V = this.#trapdoor.commit('V', seed, 64);
    return [this.broadcast(this.#commitment, { h: this.#agreed(), V: this.#V })];
  }

  #agreed(): Uint8Array {
    return sha512(enc('simulation/dkg/agreed', i.bytes(this.execId), i.text(this.#o.protocol)));
  }

  #opened(seed: Uint8Array): Opened {
    const { pointBytes } = this.ctx.curve;
    const part = (name: string, bytes: number) => stretch(`dkg/${name}`, [this.execId, seed], bytes);
    return {
      rid: part('rid', 32),
      C: Array.from({ length: this.#o.t }, (_, k) => part(`C${k}`, pointBytes)),
      A: part('A', pointBytes),
      u: part('u', 32),
    };
  }

  #reveal(inbox: Inbox): Effect[] {
    const h = this.#agreed();
    for (const { from, value } of inbox.all(this.#commitment)) {
      check(equalBytes(value.h, h), 'E_DKG_MISMATCH');
      this.#seeds.set(from, this.#trapdoor.opening(value.V));
    }
    const seed = known(this.#seeds.get(this.ctx.self));
    return [
      this.broadcast(this.#opening, this.#opened(seed)),
      ...this.peers.map((j) => this.tell(j, this.#subshare, this.#sigma(seed, j))),
    ];
  }

  #sigma(seed: Uint8Array, j: Index): Uint8Array {
    return stretch(`dkg/sigma/${j}`, [this.execId, seed], 32);
  }

  #prove(inbox: Inbox): Effect[] {
    const { self, curve, parties } = this.ctx;
    for (const { from, value } of inbox.all(this.#opening)) {
      const expected = this.#opened(known(this.#seeds.get(from)));
      const flat = ({ rid, C, A, u }: Opened) => Buffer.concat([rid, ...C, A, u]);
      check(equalBytes(flat(value), flat(expected)), 'E_DKG_OPENING', [from]);
    }
    for (const { from, value, message } of inbox.all(this.#subshare)) {
      check(equalBytes(value, this.#sigma(known(this.#seeds.get(from)), self)), 'E_DKG_FELDMAN', [from], [message]);
    }
    const { t, n, protocol } = this.#o;
    const seeds = parties.map((party) => known(this.#seeds.get(party)));
    const { xs, ...sharing } = this.#trapdoor.sharing(curve, seeds, { t, n });
    this.#share = { ...sharing, protocol, index: self, x: curve.scalar.decode(known(xs[self - 1])) };
    return [this.broadcast(this.#proof, this.#proofOf(self))];
  }

  #proofOf(j: Index): Uint8Array {
    return stretch(`dkg/proof/${j}`, [this.execId, known(this.#share).epoch], 32);
  }

  #acknowledge(inbox: Inbox): Effect[] {
    const share = known(this.#share);
    for (const { from, value } of inbox.all(this.#proof))
      check(equalBytes(value, this.#proofOf(from)), 'E_DKG_SCHNORR', [from]);
    const { curve, env } = this.ctx;
    this.#own = acknowledge({ curve, share, statement: this.#o.statement, sign: env.sign });
    return [{ t: 'persist', tag: 'pending-share', share }, this.broadcast(this.#acknowledgement, this.#own.signature)];
  }

  #certify(inbox: Inbox): Effect[] {
    const share = known(this.#share);
    const { curve, env } = this.ctx;
    const statements = [known(this.#own)];
    for (const { from, value } of inbox.all(this.#acknowledgement)) {
      const acknowledgement = { index: from, signature: value };
      const stated = { curve, share, statement: this.#o.statement, verify: env.verify };
      check(isAcknowledged(stated, acknowledgement), 'E_DKG_ACK', [from]);
      statements.push(acknowledgement);
    }
    this.finish({ share, statements: statements.sort((a, b) => a.index - b.index) });
    return [];
  }

  protected override erase(): void {
    // The trapdoor's copy stays: nothing here is a secret of the product.
  }
}

// ---- Two rounds of any three ---------------------------------------------------------------------------------

interface FrostOptions {
  readonly share: KeyShare;
  readonly message: Uint8Array;
  readonly sign: (curve: Curve, x: Scalar, k: Scalar) => Uint8Array;
}

class FakeFrost extends RoundMachine<{ readonly signature: Uint8Array }> {
  protected override readonly stages: readonly Stage[];
  readonly #o: FrostOptions;
  readonly #trapdoor: Trapdoor;
  readonly #context: Uint8Array;
  readonly #round1: Slot<{ context: Uint8Array; D: Uint8Array; E: Uint8Array }>;
  readonly #round2: Slot<{ view: Uint8Array; z: Uint8Array }>;
  #commitments: { index: Index; D: Uint8Array; E: Uint8Array }[] = [];
  #view: Uint8Array = new Uint8Array();

  constructor(ctx: RunContext, trapdoor: Trapdoor, o: FrostOptions) {
    super(ctx, 'frost/simulation/1');
    if (ctx.parties.length !== o.share.t) throw new TypeError('exactly t signers');
    this.#o = o;
    this.#trapdoor = trapdoor;
    this.#context = sha256(
      enc('simulation/frost/context', i.bytes(ctx.execId), i.bytes(o.share.epoch), i.bytes(sha256(o.message))),
    );
    const { pointBytes } = ctx.curve;
    this.#round1 = {
      round: 1,
      kind: 'bcast',
      format: format({
        tag: 'mpc/frost/1/commitments/v1',
        fields: [f.bytes(32), f.point(pointBytes), f.point(pointBytes)],
        write: ({ context, D, E }) => [i.bytes(context), i.point(D), i.point(E)],
        read: ([context, D, E]) => ({ context, D, E }),
      }),
    };
    this.#round2 = {
      round: 2,
      kind: 'bcast',
      format: format({
        tag: 'mpc/frost/2/share/v1',
        fields: [f.bytes(32), f.scalar()],
        write: ({ view, z }) => [i.bytes(view), i.scalar(z)],
        read: ([view, z]) => ({ view, z }),
      }),
    };
    this.stages = [
      { expect: [this.#round1], complete: (inbox) => this.#respond(inbox) },
      { expect: [this.#round2], complete: (inbox) => this.#conclude(inbox) },
    ];
  }

  protected override begin(): Effect[] {
    const { self, curve } = this.ctx;
    const random = hedgedRandom(this.ctx, { label: 'frost.nonce' });
    const D = this.#trapdoor.commit('D', random(32), curve.pointBytes);
    const E = this.#trapdoor.commit('E', random(32), curve.pointBytes);
    this.#commitments = [{ index: self, D, E }];
    return [this.broadcast(this.#round1, { context: this.#context, D, E })];
  }

  #respond(inbox: Inbox): Effect[] {
    for (const { from, value } of inbox.all(this.#round1)) {
      check(equalBytes(value.context, this.#context), 'E_F_CONTEXT');
      this.#commitments.push({ index: from, D: value.D, E: value.E });
    }
    this.#commitments.sort((a, b) => a.index - b.index);
    this.#view = stretch(
      'view',
      this.#commitments.flatMap(({ D, E }) => [D, E]),
      32,
    );
    return [this.broadcast(this.#round2, { view: this.#view, z: this.#z(this.ctx.self) })];
  }

  /** The share of a party: of its nonces, the list and what is signed. */
  #z(index: Index): Uint8Array {
    const entry = known(this.#commitments.find((each) => each.index === index));
    const nonces = [this.#trapdoor.opening(entry.D), this.#trapdoor.opening(entry.E)];
    return stretch('z', [...nonces, this.#view, this.#context], 32);
  }

  #conclude(inbox: Inbox): Effect[] {
    const received = inbox.all(this.#round2);
    for (const { value } of received) check(equalBytes(value.view, this.#view), 'E_F_VIEW');
    const culprits = received.filter(({ from, value }) => !equalBytes(value.z, this.#z(from))).map(({ from }) => from);
    if (culprits.length > 0) abort('E_F_SHARE', culprits);
    const { curve } = this.ctx;
    const nonces = this.#commitments.flatMap(({ D, E }) => [this.#trapdoor.opening(D), this.#trapdoor.opening(E)]);
    const k = curve.scalar.reduce(stretch('k', nonces, 48));
    const name = hexOf(stretch('signature', [this.execId, this.#view, this.#context], 32));
    const signature = this.#trapdoor.sign(name, curve, this.#o.share, (x) => this.#o.sign(curve, x, k));
    check(signature !== undefined, 'E_F_SIG');
    this.finish({ signature });
    return [];
  }

  protected override erase(): void {
    this.#o.share.x.fill(0);
  }
}

/** Of a point in a group's columns. */
const CELL_BYTES = 65;

// ---- Three rounds of five --------------------------------------------------------------------------------------

class FakeEcdsaH extends RoundMachine<EcdsaSignature> {
  protected override readonly stages: readonly Stage[];
  readonly #o: Parameters<Machines['ecdsaH']>[1];
  readonly #trapdoor: Trapdoor;
  readonly #context: Uint8Array;
  readonly #randomness: ReturnType<PrssSession['open']>;
  readonly #open: Slot<{ context: Uint8Array; R: Uint8Array; w: Uint8Array }>;
  readonly #masked: Slot<Uint8Array>;
  readonly #share: Slot<Uint8Array>;
  readonly #R = new Map<Index, Uint8Array>();

  constructor(ctx: RunContext, trapdoor: Trapdoor, o: Parameters<Machines['ecdsaH']>[1]) {
    super(ctx, 'ecdsa-h/2');
    if (ctx.parties.length !== 2 * o.share.t - 1) throw new TypeError("exactly 2t'+1 parties");
    this.#o = { ...o, digest: Uint8Array.from(o.digest) };
    this.#trapdoor = trapdoor;
    this.#context = sha256(
      enc('simulation/ecdsa-h', i.bytes(ctx.execId), i.bytes(o.share.epoch), i.bytes(o.prss.id), i.bytes(o.digest)),
    );
    const { pointBytes } = ctx.curve;
    this.#open = {
      round: 1,
      kind: 'bcast',
      format: format({
        tag: 'mpc/ecdsa-h/1/open/v1',
        fields: [f.bytes(32), f.point(pointBytes), f.scalar()],
        write: ({ context, R, w }) => [i.bytes(context), i.point(R), i.scalar(w)],
        read: ([context, R, w]) => ({ context, R, w }),
      }),
    };
    this.#masked = {
      round: 2,
      kind: 'bcast',
      format: format({
        tag: 'mpc/ecdsa-h/2/masked/v1',
        fields: [f.point(pointBytes)],
        write: (W: Uint8Array) => [i.point(W)],
        read: ([W]) => W,
      }),
    };
    this.#share = { round: 3, kind: 'bcast', format: bytes32('mpc/ecdsa-h/3/share/v1') };
    this.stages = [
      { expect: [this.#open], complete: (inbox) => this.#mask(inbox) },
      { expect: [this.#masked], complete: (inbox) => this.#answer(inbox) },
      { expect: [this.#share], complete: (inbox) => this.#combine(inbox) },
    ];
    // As in the real one: last, and it burns the id within the session.
    this.#randomness = o.prss.open(this.execId, ctx.curve);
  }

  protected override begin(): Effect[] {
    return [this.broadcast(this.#open, this.#opening())];
  }

  #opening(): { context: Uint8Array; R: Uint8Array; w: Uint8Array } {
    const { self, curve } = this.ctx;
    const R = this.#trapdoor.commit('R', this.#randomness.draw({ k: 'rand' }).k, curve.pointBytes);
    this.#R.set(self, R);
    return { context: this.#context, R, w: this.#of(self, 'w', 32) };
  }

  #of(index: Index, name: string, bytes: number): Uint8Array {
    return stretch(`h/${name}`, [this.#trapdoor.opening(known(this.#R.get(index))), this.#context], bytes);
  }

  #W(index: Index): Uint8Array {
    return this.#of(index, 'W', this.ctx.curve.pointBytes);
  }

  #mask(inbox: Inbox): Effect[] {
    for (const { from, value } of inbox.all(this.#open)) this.#hearOpening(from, value);
    return [this.broadcast(this.#masked, this.#W(this.ctx.self))];
  }

  /** Nobody is named for a wrong value, as in the real one. */
  #hearOpening(from: Index, { context, R, w }: { context: Uint8Array; R: Uint8Array; w: Uint8Array }): void {
    check(equalBytes(context, this.#context), 'E_H_CONTEXT');
    this.#R.set(from, R);
    check(equalBytes(w, this.#of(from, 'w', 32)), 'E_H_RDEG');
  }

  #answer(inbox: Inbox): Effect[] {
    for (const { from, value } of inbox.all(this.#masked)) check(equalBytes(value, this.#W(from)), 'E_H_W');
    return [this.broadcast(this.#share, this.#of(this.ctx.self, 's', 32))];
  }

  #combine(inbox: Inbox): Effect[] {
    for (const { from, value } of inbox.all(this.#share)) check(equalBytes(value, this.#of(from, 's', 32)), 'E_H_SIG');
    this.finish(this.#signature());
    return [];
  }

  #signature(): EcdsaSignature {
    const { curve, parties } = this.ctx;
    const nonces = parties.map((party) => this.#trapdoor.opening(known(this.#R.get(party))));
    const k = curve.scalar.reduce(stretch('k', nonces, 48));
    const name = hexOf(stretch('signature', [this.execId, this.#context, ...nonces], 32));
    const { share, digest } = this.#o;
    const signed = this.#trapdoor.sign(name, curve, share, (x) => signEcdsa(curve, { x, k, digest }));
    check(signed !== undefined, 'E_H_SIG');
    return signed;
  }

  /** The same for a group: what stands for a point is filled up with zeros to the width of a cell. */
  get columns(): ColumnRun<EcdsaSignature> {
    const { self, curve } = this.ctx;
    const asCell = (point: Uint8Array) => Buffer.concat([point, Buffer.alloc(CELL_BYTES - point.length)]);
    return {
      begin: () => {
        const { context, R, w } = this.#opening();
        return [context, asCell(R), w];
      },
      hear: (round, heard) => {
        for (const { from, cells } of heard) {
          const [first, second, third] = cells.map((cell) => cell.slice()) as [Uint8Array, Uint8Array, Uint8Array];
          if (round === 1) this.#hearOpening(from, { context: first, R: second.slice(0, curve.pointBytes), w: third });
          else if (round === 2) check(equalBytes(first, asCell(this.#W(from))), 'E_H_W');
          else check(equalBytes(first, this.#of(from, 's', 32)), 'E_H_SIG');
        }
      },
      say: (round) => [round === 2 ? asCell(this.#W(self)) : this.#of(self, 's', 32)],
      out: () => this.#signature(),
    };
  }

  protected override erase(): void {
    // draw() gives the shares of this run alone; the session wipes its keys itself.
  }
}

// ---- Four rounds of any three ----------------------------------------------------------------------------------

/** Bytes of a ciphertext under a modulus of 3072 bits, and of the two kinds of proofs about one (mpc cggmp24/messages.ts). */
const CIPHERTEXT_BYTES = 768;
const ENC_PROOF_BYTES = 2_560;
const PRODUCT_PROOF_BYTES = 5_300;
const LOG_PROOF_BYTES = 200;

interface Commitments {
  readonly context: Uint8Array;
  /** K and G: one text each, filled up. */
  readonly ciphertexts: readonly Uint8Array[];
  /** Y, A1, A2, B1, B2; the nonces are what A1 and B1 open to. */
  readonly points: readonly Uint8Array[];
}

class FakeCggmp24 extends RoundMachine<EcdsaSignature> {
  protected override readonly stages: readonly Stage[];
  readonly #o: Parameters<Machines['cggmp24']>[1];
  readonly #trapdoor: Trapdoor;
  readonly #context: Uint8Array;
  readonly #commitments: Slot<Commitments>;
  readonly #proofs: Slot<readonly Uint8Array[]>;
  readonly #gamma: Slot<{ view: Uint8Array; Gamma: Uint8Array; rest: readonly Uint8Array[] }>;
  readonly #products: Slot<readonly Uint8Array[]>;
  readonly #delta: Slot<{ view: Uint8Array; rest: readonly Uint8Array[] }>;
  readonly #partial: Slot<{ view: Uint8Array; sigma: Uint8Array }>;
  readonly #seeds = new Map<Index, readonly [a: Uint8Array, b: Uint8Array]>();
  #view: Uint8Array = new Uint8Array();

  constructor(ctx: RunContext, trapdoor: Trapdoor, o: Parameters<Machines['cggmp24']>[1]) {
    super(ctx, 'cggmp24/1');
    if (ctx.parties.length !== o.share.t) throw new TypeError('exactly t signers');
    this.#o = { ...o, digest: Uint8Array.from(o.digest) };
    this.#trapdoor = trapdoor;
    this.#context = sha256(
      enc('simulation/cggmp24', i.bytes(ctx.execId), i.bytes(o.share.epoch), i.bytes(sha256(o.digest))),
    );
    const point = f.point(ctx.curve.pointBytes);
    const inN2 = f.bytes(CIPHERTEXT_BYTES);
    const bytes = (list: readonly Uint8Array[]) => list.map((each) => i.bytes(each));
    this.#commitments = {
      round: 1,
      kind: 'bcast',
      echo: true,
      format: format({
        tag: 'mpc/cggmp24/1/commitments/v1',
        fields: [f.bytes(32), inN2, inN2, point, point, point, point, point],
        write: (m: Commitments) => [i.bytes(m.context), ...bytes(m.ciphertexts), ...m.points.map((p) => i.point(p))],
        read: ([context, K, G, ...points]) => ({ context, ciphertexts: [K, G], points }),
      }),
    };
    this.#proofs = {
      round: 1,
      kind: 'p2p',
      signed: true,
      format: format({
        tag: 'mpc/cggmp24/1/proofs/v1',
        fields: [f.bytes(ENC_PROOF_BYTES), f.bytes(ENC_PROOF_BYTES)],
        write: bytes,
        read: (proofs): readonly Uint8Array[] => proofs,
      }),
    };
    this.#gamma = {
      round: 2,
      kind: 'bcast',
      echo: true,
      format: format({
        tag: 'mpc/cggmp24/2/gamma/v1',
        fields: [f.bytes(32), point, f.bytes(LOG_PROOF_BYTES), f.bytes(32), f.bytes(32)],
        write: ({ view, Gamma, rest }) => [i.bytes(view), i.point(Gamma), ...bytes(rest)],
        read: ([view, Gamma, ...rest]) => ({ view, Gamma, rest }),
      }),
    };
    this.#products = {
      round: 2,
      kind: 'p2p',
      signed: true,
      format: format({
        tag: 'mpc/cggmp24/2/products/v1',
        fields: [inN2, inN2, inN2, inN2, f.bytes(PRODUCT_PROOF_BYTES), f.bytes(PRODUCT_PROOF_BYTES)],
        write: bytes,
        read: (products): readonly Uint8Array[] => products,
      }),
    };
    this.#delta = {
      round: 3,
      kind: 'bcast',
      echo: true,
      format: format({
        tag: 'mpc/cggmp24/3/delta/v1',
        fields: [f.bytes(32), f.scalar(), point, point, f.bytes(LOG_PROOF_BYTES)],
        write: ({ view, rest: [delta, S, Delta, psi] }) => [
          i.bytes(view),
          i.scalar(known(delta)),
          i.point(known(S)),
          i.point(known(Delta)),
          i.bytes(known(psi)),
        ],
        read: ([view, ...rest]) => ({ view, rest }),
      }),
    };
    this.#partial = {
      round: 4,
      kind: 'bcast',
      signed: true,
      format: format({
        tag: 'mpc/cggmp24/4/partial/v1',
        fields: [f.bytes(32), f.scalar()],
        write: ({ view, sigma }) => [i.bytes(view), i.scalar(sigma)],
        read: ([view, sigma]) => ({ view, sigma }),
      }),
    };
    this.stages = [
      { expect: [this.#commitments, this.#proofs], complete: (inbox) => this.#multiply(inbox) },
      { expect: [this.#gamma, this.#products], complete: (inbox) => this.#addUp(inbox) },
      { expect: [this.#delta], complete: (inbox) => this.#sign(inbox) },
      { expect: [this.#partial], complete: (inbox) => this.#combine(inbox) },
    ];
  }

  protected override begin(): Effect[] {
    const { self, curve } = this.ctx;
    const random = hedgedRandom(this.ctx, { label: 'cggmp24.nonce' });
    const seeds = [random(32), random(32)] as const;
    this.#seeds.set(self, seeds);
    const [A1, B1] = [
      this.#trapdoor.commit('A1', seeds[0], curve.pointBytes),
      this.#trapdoor.commit('B1', seeds[1], curve.pointBytes),
    ];
    const [Y, A2, B2] = this.#points(self, ['Y', 'A2', 'B2']);
    return [
      this.broadcast(this.#commitments, {
        context: this.#context,
        ciphertexts: this.#long(self, ['K', 'G'], CIPHERTEXT_BYTES),
        points: [Y, A1, A2, B1, B2].map(known),
      }),
      ...this.peers.map((j) =>
        this.tell(j, this.#proofs, this.#long(self, [`enc/${j}`, `enc2/${j}`], ENC_PROOF_BYTES)),
      ),
    ];
  }

  #of(index: Index, name: string, bytes: number): Uint8Array {
    return stretch(`c/${name}`, [...known(this.#seeds.get(index)), this.#context], bytes);
  }
  #points(index: Index, names: readonly string[]): Uint8Array[] {
    return names.map((name) => this.#of(index, name, this.ctx.curve.pointBytes));
  }
  /** Of full size, without hashing all of it. */
  #long(index: Index, names: readonly string[], bytes: number): Uint8Array[] {
    return names.map((name) => {
      const out = new Uint8Array(bytes);
      out.set(this.#of(index, name, 64));
      return out;
    });
  }
  #isAs(values: readonly Uint8Array[], expected: readonly Uint8Array[]): boolean {
    return equalBytes(Buffer.concat(values), Buffer.concat(expected));
  }
  #productsOf(from: Index, to: Index): Uint8Array[] {
    return [
      ...this.#long(from, [`D/${to}`, `F/${to}`, `DHat/${to}`, `FHat/${to}`], CIPHERTEXT_BYTES),
      ...this.#long(from, [`psi/${to}`, `psiHat/${to}`], PRODUCT_PROOF_BYTES),
    ];
  }
  #rest2(index: Index): Uint8Array[] {
    return [this.#of(index, 'elog', LOG_PROOF_BYTES), this.#of(index, 'hash', 32), this.#of(index, 'hash2', 32)];
  }
  #rest3(index: Index): Uint8Array[] {
    const [S, Delta] = this.#points(index, ['S', 'Delta']);
    return [this.#of(index, 'delta', 32), known(S), known(Delta), this.#of(index, 'elog3', LOG_PROOF_BYTES)];
  }

  #multiply(inbox: Inbox): Effect[] {
    const { self } = this.ctx;
    for (const { from, value } of inbox.all(this.#commitments)) {
      check(equalBytes(value.context, this.#context), 'E_C_CONTEXT');
      const [, A1, , B1] = value.points;
      this.#seeds.set(from, [this.#trapdoor.opening(known(A1)), this.#trapdoor.opening(known(B1))]);
    }
    const said = inbox.all(this.#commitments);
    for (const [at, { from, value, message }] of inbox.all(this.#proofs).entries()) {
      const first = known(said[at]);
      const [Y, A1, A2, , B2] = first.value.points;
      const isSound =
        this.#isAs(value, this.#long(from, [`enc/${self}`, `enc2/${self}`], ENC_PROOF_BYTES)) &&
        this.#isAs(first.value.ciphertexts, this.#long(from, ['K', 'G'], CIPHERTEXT_BYTES)) &&
        A1 !== undefined &&
        this.#isAs([Y, A2, B2].map(known), this.#points(from, ['Y', 'A2', 'B2']));
      check(isSound, 'E_C_ENCELG', [from], [first.message, message]);
    }
    this.#view = stretch(
      'c/view',
      this.ctx.parties.flatMap((j) => known(this.#seeds.get(j))),
      32,
    );
    const [Gamma] = this.#points(self, ['Gamma']);
    return [
      this.broadcast(this.#gamma, { view: this.#view, Gamma: known(Gamma), rest: this.#rest2(self) }),
      ...this.peers.map((j) => this.tell(j, this.#products, this.#productsOf(self, j))),
    ];
  }

  #addUp(inbox: Inbox): Effect[] {
    const { self } = this.ctx;
    const said = inbox.all(this.#gamma);
    for (const [at, { from, value, message }] of inbox.all(this.#products).entries()) {
      const first = known(said[at]);
      check(equalBytes(first.value.view, this.#view), 'E_C_VIEW', [from]);
      const isSound =
        this.#isAs(value, this.#productsOf(from, self)) &&
        this.#isAs([first.value.Gamma, ...first.value.rest], [...this.#points(from, ['Gamma']), ...this.#rest2(from)]);
      check(isSound, 'E_C_AFFG', [from], [first.message, message]);
    }
    this.#view = stretch('c/view', [this.#view], 32);
    return [this.broadcast(this.#delta, { view: this.#view, rest: this.#rest3(self) })];
  }

  #sign(inbox: Inbox): Effect[] {
    for (const { from, value, message } of inbox.all(this.#delta)) {
      check(equalBytes(value.view, this.#view), 'E_C_VIEW', [from]);
      check(this.#isAs(value.rest, this.#rest3(from)), 'E_C_ELOG', [from], [message]);
    }
    this.#view = stretch('c/view', [this.#view], 32);
    return [this.broadcast(this.#partial, { view: this.#view, sigma: this.#of(this.ctx.self, 'sigma', 32) })];
  }

  #combine(inbox: Inbox): Effect[] {
    for (const { from, value, message } of inbox.all(this.#partial)) {
      check(equalBytes(value.view, this.#view), 'E_C_VIEW', [from]);
      check(equalBytes(value.sigma, this.#of(from, 'sigma', 32)), 'E_C_PARTIAL', [from], [message]);
    }
    const { curve, parties } = this.ctx;
    const nonces = parties.flatMap((party) => known(this.#seeds.get(party)));
    const k = curve.scalar.reduce(stretch('k', nonces, 48));
    const name = hexOf(stretch('signature', [this.execId, this.#context, ...nonces], 32));
    const { share, digest } = this.#o;
    const signed = this.#trapdoor.sign(name, curve, share, (x) => signEcdsa(curve, { x, k, digest }));
    check(signed !== undefined, 'E_C_SIG');
    this.finish(signed);
    return [];
  }

  protected override erase(): void {
    this.#o.share.x.fill(0);
  }
}

// ---- Signatures by the whole key -------------------------------------------------------------------------------

interface Whole {
  readonly x: Scalar;
  readonly k: Scalar;
}

/** RFC 8032 §5.1.6, with the nonce given. */
function signEd25519(curve: Curve, { x, k, message }: Whole & { message: Uint8Array }): Uint8Array {
  const R = curve.encodePoint(curve.mulBase(k));
  const A = curve.encodePoint(curve.mulBase(x));
  const c = curve.scalar.reduce(createHash('sha512').update(R).update(A).update(message).digest().reverse());
  const s = curve.scalar.add(k, curve.scalar.mul(c, x));
  return Buffer.concat([R, Buffer.from(s).reverse()]);
}

/** BIP-340, untweaked. */
function signBip340(curve: Curve, { x, k, message }: Whole & { message: Uint8Array }): Uint8Array {
  const even = (secret: Scalar) => {
    const point = curve.affine(curve.mulBase(secret));
    return { secret: point.yOdd ? curve.scalar.neg(secret) : secret, x: point.x };
  };
  const [key, nonce] = [even(x), even(k)];
  const tag = createHash('sha256').update('BIP0340/challenge').digest();
  const hash = createHash('sha256').update(tag).update(tag).update(nonce.x).update(key.x).update(message).digest();
  const s = curve.scalar.add(nonce.secret, curve.scalar.mul(curve.scalar.reduce(hash), key.secret));
  return Buffer.concat([nonce.x, s]);
}

/** SEC 1 §4.1.3 with the low-s rule of secp256k1. */
function signEcdsa(curve: Curve, { x, k, digest }: Whole & { digest: Uint8Array }): EcdsaSignature {
  const { scalar } = curve;
  const R = curve.affine(curve.mulBase(k));
  const r = scalar.reduce(R.x);
  const s = scalar.mul(scalar.invert(k), scalar.add(scalar.reduce(digest), scalar.mul(r, x)));
  const isHigh = scalar.toBigInt(s) > curve.order / 2n;
  const recid = (equalBytes(r, R.x) ? 0 : 2) | (R.yOdd ? 1 : 0);
  return { signature: Buffer.concat([r, isHigh ? scalar.neg(s) : s]), recid: isHigh ? recid ^ 1 : recid };
}

// ---- Hashes ----------------------------------------------------------------------------------------------------

/** SHA-512 in blocks, over the parts with their lengths. */
function stretch(purpose: string, parts: readonly Uint8Array[], bytes: number): Uint8Array {
  const out = new Uint8Array(bytes);
  for (let at = 0; at < bytes; at += 64) {
    const hash = createHash('sha512').update(`simulation/${purpose}/${at}/${bytes}`);
    for (const part of parts) hash.update(`${part.length}/`).update(part);
    out.set(hash.digest().subarray(0, bytes - at), at);
  }
  return out;
}

const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

function known<T>(value: T | undefined): T {
  if (value === undefined) throw new TypeError('a stage ran before the one it builds on');
  return value;
}
