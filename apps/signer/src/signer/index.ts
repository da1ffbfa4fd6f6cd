/**
 * One signer: store, consent and runs put together over a link to the others. Everything of the world comes in as an
 * argument, so that five of them run in one process from one seed (architecture.md §5).
 */

import type { Command, Push, Reply } from '@holdfast/cluster/commands';
import type { Identity, Roster } from '@holdfast/cluster/roster';
import type { Env } from '@holdfast/contract/types';
import { toHex } from '@holdfast/contract/wire';
import { type Auxiliary, type AuxiliaryWork, createAuxiliary } from '../auxiliary/index.ts';
import { createClusterView } from '../cluster-view/index.ts';
import type { Context, SignerSettings } from '../commands/context.ts';
import { createImportKeys } from '../commands/import-keys.ts';
import { answer, damagedJournal } from '../commands/index.ts';
import { createFreshness } from '../consent/freshness.ts';
import { createOrganisations } from '../consent/organisations.ts';
import { readJournal } from '../journal/reading.ts';
import { createRejoin } from '../rejoin/index.ts';
import { type Compute, createRuns, createSessions, type Machines, machines, type Peers } from '../runs/index.ts';
import type { Store } from '../store/index.ts';

/** The way to the api and to the other signers. */
export interface Link {
  readonly peers: Peers;
  onCommand(handler: (command: Command) => Promise<Reply>): void;
  push(push: Push): void;
  /** Called whenever an api has just become reachable. */
  onUp(up: () => void): void;
  start(): void;
  close(): void;
}

export interface SignerOptions {
  readonly env: Env;
  readonly store: Store;
  readonly roster: Roster;
  readonly index: number;
  readonly identity: Identity;
  readonly link: Link;
  readonly settings: SignerSettings;
  /** The operator's pin of an organisation's genesis. */
  pin(orgId: string): Uint8Array | undefined;
  isFrozen(): boolean;
  /** For heavy arithmetic; closed with the signer. Where there is none it happens inline, as a virtual clock needs. */
  readonly compute?: Compute;
  /** For auxiliary set-ups; closed with the signer. Where there is none, the signer makes none and uses what it has. */
  readonly auxiliary?: AuxiliaryWork & { close(): void };
  /** The simulation's; absent everywhere else (runs/machines.ts). */
  readonly machines?: Machines;
}

export interface Signer {
  /** As the link calls it; tests call it directly. */
  answer(command: Command): Promise<Reply>;
  readonly session: () => string | null;
  readonly auxiliary: Auxiliary;
  close(): void;
}

export function createSigner(o: SignerOptions): Signer {
  const { env, store, link } = o;
  const { peers } = link;
  store.transaction('start', () => {
    const { epoch, fingerprint } = o.roster;
    if (store.membership.enter(o.roster))
      store.journal.append('roster.moved', { epoch, fingerprint: toHex(fingerprint) });
    store.journal.append('signer.started', { index: o.index, cluster: o.roster.clusterId });
  });
  const cluster = createClusterView({ roster: o.roster, index: o.index, identity: o.identity, random: env.random });
  const runs = createRuns({ env, peers, ...(o.compute === undefined ? {} : { compute: o.compute }) });
  const sessions = createSessions({
    env,
    cluster,
    store,
    peers,
    runs,
    machines: o.machines ?? machines,
    announce: (session) => link.push({ v: 1, push: 'Session', session }),
  });
  const freshness = createFreshness({
    env,
    index: o.index,
    push: (token) => link.push({ v: 1, push: 'Token', token }),
  });
  const importKeys = createImportKeys({ env, cluster });
  const organisations = createOrganisations({ env, store, cluster, pin: o.pin });
  let busyAt = env.now();
  const auxiliary = createAuxiliary({
    env,
    cluster,
    store,
    peers,
    runs,
    busyAt: () => busyAt,
    ...(o.auxiliary === undefined ? {} : { work: o.auxiliary }),
  });
  const rejoin = createRejoin({ env, store, peers, runs, organisations, freshness, done: () => figures.report() });
  const ctx: Context = {
    env,
    store,
    cluster,
    organisations,
    freshness,
    importKeys,
    peers,
    runs,
    machines: o.machines ?? machines,
    sessions,
    auxiliary,
    settings: o.settings,
    making: new Set(),
    refreshing: new Set(),
    refreshedAt: new Map(),
    scrubbing: { due: false, cancel: () => {} },
    audits: { since: env.now(), pages: 0 },
    isFrozen: o.isFrozen,
    isRejoining: () => rejoin.pending(),
    counters: {},
  };
  const stopReading = readJournal({
    env,
    store,
    // What is found at the start lets nothing begin; what is found behind it ends what has begun since.
    damaged: (row) => runs.seal(damagedJournal(row)),
  });
  const figures = reportFigures(ctx, (figures) => link.push({ v: 1, push: 'Figures', figures }));

  const answerTo = (command: Command): Promise<Reply> => {
    if (peopleWait.has(command.kind)) busyAt = env.now();
    return answer(ctx, command);
  };
  link.onCommand(answerTo);
  link.onUp(() => {
    freshness.repeat();
    link.push({ v: 1, push: 'Session', session: sessions.current() });
  });
  link.start();

  return {
    answer: answerTo,
    session: () => sessions.current(),
    auxiliary,
    close() {
      stopReading();
      figures.stop();
      ctx.scrubbing.cancel();
      rejoin.close();
      runs.close();
      o.compute?.close();
      sessions.close();
      auxiliary.close();
      o.auxiliary?.close();
      freshness.close();
      importKeys.close();
    },
  };
}

/** Commands that somebody waits for: background work keeps away from them. */
const peopleWait: ReadonlySet<Command['kind']> = new Set(['Act', 'Group']);

const FIGURES_EVERY_MS = 15_000;

/** Figures for operators, over the link (rulings 36): how much, never about whom. */
function reportFigures(
  ctx: Context,
  push: (figures: Readonly<Record<string, number>>) => void,
): { report(): void; stop(): void } {
  let cancel = (): void => {};
  const report = (): void => {
    cancel();
    const { store, runs, peers, counters, organisations } = ctx;
    push({
      ...counters,
      keys: store.keys.count(),
      journal_rows: store.journal.length,
      runs_active: runs.active,
      peers_online: peers.online().length,
      frozen: ctx.isFrozen() ? 1 : 0,
      journal_damaged: store.journal.damagedAt() === undefined ? 0 : 1,
      organisations_set_aside: organisations.countAside(),
    });
    cancel = ctx.env.setTimer(FIGURES_EVERY_MS, report);
  };
  cancel = ctx.env.setTimer(FIGURES_EVERY_MS, report);
  return { report, stop: () => cancel() };
}
