/**
 * An in-memory network for any set of machines: seeded, so that a failure repeats. Messages travel in random order
 * and may be doubled, dropped, delayed or altered; parties may cheat or crash. It does what a signer's driver does:
 * carries out effects in order, stamps the sender like an authenticated channel, and declares silent parties gone.
 */
import { runJob } from '../compute/index.ts';
import {
  type Effect,
  type Index,
  type Job,
  type KeyShare,
  type Machine,
  type Message,
  type Status,
  wipeBytes,
} from '../runtime/index.ts';
import { type SeededRandom, seededRandom } from './random.ts';

/** What a cheating party puts on the wire instead of `m` for recipient `to`: another message, several, or none. */
export type Cheat = (m: Message, to: Index) => Message | readonly Message[] | undefined;

export interface Faults {
  /** Probability that a copy is delivered a second time. */
  readonly duplicate?: number;
  readonly drop?: number;
  /** Probability that a copy waits until nothing else is in flight. */
  readonly delay?: number;
  /** Probability that one byte of the body changes on the way. */
  readonly corrupt?: number;
}

export interface Simulation<Out> {
  readonly seed: string;
  /** One machine per party; keys are the indices. */
  readonly machines: ReadonlyMap<Index, Machine<Out>>;
  readonly cheats?: Readonly<Record<Index, Cheat>>;
  readonly faults?: Faults;
  /** The party stops for good after this many effects; later ones are lost, as when its process is killed. */
  readonly crash?: { readonly party: Index; readonly afterEffects: number };
  /** Runs a job in place of the registry: to alter a result, or to throw as when a worker dies. */
  readonly compute?: (party: Index, job: Job) => unknown;
  /** When nothing is in flight any more, tell waiting machines that the awaited are gone. Default true. */
  readonly giveUp?: boolean;
}

/** One effect as it was carried out, in global order. */
export type Trace = { readonly party: Index; readonly effect: Effect };

export interface Outcome<Out> {
  readonly status: ReadonlyMap<Index, Status<Out>>;
  readonly trace: readonly Trace[];
  /** Messages a party put on the wire before any cheating. */
  sentBy(party: Index): readonly Message[];
  persistedBy(party: Index): readonly KeyShare[];
}

interface Flight {
  readonly to: Index;
  /** What is going to happen to the party: its start, a message, or the end of a job it waits for. */
  readonly what:
    | { readonly t: 'start' }
    | { readonly t: 'message'; readonly message: Message }
    | { readonly t: 'job'; readonly id: number; readonly job: Job };
  readonly held: boolean;
}

const stepsMax = 200_000;

export function simulate<Out>(simulation: Simulation<Out>): Outcome<Out> {
  const { seed, machines, cheats = {}, faults = {}, crash, compute, giveUp = true } = simulation;
  const random = seededRandom(`${seed}/schedule`);
  const parties = [...machines.keys()].sort((a, b) => a - b);
  const flights: Flight[] = parties.map((to) => ({ to, what: { t: 'start' }, held: false }));
  const trace: Trace[] = [];
  const carriedOut = new Map<Index, number>();
  const isDead = (party: Index): boolean =>
    crash?.party === party && (carriedOut.get(party) ?? 0) >= crash.afterEffects;

  function carryOut(party: Index, effects: readonly Effect[]): void {
    for (const effect of effects) {
      if (isDead(party)) return;
      carriedOut.set(party, (carriedOut.get(party) ?? 0) + 1);
      trace.push({ party, effect });
      // A job ends whenever the schedule says, so messages arrive while it runs.
      if (effect.t === 'compute')
        flights.push({ to: party, what: { t: 'job', id: effect.id, job: effect.job }, held: false });
      if (effect.t !== 'send') continue;
      const recipients = effect.message.to === 0 ? parties.filter((p) => p !== party) : [effect.message.to];
      for (const to of recipients)
        for (const m of onTheWire(party, effect.message, to)) launch({ ...m, from: party }, to);
    }
  }

  function onTheWire(party: Index, m: Message, to: Index): readonly Message[] {
    const cheat = cheats[party];
    if (cheat === undefined) return [m];
    const sent = cheat(m, to);
    return sent === undefined ? [] : Array.isArray(sent) ? sent : [sent as Message];
  }

  function launch(m: Message, to: Index): void {
    if (random.chance(faults.drop ?? 0)) return;
    const copies = random.chance(faults.duplicate ?? 0) ? 2 : 1;
    for (let copy = 0; copy < copies; copy += 1) {
      const message = random.chance(faults.corrupt ?? 0) ? corrupted(m, random) : { ...m, body: m.body.slice() };
      flights.push({ to, what: { t: 'message', message }, held: random.chance(faults.delay ?? 0) });
    }
  }

  function deliver({ to, what }: Flight): void {
    const machine = machines.get(to);
    if (machine === undefined || isDead(to)) return;
    if (what.t === 'start') carryOut(to, machine.start());
    else if (what.t === 'message') carryOut(to, machine.receive(what.message));
    else carryOut(to, finish(machine, to, what));
  }

  function finish(machine: Machine<Out>, party: Index, { id, job }: { id: number; job: Job }): Effect[] {
    if (machine.status().s !== 'running') return []; // Nobody waits for it any more.
    let result: unknown;
    try {
      result = compute === undefined ? runJob(job) : compute(party, job);
    } catch (cause) {
      return machine.computeFailed(id, cause);
    } finally {
      wipeBytes(job.input);
    }
    return machine.computed(id, result);
  }

  /** The driver's timeouts: every party still waiting is told about those it waits for. */
  function declareGone(): boolean {
    let anything = false;
    for (const [party, machine] of machines) {
      const status = machine.status();
      if (isDead(party) || status.s !== 'running') continue;
      for (const gone of status.waitingFor) {
        anything = true;
        carryOut(party, machine.peerGone(gone));
      }
    }
    return anything;
  }

  for (let step = 0; step < stepsMax; step += 1) {
    if (flights.length === 0 && !(giveUp && declareGone())) break;
    if (flights.length === 0) continue;
    deliver(take(flights, random));
  }

  return {
    status: new Map(parties.map((party) => [party, statusOf(machines, party)])),
    trace,
    sentBy: (party) => trace.flatMap((e) => (e.party === party && e.effect.t === 'send' ? [e.effect.message] : [])),
    persistedBy: (party) =>
      trace.flatMap((e) => (e.party === party && e.effect.t === 'persist' ? [e.effect.share] : [])),
  };
}

function statusOf<Out>(machines: ReadonlyMap<Index, Machine<Out>>, party: Index): Status<Out> {
  const machine = machines.get(party);
  if (machine === undefined) throw new Error(`no machine ${party}`);
  return machine.status();
}

/** A random flight; held ones only when there is no other. */
function take(flights: Flight[], random: SeededRandom): Flight {
  const free = flights.flatMap((flight, at) => (flight.held ? [] : [at]));
  const at = free.length > 0 ? free[random.below(free.length)] : random.below(flights.length);
  const [flight] = flights.splice(at ?? 0, 1);
  if (flight === undefined) throw new Error('nothing in flight');
  return flight;
}

function corrupted(m: Message, random: SeededRandom): Message {
  const body = m.body.slice();
  if (body.length > 0) {
    const at = random.below(body.length);
    body[at] = (body[at] ?? 0) ^ (1 + random.below(255));
  }
  return { ...m, body };
}
