/**
 * The same key for the roster of today (docs/specs/succession.md §4): after a signer was replaced, or to bring one back
 * whose copy of the key was lost or too old. No user signs for it: who controls the key does not change. What the api
 * says counts only as far as three signers state it and all holders have it in their own records.
 */
import { keyStatementBytes } from '@holdfast/authority/log';
import type { Command, KeyStatement, ReshareRecord, Result, WalletOfKey } from '@holdfast/cluster/commands';
import { verifyBySigner } from '@holdfast/cluster/roster';
import { canonicalJson, fromBase64Url, fromHex, toHex } from '@holdfast/contract/wire';
import { curve as curveOf } from '@holdfast/crypto/curves';
import { epochOf } from '@holdfast/crypto/sharing';
import { enc, i as item, sha256 } from '@holdfast/crypto/transcript';
import { createResharing, type Role } from '@holdfast/mpc/refresh';
import type { KeyShare, ProtocolName } from '@holdfast/mpc/runtime';
import { THRESHOLD } from '../cluster-view/index.ts';
import { check } from '../refusal/index.ts';
import type { PointMap } from '../store/index.ts';
import { wipeShare } from '../vault/index.ts';
import type { Context } from './context.ts';
import { confirmation } from './epochs.ts';
import { keepEvidence } from './named.ts';
import { checkParticipants } from './participants.ts';
import { REFRESHES_MAX } from './refresh.ts';
import { activate, KEY_DEADLINE_MS, ownStatement } from './run-key.ts';

/** Of one master, in one command. */
const CHILDREN_MAX = 1024;

type Reshare = Extract<Command, { kind: 'Reshare' }>;

export async function reshareKey(ctx: Context, command: Reshare): Promise<Extract<Result, { t: 'key' }>> {
  const { keyId, participants: dealers } = command;
  const { store, cluster } = ctx;
  const base = fromHex(command.epoch);
  const told = readTold(command.record);
  checkDealers(ctx, dealers, told.points);
  const everybody = cluster.roster.signers.map(({ index }) => index);
  checkParticipants(ctx, everybody, everybody.length);
  const record = agreedRecord(ctx, { keyId, base, told: command.record });
  checkNewest(ctx, keyId, told.generation);
  check(!ctx.refreshing.has(keyId), 'E_CLUSTER_BUSY', 'the shares of this key are being changed');
  check(ctx.refreshing.size < REFRESHES_MAX, 'E_BUSY', 'the shares of other keys are being changed; try again');
  const isDealer = dealers.includes(cluster.index);
  check(!isDealer || record.isHeld, 'E_NO_SHARE', 'this signer holds no such share to deal from');

  const curve = curveOf(told.curve);
  const publicShares = told.publicShares.map((X_j) => curve.decodePoint(X_j));
  const publicKey = curve.decodePoint(told.publicKey);
  const n = publicShares.length;
  const points = pointsToday(ctx, told.points);
  const pointOf = (map: PointMap, rosterIndex: number): number | undefined => {
    const signer = cluster.roster.signers.find(({ index }) => index === rosterIndex);
    return map.find(({ signerId }) => signer !== undefined && equal(signerId, signer.signerId))?.index;
  };
  const roles = new Map(
    everybody.map((rosterIndex): [number, Role] => {
      const to = pointOf(points, rosterIndex) ?? 0;
      const from = dealers.includes(rosterIndex) ? pointOf(told.points, rosterIndex) : undefined;
      return [rosterIndex, from === undefined ? { to } : { from, to }];
    }),
  );
  const execId = cluster.execId({
    protocol: 'reshare',
    keyId,
    curve: told.curve,
    parties: new Map(points.map(({ index }) => [index, everybody.find((r) => pointOf(points, r) === index) ?? 0])),
    key: { epoch: base, publicKey: told.publicKey },
    requestHash: reshareHash({ record: command.record, dealers }),
    runNonce: fromHex(command.runNonce),
  });

  const release = ctx.runs.reserve(1);
  ctx.refreshing.add(keyId);
  const held = isDealer ? store.keys.open(keyId, base).share : undefined;
  try {
    const parties = cluster.everybody();
    const machine = createResharing(
      { execId, self: cluster.index, parties: everybody, curve, env: cluster.mpcEnv(parties) },
      {
        key: { protocol: told.protocol, t: THRESHOLD, n, publicShares, publicKey },
        roles,
        n: everybody.length,
        t: THRESHOLD,
        ...(held === undefined ? {} : { share: held }),
        statement: (x, epoch) => keyStatementBytes(told.org, keyId, told.curve, x, epoch),
      },
    );
    try {
      store.transaction('reshare', () => {
        store.used.startExecution(execId, keyId, ctx.env.now());
        store.journal.append('reshare.started', { keyId, base: command.epoch, execId: toHex(execId) });
      });
      const out = await ctx.runs.run({
        machine,
        self: cluster.index,
        parties,
        aborted: (abort) => keepEvidence(ctx, { protocol: machine.protocol, execId, parties, abort }),
        deadlineMs: KEY_DEADLINE_MS,
        persist: (next) => persist(ctx, { keyId, base, next, points, told, isHeld: record.isHeld }),
      });
      if (out.share !== undefined) wipeShare(out.share);
      const { epoch } = out;
      // All five stated this sharing, this signer among them: the run's own end is the certificate.
      activate(ctx, { keyId, epoch });
      const { org } = told;
      return {
        t: 'key',
        keyId,
        publicKey: command.record.publicKey,
        epoch: toHex(epoch),
        statement: ownStatement(ctx, { org, keyId, curve: told.curve, publicKey: told.publicKey, epoch }),
        confirmation: confirmation(ctx, { org, keyId, epoch }),
      };
    } finally {
      machine.wipe();
    }
  } finally {
    if (held !== undefined) wipeShare(held);
    ctx.refreshing.delete(keyId);
    release();
  }
}

