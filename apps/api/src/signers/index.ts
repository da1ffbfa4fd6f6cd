/** The only door to the cluster. Keeps what signers push, asks them, checks what they sign, brings up who was away. */
import type { FreshToken } from '@holdfast/authority/types';
import { readFigures } from '@holdfast/cluster/commands';
import type { Roster } from '@holdfast/cluster/roster';
import type { Env } from '@holdfast/contract/types';
import { toBase64, toBase64Url } from '@holdfast/contract/wire';
import type { Database } from '@holdfast/storage/database';
import { type ClusterLink, createAsk } from './ask.ts';
import { createCatchUp, standing } from './catch-up.ts';
import { createController, ECDSA_ENGINES, type EcdsaEngine, type EcdsaNonces } from './controller.ts';
import { derive } from './derive.ts';
import { confirmEpoch, refreshKey, settleEpochs } from './epochs.ts';
import { catchUpSigner, commit, disregard, genesis, govern, heads, release, withdraw } from './governance.ts';
import { certifyKey, makeKey } from './keys.ts';
import { madeKey, madeMarks } from './made.ts';
import { failureOf, resultsOf } from './outcomes.ts';
import { requireAll, SIGNERS } from './participants.ts';
import { exportKey, markRecord } from './records.ts';
import { reshareKey } from './reshare.ts';
import { actOrder, type Room } from './room.ts';
import { requireSigners, type SignParts, seatingOf, sign } from './sign.ts';
import { createSignQueue } from './sign-queue.ts';
import { isImportKey } from './statements.ts';
import type { SignerFigures, SignerImportKey, Signers } from './types.ts';

export type { ClusterLink } from './ask.ts';
export * from './types.ts';

const IMPORT_KEY_MS_MAX = 3_000;
const STATUS_MS_MAX = 1_000;
const LOOK_AGAIN_MS = 60_000;

/**
 * Makes the door of one cluster.
 *
 *     const signers = createSigners({ link: hub, roster, env, db });
 */
