/**
 * Auxiliary set-ups of the cluster (docs/specs/auxiliary.md §7): primes made ahead in the background, one run of all five
 * when somebody lacks the common set-up, the outcome sealed. Never in the way of signing: it waits for quiet, and its
 * threads run behind everything else.
 */

import type { Env } from '@holdfast/contract/types';
import { toHex } from '@holdfast/contract/wire';
import { curve } from '@holdfast/crypto/curves';
import { type AuxPrimes, areAuxPrimes, createAuxSetup } from '@holdfast/mpc/aux-setup';
import type { AuxInfo, AuxPublic } from '@holdfast/mpc/cggmp24';
import type { ClusterView } from '../cluster-view/index.ts';
import { refuse } from '../refusal/index.ts';
import type { Compute, PeerMessage, Peers, Runs } from '../runs/index.ts';
import type { Store } from '../store/index.ts';
import {
  ASK,
  CHANNEL,
  decodeState,
  encodeState,
  NONCE_BYTES,
  type PartyState,
  PROPOSE,
  SETTLED,
  STATE,
  WANTED,
} from './messages.ts';

export { type AuxiliaryEngine, createAuxiliaryEngine } from './engine.ts';

/** For operators and for whoever chooses participants: signers can sign by CGGMP24 together if they name one epoch. */
export interface AuxiliaryStatus {
  readonly state: 'none' | 'waiting' | 'making primes' | 'proving' | 'ready';
  /** Of the set-up in use, hex. */
  readonly epoch?: string;
}

export interface Auxiliary {
  status(): AuxiliaryStatus;
  /** The set-up in use: its epoch goes into the execution id of every run that uses it. */
  epoch(): Uint8Array | undefined;
  /** Opens the set-up of this epoch, or the one in use; undefined where this signer does not hold it. */
  info(epoch?: Uint8Array): AuxInfo | undefined;
  close(): void;
}

/** The heavy part; a cluster without one uses set-ups it has and makes none. */
export interface AuxiliaryWork {
  /** A safe prime of full size, 192 bytes; wiped here once it is sealed. */
  prime(): Promise<Uint8Array>;
  /** For the jobs of one run, closed at its end. */
  proofs(): Compute;
  /** How long the signer must not have been asked for anything before the work begins. */
  readonly quietMs: number;
}

export interface AuxiliaryOptions {
  readonly env: Env;
  readonly cluster: ClusterView;
  readonly store: Store;
  readonly peers: Peers;
  readonly runs: Runs;
  /** When this signer was last asked for something that people wait for. */
  busyAt(): number;
  readonly work?: AuxiliaryWork;
}

const PRIMES = 4;
/** A cluster that is never quiet gets its set-up all the same. */
const PATIENCE_MS = 10 * 60_000;
/** After a set-up, before the primes of the next are made. */
const RESTOCK_MS = 60 * 60_000;
/** A minute of proofs on two shared cores, ten times that on a bad day. */
const DEADLINE_MS = 10 * 60_000;
/** First and longest wait after a failure. */
const RETRY_MS = [15_000, 60 * 60_000] as const;
/** Said again while the set-up is not settled: messages may be lost. */
const REPEAT_MS = 60_000;
/** Proposals taken and wishes heard in one hour: a faulty proposer cannot keep the others busy. */
const PROPOSALS_PER_HOUR = 12;

