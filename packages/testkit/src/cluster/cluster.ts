/** Five real signers in one process, from one seed: their own code, stores on disk, a clock that a test moves. */
import { mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Command,
  decodeCommand,
  decodeReply,
  encodeCommand,
  encodeReply,
  type Reply,
} from '@holdfast/cluster/commands';
import {
  createRoster,
  fitsPlace,
  type Identity,
  identityFromSeeds,
  proposeSuccession,
  type Roster,
  replaceSigner,
  rosterEntry,
  type Succession,
  signSuccession,
  withHistory,
} from '@holdfast/cluster/roster';
import type { Env } from '@holdfast/contract/types';
import { sha256 } from '@holdfast/crypto/transcript';
import { seededRandom } from '@holdfast/mpc/simulator';
import type { AuxiliaryWork } from '@holdfast/signer/auxiliary';
import {
  createBackupKey,
  makeBackup,
  proveBackup,
  readBackupPrivateKey,
  readBackupPublicKey,
  wipeBody,
} from '@holdfast/signer/backup';
import { createSigner, type Signer } from '@holdfast/signer/signer';
import { openStore, type Store, type StoreOptions } from '@holdfast/signer/store';
import { keepTestAuxiliary } from './auxiliary.ts';
import { createTestClock, type TestClock } from './clock.ts';
import { createTestNet, type TestNet } from './net.ts';

export interface TestSigner {
  readonly index: number;
  /** For a test in which the signer cheats: what it signs with. */
  readonly identity: Identity;
  /** Folder of the store; the file is `store.sqlite`. */
  readonly dir: string;
  readonly settings: { allowImport: boolean; allowExport: boolean; ecdsaEngines?: ('H' | 'C')[] };
  frozen: boolean;
  /** Undefined while the process is dead. */
  readonly process: { readonly signer: Signer; readonly store: Store } | undefined;
  readonly logs: { event: string; facts: Readonly<Record<string, unknown>> }[];
  /** Every crash point passed, in order. */
  readonly points: string[];
  /** Dies, as by kill -9, the next time it passes this point, and `together` with it these others. */
  crashAt(point: string | undefined, together?: readonly number[]): void;
}

export interface TestCluster {
  readonly seed: string;
  readonly roster: Roster;
  readonly clock: TestClock;
  readonly net: TestNet;
  /** signers[i − 1] has roster index i. */
  readonly signers: readonly TestSigner[];
  readonly pins: Map<string, Uint8Array>;
  random(n: number): Uint8Array;
  /** As the api would: encoded, decoded, carried out, encoded, decoded. Undefined when the signer is gone or dies over it. */
  send(index: number, command: Command): Promise<Reply | undefined>;
  kill(index: number): void;
  start(index: number): Promise<void>;
  /** A backup of this signer as it is now, sealed to a key of the test. */
  backup(index: number): Uint8Array;
  /** The signer's disk is lost and made anew from a backup; it is started. */
  restore(index: number, file: Uint8Array, o?: { readonly others?: number }): Promise<void>;
  /**
   * The signer at this place is lost; a new one with an identity of its own takes it, accepted by these of the others. All
   * are started again under the next roster. What was the old one's store is under `${dir}.left`.
   */
  replace(index: number, o?: { readonly acceptedBy?: readonly number[] }): Promise<void>;
  stop(): void;
}

export interface TestClusterOptions {
  /**
   * True: every signer holds the published auxiliary set-up, at full size, so that engine C can sign. A function: what a
   * signer makes set-ups with, anew for each process. Without it signers hold none and make none.
   */
  readonly auxiliary?: true | ((index: number) => AuxiliaryWork & { close(): void });
  /** How much of a journal is read before a signer starts; without it, all. */
  readonly journal?: StoreOptions['journal'];
}

/** Ends a process in the middle of a step; nothing may catch it and go on. */
class Killed extends Error {
  override readonly name = 'Killed';
}

const STARTED_AT = Date.UTC(2026, 0, 2, 3, 4, 5);

/**
 * Starts five signers that know each other and have a session of shared randomness.
 *
 *     const cluster = await startTestCluster('seed 1');
 *     const reply = await cluster.send(1, { v: 1, id: 'c1', kind: 'Status' });
 *     cluster.stop();
 */
