/** What key generation, import and derivation of children have in common: all five signers, a pending share before the last word, a certificate. */
import { keyStatementBytes } from '@holdfast/authority/log';
import type { KeyStatement, RecordMark, Result } from '@holdfast/cluster/commands';
import { verifyBySigner } from '@holdfast/cluster/roster';
import { fromBase64Url, toBase64Url, toHex } from '@holdfast/contract/wire';
import { type Curve, type CurveName, curve as curveOf } from '@holdfast/crypto/curves';
import type { CertifiedShare } from '@holdfast/mpc/dkg';
import type { KeyShare, Machine, ProtocolName, RunContext } from '@holdfast/mpc/runtime';
import type { Parties } from '../cluster-view/index.ts';
import type { ConsentedAct } from '../consent/index.ts';
import { check } from '../refusal/index.ts';
import type { DerivedFrom, StatedKey } from '../store/index.ts';
import { type Purpose, wipeShare } from '../vault/index.ts';
import { burn } from './attempt.ts';
import type { Context } from './context.ts';
import { makeMark } from './marks.ts';
import { keepEvidence } from './named.ts';

/** Longer than the slowest of five on a loaded machine; the api's own deadline is longer. */
export const KEY_DEADLINE_MS = 10_000;

export interface KeyRun {
  readonly act: ConsentedAct;
  readonly keyId: string;
  readonly kind: { readonly scheme: string; readonly curve: CurveName; readonly protocol: ProtocolName };
  readonly purpose: Purpose;
  /** Of a key that is an end user's, or may become one's. */
  readonly owner?: string;
  /** Of a child: nothing but this is stored of it. */
  readonly derivedFrom?: DerivedFrom;
  readonly imported: boolean;
  readonly wallet?: { readonly walletId: string; readonly network: string };
  /** Name inside the execution id. */
  readonly protocol: 'dkg' | 'import' | 'hd';
  /** Who sits where, and the sharing the run starts from; absent where it starts from nothing. */
  readonly from?: {
    readonly parties: Parties;
    readonly self: number;
    readonly key: { readonly epoch: Uint8Array; readonly publicKey: Uint8Array };
  };
  /** What must be the same on a second attempt, and at all five. */
  readonly digest: Uint8Array;
  readonly requestHash: Uint8Array;
  readonly runNonce: Uint8Array;
  /** Burnt in the same transaction. */
  readonly alsoBurn?: () => void;
  machine(ctx: RunContext, statement: (x: Uint8Array, epoch: Uint8Array) => Uint8Array): Machine<CertifiedShare>;
}

export async function runKey(ctx: Context, run: KeyRun): Promise<Extract<Result, { t: 'key' }>> {
  const { act, keyId, kind } = run;
  const { store, cluster } = ctx;
  const made = madeBefore(ctx, run);
  if (made !== undefined) return made;
  const parties = run.from?.parties ?? cluster.everybody();
  const self = run.from?.self ?? cluster.index;
  const curve = curveOf(kind.curve);
  const execId = cluster.execId({
    protocol: run.protocol,
    keyId,
    curve: kind.curve,
    parties,
    ...(run.from === undefined ? {} : { key: run.from.key }),
    requestHash: run.requestHash,
    runNonce: run.runNonce,
  });
  const statement = (x: Uint8Array, epoch: Uint8Array): Uint8Array =>
    keyStatementBytes(act.org, keyId, kind.curve, x, epoch);
  const machine = run.machine(
    { execId, self, parties: [...parties.keys()], curve, env: cluster.mpcEnv(parties) },
    statement,
  );
  check(!ctx.making.has(keyId), 'E_CLUSTER_BUSY', 'the key is being made');
  const release = ctx.runs.reserve(1);
  ctx.making.add(keyId);
  try {
    store.transaction(run.protocol, () => {
      const attempt = burn(ctx, act, { digest: run.digest, execIds: [execId], keyId });
      run.alsoBurn?.();
      store.journal.append(`${run.protocol}.started`, {
        org: act.org,
        keyId,
        nullifier: toHex(act.nullifier),
        attempt,
        execId: toHex(execId),
      });
    });
    const out = await ctx.runs.run({
      machine,
      self,
      parties,
      aborted: (abort) => keepEvidence(ctx, { protocol: machine.protocol, execId, parties, abort }),
      deadlineMs: KEY_DEADLINE_MS,
      persist: (share) => persist(ctx, run, { share, curve }),
    });
    try {
      // All five stated this sharing, this signer among them: the run's own end is the certificate. An answer that is
      // lost after this is given again (`Made`), so nobody is left with a key that nobody was told of.
      activate(ctx, { keyId, epoch: out.share.epoch });
      return keyResult(ctx, run, { publicKey: curve.encodePoint(out.share.publicKey), epoch: out.share.epoch });
    } finally {
      wipeShare(out.share);
    }
  } finally {
    machine.wipe();
    ctx.making.delete(keyId);
    release();
  }
}

