/**
 * PRSS sessions (rulings 16): correlated randomness of five processes, in memory only. Set up when all five are
 * connected, renewed every ten minutes and whenever a process came back; an old one serves for 30 s more.
 */

import type { Env } from '@holdfast/contract/types';
import { toHex, utf8 } from '@holdfast/contract/wire';
import { curve } from '@holdfast/crypto/curves';
import { sha256 } from '@holdfast/crypto/transcript';
import type { PrssSession } from '@holdfast/mpc/honest-majority';
import type { ClusterView } from '../cluster-view/index.ts';
import type { Store } from '../store/index.ts';
import type { Runs } from './driver.ts';
import type { Machines } from './machines.ts';
import type { PeerMessage, Peers } from './peers.ts';

export interface Sessions {
  /** The live session of this id (hex), the current one or the one before. */
  get(idHex: string): PrssSession | undefined;
  current(): string | null;
  close(): void;
}

export interface SessionsOptions {
  readonly env: Env;
  readonly cluster: ClusterView;
  readonly store: Store;
  readonly peers: Peers;
  readonly runs: Runs;
  readonly machines: Pick<Machines, 'prssSetup'>;
  /** Told whenever the current session changes. */
  announce(idHex: string | null): void;
}

const RENEW_MS = 10 * 60_000;
const OLD_KEPT_MS = 30_000;
const DEADLINE_MS = 5_000;
/** First and longest wait before another try. */
const RETRY_MS = [250, 5_000] as const;
const NONCE_BYTES = 32;
/** Talk about sessions belongs to no run; its channel has an id of its own that no run can have. */
const CHANNEL = sha256(utf8('holdfast/prss-proposal/v1'));
/** Round 0: the proposer's nonce. Round 1, to the proposer: this signer's set-up failed, propose again. */
const PROPOSE = 0;
const AGAIN = 1;
/** Proposals, and wishes for one, heard in one minute: a faulty signer cannot keep the others busy. */
const PROPOSALS_PER_MINUTE = 30;

export function createSessions(o: SessionsOptions): Sessions {
  const { env, cluster, peers, runs } = o;
  const proposer = cluster.index === 1;
  const held = new Map<string, PrssSession>();
  const timers = new Set<() => void>();
  let current: string | null = null;
  let busy = false;
  let wanted = false;
  let failures = 0;
  let renewal: (() => void) | undefined;
  let asking: (() => void) | undefined;
  let recent: number[] = [];
  let waiting: { runNonce: Uint8Array; since: number } | undefined;
  let closed = false;

  const later = (ms: number, work: () => void): (() => void) => {
    const cancel = env.setTimer(ms, () => {
      timers.delete(cancel);
      work();
    });
    timers.add(cancel);
    return () => {
      timers.delete(cancel);
      cancel();
    };
  };
  const allHere = (): boolean => peers.online().length === cluster.roster.signers.length - 1;

  const retire = (idHex: string): void => {
    later(OLD_KEPT_MS, () => {
      held.get(idHex)?.wipe();
      held.delete(idHex);
    });
  };
  const take = (session: PrssSession): void => {
    const idHex = toHex(session.id);
    held.set(idHex, session);
    if (current !== null) retire(current);
    current = idHex;
    failures = 0;
    asking?.();
    asking = undefined;
    env.log('session.ready', { session: idHex.slice(0, 16) });
    o.announce(current);
    if (!proposer) return;
    renewal?.();
    renewal = later(RENEW_MS, propose);
  };

  const setUp = async (runNonce: Uint8Array): Promise<void> => {
    const parties = cluster.everybody();
    const execId = cluster.execId({ protocol: 'prss', keyId: '', curve: 'secp256k1', parties, runNonce });
    const release = runs.reserve(1);
    try {
      o.store.transaction('session', () => {
        o.store.used.startExecution(execId, '', env.now());
        o.store.journal.append('session.started', { execId: toHex(execId) });
      });
      const ctx = {
        execId,
        self: cluster.index,
        parties: [...parties.keys()],
        curve: curve('secp256k1'),
        env: cluster.mpcEnv(parties),
      };
      take(
        await runs.run({ machine: o.machines.prssSetup(ctx), self: cluster.index, parties, deadlineMs: DEADLINE_MS }),
      );
    } finally {
      release();
    }
  };
  /**
   * Without this the proposer might hold a session that this signer does not, until the next renewal. Repeated until a
   * set-up ends well here: a wish can be lost, or be one too many in its minute.
   */
  const askAgain = (ms: number): void => {
    asking?.();
    asking = later(ms, () => {
      if (!busy) peers.send(1, { execId: CHANNEL, round: AGAIN, kind: 'p2p', to: 1, body: new Uint8Array() });
      askAgain(Math.min(ms * 2, RETRY_MS[1]));
    });
  };
  const attempt = (runNonce: Uint8Array): void => {
    busy = true;
    setUp(runNonce)
      .catch((error: unknown) => {
        failures += 1;
        env.log('session.failed', {
          code: error instanceof Error && 'code' in error ? String(error.code) : 'bug',
          failures,
        });
        wanted = proposer;
        if (!proposer && !closed) askAgain(RETRY_MS[0]);
      })
      .finally(() => {
        busy = false;
        takeUp();
        if (wanted && !closed) later(Math.min(RETRY_MS[0] * 2 ** Math.min(failures, 10), RETRY_MS[1]), propose);
      });
  };
  function propose(): void {
    if (closed || !proposer) return;
    wanted = true;
    if (busy || !allHere()) return;
    wanted = false;
    const runNonce = env.random(NONCE_BYTES);
    for (const to of peers.online())
      peers.send(to, { execId: CHANNEL, round: PROPOSE, kind: 'p2p', to, body: runNonce });
    attempt(runNonce);
  }
  const heard = (from: number, m: PeerMessage): void => {
    if (closed) return;
    if (proposer) {
      if (m.round === AGAIN && within()) propose();
      return;
    }
    // Only roster index 1 proposes; the nonce's freshness is our own affair (burned execution ids).
    if (from !== 1 || m.round !== PROPOSE || m.body.length !== NONCE_BYTES || !within()) return;
    waiting = { runNonce: m.body, since: env.now() };
    takeUp();
  };
  /** A proposal may come before this signer is connected to all: it is taken up then, if that is soon. */
  function takeUp(): void {
    if (closed || waiting === undefined || busy || !allHere()) return;
    const { runNonce, since } = waiting;
    waiting = undefined;
    if (env.now() - since < DEADLINE_MS) attempt(runNonce);
  }
  const within = (): boolean => {
    const now = env.now();
    // A clock that was set back must not make a minute last until it has caught up.
    recent = recent.filter((time) => time > now - 60_000 && time <= now);
    if (recent.length >= PROPOSALS_PER_MINUTE) return false;
    recent.push(now);
    return true;
  };

  runs.handle(CHANNEL, heard);
  let complete = allHere();
  peers.onPresence(({ restarted }) => {
    const now = allHere();
    // A process that came back does not hold the session: a new one for all five.
    if (now && (!complete || restarted !== undefined)) propose();
    complete = now;
    takeUp();
  });
  if (complete) propose();

  return {
    get: (idHex) => held.get(idHex),
    current: () => current,
    close() {
      closed = true;
      for (const cancel of timers) cancel();
      for (const session of held.values()) session.wipe();
      held.clear();
    },
  };
}