export function createSigners(o: {
  readonly link: ClusterLink;
  readonly roster: Roster;
  readonly env: Env;
  readonly db: Database;
  /** Which engines sign ECDSA, in order of preference. */
  readonly ecdsaEngines?: readonly EcdsaEngine[];
  /** How engine H makes the nonces of a group; apart where it does not say. */
  readonly ecdsaNonces?: EcdsaNonces;
}): Signers {
  const { link, roster, env, db } = o;
  const tokens = new Map<number, string>();
  const sessions = new Map<number, string | null>();
  const figures = new Map<number, SignerFigures>();
  const waiting = new Set<() => void>();

  const session = (): string | undefined => {
    const [first] = sessions.values();
    const agreed = sessions.size === SIGNERS && [...sessions.values()].every((each) => each === first);
    return agreed ? (first ?? undefined) : undefined;
  };
  const ask = createAsk({ link, env });
  const room: Room = { roster, env, db, link, ask, act: actOrder(env), session, awaitSession };
  const silentListeners = new Set<(org: string) => void>();
  const catchUp = createCatchUp(room, (org) => {
    for (const listener of [...silentListeners]) listener(org);
  });
  const controller = createController({
    env,
    engines: o.ecdsaEngines ?? ECDSA_ENGINES,
    nonces: o.ecdsaNonces ?? 'apart',
  });
  const queue = createSignQueue(room, (lane) => seatingOf(room, controller, lane));
  const signing: SignParts = { queue, controller };

  function awaitSession(ms: number): Promise<string | undefined> {
    return new Promise((resolve) => {
      const done = () => {
        cancel();
        waiting.delete(look);
        resolve(session());
      };
      const look = () => {
        if (session() !== undefined) done();
      };
      const cancel = env.setTimer(ms, done);
      waiting.add(look);
      look();
    });
  }

  const epochs = oneAtATime(async () => {
    await settleEpochs(room).catch((error: unknown) => {
      // Tried again within a minute; until then every signer goes on with what it has.
      env.log('epochs.failed', { kind: error instanceof Error ? error.name : 'unknown' });
    });
  });
  let online = new Set(link.online());
  const stopPush = link.onPush((index, push) => {
    if (push.push === 'Token') tokens.set(index, push.token);
    if (push.push === 'Session') sessions.set(index, push.session);
    if (push.push === 'Figures') figures.set(index, { at: env.now(), figures: readFigures(push.figures) });
    if (push.push === 'Figures' && (push.figures['organisations_set_aside'] ?? 0) > 0) void catchUp.everything(index);
    for (const look of [...waiting]) look();
  });
  const stopPresence = link.onPresence((now) => {
    const before = online;
    online = new Set(now);
    // A token or session of a connection that ended may belong to a process that ended.
    for (const index of before) if (!online.has(index)) forget(index);
    const back = now.filter((index) => !before.has(index));
    for (const index of back) void catchUp.everything(index).then(() => epochs.look());
  });
  const forget = (index: number) => {
    tokens.delete(index);
    sessions.delete(index);
    figures.delete(index);
  };
  const lookAgain = () => {
    cancelLook = env.setTimer(LOOK_AGAIN_MS, lookAgain);
    for (const index of link.online()) void catchUp.everything(index);
    void epochs.look();
  };
  let cancelLook = env.setTimer(LOOK_AGAIN_MS, lookAgain);
  for (const index of online) void catchUp.everything(index);

  return {
    roster,
    fingerprint: toBase64Url(roster.origin),
    identityKeys: roster.signers.map(({ identityKey }) => identityKey),
    online: () => link.online(),
    tokens: () => link.online().flatMap((index) => tokenOf(tokens, index)),
    broadcast: (order, indices, deadlineMs) => ask.all(order, indices, deadlineMs),

    createKey: (grant, order) => makeKey(room, grant, order),
    importKey: (grant, order) => makeKey(room, grant, order),
    certifyKey: (keyId, statements) => certifyKey(room, keyId, statements),
    sign: (grant, order) => sign(room, signing, grant, order),
    requireSigners: (order) => requireSigners(room, signing, order),
    signing: () => ({
      engines: controller.engines,
      quarantined: controller.quarantined(),
      figures: { ...controller.figures(), ...queue.figures() },
    }),
    figures: () => new Map([...figures].sort(([a], [b]) => a - b)),
    derive: (grant, key) => derive(room, grant, key),
    refreshKey: (key) => refreshKey(room, key),
    reshareKey: (key) => reshareKey(room, key),
    confirmEpoch: (o) => confirmEpoch(room, o),
    settleEpochs: () => epochs.look(),
    exportKey: (grant, order) => exportKey(room, grant, order),
    archive: (grant, { org, recordId }) => markRecord(room, grant, { org, recordId, mark: 'archived' }),
    delegate: (grant, { org, recordId }) => markRecord(room, grant, { org, recordId, mark: 'delegated' }),
    recordWallet: (grant, { org, recordId }) => markRecord(room, grant, { org, recordId, mark: 'wallet' }),

    madeKey: (act, o) => madeKey(room, act, o),
    madeMarks: (act, o) => madeMarks(room, act, o),

    genesis: (text, proof) => genesis(room, text, proof),
    govern: (org, grant) => govern(room, catchUp, org, grant),
    commit: (org, acks) => commit(room, catchUp, org, acks),
    heads: (org) => heads(room, org),
    withdraw: (at, indices) => withdraw(room, catchUp, at, indices),
    disregard: (at) => disregard(room, at),
    release: (at, shown, indices) => release(room, at, shown, indices),
    onSilent(listener) {
      silentListeners.add(listener);
      return () => silentListeners.delete(listener);
    },
    standing: (o) => standing(room, o),
    catchUp: (org, index, entries) => catchUpSigner(room, org, index, entries),

    importKeys: () => importKeys(room),
    status: async () => {
      const outcomes = await ask.all({ kind: 'Status' }, link.online(), STATUS_MS_MAX);
      return resultsOf('status', outcomes).map(({ index, result }) => ({ ...result.status, index }));
    },
    async close() {
      stopPush();
      stopPresence();
      cancelLook();
    },
  };
}

/** Looks once more, if asked while a look is under way. */
function oneAtATime(look: () => Promise<void>): { look(): Promise<void> } {
  let running: Promise<void> | undefined;
  let again = false;
  const untilQuiet = async () => {
    do {
      again = false;
      await look();
    } while (again);
    running = undefined;
  };
  return {
    look() {
      if (running !== undefined) again = true;
      running ??= untilQuiet();
      return running;
    },
  };
}

function tokenOf(tokens: ReadonlyMap<number, string>, index: number): FreshToken[] {
  const token = tokens.get(index);
  return token === undefined ? [] : [[index, token]];
}

/** The keys an import seals to. Importing needs all five, so fewer than five keys would help nobody. */
async function importKeys(room: Room): Promise<readonly SignerImportKey[]> {
  const everybody = requireAll(room.link.online());
  const outcomes = await room.ask.all({ kind: 'ImportKey' }, everybody, IMPORT_KEY_MS_MAX);
  const given = resultsOf('importKey', outcomes).flatMap(({ index, result }) => {
    const signer = room.roster.signers[index - 1];
    if (!signer || !isImportKey(room.roster, signer, result)) return [];
    const { encryptionKey, encryptionKeySignature, expires } = result;
    return [
      {
        index,
        signerId: toBase64(signer.signerId),
        identityKey: toBase64(signer.identityKey),
        encryptionKey,
        encryptionKeySignature,
        expires,
      },
    ];
  });
  if (given.length < SIGNERS) throw failureOf(outcomes);
  return given;
}
