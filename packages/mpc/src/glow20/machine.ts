/**
 * Deterministic derivation by a threshold of holders: GLOW20's DDH-DVRF, one round (mpc-protocols §9.2;
 * docs/specs/glow20.md is normative). Robust: any t valid answers give the output, whoever else is silent or lies.
 */
import type { Curve, Point, Scalar } from '@holdfast/crypto/curves';
import { lagrange } from '@holdfast/crypto/sharing';
import { enc, equalBytes, f, i, sha256, sha512_256 } from '@holdfast/crypto/transcript';
import { requireUsableShare } from '../frost/usable-share.ts';
import {
  type Abort,
  attempt,
  type Effect,
  type Format,
  format,
  hedgedRandom,
  type Index,
  type KeyShare,
  type Machine,
  type Message,
  type RunContext,
  refuse,
  requireRun,
  type Status,
} from '../runtime/index.ts';
import { type DvrfInput, inputPoint, outputV1 } from './output.ts';
import { type DleqProof, prove, verify } from './proof.ts';

export interface DvrfOut {
  /** 32 bytes, the same for every set of t honest answers. */
  readonly output: Uint8Array;
  /** Whose answer had arrived by then and did not verify. */
  readonly culprits: readonly Index[];
}

/**
 * From t to n holders take part. The machine ends well as soon as t answers, its own among them, verify; it aborts
 * only when the parties left cannot bring it there.
 */
export function createGlow20(
  ctx: RunContext,
  o: { readonly share: KeyShare; readonly input: DvrfInput },
): Machine<DvrfOut> {
  return new Glow20(ctx, o);
}

/** Two points, three scalars and a hash take less; anything longer is not an answer. */
const ANSWER_BYTES_MAX = 512;

// Not a RoundMachine: that one needs every party in every round, which is what this protocol does without.
class Glow20 implements Machine<DvrfOut> {
  readonly protocol = 'glow20/1';
  readonly execId: Uint8Array;
  readonly #ctx: RunContext;
  readonly #share: KeyShare;
  readonly #input: DvrfInput;
  readonly #P_H: Point;
  readonly #context: Uint8Array;
  readonly #format: Format<Answer>;
  readonly #peers: readonly Index[];
  /** D_j of every party whose proof holds, own included once started. */
  readonly #D = new Map<Index, Point>();
  readonly #culprits = new Set<Index>();
  /** Silent for good, or asked for something else than we were. */
  readonly #useless = new Set<Index>();
  #differs = false;
  #started = false;
  #state: { s: 'running' } | { s: 'done'; out: DvrfOut } | { s: 'aborted'; abort: Abort } = { s: 'running' };

