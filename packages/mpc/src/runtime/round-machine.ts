/**
 * The part of a protocol that is the same for all: slots, buffering, identity signatures, signed echo broadcast,
 * aborts. A protocol extends RoundMachine, declares its stages and computes; docs/specs/runtime.md is normative.
 */
import { equalBytes, f, i } from '@holdfast/crypto/transcript';
import { AbortError, abort, attempt, check, refuse } from './guards.ts';
import { requireRun } from './run-context.ts';
import { signedBytes } from './signed-bytes.ts';
import {
  bodyBytesMax,
  echoedBytesMax,
  type Format,
  format,
  type Inbox,
  largeBodyBytesMax,
  type Received,
  type Slot,
} from './slots.ts';
import type { Abort, Effect, Index, JobKind, Machine, Message, RunContext, Status } from './types.ts';
import { wipeBytes } from './wipe-bytes.ts';

/** One wait: for the slots of `expect` from every other party, then `complete` computes and answers. */
export interface Stage {
  readonly expect: readonly Slot<unknown>[];
  /**
   * May throw AbortError through check() and abort(); whatever else it throws ends the run as E_INTERNAL. Returning
   * what compute() returned postpones the next stage until the results are there.
   */
  readonly complete: (inbox: Inbox) => Effect[];
  /** A stage that this run may not need: passed over while true. Its messages are filed in any case. */
  readonly isSkipped?: () => boolean;
  /** Where silence is an answer of its own: called in place of E_PEER_GONE, with what did arrive. */
  readonly withoutPeer?: (gone: Index, inbox: Inbox) => Effect[];
}

interface Echo {
  readonly bodies: readonly Uint8Array[];
  readonly sigs: readonly Uint8Array[];
}

/** Jobs handed out by one call of compute(), and what follows from their results. */
interface Computing {
  readonly results: Map<number, unknown>;
  readonly ids: readonly number[];
  readonly goOn: (results: readonly unknown[]) => Effect[];
  /** Where to go on: behind begin() the first stage is still to come. */
  readonly endsStage: boolean;
}

export abstract class RoundMachine<Out> implements Machine<Out> {
  readonly protocol: string;
  readonly execId: Uint8Array;
  protected readonly ctx: RunContext;
  /** In the order in which they are waited for; one slot per (round, kind). */
  protected abstract readonly stages: readonly Stage[];

  readonly #peers: readonly Index[];
  readonly #echoFormat: Format<Echo>;
  /** Made with the first message: of a group's elements none receives any. */
  #received: Map<string, Map<Index, Message>> | undefined;
  /** Own broadcasts in echoed slots: the echo covers all participants, this one included. */
  #own: Map<string, Message> | undefined;
  /** Index of the stage waited for; −1 before start(). */
  #at = -1;
  #echoSent = false;
  #computing: Computing | undefined;
  #jobs = 0;
  /** Whether begin() is on the stack or its jobs are not done: no stage is being completed. */
  #isBeginning = false;
  #state: { s: 'running' } | { s: 'done'; out: Out } | { s: 'aborted'; abort: Abort } = { s: 'running' };
  #cause: unknown;

  constructor(ctx: RunContext, protocol: string) {
    requireRun(ctx);
    this.ctx = { ...ctx, execId: ctx.execId.slice(), parties: [...ctx.parties] };
    this.execId = this.ctx.execId;
    this.protocol = protocol;
    this.#peers = this.ctx.parties.filter((p) => p !== ctx.self);
    this.#echoFormat = echoFormat(this.ctx.parties.length);
  }

  /** First messages of the protocol. */
  protected abstract begin(): Effect[];

  /** Overwrites the secrets of the run that are held in bytes. Idempotent; called on abort and by wipe(). */
  protected abstract erase(): void;

  /** Canonical public inputs, for whoever judges evidence of this run later (docs/specs/evidence.md). */
  protected publics(): Uint8Array | undefined {
    return undefined;
  }

