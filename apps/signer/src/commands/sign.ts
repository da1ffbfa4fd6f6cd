/** POST …/signatures: recomputes what is to be signed from the signed body, journals it, then takes part. */
import { planSignature, type Scheme, type SigningItem, type SigningPlan } from '@holdfast/chains/families';
import type { Command, RawSignature, Result } from '@holdfast/cluster/commands';
import { fromHex, toHex } from '@holdfast/contract/wire';
import { curve as curveOf } from '@holdfast/crypto/curves';
import { enc, type Item, i as item, sha256 } from '@holdfast/crypto/transcript';
import type { AuxInfo, Cggmp24Options } from '@holdfast/mpc/cggmp24';
import type { PrssSession } from '@holdfast/mpc/honest-majority';
import type { KeyShare, Machine, RunContext } from '@holdfast/mpc/runtime';
import { type Parties, THRESHOLD } from '../cluster-view/index.ts';
import type { ConsentedAct } from '../consent/index.ts';
import { check, refuse } from '../refusal/index.ts';
import type { Machines } from '../runs/index.ts';
import { wipeShare } from '../vault/index.ts';
import { burn, requestHash, testAttempt } from './attempt.ts';
import type { Context, EcdsaEngine } from './context.ts';
import { checkNotNamed, nameCulprits } from './named.ts';
import { checkRepeat, type Ordered, orderedBy } from './orders.ts';
import { checkParticipants, partiesOf } from './participants.ts';
import { checkUsable, loadFamilyFor, type Target, targetOf, type UsableKey } from './records.ts';

type Act = Extract<Command, { kind: 'Act' }>;
export type Signed = { readonly signature: Uint8Array; readonly recid?: number };

/** Below the api's deadline for a signature, so that its answer is the signers' and not a timeout. */
export const SIGN_DEADLINE_MS = 4_000;
/** A run of engine C takes a second of three processors; five signers on two crowded cores take ten times as long. */
const C_DEADLINE_MS = 20_000;
const C_ITEM_MS = 3_000;
const C_ITEMS_MAX = 16;
/** Inputs of one transaction; each is a run of its own. */
export const ITEMS_MAX = 128;

/** The api's hints of one run: who takes part, under which nonce, and what completes a transaction. */
export type RunHints = Pick<Act, 'runNonce' | 'participants' | 'session' | 'completion' | 'originals'>;

/** Everything a request for signatures needs before it may be burnt and begun. Nothing of it has left yet. */
export interface Prepared {
  readonly act: ConsentedAct;
  readonly key: UsableKey;
  /** SHA-256 over all that will be signed. */
  readonly digest: Uint8Array;
  /** Of a transfer or transaction. */
  readonly order?: Ordered['order'];
  readonly attempt: number;
  /** This signer's evaluation point, and everybody's. */
  readonly self: number;
  readonly parties: Parties;
  /** One for each thing to sign, in order. */
  readonly machines: readonly Machine<Signed>[];
  readonly deadlineMs: number;
  wipe(): void;
}

export async function sign(ctx: Context, act: ConsentedAct, command: Act): Promise<Result> {
  const loading = loadFamilyFor(ctx, act);
  if (loading !== undefined) await loading;
  const prepared = prepare(ctx, act, command);
  const { machines, self, parties } = prepared;
  let release = (): void => {};
  try {
    release = ctx.runs.reserve(machines.length);
    // Step 17: nothing that depends on a nonce leaves before this is on the disk.
    ctx.store.transaction('sign', () => recordStart(ctx, prepared));

    // Step 18, in lockstep: each item is a run of its own under an id of its own.
    const runs = machines.map((machine) =>
      ctx.runs.run({
        machine,
        self,
        parties,
        deadlineMs: prepared.deadlineMs,
        aborted: (abort) => nameCulprits(ctx, { protocol: machine.protocol, execId: machine.execId, parties, abort }),
      }),
    );
    const settled = await Promise.allSettled(runs);
    const signatures = settled.map((one) => {
      if (one.status === 'rejected') throw one.reason;
      return rawSignature(one.value);
    });
    return { t: 'signatures', signatures };
  } finally {
    prepared.wipe();
    release();
  }
}

