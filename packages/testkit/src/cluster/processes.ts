/** Five signer processes and a relay hub, as on one machine: real sockets, real disks, kill -9. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Push } from '@holdfast/cluster/commands';
import { createRelayHub, type RelayHub } from '@holdfast/cluster/relay';
import { createRoster, encodeRoster, type Roster, type RosterEntry } from '@holdfast/cluster/roster';
import { fromBase64, toHex } from '@holdfast/contract/wire';
import { seededRandom } from '@holdfast/mpc/simulator';
import type { Reachable } from './api.ts';

export interface SignerProcess {
  readonly index: number;
  readonly dir: string;
  child: ChildProcess | undefined;
  /** Everything it wrote, both streams. */
  output: string;
}

export interface ProcessCluster extends Reachable {
  readonly dir: string;
  readonly hub: RelayHub;
  readonly processes: readonly SignerProcess[];
  /** Bytes that passed the relay, both directions. */
  readonly traffic: Uint8Array[];
  kill(index: number): Promise<void>;
  start(index: number, env?: Readonly<Record<string, string>>): void;
  /** Resolves once this holds; looks again after every event of the relay. */
  until(holds: () => boolean): Promise<void>;
  stop(): Promise<void>;
}

const program = (name: string): string =>
  fileURLToPath(new URL(`../../../../apps/signer/dist/${name}.js`, import.meta.url));
const DEADLINE_MS = 20_000;

/** Founds a cluster in a temporary folder and starts it. */
export async function startProcessCluster(seed: string): Promise<ProcessCluster> {
  const dir = mkdtempSync(join(tmpdir(), 'holdfast-processes-'));
  const path = process.env['PATH'] ?? '';
  const server = createServer((_, reply) => reply.writeHead(404).end());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const relay = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/holdfast/relay`;

  const folders = [1, 2, 3, 4, 5].map((k) => join(dir, `signer-${k}`));
  const entries = folders.map((folder): RosterEntry => {
    const made = spawnSync(
      process.execPath,
      [program('operator'), 'init', '--dir', folder, '--allow-import', '--allow-export'],
      { encoding: 'utf8', env: { PATH: path } },
    );
    if (made.status !== 0) throw new Error(made.stderr);
    const line = JSON.parse(made.stdout) as Record<'identityKey' | 'transportKey' | 'transportSignature', string>;
    return {
      identityKey: fromBase64(line.identityKey),
      transportKey: fromBase64(line.transportKey),
      transportSignature: fromBase64(line.transportSignature),
    };
  });
  const roster: Roster = createRoster({ epoch: 0, relay, signers: entries });
  writeFileSync(join(dir, 'roster.json'), encodeRoster(roster));
  const processes = roster.signers.map((signer): SignerProcess => {
    const at = entries.findIndex((e) => Buffer.compare(e.identityKey, signer.identityKey) === 0);
    return { index: signer.index, dir: folders[at] ?? '', child: undefined, output: '' };
  });

  const random = seededRandom(`${seed}/processes`);
  const hub = createRelayHub({
    roster,
    env: {
      now: Date.now,
      random: (n) => random.bytes(n),
      setTimer(ms, fn) {
        const timer = setTimeout(fn, ms);
        return () => clearTimeout(timer);
      },
      log: () => {},
    },
  });
  hub.attach(server);
  const traffic: Uint8Array[] = [];
  hub.onTraffic(({ message }) => void traffic.push(message));
  const waiting = new Set<() => void>();
  const look = (): void => {
    for (const check of [...waiting]) check();
  };
  // A turn later: whoever else listens has taken the event in by then.
  const last = new Map<string, { index: number; push: Push }>();
  hub.onPush((index, push) => {
    last.set(`${index} ${push.push}`, { index, push });
    setImmediate(look);
  });
  hub.onPresence(() => void setImmediate(look));

  const slot = (index: number): SignerProcess => {
    const found = processes[index - 1];
    if (found === undefined) throw new Error(`there is no signer ${index}`);
    return found;
  };
  const start = (index: number, env: Readonly<Record<string, string>> = {}): void => {
    const own = slot(index);
    const child = spawn(process.execPath, [program('main')], {
      env: { PATH: path, NODE_ENV: 'test', HOLDFAST_SIGNER_DIR: own.dir, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    own.child = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        own.output += chunk.toString();
      });
    }
    child.once('exit', () => {
      if (own.child === child) own.child = undefined;
      look();
    });
  };
  const kill = async (index: number): Promise<void> => {
    const { child } = slot(index);
    if (child === undefined) return;
    const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    child.kill('SIGKILL');
    await gone;
  };
  const until = (holds: () => boolean): Promise<void> =>
    new Promise((resolve, reject) => {
      const late = setTimeout(() => {
        waiting.delete(check);
        reject(new Error(`not in ${DEADLINE_MS} ms; output: ${processes.map((p) => p.output.slice(-400)).join('\n')}`));
      }, DEADLINE_MS);
      const check = (): void => {
        if (!holds()) return;
        waiting.delete(check);
        clearTimeout(late);
        resolve();
      };
      waiting.add(check);
      check();
    });

  for (const { index } of processes) start(index);
  await until(() => hub.online().length === 5);

  return {
    dir,
    roster,
    hub,
    processes,
    traffic,
    clock: { now: Date.now },
    net: {
      onPush(heard) {
        for (const { index, push } of last.values()) heard(index, push);
        hub.onPush(heard);
      },
    },
    pins: {
      set(orgId, hash) {
        for (const { dir: folder } of processes) {
          const run = spawnSync(process.execPath, [program('operator'), 'trust', orgId, toHex(hash), '--dir', folder], {
            encoding: 'utf8',
            env: { PATH: path },
          });
          if (run.status !== 0) throw new Error(run.stderr);
        }
      },
    },
    random: (n) => random.bytes(n),
    async send(index, command) {
      try {
        return await hub.send(index, command, { deadlineMs: DEADLINE_MS });
      } catch {
        // Not connected, or gone while it was asked: the test sees that there is no answer.
        return undefined;
      }
    },
    kill,
    start,
    until,
    async stop() {
      for (const { index } of processes) await kill(index);
      hub.close();
      await new Promise((resolve) => server.close(resolve));
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
