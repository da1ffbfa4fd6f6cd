/**
 * Drives protocol machines over the other signers: delivers, waits with a deadline, gives up when a peer is gone, and
 * wipes in every case. A machine's first effects leave only after the caller has journalled and burned its id.
 */

import type { Env } from '@holdfast/contract/types';
import { toHex } from '@holdfast/contract/wire';
import {
  type Abort,
  type Effect,
  type Index,
  type Job,
  type KeyShare,
  type Machine,
  type Message,
  wipeBytes,
} from '@holdfast/mpc/runtime';
import { Refused, refuse } from '../refusal/index.ts';
import { type Compute, createInlineCompute } from './compute.ts';
import { createEarlyMessages } from './early.ts';
import type { PeerMessage, Peers } from './peers.ts';

export interface RunOptions<Out> {
  readonly machine: Machine<Out>;
  /** This signer's evaluation point in the run. */
  readonly self: Index;
  /** Evaluation point → roster index, of every party of the run, self included. */
  readonly parties: ReadonlyMap<Index, number>;
  readonly deadlineMs: number;
  /** Must be on the disk when it returns; a throw ends the run before any later message leaves. */
  readonly persist?: (share: KeyShare) => void;
  /** The protocol's own abort, with its evidence. Not called where the driver ends a run. */
  readonly aborted?: (abort: Abort) => void;
  /** Where this run's jobs go instead of where all others' do. */
  readonly compute?: Compute;
}

export interface Runs {
  run<Out>(o: RunOptions<Out>): Promise<Out>;
  /** Takes `count` places for runs, or refuses E_BUSY; the answer gives them back. */
  reserve(count: number): () => void;
  /** Runs in progress. */
  readonly active: number;
  /** For messages that belong to no run (see early.ts): a fixed id with a handler of its own. */
  handle(execId: Uint8Array, heard: (from: number, message: PeerMessage) => void): void;
  /** Ends every run, and refuses every later one with the same words: E_SEALED. */
  seal(why: string): void;
  /** Ends every run; nothing of them is resumed. */
  close(): void;
}

interface Live {
  receive(from: number, m: PeerMessage): void;
  peerGone(rosterIndex: number): void;
  end(why: string): void;
}

/** Runs at once: memory and latency stay bounded; more are refused like an HTTP 429. */
export const RUNS_MAX = 256;
/** Ids of finished runs remembered so that their late messages are dropped and not buffered. */
const FINISHED_MAX = 4096;

