/** What hubs and links say of a connection that they end, and how often. */
import { WireError } from '@holdfast/contract/wire';
import type { ClusterEnv } from '../env.ts';
import { ClusterError } from '../errors.ts';

/** Why a connection is ended. Anything but a refusal is a fault of ours: it ends the connection too, under its own name. */
export function codeOf(error: unknown): string {
  if (error instanceof ClusterError) return error.code;
  return error instanceof WireError ? 'E_RELAY_FORMAT' : 'bug';
}

/** Lets through a few log lines a minute, so that a stranger cannot fill the log; says how many were left out. */
export function limitedLog(env: ClusterEnv, perMinute = 20): ClusterEnv['log'] {
  let minute = Number.NEGATIVE_INFINITY;
  let written = 0;
  return (event, facts) => {
    const now = Math.floor(env.now() / 60_000);
    const suppressed = Math.max(0, written - perMinute);
    if (now !== minute) {
      if (suppressed > 0) env.log('relay.suppressed', { lines: suppressed });
      minute = now;
      written = 0;
    }
    if (++written <= perMinute) env.log(event, facts);
  };
}