/** Steps 13–16: the request's own key, plan and digest, and a machine for each thing to sign. Writes nothing. */
export function prepare(ctx: Context, act: ConsentedAct, hints: RunHints): Prepared {
  const target = targetOf(ctx, act);
  checkUsable(ctx, target);
  const { key } = target;
  const { body, order } = orderedBy(ctx, act, target, hints);
  const plan = planOf(body, target);
  const digest = digestOf(plan);
  if (order !== undefined) checkRepeat(ctx, order, digest);
  const attempt = testAttempt(ctx, act, order === undefined ? digest : undefined);
  const engine = engineFor(ctx, key, hints);
  checkParticipants(ctx, hints.participants, engine === 'H' ? ctx.cluster.roster.signers.length : THRESHOLD);
  checkNotNamed(ctx, hints.participants);
  const prss = engine === 'H' ? sessionOf(ctx, hints) : undefined;
  const aux = engine === 'C' ? auxiliaryOf(ctx, plan) : undefined;

  const { share, record } = ctx.store.keys.open(key.keyId, key.activeEpoch);
  const machines: Machine<Signed>[] = [];
  const wipe = (): void => {
    for (const machine of machines) machine.wipe();
    wipeShare(share);
  };
  try {
    const parties = partiesOf(ctx, { points: record.points, participants: hints.participants });
    const curve = curveOf(key.curve);
    for (const [index, each] of plan.items.entries()) {
      const execId = ctx.cluster.execId({
        protocol: aux === undefined ? protocolOf(each) : 'cggmp24',
        keyId: key.keyId,
        curve: key.curve,
        parties,
        // The share's own epoch: a child's moves with its master's. With the public key it fixes the tweak (row 49).
        key: { epoch: share.epoch, publicKey: key.publicKey },
        requestHash: requestHash(act, { digest, item: { index, count: plan.items.length } }),
        runNonce: fromHex(hints.runNonce),
        ...(prss === undefined ? {} : { session: prss.id }),
        // The name of the set-up: signers that hold different ones never meet.
        ...(aux === undefined ? {} : { session: aux.epoch }),
      });
      const run: RunContext = {
        execId,
        self: share.index,
        parties: [...parties.keys()],
        curve,
        env: ctx.cluster.mpcEnv(parties),
      };
      machines.push(
        machineFor(ctx.machines, run, { share, item: each, prss, aux: aux && auxiliaryBy(ctx, aux, parties) }),
      );
    }
    const deadlineMs = engine === 'C' ? C_DEADLINE_MS + C_ITEM_MS * (machines.length - 1) : SIGN_DEADLINE_MS;
    return {
      act,
      key,
      digest,
      ...(order === undefined ? {} : { order }),
      attempt,
      self: share.index,
      parties,
      machines,
      deadlineMs,
      wipe,
    };
  } catch (error) {
    wipe();
    throw error;
  }
}

/** Step 17, inside a transaction: burns the assertion and the execution ids, and says so in the journal. */
export function recordStart(ctx: Context, { act, key, digest, order, attempt, machines }: Prepared): void {
  const execIds = machines.map((m) => m.execId);
  burn(ctx, act, { digest, execIds, keyId: key.keyId, ...(order === undefined ? {} : { order }) });
  ctx.store.journal.append('sign.started', {
    org: act.org,
    operation: act.operation,
    keyId: key.keyId,
    nullifier: toHex(act.nullifier),
    attempt,
    digest: toHex(digest),
    execIds: execIds.map(toHex).join(','),
  });
}

/** Step 16: this signer's own construction from the signed body; the api's opinion is never asked. */
function planOf(body: ConsentedAct['body'], { key, wallet }: Target): SigningPlan {
  const plan = planSignature({
    key: { scheme: key.scheme as Scheme, curve: key.curve, publicKey: key.publicKey },
    ...(wallet === undefined ? {} : { network: wallet.network }),
    body,
  });
  const { items } = plan;
  check(items.length >= 1 && items.length <= ITEMS_MAX, 'E_BODY', `a request signs 1 to ${ITEMS_MAX} things`);
  const expected = { CGGMP21: 'ecdsa', FROST: 'eddsa', FROST_BITCOIN: 'bip340', GLOW20_DH: undefined }[key.protocol];
  check(
    items.every((each) => each.algorithm === expected),
    'E_SIGNATURE_KIND',
    'this kind of signature is not available for the key',
  );
  return plan;
}

