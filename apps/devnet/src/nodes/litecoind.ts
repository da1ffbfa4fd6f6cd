/** A real node of the Bitcoin family for tests: Litecoin Core on regtest, from the Debian package or PATH. */
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** `HOLDFAST_TEST_LITECOIND` names another binary, or `off` leaves these tests out and says so. */
const setting = process.env['HOLDFAST_TEST_LITECOIND'] ?? 'litecoind';
/** For the `skip` option of a test. A missing node is no reason to skip: the tests fail. */
export const withoutLitecoind: string | false =
  setting === 'off' ? 'HOLDFAST_TEST_LITECOIND is off: nothing ran on a node of the Bitcoin family' : false;

export interface Litecoind {
  readonly url: string;
  rpc<T = unknown>(method: string, params?: readonly unknown[]): Promise<T>;
  stop(): Promise<void>;
}

export async function startLitecoind(): Promise<Litecoind> {
  if (spawnSync(setting, ['--version']).error)
    throw new Error(`${setting} is not installed; these tests need it (HOLDFAST_TEST_LITECOIND=off leaves them out)`);
  const folder = mkdtempSync(join(tmpdir(), 'litecoind-'));
  const port = await freePort();
  const child = spawn(
    setting,
    [
      ...[
        '-regtest',
        `-datadir=${folder}`,
        '-txindex=1',
        '-listen=0',
        '-server=1',
        '-printtoconsole=1',
        '-mempoolreplacement=1',
      ],
      ...[
        '-rpcuser=holdfast',
        '-rpcpassword=regtest',
        '-rpcbind=127.0.0.1',
        '-rpcallowip=127.0.0.1',
        `-rpcport=${port}`,
      ],
    ],
    { stdio: ['ignore', 'pipe', 'ignore'] },
  );
  const ended = new Promise((done) => child.once('exit', done));
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  // It says so when it has loaded everything.
  await new Promise<void>((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`litecoind ended with ${code}`)));
    let text = '';
    child.stdout.on('data', (part) => {
      text += part;
      if (text.includes('Done loading')) resolve();
    });
  });
  await answering(port);
  const url = `http://holdfast:regtest@127.0.0.1:${port}`;
  return {
    url,
    async rpc(method, params = []) {
      const reply = await fetch(`http://127.0.0.1:${port}`, {
        method: 'POST',
        headers: { authorization: `Basic ${Buffer.from('holdfast:regtest').toString('base64')}` },
        body: JSON.stringify({ id: 1, method, params }),
      });
      const { result, error } = (await reply.json()) as { result: never; error?: { message: string } };
      if (error) throw new Error(`${method}: ${error.message}`);
      return result;
    },
    async stop() {
      process.removeListener('exit', kill);
      child.kill('SIGKILL');
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const at = server.address();
      server.close(() => resolve(typeof at === 'object' && at !== null ? at.port : 0));
    });
  });
}

function answering(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.end();
      resolve();
    });
    socket.once('error', reject);
  });
}