/** What this signer knows of a key, for whoever has to be told; its statement beside it. */
export function keyRecord(ctx: Context, { keyId }: Extract<Command, { kind: 'KeyRecord' }>): Result {
  const epoch = ctx.store.keys.key(keyId)?.activeEpoch;
  const own = epoch === undefined ? undefined : ownRecord(ctx, keyId, epoch);
  check(own !== undefined && epoch !== undefined, 'E_NOT_FOUND', 'key not found');
  const { org, curve, publicKey } = readTold(own);
  return { t: 'keyRecord', record: own, statement: ownStatement(ctx, { org, keyId, curve, publicKey, epoch }) };
}

/** Everything in it is compared by all parties before anything is dealt: it is part of the execution id. */
function reshareHash(o: { record: ReshareRecord; dealers: readonly number[] }): Uint8Array {
  const { statements: _, ...facts } = o.record;
  return sha256(
    enc('holdfast/reshare/v1', item.text(canonicalJson(facts)), item.list(o.dealers.map((index) => item.uint(index)))),
  );
}

/**
 * The record, if this signer may go by it: the same as its own, or, where it holds none of this epoch, stated by three
 * signers of the roster. Those vouch for key, organisation and sharing; for the rest the dealers do, by the execution id.
 */
function agreedRecord(
  ctx: Context,
  o: { readonly keyId: string; readonly base: Uint8Array; readonly told: ReshareRecord },
): { readonly isHeld: boolean } {
  const { keyId, base, told } = o;
  const { keys } = ctx.store;
  check(keys.key(keyId)?.exported !== true, 'E_KEY_EXPORTED', 'key is exported; its shares are not changed any more');
  // A share that cannot be opened any more is as good as none: this signer is dealt another one.
  const isDamaged = keys.damagedEpochs(keyId).some((epoch) => equal(epoch, base));
  const own = isDamaged ? undefined : ownRecord(ctx, keyId, base);
  if (own !== undefined) {
    const { statements: _, ...facts } = told;
    const { statements: __, ...mine } = own;
    check(canonicalJson(facts) === canonicalJson(mine), 'E_RESHARE_RECORD', 'this signer knows the key otherwise');
    return { isHeld: true };
  }
  const { org, curve, publicKey, publicShares } = readTold(told);
  const name = epochOf(
    curveOf(curve),
    publicShares.map((X_j) => curveOf(curve).decodePoint(X_j)),
  );
  check(equal(name, base), 'E_RESHARE_RECORD', 'these public shares have another epoch');
  const bytes = keyStatementBytes(org, keyId, curve, publicKey, base);
  const by = new Set(told.statements.filter((s) => isStatement(ctx, s, bytes)).map(({ index }) => index));
  check(by.size >= THRESHOLD, 'E_ACKS', `only ${by.size} signers state this key; it takes ${THRESHOLD}`);
  return { isHeld: false };
}