/** Write-ahead of the acknowledgement: from here on this signer never discards the share on its own (rulings 15). */
function persist(ctx: Context, run: KeyRun, o: { share: KeyShare; curve: Curve }): void {
  const { act, keyId, kind } = run;
  const { share, curve } = o;
  const publicKey = curve.encodePoint(share.publicKey);
  const key = {
    keyId,
    org: act.org,
    curve: kind.curve,
    protocol: kind.protocol,
    scheme: kind.scheme,
    purpose: run.purpose,
    origin: act.nullifier,
    imported: run.imported,
    ...(run.owner === undefined ? {} : { owner: run.owner }),
  };
  const wallet = run.wallet === undefined ? {} : { wallet: run.wallet };
  const { derivedFrom } = run;
  ctx.store.transaction('pending', () => {
    if (derivedFrom === undefined) {
      const publicShares = curve.encodePoints(share.publicShares);
      ctx.store.keys.putPending({ key, share, publicKey, publicShares, points: ctx.cluster.points(), ...wallet });
    } else {
      ctx.store.keys.putPendingChild({ key: { ...key, derivedFrom }, epoch: share.epoch, publicKey, ...wallet });
    }
    ctx.store.journal.append('key.pending', { keyId, epoch: toHex(share.epoch), publicKey: toHex(publicKey) });
  });
}

/**
 * Makes a pending share the key, or a new sharing of it one that may be used. Refuses E_KEY_EXISTS where another key has
 * this public key, or where the key was made in another sharing. With the certificate of a new sharing goes the promise
 * to keep it (epochs.ts), so that both are on the disk before either is said.
 */
export function activate(ctx: Context, o: { keyId: string; epoch: Uint8Array }): void {
  const { keys, journal } = ctx.store;
  const { keyId, epoch } = o;
  ctx.store.transaction('activate', () => {
    const key = keys.key(keyId);
    const stated = keys.stated(keyId, epoch);
    check(stated !== undefined, 'E_NO_SHARE', `this signer holds no such share of ${keyId}`);
    if (key?.activeEpoch !== undefined) {
      if (toHex(key.activeEpoch) === toHex(epoch)) return;
      if (keys.epochsOf(keyId).some((held) => held.certified && toHex(held.epoch) === toHex(epoch))) return;
      check(keys.record(keyId, epoch)?.lineage !== undefined, 'E_KEY_EXISTS', `${keyId} exists already`);
      keys.certify(keyId, epoch);
      journal.append('epoch.active', { keyId, epoch: toHex(epoch) });
      return;
    }
    const others = keys.holdersOf(stated.publicKey).filter((id) => id !== keyId);
    check(others.length === 0, 'E_KEY_EXISTS', 'this key already exists here');
    keys.activate(keyId, epoch);
    journal.append('key.active', { keyId, epoch: toHex(epoch) });
  });
}

/**
 * This very request has made its key already: the answer may have been lost, so it is given again. A pending share
 * counts: this signer has acknowledged it, and a second sharing under one id would let two certificates for it exist.
 */
function madeBefore(ctx: Context, run: KeyRun): Extract<Result, { t: 'key' }> | undefined {
  const { keys } = ctx.store;
  const epoch = keys.key(run.keyId)?.activeEpoch ?? keys.pendingEpochs(run.keyId)[0]?.epoch;
  const record = epoch === undefined ? undefined : keys.stated(run.keyId, epoch);
  return record === undefined ? undefined : keyResult(ctx, run, { publicKey: record.publicKey, epoch: record.epoch });
}

/** What this signer says of a key that a request made: the key, its own statement, and its mark on a wallet beside it. */
export function keyResult(
  ctx: Context,
  of: {
    readonly act: Pick<ConsentedAct, 'org' | 'nullifier'>;
    readonly keyId: string;
    readonly kind: Pick<KeyRun['kind'], 'curve'>;
    readonly wallet?: { readonly walletId: string };
  },
  o: { publicKey: Uint8Array; epoch: Uint8Array },
): Extract<Result, { t: 'key' }> {
  const { act, keyId, wallet } = of;
  const { publicKey, epoch } = o;
  const mark: RecordMark | undefined =
    wallet === undefined
      ? undefined
      : makeMark(ctx, { org: act.org, recordId: wallet.walletId, mark: 'wallet', nullifier: act.nullifier });
  const path = ctx.store.keys.key(keyId)?.derivedFrom?.path;
  return {
    t: 'key',
    keyId,
    ...(wallet === undefined ? {} : { walletId: wallet.walletId }),
    publicKey: toHex(publicKey),
    epoch: toHex(epoch),
    statement: ownStatement(ctx, { org: act.org, keyId, curve: of.kind.curve, publicKey, epoch }),
    ...(mark === undefined ? {} : { mark }),
    ...(path === undefined ? {} : { path }),
  };
}

/** This signer's word that it holds its share of the key. */
export function ownStatement(ctx: Context, key: StatedKey): KeyStatement {
  return { index: ctx.cluster.index, signature: toBase64Url(ctx.cluster.identity.sign(bytesOf(key))) };
}

/** Whether all five signers stated exactly this key, each once. */
export function isCertificate(ctx: Context, key: StatedKey, statements: readonly KeyStatement[]): boolean {
  const bytes = bytesOf(key);
  const { roster } = ctx.cluster;
  const by = new Set(
    statements
      .filter((s) => verifyBySigner(roster, { index: s.index, bytes, signature: fromBase64Url(s.signature) }))
      .map((s) => s.index),
  );
  return by.size === roster.signers.length;
}

function bytesOf({ org, keyId, curve, publicKey, epoch }: StatedKey): Uint8Array {
  return keyStatementBytes(org, keyId, curve, publicKey, epoch);
}
