/** The api process: real clock, randomness, disk and network, and nothing else. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { createHttp } from '@holdfast/chains/rpc';
import { ClusterError } from '@holdfast/cluster/commands';
import type { Env } from '@holdfast/contract/types';
import { openDatabase, StorageError } from '@holdfast/storage/database';
import { startApi } from './app/index.ts';
import { type Config, endsWithInput, readConfig, UnsafeSettings } from './config.ts';
import { createSmtp } from './mail/smtp.ts';

/** EX_CONFIG and EX_SOFTWARE of sysexits.h. */
const EXIT_CONFIG = 78;
const EXIT_BUG = 70;
/** A run ends within its own deadline; what takes longer is cut. */
const STOP_MS_MAX = 4_000;

/** Lines of one turn of the event loop leave in one write: under load there are many, and each write blocks. */
function createLog(): Env['log'] {
  let lines = '';
  const flush = (): void => {
    if (lines === '') return;
    process.stdout.write(lines);
    lines = '';
  };
  process.on('exit', flush);
  return (event, facts) => {
    if (lines === '') setImmediate(flush);
    lines += `${JSON.stringify({ time: new Date().toISOString(), event, ...facts })}\n`;
  };
}

function createEnv(config: Config): Env {
  const passed = new Map<string, number>();
  return {
    now: Date.now,
    random: (bytes) => new Uint8Array(randomBytes(bytes)),
    setTimer(ms, fn) {
      const timer = setTimeout(fn, ms);
      return () => clearTimeout(timer);
    },
    log: createLog(),
    point(name) {
      if (config.crashAt === undefined) return;
      const count = (passed.get(name) ?? 0) + 1;
      passed.set(name, count);
      if (name === config.crashAt.point && count === config.crashAt.count) process.kill(process.pid, 'SIGKILL');
    },
  };
}

async function main(): Promise<void> {
  const config = readConfig(process.env);
  const { settings, secrets, roster } = config;
  const env = createEnv(config);
  const db = await openDatabase({
    ...(settings.databaseUrl === undefined ? {} : { url: settings.databaseUrl }),
    dataFolder: join(settings.dataFolder, 'api'),
    now: env.now,
  });
  const chains = {
    http: createHttp({ fetch, setTimer: env.setTimer }),
    settings: config.networks,
    secret: secrets.api,
  };
  const mail = secrets.smtp === undefined ? {} : { mail: createSmtp(secrets.smtp) };
  const api = await startApi({
    env,
    config: settings,
    secrets,
    roster,
    db,
    chains,
    pages: config.pages,
    identityProviders: config.identityProviders,
    ...mail,
  });
  await api.listen();
  env.log('api.started', { url: settings.publicUrl, cluster: roster.clusterId, database: db.kind });

  let stopping = false;
  const stop = (): void => {
    if (stopping) return;
    stopping = true;
    setTimeout(() => process.exit(0), STOP_MS_MAX).unref();
    void api.close().then(() => process.exit(0));
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  if (endsWithInput(process.env)) process.stdin.resume().once('close', stop);
  const bug = (error: unknown): void => {
    // A bug: stop and keep the evidence. The message could quote data, so only its kind and place are written.
    const { name, stack } = error instanceof Error ? error : new Error('not an error');
    env.log('api.bug', { kind: name, at: stack?.split('\n')[1]?.trim() ?? '' });
    process.exit(EXIT_BUG);
  };
  process.on('uncaughtException', bug);
  process.on('unhandledRejection', bug);
}

/** What the operator can mend: said in one line, without a stack. */
function isMendable(error: unknown): error is Error {
  if (error instanceof UnsafeSettings || error instanceof StorageError || error instanceof ClusterError) return true;
  return error instanceof Error && 'code' in error && (error.code === 'EADDRINUSE' || error.code === 'EACCES');
}

main().catch((error: unknown) => {
  if (!isMendable(error)) throw error;
  process.stderr.write(`holdfast api: ${error.message}\n`);
  process.exit(EXIT_CONFIG);
});
