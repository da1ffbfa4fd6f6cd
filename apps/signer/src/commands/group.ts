/**
 * Several users' requests signed in lockstep (docs/specs/group-signing.md): each is consented to by itself, all are
 * journalled in one transaction, and each gets an outcome of its own.
 */
import type { Command, ElementOutcome, GroupElement, Result } from '@holdfast/cluster/commands';
import { fromHex, toHex } from '@holdfast/contract/wire';
import { type CurveName, curve as curveOf } from '@holdfast/crypto/curves';
import { enc, i as item, sha256 } from '@holdfast/crypto/transcript';
import { type ColumnElement, createColumnGroup, createGroup, GROUP_MAX, type Settled } from '@holdfast/mpc/group';
import { createEcdsaBatch, type EcdsaSignature, ecdsaHColumns, type PrssSession } from '@holdfast/mpc/honest-majority';
import type { Index, Machine, ProtocolName, RunContext } from '@holdfast/mpc/runtime';
import { type Parties, THRESHOLD } from '../cluster-view/index.ts';
import { type ConsentedAct, consentTo } from '../consent/index.ts';
import { check, Refused } from '../refusal/index.ts';
import { asRefusal } from './as-refusal.ts';
import type { Context } from './context.ts';
import { checkNotNamed, nameCulprits } from './named.ts';
import { checkParticipants } from './participants.ts';
import { loadFamilyFor } from './records.ts';
import { type Prepared, prepare, rawSignature, recordStart, SIGN_DEADLINE_MS, type Signed, sessionOf } from './sign.ts';

type Group = Extract<Command, { kind: 'Group' }>;

/** A large group on a crowded machine takes its time; the api waits a second longer (sign-queue.ts). */
export const PLACE_MS = 40;

interface Kind {
  /** Of the keys that may stand in such a group. */
  readonly protocol: ProtocolName;
  readonly curve: CurveName;
  readonly make: typeof inRows;
}

const kinds: Readonly<Record<Group['protocol'], Kind>> = {
  'ecdsa-h/secp256k1': { protocol: 'CGGMP21', curve: 'secp256k1', make: inColumns },
  'ecdsa-h/stark': { protocol: 'CGGMP21', curve: 'stark', make: inColumns },
  'frost/ed25519': { protocol: 'FROST', curve: 'ed25519', make: inRows },
  'frost/bip340': { protocol: 'FROST_BITCOIN', curve: 'secp256k1', make: inRows },
};

/** The runs of a group by place, with each party's point. */
type Elements = ReadonlyMap<number, { readonly machine: Machine<Signed>; readonly points: ReadonlyMap<Index, Index> }>;

/** FROST: two rounds. */
function inRows(ctx: RunContext, size: number, elements: Elements) {
  return createGroup<Signed>(ctx, { size, rounds: 2, elements });
}

function inColumns(ctx: RunContext, size: number, elements: Elements) {
  // Where a group is of ECDSA, so is every machine in it: consentToElement() has compared the keys' protocols.
  const columns = elements as ReadonlyMap<number, ColumnElement<Signed>>;
  return createColumnGroup<Signed>(ctx, { size, protocol: ecdsaHColumns, elements: columns });
}

/** Nonces of engine H, made for all elements at once and discarded for all where one is wrong. */
function inBatch(ctx: RunContext, o: { size: number; elements: Elements; prss: PrssSession }): Machine<Signatures> {
  const elements = o.elements as ReadonlyMap<number, ColumnElement<EcdsaSignature>>;
  return createEcdsaBatch(ctx, { ...o, elements });
}

type Signatures = ReadonlyMap<number, Settled<Signed>>;

/** One element that this signer takes part in: its request, and where its items stand in the group. */
interface Taken {
  readonly at: number;
  readonly place: number;
  readonly prepared: Prepared;
}