export function createAuxiliary(o: AuxiliaryOptions): Auxiliary {
  const { env, cluster, store, peers, runs, work } = o;
  const roster = cluster.roster.fingerprint;
  const isProposer = cluster.index === 1;
  const timers = new Set<() => void>();
  /** Of the others; the proposer's view. */
  const states = new Map<number, PartyState>();
  /** The others that were asked for primes, and not yet reminded. */
  const asked = new Set<number>();
  let opened: { readonly name: string; readonly info: AuxInfo } | undefined;
  let closed = false;
  let isWanted = false;
  let wantedSince = 0;
  let isMaking = false;
  let isRunning = false;
  let failures = 0;
  let notBefore = 0;
  let proposals: number[] = [];
  let making: (() => void) | undefined;
  let repeating: (() => void) | undefined;

  const later = (ms: number, act: () => void): (() => void) => {
    const cancel = env.setTimer(ms, () => {
      timers.delete(cancel);
      if (!closed) act();
    });
    timers.add(cancel);
    return () => {
      timers.delete(cancel);
      cancel();
    };
  };
  const allHere = (): boolean => peers.online().length === cluster.roster.signers.length - 1;
  const epoch = (): Uint8Array | undefined => store.auxiliary.epoch(roster);
  const isReady = (): boolean => !isRunning && store.auxiliary.primeCount() >= PRIMES;
  const own = (): PartyState => ({ epoch: epoch(), isReady: isReady() });

  // ---- Saying and hearing ----------------------------------------------------------------------------------

  const say = (to: number, round: number, body: Uint8Array): void => {
    peers.send(to, { execId: CHANNEL, round, kind: 'p2p', to, body });
  };
  /** To the proposer, or to oneself as the proposer. */
  const tell = (): void => {
    if (closed || work === undefined) return;
    if (isProposer) {
      decide();
      return;
    }
    // Nothing is settled while a run is under way; what it came to is said at its end.
    if (!isRunning) say(1, STATE, encodeState(own()));
    repeating?.();
    repeating = later(REPEAT_MS, () => (isWanted ? tell() : undefined));
  };
  const want = (): void => {
    if (!isWanted) wantedSince = env.now();
    isWanted = true;
    stock(0);
  };
  const heard = (from: number, m: PeerMessage): void => {
    if (closed || work === undefined) return;
    if (isProposer) {
      const state = m.round === STATE ? decodeState(m.body) : undefined;
      if (state === undefined) return;
      states.set(from, state);
      decide();
      return;
    }
    // Only roster index 1 asks; that a nonce is fresh is this signer's own affair (burned execution ids).
    if (from !== 1) return;
    if (m.round === ASK) tell();
    if (m.round === SETTLED && epoch() !== undefined) isWanted = false;
    if (m.round === WANTED) want();
    if (m.round === PROPOSE && m.body.length === NONCE_BYTES && isReady() && within()) attempt(m.body);
  };
  const within = (): boolean => {
    const now = env.now();
    proposals = proposals.filter((time) => time > now - 60 * 60_000);
    if (proposals.length >= PROPOSALS_PER_HOUR) return false;
    proposals.push(now);
    return true;
  };

  /** The proposer's: nothing while all name one epoch; otherwise ask for primes, and begin once all have them. */
  function decide(): void {
    if (!allHere() || isRunning) return;
    const mine = own();
    const all = [mine, ...peers.online().map((index) => states.get(index))];
    if (all.every((state) => state?.epoch !== undefined && equal(state.epoch, mine.epoch))) {
      if (isWanted || asked.size > 0) for (const to of peers.online()) say(to, SETTLED, new Uint8Array());
      isWanted = false;
      asked.clear();
      repeating?.();
      repeating = undefined;
      stock(RESTOCK_MS);
      return;
    }
    repeating ??= later(REPEAT_MS, remind);
    if (all.includes(undefined)) return; // Not heard of all since it came.
    want();
    if (all.every((state) => state?.isReady === true)) {
      if (env.now() < notBefore) return;
      const runNonce = env.random(NONCE_BYTES);
      for (const to of peers.online()) say(to, PROPOSE, runNonce);
      attempt(runNonce);
      return;
    }
    // Once each: an answer to every answer would never end.
    for (const to of peers.online()) {
      if (states.get(to)?.isReady !== false || asked.has(to)) continue;
      asked.add(to);
      say(to, WANTED, new Uint8Array());
    }
  }

  /** Messages may be lost: asks again whoever has not said anything, or not said that it is ready. */
  function remind(): void {
    repeating = undefined;
    asked.clear();
    for (const to of peers.online()) if (!states.has(to)) say(to, ASK, new Uint8Array());
    decide();
  }

  // ---- Primes ----------------------------------------------------------------------------------------------

  /** Makes primes until there are enough, each when the signer is quiet. */
  function stock(inMs: number): void {
    if (closed || work === undefined || isMaking || store.auxiliary.primeCount() >= PRIMES) return;
    // What is due already is not put off by another reason to do it later.
    if (making !== undefined && inMs > 0) return;
    making?.();
    making = later(inMs, () => {
      making = undefined;
      const now = env.now();
      const quiet = work.quietMs - (now - o.busyAt());
      if (quiet > 0 && !(isWanted && now - wantedSince >= PATIENCE_MS)) return stock(Math.min(quiet, work.quietMs));
      isMaking = true;
      work
        .prime()
        .then((prime) => {
          if (closed) return prime.fill(0);
          store.transaction('auxiliary-prime', () => store.auxiliary.putPrime(prime, env.now()));
          prime.fill(0);
          env.log('auxiliary.prime', { have: store.auxiliary.primeCount(), need: PRIMES });
          return undefined;
        })
        .catch((error: unknown) => failed('auxiliary.prime.failed', error))
        .finally(() => {
          isMaking = false;
          if (closed) return;
          if (isReady()) tell();
          else stock(failures > 0 ? backoff() : 0);
        });
    });
  }

  // ---- The run ---------------------------------------------------------------------------------------------

  function attempt(runNonce: Uint8Array): void {
    isRunning = true;
    // Whatever happens to the others, they will say it; a success with different epochs counts as none.
    states.clear();
    asked.clear();
    setUp(runNonce)
      .then(() => {
        failures = 0;
        isWanted = false;
        stock(RESTOCK_MS);
      })
      .catch((error: unknown) => {
        failed('auxiliary.failed', error);
        stock(0);
      })
      .finally(() => {
        isRunning = false;
        if (closed) return;
        notBefore = env.now() + (failures > 0 ? backoff() : RETRY_MS[0]);
        tell();
        if (isProposer) later(notBefore - env.now(), decide);
      });
  }

  async function setUp(runNonce: Uint8Array): Promise<void> {
    if (work === undefined) throw new Error('bug: a set-up without its engine');
    const parties = cluster.everybody();
    const execId = cluster.execId({ protocol: 'aux', keyId: '', curve: 'secp256k1', parties, runNonce });
    const release = runs.reserve(1);
    const proofs = work.proofs();
    const stored = store.auxiliary.primes(PRIMES);
    try {
      const primes = primesOf(stored.map(({ prime }) => prime));
      if (primes === undefined) {
        // Damaged ones do not open: away with all, so that they do not stand in the way for ever.
        store.transaction('auxiliary-primes', () => store.auxiliary.dropAllPrimes());
        refuse('E_AUX_PRIMES', 'primes made ahead are damaged; new ones will be made');
      }
      store.transaction('auxiliary', () => {
        store.used.startExecution(execId, '', env.now());
        store.journal.append('auxiliary.started', { execId: toHex(execId) });
      });
      env.log('auxiliary.started', { execId: toHex(execId).slice(0, 16) });
      const machine = createAuxSetup(
        {
          execId,
          self: cluster.index,
          parties: [...parties.keys()],
          curve: curve('secp256k1'), // The set-up serves every curve; a run has to name one.
          env: cluster.mpcEnv(parties),
        },
        {
          primes,
          opening: () =>
            store.transaction('auxiliary-opening', () => store.auxiliary.dropPrimes(stored.map(({ id }) => id))),
        },
      );
      const {
        epoch: made,
        publics,
        acknowledgements,
      } = await runs.run({
        machine,
        self: cluster.index,
        parties,
        deadlineMs: DEADLINE_MS,
        compute: proofs,
      });
      store.transaction('auxiliary-keep', () => {
        store.auxiliary.keep({
          epoch: made,
          roster,
          parties: cluster.roster.signers.map(({ signerId, index }) => ({
            signerId,
            values: publics.get(index) as AuxPublic,
          })),
          signatures: acknowledgements.map(({ signature }) => signature),
          primes,
          time: env.now(),
        });
        store.journal.append('auxiliary.ready', { epoch: toHex(made) });
      });
      store.scrub();
      env.log('auxiliary.ready', { epoch: toHex(made).slice(0, 16) });
    } finally {
      for (const { prime } of stored) prime.fill(0);
      proofs.close();
      release();
    }
  }

  const failed = (event: string, error: unknown): void => {
    if (closed) return;
    failures += 1;
    env.log(event, { code: error instanceof Error && 'code' in error ? String(error.code) : 'bug', failures });
  };
  const backoff = (): number => Math.min(RETRY_MS[0] * 2 ** Math.min(failures, 12), RETRY_MS[1]);

  // ---- Presence --------------------------------------------------------------------------------------------

  if (work !== undefined) {
    runs.handle(CHANNEL, heard);
    peers.onPresence(({ online, restarted }) => {
      for (const index of [1, 2, 3, 4, 5]) {
        if (online.includes(index) && index !== restarted) continue;
        states.delete(index);
        asked.delete(index);
      }
      if (allHere()) tell();
    });
    if (allHere()) tell();
  }

  return {
    status() {
      const current = epoch();
      const named = current === undefined ? {} : { epoch: toHex(current) };
      if (isRunning) return { state: 'proving', ...named };
      if (current !== undefined && !isWanted) return { state: 'ready', ...named };
      if (isMaking) return { state: 'making primes', ...named };
      return { state: work === undefined ? 'none' : 'waiting', ...named };
    },
    epoch,
    info(wanted = epoch()) {
      if (wanted === undefined) return undefined;
      const name = toHex(wanted);
      if (opened?.name !== name) {
        const info = store.auxiliary.open(wanted);
        if (info === undefined) return undefined;
        opened = { name, info };
      }
      return opened.info;
    },
    close() {
      closed = true;
      for (const cancel of timers) cancel();
      timers.clear();
      opened = undefined;
    },
  };
}

function primesOf([p, q, pHat, qHat]: readonly Uint8Array[]): AuxPrimes | undefined {
  if (p === undefined || q === undefined || pHat === undefined || qHat === undefined) return undefined;
  const primes = { p, q, pHat, qHat };
  return areAuxPrimes(primes) ? primes : undefined;
}

function equal(a: Uint8Array, b: Uint8Array | undefined): boolean {
  return b !== undefined && Buffer.compare(a, b) === 0;
}
