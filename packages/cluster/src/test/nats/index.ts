/** A nats-server of a test's own: on a free port, with nothing kept, killed and started again at will. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { parseNatsUrl } from '../../relay/nats/address.ts';
import { connectNats } from '../../relay/nats/connection.ts';

/** `HOLDFAST_TEST_NATS` names another binary, or `off` leaves these tests out and says so. */
const setting = process.env.HOLDFAST_TEST_NATS ?? 'nats-server';

/** For the `skip` option of a test: a sentence, or false. A missing server is no reason to skip: the tests fail. */
export const withoutNats: string | false = setting === 'off' ? 'HOLDFAST_TEST_NATS is off: nothing ran on NATS' : false;

export interface NatsServer {
  readonly port: number;
  readonly url: string;
  /** SIGKILL, as a machine that loses its power. */
  kill(): Promise<void>;
  start(): Promise<void>;
  /** Neither answers nor ends. */
  pause(): void;
  resume(): void;
  stop(): Promise<void>;
}

export async function runNats(o: { readonly args?: readonly string[] } = {}): Promise<NatsServer> {
  if (spawnSync(setting, ['--version']).error)
    throw new Error(`${setting} is not installed; these tests need it (HOLDFAST_TEST_NATS=off leaves them out)`);
  const port = await freePort();
  let child: ChildProcess | undefined;

  async function start(): Promise<void> {
    const started = spawn(setting, ['-a', '127.0.0.1', '-p', String(port), ...(o.args ?? [])], { stdio: 'ignore' });
    child = started;
    // Nothing outlives the process that runs the tests.
    const orphaned = () => started.kill('SIGKILL');
    process.once('exit', orphaned);
    started.once('exit', () => process.off('exit', orphaned));
    for (let k = 0; k < 500; k++) {
      if (await answers(port)) return;
      if (started.exitCode !== null) throw new Error(`${setting} ended with ${started.exitCode}`);
      await wait(10);
    }
    throw new Error(`${setting} does not listen on port ${port}`);
  }

  async function kill(): Promise<void> {
    const old = child;
    child = undefined;
    if (!old || old.exitCode !== null || old.signalCode !== null) return;
    const ended = once(old, 'exit');
    old.kill('SIGKILL');
    await ended;
  }

  await start();
  return {
    port,
    url: `nats://127.0.0.1:${port}`,
    kill,
    start,
    pause: () => child?.kill('SIGSTOP'),
    resume: () => child?.kill('SIGCONT'),
    stop: kill,
  };
}

/** Everything that passes the server from now on, as somebody who can listen there has it. */
export async function captureNats(url: string): Promise<{ readonly bytes: () => Buffer; readonly stop: () => void }> {
  const line = await connectNats({ address: parseNatsUrl(url), attempt: 0, name: 'capture', onEnd: () => {} });
  const chunks: Buffer[] = [];
  line.subscribe('>', (payload, subject) => chunks.push(Buffer.from(subject), Buffer.from(payload)));
  await line.flush();
  return { bytes: () => Buffer.concat(chunks), stop: line.close };
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const closed = once(server, 'close');
  server.close();
  await closed;
  if (typeof address !== 'object' || address === null) throw new Error('no free port');
  return address.port;
}

/** A NATS server speaks first. */
function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('data', (greeting) => {
      socket.destroy();
      resolve(greeting.toString('latin1').startsWith('INFO '));
    });
    socket.once('error', () => resolve(false));
  });
}