function isStatement(ctx: Context, { index, signature }: KeyStatement, bytes: Uint8Array): boolean {
  return verifyBySigner(ctx.cluster.roster, { index, bytes, signature: fromBase64Url(signature) });
}

function ownRecord(ctx: Context, keyId: string, epoch: Uint8Array): ReshareRecord | undefined {
  const { keys } = ctx.store;
  const key = keys.key(keyId);
  const record = keys.record(keyId, epoch);
  const held = keys.soundEpochsOf(keyId).find((each) => equal(each.epoch, epoch));
  if (key === undefined || record === undefined || held?.certified !== true || key.purpose === 'child')
    return undefined;
  const children = keys.childrenOf(keyId);
  check(children.length <= CHILDREN_MAX, 'E_RESHARE_RECORD', `${keyId} has more than ${CHILDREN_MAX} children`);
  return {
    org: key.org,
    curve: key.curve,
    protocol: key.protocol,
    scheme: key.scheme,
    purpose: key.purpose,
    origin: toHex(key.origin),
    imported: key.imported,
    archived: key.archived,
    publicKey: toHex(record.publicKey),
    publicShares: record.publicShares.map((X_j) => toHex(X_j)),
    points: record.points.map(({ signerId, index }) => [toHex(signerId), index] as const),
    generation: held.generation,
    ...(key.owner === undefined ? {} : { owner: key.owner }),
    wallets: walletsOf(ctx, keyId),
    children: children.map((child) => {
      const epochOfChild = child.activeEpoch ?? new Uint8Array();
      return {
        keyId: child.keyId,
        path: child.derivedFrom?.path ?? '',
        publicKey: toHex(child.publicKey ?? new Uint8Array()),
        epoch: toHex(epochOfChild),
        origin: toHex(child.origin),
        archived: child.archived,
        ...(child.owner === undefined ? {} : { owner: child.owner }),
        wallets: walletsOf(ctx, child.keyId),
      };
    }),
    statements: [],
  };
}

function walletsOf(ctx: Context, keyId: string): WalletOfKey[] {
  return ctx.store.keys
    .walletsOf(keyId)
    .map(({ walletId, network, status, origin }) => ({
      walletId,
      network,
      status: status === 'Archived' ? ('Archived' as const) : ('Active' as const),
      origin: toHex(origin),
    }))
    .sort((a, b) => (a.walletId < b.walletId ? -1 : 1));
}

const readWallet = (w: WalletOfKey) => ({ ...w, origin: fromHex(w.origin) });

function readTold(r: ReshareRecord) {
  return {
    org: r.org,
    curve: r.curve,
    protocol: r.protocol as ProtocolName,
    publicKey: fromHex(r.publicKey),
    publicShares: r.publicShares.map((text) => fromHex(text)),
    points: r.points.map(([signerId, index]) => ({ signerId: fromHex(signerId), index })),
    generation: r.generation,
    record: r,
  };
}

