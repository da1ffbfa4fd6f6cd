/**
 * Five signers and one api in one process, under one seed: their own code over simulated disks, network and clocks. A
 * process dies where a test or a crash point says; what it had not flushed is gone, and nothing it still does counts.
 */

import type { Context as ApiContext } from '@holdfast/api/app';
import { createLimits, createOidc } from '@holdfast/api/auth';
import { createChains } from '@holdfast/api/chains';
import { keepVotesKnown, recoverGovernance } from '@holdfast/api/governance';
import { createMetrics } from '@holdfast/api/metrics';
import { createOrders } from '@holdfast/api/orders';
import { createRefresher } from '@holdfast/api/refresh';
import { keepSettling, takeUpUnfinished } from '@holdfast/api/settlement';
import type { ClusterLink } from '@holdfast/api/signers';
import { createSigners } from '@holdfast/api/signers';
import {
  ClusterError,
  type Command,
  decodeCommand,
  decodePush,
  decodeReply,
  encodePush,
  encodeReply,
  type Push,
  type Reply,
} from '@holdfast/cluster/commands';
import { createPeerSessions, type PeerSessions } from '@holdfast/cluster/frames';
import { createRoster, type Identity, identityFromSeeds, type Roster, rosterEntry } from '@holdfast/cluster/roster';
import type { Env } from '@holdfast/contract/types';
import { sha256 } from '@holdfast/crypto/transcript';
import { type SeededRandom, seededRandom } from '@holdfast/mpc/simulator';
import type { AuxiliaryWork } from '@holdfast/signer/auxiliary';
import type { Machines, PeerMessage } from '@holdfast/signer/runs';
import { createSigner, type Link, type Signer } from '@holdfast/signer/signer';
import { openStore, type Store } from '@holdfast/signer/store';
import { keepTestAuxiliary } from '../cluster/auxiliary.ts';
import { type Disk, newDisk } from './disk.ts';
import type { Loop } from './loop.ts';
import type { Network, Stream } from './network.ts';
import type { Rows } from './rows.ts';

let made: readonly Identity[] | undefined;
/** The same five in every seed: making key objects costs more than a signature of theirs. */
function sameIdentities(): readonly Identity[] {
  made ??= [1, 2, 3, 4, 5].map((k) => {
    const random = seededRandom(`simulation/identity/${k}`);
    return identityFromSeeds({ identitySeed: random.bytes(32), transportSeed: random.bytes(32) });
  });
  return made;
}

/** Ends a process in the middle of a step; nothing of the product may catch it and go on. */
export class Killed extends Error {
  override readonly name = 'Killed';
}

export interface Clock {
  /** Milliseconds ahead of true time at `since`, and how fast it goes. */
  offset: number;
  rate: number;
  since: number;
}

/** One start of one signer. A clone is a second start while the first still runs. */
export interface SignerProcess {
  readonly index: number;
  /** Unique among all starts of all signers. */
  readonly id: number;
  readonly disk: Disk;
  readonly isClone: boolean;
  readonly alive: boolean;
  readonly store: Store;
  readonly signer: Signer;
}

export interface ApiProcess {
  readonly id: number;
  readonly alive: boolean;
  readonly ctx: ApiContext;
}

/** What the simulation hears of and may change. Everything has a default that does nothing. */
export interface Hooks {
  /** A message a signer hands to its channel; answers what the channel gets instead. */
  peerMessage(from: SignerProcess, to: number, message: PeerMessage): readonly PeerMessage[];
  /** A command on its way from the api; answers whether it goes there, and may send others. */
  command(index: number, text: string): boolean;
  reply(from: SignerProcess, command: Command, reply: Reply): Reply;
  log(who: string, event: string, facts: Readonly<Record<string, unknown>>): void;
  /** Whether the process dies here. */
  point(who: { readonly signer?: SignerProcess; readonly api?: ApiProcess }, name: string): boolean;
  started(process: SignerProcess): void;
  ended(process: SignerProcess): void;
  /** Whoever waits for an answer of the api gets none. */
  apiEnded(): void;
  /** An exception that no part of the product caught: production would stop with a bug. */
  bug(who: string, error: unknown): void;
}

