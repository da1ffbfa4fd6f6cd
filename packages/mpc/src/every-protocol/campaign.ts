/**
 * Malformed messages, round by round (reliability goals R11): one party's message is replaced by a mutant of it, in
 * every slot of a protocol, and the receiver must refuse it, end, and name nobody else. Structural mutants go through
 * the slot's decoder, whose every acceptance must be canonical; a sample of them, and of mutants that decode well but
 * say something else, is driven through a whole machine.
 */
import { deepEqual, equal, notDeepEqual, ok } from 'node:assert/strict';
import type { Index, Machine, Message, Slot } from '../runtime/index.ts';
import { type SeededRandom, seededRandom, simulate } from '../simulator/index.ts';
import { mutantOf } from './mutants.ts';
import type { Facts, Subject } from './subjects.ts';

export interface Effort {
  readonly seed: string;
  /** Mutants per slot through the decoder. */
  readonly decoded: number;
  /** Mutants per slot through a whole machine, half of them well formed. */
  readonly driven: number;
}

export interface Counts {
  readonly slots: number;
  /** Those whose decoder is tried by itself. */
  readonly decodable: number;
  readonly decoded: number;
  readonly malformed: number;
  readonly driven: number;
  readonly named: number;
}

/** The first party is watched, the second sends mutants. */
function rolesIn({ parties }: Subject): { victim: Index; cheat: Index } {
  const [victim, cheat] = parties;
  if (victim === undefined || cheat === undefined) throw new Error('a run has two parties');
  return { victim, cheat };
}

/** Tries every slot in which the cheat speaks to the victim; throws at the first mutant that is not dealt with. */
export function campaign(subject: Subject, effort: Effort): Counts {
  const { seed } = effort;
  const heard = honestRun(subject, seed);
  const { cheat } = rolesIn(subject);
  const places = heard
    .filter((m) => m.from === cheat)
    .map((honest) => ({ honest, slot: slotOf(subject, seed, honest) }));
  ok(places.length > 0, `${subject.name}: the cheat says something`);
  const counts = {
    slots: places.length,
    decodable: places.filter(({ slot }) => slot !== undefined).length,
    decoded: 0,
    malformed: 0,
    driven: 0,
    named: 0,
  };
  for (const place of places) {
    const random = seededRandom(`${seed}/${subject.name}/${nameOf(place.honest)}`);
    const others = heard.filter((m) => m !== place.honest).map((m) => m.body);
    const wellFormed: Uint8Array[] = [];
    const structural: Uint8Array[] = [];
    for (let k = 0; k < effort.decoded; k += 1) {
      const body = mutantOf(place.honest.body, others, random);
      if (Buffer.compare(body, place.honest.body) === 0) continue;
      if (place.slot === undefined) {
        // Echoes, and protocols that are no round machines: their decoders are reached through the machine alone.
        keep(wellFormed, body, effort.driven);
        continue;
      }
      counts.decoded += 1;
      if (decodes(place.slot, body)) keep(wellFormed, body, effort.driven / 2);
      else {
        counts.malformed += 1;
        keep(structural, body, effort.driven / 2);
      }
    }
    for (const body of [...wellFormed, ...structural]) {
      const isMalformed = structural.includes(body);
      counts.driven += 1;
      if (drive(subject, { seed, heard, honest: place.honest, body, isMalformed, random })) counts.named += 1;
    }
  }
  return counts;
}

/** Everything the victim hears in an honest run, in the order in which it arrives. */
function honestRun(subject: Subject, seed: string): Message[] {
  const { victim } = rolesIn(subject);
  const outcome = simulate({ seed, machines: subject.machines(seed) });
  for (const [party, status] of outcome.status) equal(status.s, 'done', `${subject.name}: party ${party}`);
  return outcome.trace.flatMap(({ party, effect }) =>
    effect.t === 'send' && party !== victim && (effect.message.to === 0 || effect.message.to === victim)
      ? [{ ...effect.message, from: party }]
      : [],
  );
}

const honestResults = new Map<Subject, Facts>();

function honestResult(subject: Subject, seed: string): Facts {
  const known = honestResults.get(subject);
  if (known !== undefined) return known;
  const status = simulate({ seed, machines: subject.machines(seed) }).status.get(rolesIn(subject).victim);
  if (status?.s !== 'done') throw new Error(`${subject.name}: not done`);
  const result = subject.result(status.out);
  honestResults.set(subject, result);
  return result;
}

