/**
 * Auxiliary set-up of a cluster: mpc-protocols §2.2 (CGGMP24 Fig. 7), docs/specs/auxiliary.md. Every party proves to
 * every other that its Paillier modulus and its ring-Pedersen parameters are what the proofs of signing assume. Once
 * per cluster and roster, for all keys; all parties take part.
 */
import { enc, equalBytes, hashCommit, i, sha512_256 } from '@holdfast/crypto/transcript';
import type { AuxPublic, PrmProof } from '../cggmp24/index.ts';
import { ringPedersenItem } from '../cggmp24/index.ts';
import {
  check,
  type Effect,
  hedgedRandom,
  type Inbox,
  type Index,
  type Machine,
  type Message,
  RoundMachine,
  type RunContext,
  refuse,
  type Stage,
} from '../runtime/index.ts';
import { checkFacsJob, checkModJob, checkOpenedJob, commitJob, coprimeJob, proveJob } from './jobs.ts';
import {
  acknowledgementSlot,
  commitmentSlot,
  committedBytes,
  facSlot,
  modSlot,
  type Opening,
  openingSlot,
} from './messages.ts';
import { type AuxPrimes, areAuxPrimes, auxOwn } from './primes.ts';

export interface AuxOutcome {
  /** SHA-512/256 over the run and all public values, 32 bytes: names the set-up. */
  readonly epoch: Uint8Array;
  /** Of every party, this one included. */
  readonly publics: ReadonlyMap<Index, AuxPublic>;
  /** One identity signature over the epoch of every party, in index order. */
  readonly acknowledgements: readonly { readonly index: Index; readonly signature: Uint8Array }[];
}

export interface AuxSetupOptions {
  /** Copied; the caller keeps its own, and needs them if the run ends well. */
  readonly primes: AuxPrimes;
  /**
   * Called once, before the moduli are opened to the peers: from then on these primes serve no other run, because a peer
   * could commit to the same moduli there and present them as its own. Must be on the disk when it returns; a throw
   * ends the run.
   */
  readonly opening?: () => void;
}

/** One party's machine. Throws RefusedError for primes of a wrong form. */
export function createAuxSetup(ctx: RunContext, o: AuxSetupOptions): Machine<AuxOutcome> {
  if (!areAuxPrimes(o.primes)) refuse('E_AUX_PRIMES', 'An auxiliary set-up needs four different primes of full size.');
  return new AuxSetup(ctx, o);
}

class AuxSetup extends RoundMachine<AuxOutcome> {
  protected override readonly stages: readonly Stage[];
  readonly #primes: AuxPrimes;
  readonly #opening: () => void;
  readonly #random: (n: number) => Uint8Array;
  #own: Opening | undefined;
  readonly #commitments = new Map<Index, { readonly V: Uint8Array; readonly message: Message }>();
  /** Of every party, own included, once opened. */
  readonly #opened = new Map<Index, Opening>();
  #rho: Uint8Array = new Uint8Array(32);
  #epoch: Uint8Array | undefined;