export interface World {
  readonly roster: Roster;
  readonly identities: ReadonlyMap<number, Identity>;
  readonly network: Network;
  readonly pins: Map<string, Uint8Array>;
  readonly clocks: readonly Clock[];
  readonly api: ApiProcess | undefined;
  /** Every start that is alive, clones included, in order of start. */
  processes(): readonly SignerProcess[];
  /** The one that is no clone. */
  signer(index: number): SignerProcess | undefined;
  diskOf(index: number): Disk;
  /** Every disk there ever was, with its signer's index. */
  disks(): readonly { readonly index: number; readonly disk: Disk }[];
  /** As a relay could that follows no rules: the other process of this identity gets the connection. */
  swap(index: number): void;
  /** What an operator's backup of a signer that is down holds, and a new disk made from it (docs/specs/backup.md). */
  backUp(index: number): () => Disk;
  startSigner(index: number, o?: { readonly clone?: Disk }): void;
  killSigner(process: SignerProcess): void;
  /** Puts another disk in place of a dead signer's. */
  replaceDisk(index: number, disk: Disk): void;
  startApi(): void;
  killApi(): void;
  /** As the relay could: a command that no api process sent. The reply is dropped. */
  inject(index: number, text: string): void;
  end(): void;
}

const STARTED_AT = Date.UTC(2026, 0, 2, 3, 4, 5);
const RECONNECT_MS = 500;
/** As the relay's heartbeat: a connection whose link carries nothing for so long is given up. */
const HEARTBEAT_MS = 6_000;
const QUORUM = 3;

interface Slot {
  readonly index: number;
  disk: Disk;
  current: Live | undefined;
  readonly settings: { allowImport: boolean; allowExport: boolean };
}

interface Live extends SignerProcess {
  alive: boolean;
  store: Store;
  signer: Signer;
  link: SimulatedLink;
  connection: Connection | undefined;
  readonly env: Env;
}

interface SimulatedLink extends Link {
  presence(online: readonly number[]): void;
  hear(from: Live, payload: PeerMessage | Uint8Array): void;
  /** A datagram of this peer did not come. */
  missed(from: number): void;
  up(): void;
}

/** One signer's way to the relay and back. */
interface Connection {
  readonly live: Live;
  readonly down: Stream;
  readonly up: Stream;
  readonly requests: Map<number, { resolve(reply: Reply): void; reject(error: Error): void; cancel(): void }>;
  open: boolean;
  quietSince: number;
}