  constructor(ctx: RunContext, { share, input }: { share: KeyShare; input: DvrfInput }) {
    requireRun(ctx);
    // A key that signs never answers here, and the other way round (attack row 52).
    if (share.protocol !== 'GLOW20_DH') refuse('E_KEY_PROTOCOL', 'The key was not made for derivation.');
    if (share.curve !== 'secp256k1') refuse('E_KEY_PROTOCOL', 'Derivation is on secp256k1.');
    this.#ctx = { ...ctx, execId: ctx.execId.slice(), parties: [...ctx.parties] };
    this.execId = this.#ctx.execId;
    requireUsableShare(this.#ctx, share);
    if (ctx.parties.length < share.t) refuse('E_PARTIES', 'A derivation needs at least t holders.');
    this.#share = share;
    this.#input = { domain: Uint8Array.from(input.domain), seed: Uint8Array.from(input.seed) };
    this.#P_H = inputPoint(ctx.curve, this.#input);
    this.#context = contextOf(this.#ctx, { share, input: this.#input });
    this.#format = answerFormat(ctx.curve);
    this.#peers = ctx.parties.filter((p) => p !== ctx.self);
  }

  /** Steps 2 and 3: D_i = x_i·P_H and the proof that it is. */
  start(): Effect[] {
    if (this.#started) refuse('E_STARTED', 'A run is started once.');
    this.#started = true;
    if (this.#state.s !== 'running') return [];
    const { curve, self } = this.#ctx;
    const { x } = this.#share;
    const D_i = curve.mulSecret(this.#P_H, x);
    const r = curve.scalar.random(hedgedRandom(this.#ctx, { label: 'dvrf.dleq', secret: x }));
    const proof = prove(curve, this.#statement(self, D_i), { x, r });
    r.fill(0);
    this.#D.set(self, D_i);
    const body = this.#format.encode({ context: this.#context, D: curve.encodePoint(D_i), ...proof });
    this.#conclude();
    return [{ t: 'send', message: { round: 1, kind: 'bcast', from: self, to: 0, body } }];
  }

  receive(m: Message): Effect[] {
    if (this.#state.s === 'running' && this.#isAwaited(m.from) && m.round === 1 && m.kind === 'bcast' && m.to === 0) {
      this.#take(m.from, m.body);
      this.#conclude();
    }
    return [];
  }

  /** This protocol hands out no jobs. */
  computed(): Effect[] {
    return [];
  }

  computeFailed(): Effect[] {
    return [];
  }

  peerGone(gone: Index): Effect[] {
    if (this.#state.s === 'running' && this.#isAwaited(gone)) {
      this.#useless.add(gone);
      this.#conclude();
    }
    return [];
  }

  status(): Status<DvrfOut> {
    if (this.#state.s !== 'running') return this.#state;
    return { s: 'running', waitingFor: this.#peers.filter((p) => this.#isAwaited(p)) };
  }

  /** Nothing secret is kept from one step to the next; the share is the caller's. */
  wipe(): void {
    if (this.#state.s === 'running') this.#end({ code: 'E_WIPED', round: 1, culprits: [] });
  }

  /** A party speaks once: after a wrong answer it cannot send a right one. */
  #isAwaited(p: Index): boolean {
    return this.#peers.includes(p) && !this.#D.has(p) && !this.#culprits.has(p) && !this.#useless.has(p);
  }

  #take(from: Index, body: Uint8Array): void {
    const { curve } = this.#ctx;
    const answer = body.length <= ANSWER_BYTES_MAX ? attempt(() => this.#format.decode(body)) : undefined;
    if (answer !== undefined && !equalBytes(answer.context, this.#context)) {
      // Either side may have been told something else, so nobody is named.
      this.#differs = true;
      this.#useless.add(from);
      return;
    }
    // decodePoint: canonical, on the curve, not the identity.
    const D_j = answer === undefined ? undefined : attempt(() => curve.decodePoint(answer.D));
    if (answer === undefined || D_j === undefined || !verify(curve, this.#statement(from, D_j), answer)) {
      this.#culprits.add(from);
      return;
    }
    this.#D.set(from, D_j);
  }

  #statement(index: Index, D_i: Point) {
    const X_i = this.#share.publicShares[index - 1] as Point; // Every participant has a share: requireUsableShare.
    return { execId: this.execId, index, P_H: this.#P_H, X_i, D_i };
  }

  #conclude(): void {
    const { t } = this.#share;
    // Not before our own answer is on its way: the others may need it.
    if (this.#started && this.#D.size >= t) {
      this.#state = { s: 'done', out: { output: this.#combine(), culprits: this.#named() } };
      return;
    }
    const possible = 1 + this.#peers.filter((p) => this.#D.has(p) || this.#isAwaited(p)).length;
    if (possible >= t) return;
    const lied = this.#culprits.size > 0;
    this.#end({
      code: lied ? 'E_G_DLEQ' : this.#differs ? 'E_G_CONTEXT' : 'E_PEER_GONE',
      round: 1,
      culprits: this.#named(),
    });
  }

  /**
   * D = Σ λ_j·D_j over t answers. That another t would give the same D is what the proofs say: each D_j is x_j·P_H for the
   * x_j behind X_j, and the X_j lie on one polynomial (requireUsableShare). So no second set is compared.
   */
  #combine(): Uint8Array {
    const { curve } = this.#ctx;
    const chosen = [...this.#D.keys()].sort((a, b) => a - b).slice(0, this.#share.t);
    const lambdas = lagrange(curve, chosen);
    const D = curve.linear(chosen.map((j, at) => ({ k: lambdas[at] as Scalar, p: this.#D.get(j) as Point })));
    return outputV1(curve, { ...this.#input, publicKey: this.#share.publicKey, D });
  }

  #named(): Index[] {
    return [...this.#culprits].sort((a, b) => a - b);
  }

  #end(abort: Abort): void {
    this.#state = { s: 'aborted', abort };
  }
}

interface Answer extends DleqProof {
  readonly context: Uint8Array;
  readonly D: Uint8Array;
}

function answerFormat(curve: Curve): Format<Answer> {
  return format({
    tag: 'mpc/dvrf/1/answer/v1',
    fields: [f.bytes(32), f.point(curve.pointBytes), f.scalar(), f.scalar()],
    write: ({ context, D, c, z }: Answer) => [i.bytes(context), i.point(D), i.scalar(c), i.scalar(z)],
    read: ([context, D, c, z]) => ({ context, D, c: curve.scalar.decode(c), z: curve.scalar.decode(z) }),
  });
}

/** What all answers of a run must be about, besides what the execution id says already. */
function contextOf(ctx: RunContext, { share, input }: { share: KeyShare; input: DvrfInput }): Uint8Array {
  return sha512_256(
    enc(
      'mpc/dvrf/context/v1',
      i.bytes(ctx.execId),
      i.bytes(share.epoch),
      i.point(ctx.curve.encodePoint(share.publicKey)),
      i.list(ctx.parties.map((p) => i.uint(p))),
      i.bytes(sha256(input.domain)),
      i.bytes(sha256(input.seed)),
    ),
  );
}
