/** A real EVM node for tests: anvil, from its package or from PATH. One process each, ended with the test. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';

export interface Anvil {
  readonly url: string;
  readonly port: number;
  /** One JSON-RPC call, past everything of ours. Throws what the node says. */
  rpc<T = unknown>(method: string, params?: readonly unknown[]): Promise<T>;
  stop(): Promise<void>;
}

/** Accounts that anvil unlocks and funds with 10,000 coins each: it signs for them. */
export async function startAnvil(
  o: {
    readonly chainId?: number;
    /** Mine each transaction at once unless told; `false`: blocks come by `anvil_mine` only. */
    readonly autoMine?: boolean;
    readonly port?: number;
    readonly args?: readonly string[];
  } = {},
): Promise<Anvil> {
  const args = [
    ...['--host', '127.0.0.1', '--port', String(o.port ?? 0), '--chain-id', String(o.chainId ?? 31_337)],
    ...(o.autoMine === false ? ['--no-mining'] : []),
    ...(o.args ?? []),
  ];
  const child = spawn(binary(), args, { stdio: ['ignore', 'pipe', 'pipe'] });
  // However the test ends, its node does too.
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  const port = await listening(child);
  const url = `http://127.0.0.1:${port}`;
  let questions = 0;
  return {
    url,
    port,
    async rpc(method, params = []) {
      questions += 1;
      const reply = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ jsonrpc: '2.0', id: questions, method, params }),
      });
      const { result, error } = (await reply.json()) as { result: never; error?: { message: string } };
      if (error !== undefined) throw new Error(`${method}: ${error.message}`);
      return result;
    },
    async stop() {
      process.removeListener('exit', kill);
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = new Promise((done) => child.once('exit', done));
      child.kill('SIGKILL');
      await ended;
    },
  };
}

function binary(): string {
  try {
    const file = createRequire(import.meta.url).resolve('@foundry-rs/anvil-linux-amd64/bin/anvil');
    if (existsSync(file)) return file;
  } catch {
    // Not for this machine: whoever has Foundry has anvil on PATH.
  }
  return 'anvil';
}

/** It says where it listens; with port 0 nobody else knows. */
function listening(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    let text = '';
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`anvil ended with ${code}: ${text.slice(-400)}`)));
    child.stderr?.on('data', (part) => {
      text += part;
    });
    child.stdout?.on('data', (part) => {
      text += part;
      const port = /Listening on 127\.0\.0\.1:([0-9]+)/.exec(text)?.[1];
      if (port !== undefined) resolve(Number(port));
    });
  });
}