export function createWorld(o: {
  readonly seed: string;
  readonly loop: Loop;
  readonly network: Network;
  readonly rows: Rows;
  readonly machines: Machines | undefined;
  /** The product's own sealed sessions between signers, instead of a channel that merely keeps their promises. */
  readonly frames: boolean;
  /**
   * Engine C needs an auxiliary set-up of all five: a ready-made one on every disk, or what the signers make one with.
   * Where there is neither, the api is told to sign ECDSA by five alone.
   */
  readonly auxiliary?: 'ready' | ((index: number) => AuxiliaryWork & { close(): void });
  readonly hooks: Hooks;
}): World {
  const { seed, loop, network, rows, hooks } = o;
  const identityList = sameIdentities();
  const roster = createRoster({
    epoch: 0,
    relay: 'ws://127.0.0.1:8787/holdfast/relay',
    signers: identityList.map(rosterEntry),
  });
  const identities = new Map(
    roster.signers.map((entry) => {
      const identity = identityList.find((each) => Buffer.compare(each.publicKey, entry.identityKey) === 0);
      if (identity === undefined) throw new Error('bug: a roster entry without its identity');
      return [entry.index, identity] as const;
    }),
  );
  const pins = new Map<string, Uint8Array>();
  const clocks: Clock[] = [0, 1, 2, 3, 4, 5].map(() => ({ offset: 0, rate: 1, since: 0 }));
  const slots: Slot[] = [1, 2, 3, 4, 5].map((index) => ({
    index,
    disk: newDisk(),
    current: undefined,
    settings: { allowImport: true, allowExport: true },
  }));
  const disks = new Map<Disk, number>(slots.map(({ disk, index }) => [disk, index]));
  const lives: Live[] = [];
  const connections = new Map<number, Connection>();
  let starts = 0;
  let ended = false;

  const slotOf = (index: number): Slot => {
    const slot = slots[index - 1];
    if (slot === undefined) throw new Error(`there is no signer ${index}`);
    return slot;
  };
  /** Runs what a process does by itself; a death on the way is no error, anything else would stop the process. */
  const guarded = (who: string, work: () => void): void => {
    try {
      work();
    } catch (error) {
      if (!(error instanceof Killed)) hooks.bug(who, error);
    }
  };
  const envOf = (
    who: string,
    p: { clock: Clock; random: SeededRandom; isAlive(): boolean; point(name: string): void },
  ): Env => ({
    now: () => Math.floor(STARTED_AT + p.clock.since + p.clock.offset + (loop.now - p.clock.since) * p.clock.rate),
    random: (n) => p.random.bytes(n),
    setTimer: (ms, fn) =>
      loop.after(ms / p.clock.rate, () => {
        if (p.isAlive()) guarded(who, fn);
      }),
    log(event, facts) {
      if (p.isAlive()) hooks.log(who, event, facts);
    },
    point: p.point,
  });

  // ---- The relay -------------------------------------------------------------------------------------------------

  const pushListeners = new Set<(index: number, push: Push) => void>();
  const presenceListeners = new Set<(online: number[]) => void>();
  const online = (): number[] => [...connections.keys()].sort((a, b) => a - b);
  const announce = (): void => {
    const now = online();
    for (const { down, live } of connections.values())
      down.send(() => guarded(`s${live.index}`, () => live.link.presence(now.filter((each) => each !== live.index))));
    for (const told of [...presenceListeners]) guarded('api', () => told([...now]));
  };
  const connect = (live: Live): void => {
    if (!live.alive || live.connection?.open === true || ended) return;
    const { index } = live;
    if (network.link(index, 0) !== 'open' || network.link(0, index) !== 'open' || api === undefined) {
      loop.after(RECONNECT_MS, () => connect(live));
      return;
    }
    const older = connections.get(index);
    // A clone waits in the wings: a relay that follows the rules knows one connection of an identity.
    if (older !== undefined) disconnect(older, 'replaced');
    const connection: Connection = {
      live,
      down: network.stream(0, index),
      up: network.stream(index, 0),
      requests: new Map(),
      open: true,
      quietSince: loop.now,
    };
    live.connection = connection;
    connections.set(index, connection);
    loop.trace(`relay: s${index}#${live.id} connected`);
    announce();
    connection.down.send(() => guarded(`s${index}`, () => live.link.up()));
  };
  function disconnect(connection: Connection, why: string): void {
    if (!connection.open) return;
    connection.open = false;
    connection.down.close();
    connection.up.close();
    const { live } = connection;
    if (connections.get(live.index) === connection) connections.delete(live.index);
    live.connection = undefined;
    loop.trace(`relay: s${live.index}#${live.id} gone (${why})`);
    for (const { reject, cancel } of connection.requests.values()) {
      cancel();
      reject(new ClusterError('E_RELAY_LOST', 'The connection ended before the answer.', { signer: live.index }));
    }
    connection.requests.clear();
    announce();
    // Its other self, if it has one, finds the way free.
    const { current } = slotOf(live.index);
    if (current !== undefined && current !== live) loop.after(RECONNECT_MS, () => connect(current));
    // The signer notices that its own connection is gone, and tries again.
    loop.after(1, () => {
      if (!live.alive || live.connection !== undefined) return;
      guarded(`s${live.index}`, () => live.link.presence([]));
      loop.after(RECONNECT_MS, () => {
        // The newer of two with one identity keeps the connection: a real one would be replaced in turn, for ever.
        if (why !== 'replaced') connect(live);
      });
    });
  }
  const watch = (): void => {
    if (ended) return;
    for (const connection of [...connections.values()]) {
      const { index } = connection.live;
      const carries = network.link(0, index) === 'open' && network.link(index, 0) === 'open';
      if (carries) connection.quietSince = loop.now;
      else if (loop.now - connection.quietSince >= HEARTBEAT_MS) disconnect(connection, 'heartbeat');
    }
    loop.after(1_000, watch);
  };
  loop.after(1_000, watch);

  /** Carries a command out at the process behind a connection, and gives the reply back if anybody waits for it. */
  const carryOut = (connection: Connection, text: string, answered: (reply: Reply) => void): void => {
    const { live } = connection;
    connection.down.send(() => {
      if (!live.alive) return;
      let command: Command;
      try {
        command = decodeCommand(text);
      } catch {
        return; // What cannot be read is dropped by the link.
      }
      live.signer.answer(command).then(
        (reply) => {
          if (!live.alive) return;
          const said = hooks.reply(live, command, reply);
          connection.up.send(() => answered(decodeReply(encodeReply(said))));
        },
        (error: unknown) => {
          if (!(error instanceof Killed)) hooks.bug(`s${live.index}`, error);
        },
      );
    });
  };
  let requests = 0;
  const clusterLink = (env: Env, isAlive: () => boolean): ClusterLink => ({
    online: () => (isAlive() ? online() : []),
    onPush(listener) {
      pushListeners.add(listener);
      return () => pushListeners.delete(listener);
    },
    onPresence(listener) {
      presenceListeners.add(listener);
      return () => presenceListeners.delete(listener);
    },
    send(index, command, options = {}) {
      const text = typeof command === 'string' ? command : JSON.stringify(command);
      return new Promise<Reply>((resolve, reject) => {
        const connection = connections.get(index);
        if (connection === undefined) {
          reject(new ClusterError('E_RELAY_OFFLINE', `Signer ${index} is not connected.`, { signer: index }));
          return;
        }
        const number = requests++;
        const cancel = env.setTimer(options.deadlineMs ?? 30_000, () => {
          connection.requests.delete(number);
          reject(new ClusterError('E_RELAY_DEADLINE', `Signer ${index} did not answer in time.`, { signer: index }));
        });
        connection.requests.set(number, { resolve, reject, cancel });
        if (!hooks.command(index, text)) return;
        carryOut(connection, text, (reply) => {
          const waiting = connection.requests.get(number);
          connection.requests.delete(number);
          waiting?.cancel();
          waiting?.resolve(reply);
        });
      });
    },
  });

  // ---- The api ---------------------------------------------------------------------------------------------------

  interface LiveApi extends ApiProcess {
    alive: boolean;
    ctx: ApiContext;
    stop: () => void;
  }
  let api: LiveApi | undefined;
  const killApi = (): void => {
    if (api === undefined) return;
    loop.trace(`api#${api.id} ends`);
    const gone = api;
    gone.alive = false;
    api = undefined;
    gone.stop();
    pushListeners.clear();
    presenceListeners.clear();
    for (const connection of [...connections.values()]) disconnect(connection, 'api ended');
    hooks.apiEnded();
  };
  const startApi = (): void => {
    if (api !== undefined) return;
    const id = starts++;
    const made = { id, alive: true, stop: () => {} } as LiveApi;
    const env = envOf('api', {
      clock: clocks[0] as Clock,
      random: seededRandom(`${seed}/process/api/${id}`),
      isAlive: () => made.alive,
      point(name) {
        if (!made.alive) throw new Killed(name);
        if (!hooks.point({ api: made }, name)) return;
        killApi();
        throw new Killed(name);
      },
    });
    loop.trace(`api#${id} starts`);
    const db = rows.connect({ isAlive: () => made.alive, setTimer: env.setTimer });
    const link = clusterLink(env, () => made.alive);
    const engines: ('H' | 'C')[] = o.auxiliary === undefined ? ['H'] : ['H', 'C'];
    const signers = createSigners({ link, roster, env, db, ecdsaEngines: engines });
    const config: ApiContext['config'] = {
      port: 0,
      bind: '127.0.0.1',
      dataFolder: '/nowhere',
      publicUrl: 'http://localhost:8787',
      requestsPerMinuteMax: 0,
      refreshDays: 0,
      passwordCost: 10,
      ecdsaEngines: engines,
      version: '0.1.0',
    };
    const refresher = createRefresher({ env, config, db, signers });
    const ctx: ApiContext = {
      env,
      config,
      secrets: { api: new Uint8Array(32).fill(7), operatorToken: 'operator' },
      db,
      signers,
      refresher,
      chains: createChains({ env }),
      orders: createOrders(() => ctx),
      limits: createLimits(env, config),
      identity: createOidc({ env, http: undefined, providers: () => [] }),
      mail: { send: async () => {}, pretend: async () => {}, close: async () => {} },
      metrics: createMetrics(),
      log: env.log,
    };
    made.ctx = ctx;
    api = made;
    const quietly = (work: Promise<unknown>): void => {
      work.catch((error: unknown) => {
        if (made.alive && !(error instanceof Killed)) hooks.log('api', 'api.failed', { error: String(error) });
      });
    };
    // As apps/api/src/app puts them together.
    const settling = keepSettling(ctx);
    keepVotesKnown(ctx);
    let recovered = false;
    link.onPresence((now) => {
      refresher.wake();
      if (now.length < QUORUM) return;
      settling.wake();
      if (!recovered) quietly(recoverGovernance(ctx));
      recovered = true;
    });
    quietly(takeUpUnfinished(ctx));
    made.stop = () => {
      quietly(refresher.close());
      quietly(settling.stop());
      quietly(signers.close());
    };
  };

  // ---- Signers ---------------------------------------------------------------------------------------------------

  const killSigner = (process: SignerProcess): void => {
    const live = process as Live;
    if (!live.alive) return;
    live.alive = false;
    loop.trace(`s${live.index}#${live.id} ends`);
    lives.splice(lives.indexOf(live), 1);
    const slot = slotOf(live.index);
    if (slot.current === live) slot.current = undefined;
    if (live.connection !== undefined) disconnect(live.connection, 'process ended');
    hooks.ended(live);
    // Frees the disk once the call that died is off the stack. Its transaction, if one was open, is undone.
    loop.after(0, () => {
      // One that died while it started has not all of these.
      const { link, signer, store } = live as Partial<Live>;
      try {
        link?.close();
        signer?.close();
      } catch {
        // A process that died closes nothing; this only frees its memory here.
      }
      store?.close();
    });
  };

  /** As an operator's command opens it, while the signer is down. */
  const openDisk = (index: number, disk: Disk): Store => {
    const keys = seededRandom(`${seed}/unseal/${index}`);
    const random = seededRandom(`${seed}/operator/${index}/${starts++}`);
    return openStore({
      file: disk.file,
      signerId: sha256((identities.get(index) as Identity).publicKey),
      sealKey: keys.bytes(32),
      macKey: keys.bytes(32),
      now: () => Math.floor(STARTED_AT + loop.now),
      random: (n) => random.bytes(n),
      point: () => {},
    });
  };

  const startSigner = (index: number, s: { readonly clone?: Disk } = {}): void => {
    const slot = slotOf(index);
    if (s.clone === undefined && slot.current !== undefined) return;
    const id = starts++;
    const identity = identities.get(index) as Identity;
    const disk = s.clone ?? slot.disk;
    disks.set(disk, index);
    const live = {
      index,
      id,
      disk,
      isClone: s.clone !== undefined,
      alive: true,
      connection: undefined,
    } as unknown as Live;
    const env = envOf(`s${index}`, {
      clock: clocks[index] as Clock,
      random: seededRandom(`${seed}/process/${index}/${id}`),
      isAlive: () => live.alive,
      point(name) {
        if (!live.alive) throw new Killed(name);
        if (!hooks.point({ signer: live }, name)) return;
        killSigner(live);
        throw new Killed(name);
      },
    });
    loop.trace(`s${index}#${id} starts${live.isClone ? ' as a clone' : ''}`);
    const keys = seededRandom(`${seed}/unseal/${index}`);
    lives.push(live);
    if (!live.isClone) slot.current = live;
    guarded(`s${index}`, () => {
      live.store = openStore({
        file: disk.file,
        signerId: sha256(identity.publicKey),
        sealKey: keys.bytes(32),
        macKey: keys.bytes(32),
        now: env.now,
        random: env.random,
        point: (name) => env.point(name),
      });
      hooks.started(live);
      live.link = o.frames ? framesLink(live, env) : promisedLink(live);
      live.signer = createSigner({
        env,
        store: live.store,
        roster,
        index,
        link: live.link,
        identity,
        settings: slot.settings,
        pin: (orgId) => pins.get(orgId),
        isFrozen: () => false,
        ...(o.machines === undefined ? {} : { machines: o.machines }),
        ...(typeof o.auxiliary === 'function' ? { auxiliary: o.auxiliary(index) } : {}),
      });
    });
  };

  /** Whom the relay hands a peer's message: the connection of that identity. */
  const targetOf = (from: Live, to: number): Live | undefined =>
    from.connection?.open === true ? connections.get(to)?.live : undefined;

  const commonLink = (live: Live) => {
    const ups: (() => void)[] = [];
    return {
      onCommand: () => {},
      push(push: Push) {
        live.connection?.up.send(() => {
          const heard = decodePush(encodePush(push));
          for (const listener of [...pushListeners]) guarded('api', () => listener(live.index, heard));
        });
      },
      onUp: (tell: () => void) => void ups.push(tell),
      up: () => {
        for (const tell of ups) tell();
      },
      start: () => void loop.after(1, () => connect(live)),
    };
  };

  /** A channel that authenticates and says when something was lost; it may double and reorder, which real ones do not. */
  const promisedLink = (live: Live): SimulatedLink => {
    let reachable: readonly number[] = [];
    const gaps = new Set<number>();
    const partner = new Map<number, number>();
    const heard: ((from: number, message: PeerMessage) => void)[] = [];
    const changed: ((change: { online: readonly number[]; restarted?: number }) => void)[] = [];
    const tell = (restarted?: number): void => {
      for (const each of changed) each({ online: reachable, ...(restarted === undefined ? {} : { restarted }) });
    };
    return {
      ...commonLink(live),
      peers: {
        online: () => (live.alive ? reachable : []),
        send(to, message) {
          if (!live.alive || !reachable.includes(to)) return;
          for (const each of hooks.peerMessage(live, to, message)) {
            const target = targetOf(live, to);
            network.datagram(live.index, to, {
              arrive(altered) {
                if (target?.alive !== true) return;
                guarded(`s${to}`, () => (altered ? target.link.missed(live.index) : target.link.hear(live, each)));
              },
              lost: () => target?.link.missed(live.index),
            });
          }
        },
        onMessage: (listener) => void heard.push(listener),
        onPresence: (listener) => void changed.push(listener),
      },
      presence(now) {
        reachable = now;
        for (const index of [...partner.keys()]) if (!now.includes(index)) partner.delete(index);
        tell();
      },
      missed: (from) => void gaps.add(from),
      hear(from, payload) {
        const known = partner.get(from.index);
        partner.set(from.index, from.id);
        if (!reachable.includes(from.index)) return;
        // A session that lost something, or another process behind the identity: what belonged to the old one ends.
        if (gaps.delete(from.index) || (known !== undefined && known !== from.id)) tell(from.index);
        for (const each of heard) each(from.index, payload as PeerMessage);
      },
      close: () => {},
    };
  };

  /** The product's sessions, as apps/signer/src/link puts them together. */
  const framesLink = (live: Live, env: Env): SimulatedLink => {
    const random = seededRandom(`${seed}/alter/${live.id}`);
    const others = roster.signers.map((s) => s.index).filter((each) => each !== live.index);
    const sessions: PeerSessions = createPeerSessions({
      self: live.index,
      roster,
      identity: identities.get(live.index) as Identity,
      env,
      send(to, bytes) {
        const target = targetOf(live, to);
        if (!live.alive || live.connection === undefined) return false;
        const copy = bytes.slice();
        network.datagram(live.index, to, {
          ordered: true,
          arrive(altered) {
            if (target?.alive !== true) return;
            const given = altered ? flipped(copy, random) : copy;
            guarded(`s${to}`, () => target.link.hear(live, given));
          },
          lost: () => {},
        });
        return true;
      },
    });
    const online = (): number[] => (live.alive ? others.filter((each) => sessions.ready(each)) : []);
    const outbox = new Map<number, PeerMessage[]>();
    return {
      ...commonLink(live),
      peers: {
        online,
        send(to, message) {
          if (!live.alive) return;
          for (const each of hooks.peerMessage(live, to, message)) {
            if (outbox.size === 0)
              queueMicrotask(() => {
                for (const [index, messages] of outbox) if (live.alive) sessions.send(index, messages);
                outbox.clear();
              });
            outbox.set(to, [...(outbox.get(to) ?? []), each]);
          }
        },
        onMessage: (heard) => void sessions.onMessage(heard),
        onPresence(changed) {
          sessions.onReady(() => changed({ online: online() }));
          sessions.onReset((peer) => changed({ online: online(), restarted: peer }));
        },
      },
      presence: (now) => sessions.setOnline(now),
      missed: () => {},
      hear: (from, payload) => sessions.onBytes(from.index, payload as Uint8Array),
      close: () => sessions.close(),
    };
  };

  if (o.auxiliary === 'ready')
    for (const { index, disk } of slots) {
      const store = openDisk(index, disk);
      keepTestAuxiliary({ store, roster, index, time: STARTED_AT });
      store.close();
    }

  return {
    roster,
    identities,
    network,
    pins,
    clocks,
    get api() {
      return api;
    },
    processes: () => lives,
    signer: (index) => slotOf(index).current,
    diskOf: (index) => slotOf(index).disk,
    disks: () => [...disks].map(([disk, index]) => ({ disk, index })),
    swap(index) {
      const holder = connections.get(index)?.live;
      const other = lives.find((live) => live.index === index && live !== holder);
      if (other !== undefined) connect(other);
    },
    startSigner,
    killSigner,
    backUp(index) {
      const copy = slotOf(index).disk.copy();
      const source = openDisk(index, copy);
      const contents = source.contents();
      source.close();
      copy.drop();
      return () => {
        const disk = newDisk();
        disks.set(disk, index);
        const store = openDisk(index, disk);
        // Three of the others have to answer, as the operator's command asks for.
        store.restore(contents, { others: QUORUM, backup: 'simulated' });
        store.close();
        return disk;
      };
    },
    replaceDisk(index, disk) {
      const slot = slotOf(index);
      if (slot.current !== undefined) throw new Error('bug: the disk of a running process');
      slot.disk = disk;
      disks.set(disk, index);
    },
    startApi,
    killApi,
    inject(index, text) {
      const connection = connections.get(index);
      if (connection !== undefined) carryOut(connection, text, () => {});
    },
    end() {
      ended = true;
      killApi();
      for (const live of [...lives]) {
        live.alive = false;
        live.link?.close();
        live.signer?.close();
        live.store?.close();
      }
      for (const disk of disks.keys()) disk.drop();
      rows.drop();
    },
  };
}

function flipped(bytes: Uint8Array, random: SeededRandom): Uint8Array {
  const altered = bytes.slice();
  const at = random.below(altered.length);
  altered[at] = (altered[at] ?? 0) ^ (1 + random.below(255));
  return altered;
}