  constructor(ctx: RunContext, { primes: { p, q, pHat, qHat }, opening = () => {} }: AuxSetupOptions) {
    super(ctx, 'aux/1');
    this.#opening = opening;
    this.#primes = { p: p.slice(), q: q.slice(), pHat: pHat.slice(), qHat: qHat.slice() };
    this.#random = hedgedRandom(this.ctx, { label: 'aux', secret: this.#primes.p });
    this.stages = [
      { expect: [commitmentSlot], complete: (inbox) => this.#reveal(inbox) },
      { expect: [openingSlot], complete: (inbox) => this.#checkOpenings(inbox) },
      { expect: [modSlot, facSlot], complete: (inbox) => this.#checkProofs(inbox) },
      { expect: [acknowledgementSlot], complete: (inbox) => this.#certify(inbox) },
    ];
  }

  /** Round 1: makes s, t and Π^prm, commits to everything. */
  protected override begin(): Effect[] {
    const { pHat, qHat } = this.#primes;
    const input = { ...this.#run(), pHat, qHat, seed: this.#random(64) };
    return this.compute([{ kind: commitJob, input }], ([made]) => this.#commit(known(made)));
  }

  #commit({ ringPedersen, prm }: { ringPedersen: AuxPublic['ringPedersen']; prm: PrmProof }): Effect[] {
    const { p, q } = auxOwn(this.#primes);
    this.#own = { N: p * q, ringPedersen, prm, rho: this.#random(32), u: this.#random(32) };
    this.#opened.set(this.ctx.self, this.#own);
    return [this.broadcast(commitmentSlot, this.#commitmentTo(this.ctx.self, this.#own))];
  }

  /** Round 2, once all echoes agree. */
  #reveal(inbox: Inbox): Effect[] {
    for (const { from, value, message } of inbox.all(commitmentSlot))
      this.#commitments.set(from, { V: value, message });
    this.#opening();
    return [this.broadcast(openingSlot, known(this.#own))];
  }

  /** §2.2, table of round 3: openings, then what each party opened, then all moduli together. */
  #checkOpenings(inbox: Inbox): Effect[] {
    const openings = inbox.all(openingSlot);
    for (const { from, value: opening, message } of openings) {
      const { V, message: commitment } = known(this.#commitments.get(from));
      check(equalBytes(V, this.#commitmentTo(from, opening)), 'E_AUX_OPENING', [from], [commitment, message]);
      this.#opened.set(from, opening);
    }
    const jobs = openings.map(({ from, value: { N, ringPedersen, prm } }) => ({
      kind: checkOpenedJob,
      input: { execId: this.execId, from, opened: { N, ringPedersen, prm } },
    }));
    return this.compute(jobs, (verdicts) => {
      for (const [at, { from, message }] of openings.entries()) {
        const verdict = verdicts[at];
        check(verdict === undefined, verdict ?? '', [from], [message]);
      }
      return this.#checkTogether();
    });
  }

  /** A shared prime: no two honest parties draw one, and nobody can copy another's before it has committed. */
  #checkTogether(): Effect[] {
    const moduli = [...this.#opened].flatMap(([from, { N, ringPedersen }]) => [
      { from, N },
      { from, N: ringPedersen.N },
    ]);
    return this.compute([{ kind: coprimeJob, input: { self: this.ctx.self, moduli } }], ([culprits]) => {
      check(known(culprits).length === 0, 'E_AUX_MODULUS', known(culprits));
      return this.#prove();
    });
  }

  /** Round 3: Π^mod to all and Π^fac to each, bound to ρ, which nobody knew before all had committed. */
  #prove(): Effect[] {
    for (const { rho } of this.#opened.values()) {
      for (const [at, byte] of rho.entries()) this.#rho[at] = (this.#rho[at] ?? 0) ^ byte;
    }
    const { p, q } = this.#primes;
    const verifiers = this.peers.map((index) => ({ index, ringPedersen: known(this.#opened.get(index)).ringPedersen }));
    const input = { ...this.#run(), rho: this.#rho, p, q, seed: this.#random(64), verifiers };
    return this.compute([{ kind: proveJob, input }], ([proved]) => [
      this.broadcast(modSlot, known(proved).mod),
      ...known(proved).facs.map(({ to, proof }) => this.tell(to, facSlot, proof)),
    ]);
  }

  #checkProofs(inbox: Inbox): Effect[] {
    const common = { execId: this.execId, rho: this.#rho };
    const mods = inbox.all(modSlot);
    const jobs = mods.map(({ from, value: proof }) => ({
      kind: checkModJob,
      input: { ...common, from, N: known(this.#opened.get(from)).N, proof },
    }));
    return this.compute(jobs, (verdicts) => {
      for (const [at, { from, message }] of mods.entries()) {
        const verdict = verdicts[at];
        check(verdict === undefined, verdict ?? '', [from], [message]);
      }
      return this.#checkFactors(inbox);
    });
  }

  #checkFactors(inbox: Inbox): Effect[] {
    const { pHat, qHat } = this.#primes;
    const facs = inbox.all(facSlot);
    const input = {
      ...this.#run(),
      rho: this.#rho,
      proved: facs.map(({ from, value: proof }) => ({ from, N: known(this.#opened.get(from)).N, proof })),
      own: { ringPedersen: known(this.#own).ringPedersen, pHat, qHat },
    };
    return this.compute([{ kind: checkFacsJob, input }], ([verdicts]) => {
      for (const [at, { from, message }] of facs.entries()) {
        const verdict = known(verdicts)[at];
        check(verdict === undefined, verdict ?? '', [from], [message]);
      }
      return this.#acknowledge();
    });
  }

  /** Round 4. */
  #acknowledge(): Effect[] {
    this.#epoch = auxEpoch(this.execId, this.#publics());
    this.#wipePrimes();
    return [this.broadcast(acknowledgementSlot, this.ctx.env.sign(acknowledged(this.#epoch)))];
  }

  #certify(inbox: Inbox): Effect[] {
    const epoch = known(this.#epoch);
    const bytes = acknowledged(epoch);
    const acknowledgements = [{ index: this.ctx.self, signature: this.ctx.env.sign(bytes) }];
    for (const { from, value: signature } of inbox.all(acknowledgementSlot)) {
      check(this.ctx.env.verify(from, bytes, signature), 'E_AUX_ACK', [from]);
      acknowledgements.push({ index: from, signature });
    }
    acknowledgements.sort((a, b) => a.index - b.index);
    this.finish({ epoch, publics: this.#publics(), acknowledgements });
    return [];
  }

  protected override erase(): void {
    this.#wipePrimes();
    this.#rho.fill(0);
  }

  #wipePrimes(): void {
    for (const bytes of Object.values(this.#primes)) bytes.fill(0);
  }

  #run(): { execId: Uint8Array; self: Index } {
    return { execId: this.execId, self: this.ctx.self };
  }

  #commitmentTo(index: Index, opening: Opening): Uint8Array {
    return hashCommit('mpc/aux/1/commit/v1', this.execId, index, committedBytes(opening), opening.u);
  }

  #publics(): Map<Index, AuxPublic> {
    return new Map(
      this.ctx.parties.map((index) => {
        const { N, ringPedersen } = known(this.#opened.get(index));
        return [index, { N, ringPedersen }];
      }),
    );
  }
}

/** SHA-512/256 over the run's id, which binds the roster, and every public value in index order. */
export function auxEpoch(execId: Uint8Array, publics: ReadonlyMap<Index, AuxPublic>): Uint8Array {
  const rows = [...publics]
    .sort(([a], [b]) => a - b)
    .map(([index, { N, ringPedersen }]) => i.list([i.uint(index), i.uint(N), ringPedersenItem(ringPedersen)]));
  return sha512_256(enc('mpc/aux/epoch/v1', i.bytes(execId), i.list(rows)));
}

/** What every party signs at the end. */
function acknowledged(epoch: Uint8Array): Uint8Array {
  return enc('mpc/aux/4/acknowledged/v1', i.bytes(epoch));
}

/** States that a stage is never reached without the one before it. */
function known<T>(value: T | undefined): T {
  if (value === undefined) throw new TypeError('A stage ran before the one it builds on.');
  return value;
}