export async function startTestCluster(seed: string, o: TestClusterOptions = {}): Promise<TestCluster> {
  const root = mkdtempSync(join(tmpdir(), 'holdfast-test-'));
  const clock = createTestClock(STARTED_AT);
  const net = createTestNet();
  const world = seededRandom(`${seed}/world`);
  const seeds = [1, 2, 3, 4, 5].map((k) => {
    const random = seededRandom(`${seed}/identity/${k}`);
    return Uint8Array.of(...random.bytes(32), ...random.bytes(32));
  });
  const identities: Identity[] = seeds.map((each) =>
    identityFromSeeds({ identitySeed: each.slice(0, 32), transportSeed: each.slice(32) }),
  );
  const seedsOf = (identity: Identity): Uint8Array => (seeds[identities.indexOf(identity)] ?? new Uint8Array()).slice();
  let roster = createRoster({
    epoch: 0,
    relay: 'ws://127.0.0.1:8787/holdfast/relay',
    signers: identities.map(rosterEntry),
  });
  const chain: Succession[] = [];
  /** Identities are drawn until one stands in the place of the signer that leaves. */
  const newcomer = (index: number): { seeds: Uint8Array; identity: Identity } => {
    for (;;) {
      const drawn = world.bytes(64);
      const identity = identityFromSeeds({ identitySeed: drawn.slice(0, 32), transportSeed: drawn.slice(32) });
      if (fitsPlace(roster, { index, identityKey: identity.publicKey })) return { seeds: drawn, identity };
    }
  };
  const pins = new Map<string, Uint8Array>();
  const backupKey = createBackupKey((n) => world.bytes(n));
  let starts = 0;

  interface Slot extends TestSigner {
    process: { signer: Signer; store: Store } | undefined;
    identity: Identity;
    crash: string | undefined;
    together: readonly number[];
    death: (() => void)[];
  }
  const slots: Slot[] = roster.signers.map((entry): Slot => {
    const identity = identities.find((each) => Buffer.compare(each.publicKey, entry.identityKey) === 0);
    if (identity === undefined) throw new Error('bug: a roster entry without its identity');
    return {
      index: entry.index,
      dir: join(root, `signer-${entry.index}`),
      settings: { allowImport: true, allowExport: true },
      frozen: false,
      process: undefined,
      logs: [],
      points: [],
      crash: undefined,
      together: [],
      identity,
      death: [],
      crashAt(point, together = []) {
        this.crash = point;
        this.together = together;
      },
    };
  });
  const slotOf = (index: number): Slot => {
    const slot = slots[index - 1];
    if (slot === undefined) throw new Error(`there is no signer ${index}`);
    return slot;
  };

  const kill = (index: number): void => {
    const slot = slotOf(index);
    const { process } = slot;
    if (process === undefined) return;
    slot.process = undefined;
    net.leave(index);
    // Frees the file, as the end of a process does. What was not committed is gone.
    setImmediate(() => {
      process.signer.close();
      closeQuietly(process.store);
    });
    for (const tell of slot.death) tell();
    slot.death = [];
  };
  const openStoreOf = (slot: Slot, env: Pick<Env, 'now' | 'random' | 'point'>): Store => {
    const keys = seededRandom(`${seed}/unseal/${slot.index}`);
    return openStore({
      file: join(slot.dir, 'store.sqlite'),
      signerId: sha256(slot.identity.publicKey),
      sealKey: keys.bytes(32),
      macKey: keys.bytes(32),
      now: env.now,
      random: env.random,
      point: (name) => env.point(name),
      ...(o.journal === undefined ? {} : { journal: o.journal }),
    });
  };
  const start = async (index: number): Promise<void> => {
    const slot = slotOf(index);
    if (slot.process !== undefined) return;
    // Let the file of the process before go.
    await clock.settle();
    const random = seededRandom(`${seed}/process/${index}/${starts++}`);
    const mine = (): boolean => slot.process === undefined || slot.process.store === store;
    const env: Env = {
      now: () => clock.now(),
      random: (n) => random.bytes(n),
      setTimer: (ms, fn) => clock.setTimer(ms, () => (mine() ? fn() : undefined)),
      log: (event, facts) => void slot.logs.push({ event, facts }),
      point(name) {
        slot.points.push(name);
        if (slot.crash !== name) return;
        slot.crash = undefined;
        kill(index);
        for (const other of slot.together) kill(other);
        throw new Killed(name);
      },
    };
    mkdirSync(slot.dir, { recursive: true, mode: 0o700 });
    const store: Store = openStoreOf(slot, env);
    if (o.auxiliary === true && store.auxiliary.epoch(roster.fingerprint) === undefined)
      keepTestAuxiliary({ store, roster, index, time: clock.now() });
    const link = net.join(index);
    const signer = createSigner({
      env,
      store,
      roster,
      index,
      link,
      identity: slot.identity,
      settings: slot.settings,
      pin: (orgId) => pins.get(orgId),
      isFrozen: () => slot.frozen,
      ...(typeof o.auxiliary === 'function' ? { auxiliary: o.auxiliary(index) } : {}),
    });
    slot.process = { signer, store };
  };

  for (const { index } of slots) await start(index);
  await clock.settle();

  return {
    seed,
    get roster() {
      return roster;
    },
    clock,
    net,
    signers: slots,
    pins,
    random: (n) => world.bytes(n),
    async send(index, command) {
      const slot = slotOf(index);
      const { process } = slot;
      if (process === undefined) return undefined;
      const died = new Promise<undefined>((resolve) => void slot.death.push(() => resolve(undefined)));
      const text = encodeCommand(command);
      const reply = process.signer
        .answer(decodeCommand(text))
        .then((r) => (slot.process === process ? decodeReply(encodeReply(r)) : undefined));
      return Promise.race([reply, died]);
    },
    kill,
    start,
    backup(index) {
      const { process, identity, settings } = slotOf(index);
      if (process === undefined) throw new Error(`signer ${index} does not run`);
      return makeBackup({
        head: { fingerprint: roster.fingerprint, signerId: sha256(identity.publicKey), madeAt: clock.now() },
        body: {
          seeds: seedsOf(identity),
          settings,
          pins: [...pins].map(([orgId, sha]) => ({ orgId, sha256: sha })),
          contents: process.store.contents(),
        },
        to: { publicKey: readBackupPublicKey(backupKey.publicText) },
        random: (n) => world.bytes(n),
      });
    },
    async restore(index, file, { others = 3 } = {}) {
      const slot = slotOf(index);
      kill(index);
      await clock.settle();
      rmSync(slot.dir, { recursive: true });
      mkdirSync(slot.dir, { mode: 0o700 });
      const by = { privateKey: readBackupPrivateKey(backupKey.privateText) };
      const backup = proveBackup(file, { by, roster, index });
      const store = openStoreOf(slot, { now: () => clock.now(), random: (n) => world.bytes(n), point: () => {} });
      store.restore(backup.body.contents, { others, backup: backup.id });
      store.close();
      wipeBody(backup.body);
      await start(index);
    },
    async replace(index, o = {}) {
      for (const slot of slots) kill(slot.index);
      await clock.settle();
      const slot = slotOf(index);
      const drawn = newcomer(index);
      seeds.push(Uint8Array.of(...drawn.seeds));
      identities.push(drawn.identity);
      const proposed = proposeSuccession(roster, replaceSigner(roster, { index, by: rosterEntry(drawn.identity) }));
      const accepting = o.acceptedBy ?? slots.map((each) => each.index).filter((each) => each !== index);
      const signed = accepting.reduce((step, each) => signSuccession(step, slotOf(each).identity), proposed);
      chain.push(signed);
      roster = withHistory(signed.to, chain);
      slot.identity = drawn.identity;
      renameSync(slot.dir, `${slot.dir}.left`);
      for (const each of slots) await start(each.index);
      await clock.settle();
    },
    stop() {
      for (const { index } of slots) kill(index);
      setImmediate(() => setImmediate(() => rmSync(root, { recursive: true, force: true })));
    },
  };
}

function closeQuietly(store: Store): void {
  try {
    store.close();
  } catch {
    // A statement of the killed process was still open; the test's next start waits for the file anyway.
  }
}