/** `compute` belongs to the caller, who closes it after the runs. Where there is none, jobs run inline. */
export function createRuns(o: { env: Env; peers: Peers; compute?: Compute }): Runs {
  const { env, peers, compute = createInlineCompute() } = o;
  const live = new Map<string, Live>();
  const handlers = new Map<string, (from: number, m: PeerMessage) => void>();
  const finished = new Set<string>();
  const early = createEarlyMessages(env);
  let reserved = 0;
  let sealed: string | undefined;

  peers.onMessage((from, m) => {
    const name = toHex(m.execId);
    const handler = handlers.get(name);
    if (handler !== undefined) return handler(from, m);
    const run = live.get(name);
    if (run !== undefined) return run.receive(from, m);
    if (!finished.has(name)) early.keep(name, from, m);
  });
  peers.onPresence(({ online, restarted }) => {
    for (const run of [...live.values()]) {
      for (let index = 1; index <= 5; index++) if (!online.includes(index) || index === restarted) run.peerGone(index);
    }
  });

  const remember = (name: string): void => {
    finished.add(name);
    if (finished.size <= FINISHED_MAX) return;
    const oldest = finished.values().next().value;
    if (oldest !== undefined) finished.delete(oldest);
  };

  return {
    run<Out>(run: RunOptions<Out>): Promise<Out> {
      const { machine } = run;
      const name = toHex(machine.execId);
      return new Promise<Out>((resolve, reject) => {
        if (sealed !== undefined) {
          machine.wipe();
          refuse('E_SEALED', sealed);
        }
        if (live.has(name) || finished.has(name)) throw new Error('bug: an execution id runs once');
        const others = [...run.parties].filter(([index]) => index !== run.self);
        const indexOf = new Map(others.map(([index, roster]) => [roster, index]));
        let over = false;

        const finish = (settle: () => void): void => {
          if (over) return;
          over = true;
          cancel();
          live.delete(name);
          remember(name);
          early.drop(name);
          machine.wipe();
          settle();
        };
        const carryOut = (effects: readonly Effect[]): void => {
          for (const effect of effects) {
            if (effect.t === 'persist') {
              if (run.persist === undefined) throw new Error('bug: this run has nothing to persist');
              run.persist(effect.share);
              continue;
            }
            if (effect.t === 'compute') {
              calculate(effect.id, effect.job);
              continue;
            }
            env.point(`run:send:${effect.message.kind}${effect.message.round}`);
            send(effect.message);
          }
        };
        const send = (m: Message): void => {
          const { round, kind, body, sig } = m;
          for (const [index, roster] of others) {
            if (m.to !== 0 && m.to !== index) continue;
            peers.send(roster, {
              execId: machine.execId,
              round,
              kind,
              to: m.to === 0 ? 0 : roster,
              body,
              ...(sig === undefined ? {} : { sig }),
            });
          }
        };
        const calculate = (id: number, job: Job): void => {
          (run.compute ?? compute).run(job).then(
            (result) => {
              if (over) wipeBytes(result);
              step(() => machine.computed(id, result));
            },
            (cause: unknown) => {
              if (over) return;
              env.log('run.compute.failed', {
                job: job.name,
                error: cause instanceof Error ? cause.message : 'unknown',
              });
              step(() => machine.computeFailed(id, cause));
            },
          );
        };
        /** One step of the machine and everything that follows from it. */
        const step = (work: () => readonly Effect[]): void => {
          if (over) return;
          try {
            carryOut(work());
            const status = machine.status();
            if (status.s === 'done') finish(() => resolve(status.out));
            if (status.s === 'aborted') {
              const { code, culprits } = status.abort;
              run.aborted?.(status.abort);
              finish(() =>
                reject(
                  aborted(
                    code,
                    status.abort.round,
                    culprits.map((index) => run.parties.get(index) ?? 0),
                  ),
                ),
              );
            }
          } catch (error) {
            // A bug or a failed disk: nothing more of this run leaves.
            finish(() => reject(error));
          }
        };
        const cancel = env.setTimer(run.deadlineMs, () => {
          const status = machine.status();
          const missing = status.s === 'running' ? status.waitingFor.filter((index) => index !== run.self) : [];
          for (const index of missing) step(() => machine.peerGone(index));
          const slow = missing.map((index) => run.parties.get(index) ?? 0);
          if (slow.length === 0)
            finish(() => reject(new Refused('E_BUSY', 'this signer did not finish its own part in time')));
          finish(() =>
            reject(
              new Refused('E_PEER_GONE', `signers ${slow.join(', ')} did not answer in time`, {
                details: { missing: slow.join(',') },
              }),
            ),
          );
        });

        live.set(name, {
          receive(from, m) {
            const index = indexOf.get(from);
            // Not a party of this run, or addressed to somebody else: dropped, nobody is blamed.
            if (index === undefined || (m.to !== 0 && m.to !== run.parties.get(run.self))) return;
            const { round, kind, body, sig } = m;
            step(() =>
              machine.receive({
                round,
                kind,
                from: index,
                to: m.to === 0 ? 0 : run.self,
                body,
                ...(sig === undefined ? {} : { sig }),
              }),
            );
          },
          peerGone(roster) {
            const index = indexOf.get(roster);
            if (index !== undefined) step(() => machine.peerGone(index));
          },
          end: (why) => finish(() => reject(new Refused('E_SEALED', why))),
        });
        step(() => machine.start());
        for (const { from, message } of early.take(name)) live.get(name)?.receive(from, message);
      });
    },
    reserve(count) {
      if (reserved + count > RUNS_MAX) refuse('E_BUSY', `this signer has ${reserved} runs in progress; try again`);
      reserved += count;
      let held = true;
      return () => {
        if (held) reserved -= count;
        held = false;
      };
    },
    get active() {
      return live.size;
    },
    handle(execId, heard) {
      handlers.set(toHex(execId), heard);
    },
    seal(why) {
      sealed = why;
      for (const run of [...live.values()]) run.end(why);
    },
    close() {
      for (const run of [...live.values()]) run.end('the signer is stopping');
    },
  };
}

/** One uniform sentence outwards; the code and the culprits are facts beside it. */
function aborted(code: string, round: number, culprits: readonly number[]): Refused {
  const whom = culprits.length === 0 ? '' : `; signers named: ${culprits.join(', ')}`;
  return new Refused(code, `the run ended without a result in round ${round}${whom}`, { culprits, details: { round } });
}