/** SHA-256 over everything that will be signed, tweaks included, in order. */
export function digestOf(plan: Pick<SigningPlan, 'items'>): Uint8Array {
  return sha256(enc('holdfast/digest/v1', item.list(plan.items.map(digestItem))));
}

function digestItem(each: SigningItem): Item {
  switch (each.algorithm) {
    case 'ecdsa':
      return item.list([item.text('ecdsa'), item.bytes(each.digest)]);
    case 'eddsa':
      return item.list([item.text('eddsa'), item.bytes(each.message)]);
    case 'bip340': {
      const { message, taprootMerkleRoot: root } = each;
      return item.list([item.text('bip340'), item.bytes(message), root === undefined ? item.absent : item.bytes(root)]);
    }
    default:
      return each satisfies never;
  }
}

/**
 * H with a session of all five, C with three and none: what a command asks for is told by what it brings, and anything
 * between is held to what H needs and refused.
 */
function engineFor(ctx: Context, key: UsableKey, hints: RunHints): EcdsaEngine | 'frost' {
  if (key.protocol !== 'CGGMP21') return 'frost';
  const engine = hints.session === undefined && hints.participants.length === THRESHOLD ? 'C' : 'H';
  const allowed = ctx.settings.ecdsaEngines ?? ['H', 'C'];
  check(allowed.includes(engine), 'E_ENGINE', `this signer does not sign ECDSA by engine ${engine}`);
  return engine;
}

/** The cluster's set-up, for no more items than there is time for. */
function auxiliaryOf(ctx: Context, plan: SigningPlan): AuxInfo {
  const { items } = plan;
  check(items.length <= C_ITEMS_MAX, 'E_ENGINE', `three signers sign at most ${C_ITEMS_MAX} ECDSA inputs at once`);
  const aux = ctx.auxiliary.info();
  if (aux === undefined) refuse('E_ENGINE', 'the auxiliary set-up of engine C is not ready at this signer');
  return aux;
}

/** By evaluation points, as a run has its parties (rulings 20). */
function auxiliaryBy(ctx: Context, { own, parties: sets }: AuxInfo, parties: Parties): Cggmp24Options['aux'] {
  const publics = [...parties].map(([point, index]) => {
    const signer = ctx.cluster.roster.signers.find((each) => each.index === index);
    const set = signer === undefined ? undefined : sets.get(toHex(signer.signerId));
    check(set !== undefined, 'E_ENGINE', `signer ${index} is not in the auxiliary set-up`);
    return [point, set] as const;
  });
  return { own, publics: new Map(publics) };
}

export function sessionOf(ctx: Context, command: Pick<Act, 'session'>): PrssSession {
  const session = command.session === undefined ? undefined : ctx.sessions.get(command.session);
  if (session === undefined)
    refuse('E_SESSION', 'this signer does not hold that session of shared randomness; use the newest');
  return session;
}

function protocolOf(each: SigningItem): string {
  return { ecdsa: 'ecdsa-h', eddsa: 'frost-ed25519', bip340: 'frost-bip340' }[each.algorithm];
}

function machineFor(
  machines: Machines,
  run: RunContext,
  o: {
    share: KeyShare;
    item: SigningItem;
    prss: PrssSession | undefined;
    aux: Cggmp24Options['aux'] | undefined;
  },
): Machine<Signed> {
  const { share, prss } = o;
  const each = o.item;
  switch (each.algorithm) {
    case 'ecdsa':
      if (o.aux !== undefined) return machines.cggmp24(run, { share, digest: each.digest, aux: o.aux });
      if (prss === undefined) throw new Error('bug: ECDSA without a session');
      return machines.ecdsaH(run, { share, prss, digest: each.digest });
    case 'eddsa':
      return machines.frostEd25519(run, { share, message: each.message });
    case 'bip340': {
      const { taprootMerkleRoot } = each;
      return machines.frostBip340(run, {
        share,
        message: each.message,
        ...(taprootMerkleRoot === undefined ? {} : { taprootMerkleRoot }),
      });
    }
  }
}

export function rawSignature({ signature, recid }: Signed): RawSignature {
  return { signature: toHex(signature), ...(recid === undefined ? {} : { recid }) };
}