/** Three or more different signers of the roster that are holders. */
function checkDealers(ctx: Context, dealers: readonly number[], points: PointMap): void {
  const { roster } = ctx.cluster;
  check(dealers.length >= THRESHOLD, 'E_COMMAND', `dealing a key anew takes ${THRESHOLD} of its holders`);
  for (const dealer of dealers) {
    const signer = roster.signers.find(({ index }) => index === dealer);
    const holds = signer !== undefined && points.some(({ signerId }) => equal(signerId, signer.signerId));
    check(holds, 'E_COMMAND', `signer ${dealer} holds no share of this key`);
  }
}

/** An older sharing than one that may be used here is not gone back to. */
function checkNewest(ctx: Context, keyId: string, generation: number): void {
  const newer = ctx.store.keys.soundEpochsOf(keyId).some((each) => each.certified && each.generation > generation);
  check(!newer, 'E_EPOCH', 'the shares of this key have changed since');
}

/**
 * Who holds which point from now on: everybody keeps the own one, newcomers take those of signers that have left, in order
 * (rulings 20).
 */
function pointsToday(ctx: Context, points: PointMap): PointMap {
  const { signers } = ctx.cluster.roster;
  const kept = points.filter(({ signerId }) => signers.some((signer) => equal(signer.signerId, signerId)));
  const vacant = points.filter((point) => !kept.includes(point)).map(({ index }) => index);
  const newcomers = signers.filter(({ signerId }) => !kept.some((point) => equal(point.signerId, signerId)));
  check(
    newcomers.length === vacant.length,
    'E_RESHARE_RECORD',
    'the key has another number of holders than the roster',
  );
  const taken = newcomers.map(({ signerId }, at) => ({ signerId, index: vacant[at] ?? 0 }));
  return [...kept, ...taken].sort((a, b) => a.index - b.index);
}

/** Write-ahead of the acknowledgement: from here on this signer holds the new sharing, beside an old one if it has that. */
function persist(
  ctx: Context,
  o: {
    readonly keyId: string;
    readonly base: Uint8Array;
    readonly next: KeyShare;
    readonly points: PointMap;
    readonly told: ReturnType<typeof readTold>;
    readonly isHeld: boolean;
  },
): void {
  const { keyId, base, next, points, told } = o;
  const { keys, journal } = ctx.store;
  // Something else may have happened to the key since the run began.
  checkNewest(ctx, keyId, told.generation);
  check(keys.key(keyId)?.exported !== true, 'E_KEY_EXPORTED', 'key is exported; its shares are not changed any more');
  const publicShares = curveOf(next.curve).encodePoints(next.publicShares);
  const successor = { keyId, base, share: next, publicShares, points, time: ctx.env.now() };
  const { org, curve, protocol, publicKey, generation, record } = told;
  ctx.store.transaction('epoch', () => {
    for (const epoch of keys.dropDamaged(keyId)) journal.append('share.dropped', { keyId, epoch: toHex(epoch) });
    if (o.isHeld) keys.putSuccessor(successor);
    else
      keys.adopt({
        ...successor,
        key: {
          keyId,
          org,
          curve,
          protocol,
          scheme: record.scheme,
          purpose: record.purpose,
          origin: fromHex(record.origin),
          imported: record.imported,
          archived: record.archived,
          ...(record.owner === undefined ? {} : { owner: record.owner }),
        },
        publicKey,
        generation,
        wallets: record.wallets.map(readWallet),
        children: record.children.map((child) => ({
          keyId: child.keyId,
          path: child.path,
          publicKey: fromHex(child.publicKey),
          epoch: fromHex(child.epoch),
          origin: fromHex(child.origin),
          archived: child.archived,
          ...(child.owner === undefined ? {} : { owner: child.owner }),
          wallets: child.wallets.map(readWallet),
        })),
      });
    journal.append('epoch.pending', { keyId, base: toHex(base), epoch: toHex(next.epoch) });
  });
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