/** The declared slot of a message; echoes have a format of their own inside the round machine. */
function slotOf(subject: Subject, seed: string, m: Message): Slot<unknown> | undefined {
  const machine = subject.machines(seed).get(rolesIn(subject).victim) as unknown as {
    stages?: readonly { expect: readonly Slot<unknown>[] }[];
  };
  return machine.stages
    ?.flatMap(({ expect }) => expect)
    .find(({ round, kind }) => round === m.round && kind === m.kind);
}

/** Whether the decoder takes it; what it takes it would have written so itself. */
function decodes(slot: Slot<unknown>, body: Uint8Array): boolean {
  let value: unknown;
  try {
    value = slot.format.decode(body);
  } catch (error) {
    ok(error instanceof Error && 'code' in error, `a decoder refuses by name: ${error}`);
    return false;
  }
  ok(Buffer.compare(slot.format.encode(value), body) === 0, 'one value has one encoding');
  return true;
}

/** True where the victim named the cheat. It never finishes, never throws, never names anybody else, and always ends. */
function drive(
  subject: Subject,
  o: {
    readonly seed: string;
    readonly heard: readonly Message[];
    readonly honest: Message;
    readonly body: Uint8Array;
    readonly isMalformed: boolean;
    readonly random: SeededRandom;
  },
): boolean {
  const { victim, cheat } = rolesIn(subject);
  const machine = subject.machines(o.seed).get(victim) as Machine<unknown>;
  const what = `${subject.name}, ${nameOf(o.honest)}, ${Buffer.from(o.body).toString('hex').slice(0, 400)}`;
  // With the signature of whoever can sign it, or with the old one: then nobody said it.
  const isSigned = o.honest.sig !== undefined;
  const isOwn = !isSigned || o.random.chance(0.8);
  const altered = { ...o.honest, body: o.body };
  const mutant = isOwn ? subject.signed(o.seed, altered) : altered;
  machine.start();
  for (const m of o.heard) machine.receive(m === o.honest ? mutant : m);
  const early = machine.status();
  if (early.s === 'running') {
    ok(early.waitingFor.length > 0, `${what}: waits for somebody`);
    for (const party of early.waitingFor) machine.peerGone(party);
  }
  const status = machine.status();
  machine.wipe();
  if (status.s === 'done' && isSameView(o.honest, o.body)) return false;
  if (status.s === 'done' && subject.isRobust === true) {
    const result = subject.result(status.out);
    for (const [name, value] of Object.entries(honestResult(subject, o.seed)))
      ok(result[name] === value || /^E_[A-Z0-9_]+$/.test(String(result[name])), `${what}: ${JSON.stringify(result)}`);
    return false;
  }
  equal(status.s, 'aborted', what);
  if (status.s !== 'aborted') return false;
  const { code, culprits } = status.abort;
  notDeepEqual(code, 'E_INTERNAL', what);
  ok(
    culprits.every((each) => each === cheat),
    `${what}: ${code} names ${culprits}`,
  );
  if (subject.isRobust === true) return culprits.length > 0;
  if (!isOwn) deepEqual([code, culprits], ['E_PEER_GONE', []], `${what}: unsigned, it names nobody`);
  else if (o.isMalformed && o.honest.kind !== 'echo' && !isEchoed(subject, o.seed, o.honest))
    deepEqual([code, culprits], ['E_MALFORMED', [cheat]], what);
  return culprits.length > 0;
}

/** In an echoed slot the others' echoes tell the mutant from what they saw, before it is opened. */
function isEchoed(subject: Subject, seed: string, m: Message): boolean {
  return slotOf(subject, seed, m)?.echo === true;
}

const ECHOED_SIGNATURE_BYTES = 5 + 64;

/** An echo that tells the same bodies with other signatures: those are looked at only where the bodies differ. */
function isSameView(m: Message, body: Uint8Array): boolean {
  if (m.kind !== 'echo' || body.length !== m.body.length) return false;
  const parties = new DataView(m.body.buffer, m.body.byteOffset).getUint32(ECHO_COUNT_AT);
  const bodies = m.body.length - parties * ECHOED_SIGNATURE_BYTES;
  return Buffer.compare(body.subarray(0, bodies), m.body.subarray(0, bodies)) === 0;
}

/** After the version, the tag `mpc/echo/v1`, the number of items, the first item's type and its length. */
const ECHO_COUNT_AT = 1 + 4 + 'mpc/echo/v1'.length + 2 + 1 + 4;

function keep(list: Uint8Array[], body: Uint8Array, most: number): void {
  if (list.length < most) list.push(body);
}

function nameOf(m: Message): string {
  return `${m.round}/${m.kind}`;
}