export async function signGroup(ctx: Context, command: Group, facts: Record<string, unknown>): Promise<Result> {
  const { elements, protocol, participants } = command;
  const ecdsa = protocol.startsWith('ecdsa-h/');
  const places = elements.reduce((sum, { items }) => sum + items, 0);
  check(places >= 1 && places <= GROUP_MAX, 'E_COMMAND', `a group signs 1 to ${GROUP_MAX} things`);
  checkParticipants(ctx, participants, ecdsa ? ctx.cluster.roster.signers.length : THRESHOLD);
  checkNotNamed(ctx, participants);
  check(ecdsa || command.nonces === undefined, 'E_COMMAND', 'only nonces of engine H are made together');
  const parties: Parties = new Map(participants.map((index) => [index, index]));
  const prss = ecdsa ? sessionOf(ctx, command) : undefined;
  const execId = ctx.cluster.execId({
    protocol: ecdsa ? (command.nonces === undefined ? 'group-columns' : 'group-batch') : 'group',
    keyId: '',
    curve: kinds[protocol].curve,
    parties,
    requestHash: sha256(enc('holdfast/group/v1', item.text(protocol), item.uint(places))),
    runNonce: fromHex(command.runNonce),
    ...(prss === undefined ? {} : { session: prss.id }),
  });
  check(!ctx.store.used.isStarted(execId), 'E_EXEC_USED', 'this execution id has been started before');

  const outcomes: ElementOutcome[] = [];
  const refuseElement = (at: number, error: unknown): void => {
    outcomes[at] = { ok: false, error: asRefusal(ctx, error) };
  };
  const release = ctx.runs.reserve(places);
  const taken: Taken[] = [];
  try {
    const acts = consentAll(ctx, command, refuseElement);
    const loading = acts.flatMap((act) => (act === undefined ? [] : (loadFamilyFor(ctx, act) ?? [])));
    if (loading.length > 0) await Promise.all(loading);
    taken.push(...prepareAll(ctx, command, acts, refuseElement));
    facts['elements'] = elements.length;
    facts['taken'] = taken.length;

    // Step 17, once for all: what is flushed here is what a group costs at the disk.
    ctx.store.transaction('group', () => {
      ctx.store.used.startExecution(execId, '', ctx.env.now());
      ctx.store.journal.append('group.started', { execId: toHex(execId), elements: taken.length });
      for (const { prepared } of taken) recordStart(ctx, prepared);
    });

    const run: RunContext = {
      execId,
      self: ctx.cluster.index,
      parties: participants,
      curve: curveOf(kinds[protocol].curve),
      env: ctx.cluster.mpcEnv(parties),
    };
    const all: Elements = new Map(taken.flatMap(runsOf));
    const machine =
      prss !== undefined && command.nonces !== undefined
        ? inBatch(run, { size: places, elements: all, prss })
        : kinds[protocol].make(run, places, all);
    const settled = await ctx.runs
      .run({
        machine,
        self: ctx.cluster.index,
        parties,
        deadlineMs: SIGN_DEADLINE_MS + PLACE_MS * places,
        aborted: (abort) => nameCulprits(ctx, { protocol: machine.protocol, execId, parties, abort }),
      })
      .catch((error: unknown) => error);
    for (const { place, prepared } of taken) nameThose(ctx, settled, { place, prepared, parties });
    for (const each of taken) {
      try {
        outcomes[each.at] = { ok: true, signatures: signaturesOf(each, settled) };
      } catch (error) {
        refuseElement(each.at, error);
      }
    }
    return { t: 'group', outcomes };
  } finally {
    for (const { prepared } of taken) prepared.wipe();
    release();
  }
}

type RefuseElement = (at: number, error: unknown) => void;

/** Steps 2–12 for every element. What one of them is refused for is said about it alone. */
function consentAll(ctx: Context, command: Group, refuseElement: RefuseElement): (ConsentedAct | undefined)[] {
  return command.elements.map((element, at) => {
    try {
      const act = consentTo(ctx, element);
      check(act.effect === 'sign', 'E_COMMAND', 'a group holds requests for signatures only');
      return act;
    } catch (error) {
      refuseElement(at, error);
      return undefined;
    }
  });
}

