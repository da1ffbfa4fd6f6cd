/** For the tests of this room: a seeded world with a clock of its own, rosters, and real sockets on loopback. */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { sha256 } from '@holdfast/crypto/transcript';
import type { ClusterEnv } from '../env.ts';
import type { RelayLink } from '../relay/link.ts';
import { createRelayHub, type HubLimits, type WebSocketHub } from '../relay/websocket/hub.ts';
import { createRelayLink, type LinkLimits } from '../relay/websocket/link.ts';
import { type Identity, identityFromSeeds, rosterEntry } from '../roster/identity.ts';
import { createRoster, type Roster } from '../roster/roster.ts';

/** Fixed unless HOLDFAST_SEED is given; printed by the tests that draw from it. */
export const seed = process.env.HOLDFAST_SEED ?? 'holdfast-cluster';

export interface World extends ClusterEnv {
  /** Moves the clock and calls the timers that fall due, in order. */
  advance(ms: number): void;
  readonly lines: { readonly event: string; readonly facts: Readonly<Record<string, unknown>> }[];
  timers(): number;
}

export function world(name = 'world'): World {
  let now = 1_700_000_000_000;
  let drawn = 0;
  let order = 0;
  const timers = new Map<number, { readonly at: number; readonly fn: () => void }>();
  const lines: World['lines'] = [];
  return {
    now: () => now,
    random: (n) => randomBytes(`${name}:${drawn++}`, n),
    setTimer(ms, fn) {
      const id = ++order;
      timers.set(id, { at: now + ms, fn });
      return () => timers.delete(id);
    },
    log: (event, facts) => lines.push({ event, facts }),
    advance(ms) {
      const end = now + ms;
      for (;;) {
        const due = [...timers]
          .filter(([, timer]) => timer.at <= end)
          .sort((a, b) => a[1].at - b[1].at || a[0] - b[0])[0];
        if (!due) break;
        timers.delete(due[0]);
        now = Math.max(now, due[1].at);
        due[1].fn();
      }
      now = end;
    },
    lines,
    timers: () => timers.size,
  };
}

/** Deterministic bytes: a stream of SHA-512(seed, label, counter). */
export function randomBytes(label: string, n: number): Uint8Array {
  const out = new Uint8Array(n);
  for (let at = 0, k = 0; at < n; at += 64, k++) {
    const block = createHash('sha512').update(`${seed}/${label}/${k}`).digest();
    out.set(block.subarray(0, Math.min(64, n - at)), at);
  }
  return out;
}

export interface Cluster {
  readonly roster: Roster;
  /** identities[i − 1] is the signer with roster index i. */
  readonly identities: readonly Identity[];
}

export function cluster(relay = 'ws://127.0.0.1:1/holdfast/relay', name = 'cluster', epoch = 0): Cluster {
  const identities = [0, 1, 2, 3, 4].map((k) =>
    identityFromSeeds({
      identitySeed: randomBytes(`${name}:identity:${k}`, 32),
      transportSeed: randomBytes(`${name}:transport:${k}`, 32),
    }),
  );
  const sorted = identities.toSorted((a, b) => Buffer.compare(sha256(a.publicKey), sha256(b.publicKey)));
  return { roster: createRoster({ epoch, relay, signers: sorted.map(rosterEntry) }), identities: sorted };
}

/** Lets sockets do their work until the claim holds. The turns are real; the clock of the world stands still. */
export async function until(claim: () => boolean, what: string): Promise<void> {
  const deadline = process.hrtime.bigint() + 10_000_000_000n;
  while (!claim()) {
    if (process.hrtime.bigint() > deadline) throw new Error(`did not happen: ${what}`);
    await turn();
  }
}

export interface Running {
  readonly server: Server;
  readonly hub: WebSocketHub;
  readonly url: string;
  stop(): Promise<void>;
}

export async function runHub(o: {
  roster: Roster;
  env: World;
  limits?: Partial<HubLimits>;
  port?: number;
}): Promise<Running> {
  const server = createServer((_, response) => response.writeHead(404).end());
  const hub = createRelayHub({ roster: o.roster, env: o.env, ...(o.limits ? { limits: o.limits } : {}) });
  hub.attach(server);
  server.listen(o.port ?? 0, '127.0.0.1');
  await once(server, 'listening');
  const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/holdfast/relay`;
  return {
    server,
    hub,
    url,
    async stop() {
      hub.close();
      let closed = false;
      server.close(() => {
        closed = true;
      });
      server.closeAllConnections();
      // Those that do not answer the goodbye are cut off when its second has passed.
      for (let k = 0; k < 100 && !closed; k++) await turn();
      o.env.advance(1000);
      await until(() => closed, 'the server is closed');
    },
  };
}

export function linkOf(
  o: Cluster & { readonly url: string; readonly env: ClusterEnv; readonly limits?: Partial<LinkLimits> },
  index: number,
): RelayLink {
  const identity = o.identities[index - 1];
  if (!identity) throw new Error(`no signer ${index}`);
  return createRelayLink({
    roster: o.roster,
    identity,
    env: o.env,
    url: o.url,
    ...(o.limits ? { limits: o.limits } : {}),
  });
}
