/** The signer process: real clock, randomness, disk and network, and nothing else. One line on the way out if unsafe. */
import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { configureChainIds } from '@holdfast/chains/networks';
import type { Env } from '@holdfast/contract/types';
import { createAuxiliaryEngine } from './auxiliary/index.ts';
import { type Config, endsWithInput, openFolder, readConfig, UnsafeSettings, writeRunFile } from './config.ts';
import { ROWS_AT_ONCE_MAX } from './journal/reading.ts';
import { connect } from './link/index.ts';
import { Refused } from './refusal/index.ts';
import { createWorkerCompute } from './runs/index.ts';
import { createSigner } from './signer/index.ts';
import { openStore } from './store/index.ts';

/** EX_CONFIG of sysexits.h. */
const EXIT_CONFIG = 78;
/** EX_SOFTWARE. */
const EXIT_BUG = 70;

function createEnv(config: Config): Env {
  const passed = new Map<string, number>();
  return {
    now: Date.now,
    random: (n) => new Uint8Array(randomBytes(n)),
    setTimer(ms, fn) {
      const timer = setTimeout(fn, ms);
      return () => clearTimeout(timer);
    },
    log(event, facts) {
      process.stdout.write(`${JSON.stringify({ time: new Date().toISOString(), event, ...facts })}\n`);
    },
    point(name) {
      if (config.crashAt === undefined) return;
      const count = (passed.get(name) ?? 0) + 1;
      passed.set(name, count);
      if (name === config.crashAt.point && count === config.crashAt.count) process.kill(process.pid, 'SIGKILL');
    },
  };
}

function main(): void {
  const config = readConfig(process.env);
  const folder = openFolder(config);
  configureChainIds(folder.settings.chainIds ?? {});
  const env = createEnv(config);
  const store = openStore({
    file: folder.storeFile,
    signerId: folder.signerId,
    ...folder.keys,
    now: env.now,
    random: env.random,
    point: env.point,
    journal: { rowsAtOnceMax: ROWS_AT_ONCE_MAX },
  });
  writeRunFile(config.dir, process.pid);
  const { roster, index, identity } = folder;
  const link = connect({ env, roster, index, identity, relay: folder.relay });
  const signer = createSigner({
    env,
    store,
    roster,
    index,
    identity,
    link,
    settings: { ...folder.settings, ecdsaEngines: config.ecdsaEngines },
    pin: folder.pin,
    isFrozen: folder.isFrozen,
    compute: createWorkerCompute(),
    ...(config.auxiliaryQuietMs === undefined
      ? {}
      : { auxiliary: { ...createAuxiliaryEngine(), quietMs: config.auxiliaryQuietMs } }),
  });
  env.log('signer.started', { index, cluster: roster.clusterId, journal: store.journal.length });

  const stop = (): void => {
    signer.close();
    link.close();
    store.close();
    rmSync(join(config.dir, 'signer.pid'), { force: true });
    process.exit(0);
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  if (endsWithInput(process.env)) process.stdin.resume().once('close', stop);
  // SIGUSR1 would open the debugger, and with it the shares (security-model.md 2.8).
  process.on('SIGUSR1', () => env.log('signer.debugger.refused', {}));
  process.on('uncaughtException', (error) => {
    // A bug: stop and keep the evidence. The message could quote data, so only its kind and place are written.
    env.log('signer.bug', { kind: error.name, at: error.stack?.split('\n')[1]?.trim() ?? '' });
    process.exit(EXIT_BUG);
  });
}

try {
  main();
} catch (error) {
  if (error instanceof UnsafeSettings || error instanceof Refused) {
    process.stderr.write(`holdfast signer: ${error.message}\n`);
    process.exit(EXIT_CONFIG);
  }
  throw error;
}