/** Steps 13–16 for every element consented to. */
function prepareAll(
  ctx: Context,
  command: Group,
  acts: readonly (ConsentedAct | undefined)[],
  refuseElement: RefuseElement,
): Taken[] {
  const taken: Taken[] = [];
  const seen = new Set<string>();
  let place = 0;
  for (const [at, element] of command.elements.entries()) {
    const first = place;
    place += element.items;
    const act = acts[at];
    if (act === undefined) continue;
    let prepared: Prepared | undefined;
    try {
      prepared = prepareElement(ctx, command, { element, act });
      // Burnt together, so that looking at what was burnt before does not tell.
      const nullifier = toHex(act.nullifier);
      check(!seen.has(nullifier), 'E_REPLAY', 'this signed request stands in the group twice');
      seen.add(nullifier);
      // Nor do two requests of one name.
      const order = prepared.order === undefined ? nullifier : toHex(prepared.order.key);
      check(order === nullifier || !seen.has(order), 'E_REPLAY', 'this order stands in the group twice');
      seen.add(order);
      taken.push({ at, place: first, prepared });
    } catch (error) {
      prepared?.wipe();
      refuseElement(at, error);
    }
  }
  return taken;
}

function prepareElement(ctx: Context, command: Group, o: { element: GroupElement; act: ConsentedAct }): Prepared {
  const { participants, session } = command;
  const { element, act } = o;
  const { runNonce, completion, originals } = element;
  const hints = {
    runNonce,
    participants,
    ...(session === undefined ? {} : { session }),
    ...(completion === undefined ? {} : { completion }),
    ...(originals === undefined ? {} : { originals }),
  };
  const prepared = prepare(ctx, act, hints);
  try {
    const { machines, key } = prepared;
    check(machines.length === element.items, 'E_COMMAND', `the request signs ${machines.length} things`);
    const { protocol, curve } = kinds[command.protocol];
    check(key.protocol === protocol && key.curve === curve, 'E_COMMAND', 'the key signs by another protocol');
    // The transaction is everybody's: nothing of one element may undo it.
    check(
      machines.every((machine) => !ctx.store.used.isStarted(machine.execId)),
      'E_EXEC_USED',
      'this execution id has been started before',
    );
    return prepared;
  } catch (error) {
    prepared.wipe();
    throw error;
  }
}

/** Of an element; the group itself names a party only for a message that is none of a group. */
function nameThose(
  ctx: Context,
  settled: unknown,
  { place, prepared, parties }: Pick<Taken, 'place' | 'prepared'> & { readonly parties: Parties },
): void {
  if (!(settled instanceof Map)) return;
  for (const [k, { protocol, execId }] of prepared.machines.entries()) {
    const one = (settled as ReadonlyMap<number, Settled<Signed>>).get(place + k);
    if (one?.s === 'aborted') nameCulprits(ctx, { protocol, execId, parties, abort: one.abort });
  }
}

function runsOf({ place, prepared }: Taken) {
  const points = new Map([...prepared.parties].map(([point, rosterIndex]) => [rosterIndex, point]));
  return prepared.machines.map((machine, k) => [place + k, { machine, points }] as const);
}

/** All items of one request, or what ended one of them. `settled` is the error of the group itself where it has one. */
function signaturesOf({ place, prepared }: Taken, settled: unknown) {
  if (!(settled instanceof Map)) throw settled;
  return prepared.machines.map((_, k) => {
    const one = (settled as ReadonlyMap<number, Settled<Signed>>).get(place + k);
    if (one === undefined) throw new Error('bug: an item that did not end');
    if (one.s === 'done') return rawSignature(one.out);
    const { code, round, culprits } = one.abort;
    throw new Refused(code, `the run ended without a result in round ${round}`, { culprits, details: { round } });
  });
}