  start(): Effect[] {
    if (this.#at !== -1) refuse('E_STARTED', 'A run is started once.');
    return this.#total((effects) => {
      this.#at = 0;
      this.#isBeginning = true;
      effects.push(...this.begin());
      this.#isBeginning = false;
      this.#advance(effects);
    });
  }

  receive(m: Message): Effect[] {
    return this.#total((effects) => {
      if (this.#accept(m) && this.#at >= 0) this.#advance(effects);
    });
  }

  computed(id: number, result: unknown): Effect[] {
    return this.#total((effects) => {
      const computing = this.#computing;
      if (computing === undefined || !computing.ids.includes(id) || computing.results.has(id)) return;
      computing.results.set(id, result);
      if (computing.results.size < computing.ids.length) return;
      this.#computing = undefined;
      this.#isBeginning = !computing.endsStage;
      effects.push(...computing.goOn(computing.ids.map((each) => computing.results.get(each))));
      this.#isBeginning = false;
      if (computing.endsStage) this.#endStage();
      this.#advance(effects);
    });
  }

  computeFailed(id: number, cause: unknown): Effect[] {
    return this.#total(() => {
      if (this.#computing === undefined || !this.#computing.ids.includes(id)) return;
      this.#cause = cause;
      abort('E_COMPUTE');
    });
  }

  peerGone(gone: Index): Effect[] {
    return this.#total((effects) => {
      if (!this.#needs(gone)) return;
      // A party that equivocated and then fell silent is named by the echoes that did arrive.
      const slot = this.#echoSlot();
      if (slot !== undefined && this.#echoSent)
        this.#compareEchoes(slot, this.#arrived(echoOf(slot, this.#echoFormat)));
      const stage = this.stages[Math.max(0, this.#at)];
      check(stage?.withoutPeer !== undefined && this.#computing === undefined, 'E_PEER_GONE');
      effects.push(...stage.withoutPeer(gone, this.#open(stage)));
    });
  }

  status(): Status<Out> {
    if (this.#state.s !== 'running') return this.#state;
    // While this party computes, nobody keeps it waiting but itself.
    if (this.#computing !== undefined) return { s: 'running', waitingFor: [] };
    return { s: 'running', waitingFor: this.#peers.filter((p) => this.#isWaitingFor(p)) };
  }

  wipe(): void {
    // Before its start a run is in no round, and has no need of its stages.
    if (this.#state.s === 'running')
      this.#end({ code: 'E_WIPED', round: this.#at < 0 ? 0 : this.#round(), culprits: [] });
    this.#forget();
  }

  /** What made the run end as E_INTERNAL or E_COMPUTE: a bug here, never a peer's doing. For the signer's own log. */
  get cause(): unknown {
    return this.#cause;
  }

  /** Ends the run well. Effects returned by the same stage are still carried out. */
  protected finish(out: Out): void {
    this.#state = { s: 'done', out };
  }

  protected broadcast<T>(slot: Slot<T>, value: T): Effect {
    return this.#post(slot, 0, value);
  }

  protected tell<T>(to: Index, slot: Slot<T>, value: T): Effect {
    return this.#post(slot, to, value);
  }

  /**
   * Hands jobs to the driver and calls `goOn` with their results, in order of the jobs, whatever order they come in.
   * To be returned by begin(), by a stage's `complete` or by another `goOn`: until the results are there, messages
   * are filed and nothing else happens. Inputs are copied, so that wiping a job's input cannot touch this machine.
   */
  protected compute<I, O>(
    jobs: readonly { readonly kind: JobKind<I, O>; readonly input: I }[],
    goOn: (results: readonly O[]) => Effect[],
  ): Effect[] {
    if (this.#computing !== undefined || jobs.length === 0) throw new Error('bug: one set of jobs at a time');
    const effects = jobs.map(({ kind, input }): Effect & { t: 'compute' } => {
      this.#jobs += 1;
      return { t: 'compute', id: this.#jobs, job: { name: kind.name, input: structuredClone(input) } };
    });
    this.#computing = {
      results: new Map(),
      ids: effects.map(({ id }) => id),
      goOn: goOn as (results: readonly unknown[]) => Effect[],
      endsStage: !this.#isBeginning,
    };
    return effects;
  }

  /** The signed broadcasts of an echoed slot as this party saw them, own one included, in index order. */
  protected broadcasts(slot: Slot<unknown>): Message[] {
    return this.#originals(slot);
  }

  /** The other participants, in index order. */
  protected get peers(): readonly Index[] {
    return this.#peers;
  }

  // ---- Ends ------------------------------------------------------------------------------------------------

  /** Runs one step so that nothing escapes as an exception and nothing happens after the end. */
  #total(step: (effects: Effect[]) => void): Effect[] {
    if (this.#state.s !== 'running') return [];
    const effects: Effect[] = [];
    try {
      step(effects);
    } catch (error) {
      if (error instanceof AbortError) {
        const { code, culprits, evidence } = error;
        const publics = evidence.length > 0 ? this.publics() : undefined;
        this.#end({
          code,
          round: this.#round(),
          culprits,
          ...(evidence.length > 0 ? { evidence } : {}),
          ...(publics === undefined ? {} : { publics }),
        });
      } else {
        this.#cause = error;
        this.#end({ code: 'E_INTERNAL', round: this.#round(), culprits: [] });
      }
    }
    return effects;
  }

  #end(ended: Abort): void {
    this.#state = { s: 'aborted', abort: ended };
    this.#forget();
  }

  #forget(): void {
    this.erase();
    const evidence = new Set(this.#state.s === 'aborted' ? this.#state.abort.evidence : []);
    for (const messages of this.#received?.values() ?? []) {
      for (const m of messages.values()) if (!evidence.has(m)) m.body.fill(0);
    }
    this.#received = undefined;
    this.#own = undefined;
    for (const result of this.#computing?.results.values() ?? []) wipeBytes(result);
    this.#computing = undefined;
  }

  #round(): number {
    return this.stages[Math.max(0, this.#at)]?.expect[0]?.round ?? 0;
  }

  // ---- Receiving -------------------------------------------------------------------------------------------

  /** Files a message in its slot; false where it is dropped. */
  #accept(m: Message): boolean {
    if (!this.#peers.includes(m.from) || !(m.body instanceof Uint8Array)) return false;
    const slot = this.#slotOf(m);
    if (slot === undefined || m.to !== (slot.kind === 'p2p' ? this.ctx.self : 0)) return false;
    const messages = this.#box(slot);
    const first = messages.get(m.from);
    if (first !== undefined && equalBytes(first.body, m.body)) return false;
    if (isSigned(slot) && !this.#verifies(m)) return false;
    check(m.body.length <= bytesMaxOf(slot), 'E_MALFORMED', [m.from]);
    const kept = copyOf(m);
    // Two different messages in one slot: a deviation whatever they say. Signed, they prove it to anybody.
    if (first !== undefined) abort('E_EQUIVOCATION', [m.from], isSigned(slot) ? [first, kept] : []);
    messages.set(m.from, kept);
    return true;
  }

  #slotOf(m: Message): Slot<unknown> | undefined {
    for (const { expect } of this.stages) {
      for (const slot of expect) {
        if (slot.round === m.round && slot.kind === m.kind) return slot;
        if (slot.echo && slot.round === m.round && m.kind === 'echo') return echoOf(slot, this.#echoFormat);
      }
    }
    return undefined;
  }

  #verifies(m: Message): boolean {
    if (!(m.sig instanceof Uint8Array) || m.sig.length !== 64) return false;
    return this.ctx.env.verify(m.from, signedBytes(this.execId, m), m.sig);
  }

  #box(slot: Slot<unknown>): Map<Index, Message> {
    const key = keyOf(slot);
    this.#received ??= new Map();
    const box = this.#received.get(key) ?? new Map<Index, Message>();
    this.#received.set(key, box);
    return box;
  }

  // ---- Advancing -------------------------------------------------------------------------------------------

  #advance(effects: Effect[]): void {
    for (;;) {
      const stage = this.stages[this.#at];
      if (stage === undefined || this.#state.s !== 'running' || this.#computing !== undefined) return;
      if (stage.isSkipped?.() === true) {
        this.#endStage();
        continue;
      }
      if (!stage.expect.every((slot) => this.#isFull(slot))) return;
      const echoed = this.#echoSlot();
      if (echoed !== undefined && !this.#agreed(echoed, effects)) return;
      const inbox = this.#open(stage);
      effects.push(...stage.complete(inbox));
      this.#endStage();
    }
  }

  #endStage(): void {
    // A follow-up of one set of jobs may have handed out another: the stage goes on.
    if (this.#computing !== undefined) return;
    this.#at += 1;
    this.#echoSent = false;
  }

  /** Decodes everything the stage waited for: sender by sender in index order, so that blame is deterministic. */
  #open(stage: Stage): Inbox {
    const opened = new Map<string, Received<unknown>[]>(stage.expect.map((slot) => [keyOf(slot), []]));
    for (const from of this.#peers) {
      for (const slot of stage.expect) {
        const message = this.#box(slot).get(from);
        if (message !== undefined) opened.get(keyOf(slot))?.push(decoded(slot, message));
      }
    }
    return { all: <T>(slot: Slot<T>) => (opened.get(keyOf(slot)) ?? []) as Received<T>[] };
  }

  #isFull(slot: Slot<unknown>): boolean {
    return this.#box(slot).size === this.#peers.length;
  }

  #isWaitingFor(p: Index): boolean {
    const stage = this.stages[Math.max(0, this.#at)];
    if (stage === undefined) return false;
    if (stage.expect.some((slot) => !this.#box(slot).has(p))) return true;
    const echoed = this.#echoSlot();
    return echoed !== undefined && !this.#box(echoOf(echoed, this.#echoFormat)).has(p);
  }

  /** Whether anything is still to come from this party, in this stage or a later one. */
  #needs(p: Index): boolean {
    if (!this.#peers.includes(p)) return false;
    return this.stages
      .slice(Math.max(0, this.#at))
      .filter((stage) => stage.isSkipped?.() !== true)
      .some(({ expect }) =>
        expect.some(
          (slot) =>
            !this.#box(slot).has(p) || (slot.echo === true && !this.#box(echoOf(slot, this.#echoFormat)).has(p)),
        ),
      );
  }

  // ---- Signed echo broadcast -------------------------------------------------------------------------------

  #echoSlot(): Slot<unknown> | undefined {
    return this.stages[Math.max(0, this.#at)]?.expect.find((slot) => slot.echo === true);
  }

  /** Sends the echo once all broadcasts are here; true when every participant's echo equals the own view. */
  #agreed(slot: Slot<unknown>, effects: Effect[]): boolean {
    const echo = echoOf(slot, this.#echoFormat);
    if (!this.#echoSent) {
      this.#echoSent = true;
      const originals = this.#originals(slot);
      effects.push(
        this.broadcast(echo, {
          bodies: originals.map((m) => m.body),
          sigs: originals.map((m) => m.sig ?? new Uint8Array(64)),
        }),
      );
    }
    if (!this.#isFull(echo)) return false;
    this.#compareEchoes(slot, this.#arrived(echo));
    return true;
  }

  /** mpc-protocols §0.5, B3. The echoes carry the signed originals, so no further exchange is needed. */
  #compareEchoes(slot: Slot<unknown>, echoes: readonly Received<Echo>[]): void {
    const originals = this.#originals(slot);
    const culprits = new Set<Index>();
    const evidence: Message[] = [];
    let differs = false;
    for (const { value } of echoes) {
      for (const [k, mine] of originals.entries()) {
        const body = value.bodies[k];
        const sig = value.sigs[k];
        if (body === undefined || sig === undefined) continue; // The format demands one per participant.
        if (equalBytes(mine.body, body)) continue;
        differs = true;
        const theirs: Message = { ...mine, body, sig };
        if (culprits.has(mine.from) || !this.#verifies(theirs)) continue;
        culprits.add(mine.from);
        evidence.push(mine, theirs);
      }
    }
    check(
      culprits.size === 0,
      'E_EQUIVOCATION',
      [...culprits].sort((a, b) => a - b),
      evidence,
    );
    // Somebody lies about what it received; the signatures do not say who.
    check(!differs, 'E_ECHO_MISMATCH');
  }

  /** The broadcasts of the round as this party saw them, one per participant, in index order. */
  #originals(slot: Slot<unknown>): Message[] {
    return this.ctx.parties.flatMap((p) => {
      const m = p === this.ctx.self ? this.#own?.get(keyOf(slot)) : this.#box(slot).get(p);
      return m === undefined ? [] : [m];
    });
  }

  #arrived<T>(slot: Slot<T>): Received<T>[] {
    return this.#peers.flatMap((p) => {
      const m = this.#box(slot).get(p);
      return m === undefined ? [] : [decoded(slot, m)];
    });
  }

  // ---- Sending ---------------------------------------------------------------------------------------------

  #post<T>(slot: Slot<T>, to: Index | 0, value: T): Effect {
    const bare: Message = {
      round: slot.round,
      kind: slot.kind,
      from: this.ctx.self,
      to,
      body: slot.format.encode(value),
    };
    const message = isSigned(slot) ? { ...bare, sig: this.ctx.env.sign(signedBytes(this.execId, bare)) } : bare;
    if (slot.echo === true) {
      this.#own ??= new Map();
      this.#own.set(keyOf(slot), message);
    }
    return { t: 'send', message };
  }
}

function keyOf(slot: Slot<unknown>): string {
  return `${slot.round}/${slot.kind}`;
}

function bytesMaxOf(slot: Slot<unknown>): number {
  if (slot.echo === true) return echoedBytesMax;
  return slot.large === true ? largeBodyBytesMax : bodyBytesMax;
}

function isSigned(slot: Slot<unknown>): boolean {
  return slot.signed === true || slot.echo === true;
}

/** A transport may reuse its buffers, and wipe() overwrites ours. */
function copyOf(m: Message): Message {
  const { round, kind, from, to } = m;
  return { round, kind, from, to, body: m.body.slice(), ...(m.sig === undefined ? {} : { sig: m.sig.slice() }) };
}

function decoded<T>(slot: Slot<T>, message: Message): Received<T> {
  const value = attempt(() => slot.format.decode(message.body));
  check(value !== undefined, 'E_MALFORMED', [message.from], message.sig === undefined ? [] : [message]);
  return { from: message.from, value, message };
}

/** Kind `echo` of the same round. Not signed itself: what it proves, it proves by the signatures inside. */
function echoOf(slot: Slot<unknown>, echo: Format<Echo>): Slot<Echo> {
  return { round: slot.round, kind: 'echo', format: echo };
}

/** By number of parties, which is at most partiesMax. */
const echoFormats = new Map<number, Format<Echo>>();

/** Exactly one body and one signature per participant, in index order: a missing one is malformed, not shorter. */
function echoFormat(n: number): Format<Echo> {
  const known = echoFormats.get(n);
  if (known !== undefined) return known;
  const made: Format<Echo> = format({
    tag: 'mpc/echo/v1',
    fields: [f.list(f.bytes({ max: echoedBytesMax }), { count: n }), f.list(f.bytes(64), { count: n })],
    write: ({ bodies, sigs }: Echo) => [i.list(bodies.map((b) => i.bytes(b))), i.list(sigs.map((s) => i.bytes(s)))],
    read: ([bodies, sigs]) => ({ bodies, sigs }),
  });
  echoFormats.set(n, made);
  return made;
}
