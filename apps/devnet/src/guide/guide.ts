/**
 * Runs the command blocks of a guide as they are printed, on machines that are folders here. A comment before a block
 * says where it runs and how:
 *
 *     run: WHERE                  and it must succeed; WHERE is a machine, `signers` or `everywhere`
 *     run: WHERE profile          what everything after it on that machine begins with
 *     run: WHERE service NAME     goes on running; ends with the test, or at `stop: WHERE NAME`
 *     run: WHERE background NAME  ends by itself; `run: WHERE after NAME` waits for it first
 *     run: WHERE until            again and again until it succeeds
 *     file: WHERE NAME            the block is a file in that machine's home
 *     stop: WHERE NAME            ends a service; `lose:` ends it and removes the machine's home
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';

export interface Step {
  readonly act: 'run' | 'file' | 'stop' | 'lose';
  readonly where: string;
  readonly how: string;
  readonly name: string;
  readonly text: string;
  readonly line: number;
}

/** Every directive of a guide with its block. Throws on a block of commands that nothing says how to run. */
export function parseGuide(text: string): readonly Step[] {
  const lines = text.split('\n');
  const steps: Step[] = [];
  let pending: Omit<Step, 'text'> | undefined;
  for (let at = 0; at < lines.length; at++) {
    const directive = /^<!-- (run|file|stop|lose): (\S+)(?: (\S+))?(?: (\S+))? -->$/.exec(lines[at] ?? '');
    if (directive) {
      if (pending) throw new Error(`line ${pending.line}: a directive without a block`);
      const [, act, where = '', third = '', fourth = ''] = directive;
      const isFile = act === 'file' || act === 'stop' || act === 'lose';
      const step = {
        act: act as Step['act'],
        where,
        how: isFile ? '' : third,
        name: isFile ? third : fourth,
        line: at + 1,
      };
      if (act === 'stop' || act === 'lose') steps.push({ ...step, text: '' });
      else pending = step;
    } else if (lines[at]?.startsWith('```')) {
      const language = lines[at]?.slice(3) ?? '';
      const end = lines.indexOf('```', at + 1);
      if (end < 0) throw new Error(`line ${at + 1}: a block without an end`);
      if (pending) steps.push({ ...pending, text: lines.slice(at + 1, end).join('\n') });
      else if (language === 'sh') throw new Error(`line ${at + 1}: commands, and nothing says where they run`);
      pending = undefined;
      at = end;
    }
  }
  return steps;
}

export interface Machine {
  readonly name: string;
  readonly home: string;
  profile: string;
  readonly variables: Record<string, string>;
  readonly services: Map<string, Service>;
}

interface Service {
  readonly child: ChildProcess;
  output: string;
}

export interface Tools {
  /** Bash functions that stand in for what a test has no use for: `npm run`'s build, `scp` to another machine. */
  readonly prelude: string;
  /** Names and ports of the guide, and those of this run. */
  rewrite(text: string): string;
}

export class Machines {
  readonly #root: string;
  readonly #tools: Tools;
  readonly all = new Map<string, Machine>();
  /** Everything that was printed, for looking at when something fails. */
  output = '';

  constructor(root: string, names: readonly string[], tools: Tools) {
    this.#root = root;
    this.#tools = tools;
    for (const name of names) {
      const home = join(root, name);
      mkdirSync(home, { recursive: true });
      this.all.set(name, { name, home, profile: '', variables: {}, services: new Map() });
    }
  }

  at(name: string): Machine {
    const machine = this.all.get(name);
    if (machine === undefined) throw new Error(`the guide names ${name}, which is no machine`);
    return machine;
  }

  /** Runs a script to its end; what it printed. Throws when it fails. */
  async run(machine: Machine, script: string): Promise<string> {
    const service = this.#spawn(machine, script);
    const code = await ended(service.child);
    if (code !== 0)
      throw new Error(`on ${machine.name}, exit code ${code}:\n${script}\n${service.output.slice(-3000)}`);
    return service.output;
  }

  start(machine: Machine, name: string, script: string): void {
    if (machine.services.has(name)) throw new Error(`${name} runs on ${machine.name} already`);
    machine.services.set(name, this.#spawn(machine, script));
  }

  /** Waits for what was started; what it printed. Throws when it failed. */
  async finish(machine: Machine, name: string): Promise<string> {
    const service = machine.services.get(name);
    if (service === undefined) throw new Error(`${name} does not run on ${machine.name}`);
    const code = await ended(service.child);
    machine.services.delete(name);
    if (code !== 0) throw new Error(`${name} on ${machine.name}, exit code ${code}:\n${service.output.slice(-3000)}`);
    return service.output;
  }

  printed(machine: Machine, name: string): string {
    return machine.services.get(name)?.output ?? '';
  }

  async stop(machine: Machine, name: string): Promise<void> {
    const service = machine.services.get(name);
    if (service === undefined) throw new Error(`${name} does not run on ${machine.name}`);
    machine.services.delete(name);
    await end(service.child, 'SIGTERM');
  }

  /** The disk is gone; what arrives from elsewhere may be put there again. */
  async lose(machine: Machine, keep: readonly string[]): Promise<void> {
    for (const service of machine.services.values()) await end(service.child, 'SIGKILL');
    machine.services.clear();
    const aside = join(this.#root, 'aside');
    mkdirSync(aside, { recursive: true });
    const kept = keep.filter((name) => existsSync(join(machine.home, name)));
    for (const name of kept) copyFileSync(join(machine.home, name), join(aside, basename(name)));
    rmSync(machine.home, { recursive: true });
    mkdirSync(machine.home);
    for (const name of kept) copyFileSync(join(aside, basename(name)), join(machine.home, name));
  }

  write(machine: Machine, name: string, text: string): void {
    writeFileSync(join(machine.home, name), this.#tools.rewrite(text));
  }

  async close(): Promise<void> {
    const services = [...this.all.values()].flatMap(({ services: running }) => [...running.values()]);
    await Promise.all(services.map(({ child }) => end(child, 'SIGTERM')));
  }

  #spawn(machine: Machine, script: string): Service {
    const text = this.#tools.rewrite(['set -euo pipefail', machine.profile, this.#tools.prelude, script].join('\n'));
    const { HOME: _home, NATS_URL: _nats, DATABASE_URL: _database, ...rest } = process.env;
    const child = spawn('bash', ['-c', text], {
      env: { ...rest, HOME: machine.home, ...machine.variables },
      cwd: machine.home,
      stdio: ['ignore', 'pipe', 'pipe'],
      // Its own group: ending it ends what it started.
      detached: true,
    });
    const service: Service = { child, output: '' };
    const collect = (chunk: Buffer) => {
      service.output += chunk.toString('utf8');
      this.output += chunk.toString('utf8');
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    return service;
  }
}

/** A step that takes longer has failed, whatever it is waiting for. */
const STEP_MS_MAX = 60_000;

async function ended(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
  return new Promise((resolve) => {
    const late = setTimeout(() => signal(child, 'SIGKILL'), STEP_MS_MAX);
    child.once('close', (code) => {
      clearTimeout(late);
      resolve(code);
    });
  });
}

async function end(child: ChildProcess, how: NodeJS.Signals): Promise<void> {
  signal(child, how);
  await ended(child);
}

function signal(child: ChildProcess, how: NodeJS.Signals): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, how);
  } catch {
    // It has ended already.
  }
}
