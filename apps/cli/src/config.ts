/** Settings of the command line, read once. */
import { resolve } from 'node:path';

export interface Settings {
  /** The data folder of this machine. */
  readonly data: string;
  readonly port: number;
  /** Where this machine's own processes reach the api. */
  readonly host: string;
  readonly apiUrl: string;
  readonly relayUrl: string;
  /** Signers meet at a NATS server; api and signers read where from their own environment. */
  readonly usesNats: boolean;
}

export function readSettings(env: Readonly<Record<string, string | undefined>>): Settings {
  const port = readPort(env['HOLDFAST_PORT']);
  const bind = env['HOLDFAST_BIND'] ?? '';
  // An api that listens on one address of the machine only is found there; else on the machine's own.
  const host = ['', '0.0.0.0', '::', 'localhost'].includes(bind)
    ? '127.0.0.1'
    : bind.includes(':')
      ? `[${bind}]`
      : bind;
  return {
    data: resolve(env['HOLDFAST_DATA'] || './data'),
    port,
    host,
    apiUrl: (env['HOLDFAST_PUBLIC_URL'] || `http://localhost:${port}`).replace(/\/$/, ''),
    relayUrl: `ws://${host}:${port}/holdfast/relay`,
    usesNats: Boolean(env['NATS_URL']),
  };
}

function readPort(text: string | undefined): number {
  if (text === undefined || text === '') return 8787;
  const port = Number(text);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    console.error(`HOLDFAST_PORT must be a port number from 1 to 65535, not ${text.slice(0, 20)}`);
    process.exit(78);
  }
  return port;
}
