/** A relay in memory for the tests of frames: everything in flight can be looked at, altered, held, lost or repeated. */

import type { PeerMessage } from '../frames/message.ts';
import { createPeerSessions, type PeerSessions, type ResetReason, type SessionLimits } from '../frames/sessions.ts';
import type { Identity } from '../roster/identity.ts';
import type { Roster } from '../roster/roster.ts';
import { type Cluster, randomBytes, type World, world } from './world.ts';

export interface Flight {
  readonly from: number;
  readonly to: number;
  readonly bytes: Uint8Array;
}

export interface Station {
  readonly index: number;
  readonly sessions: PeerSessions;
  readonly received: { readonly from: number; readonly message: PeerMessage }[];
  readonly resets: { readonly from: number; readonly reason: ResetReason }[];
  readonly readies: number[];
}

export interface Wire {
  readonly env: World;
  readonly inFlight: Flight[];
  /** Everything that was ever sent. */
  readonly sent: Flight[];
  /** False makes the relay refuse bytes. */
  open: boolean;
  station(index: number): Station;
  /** A new process in the place of an old one. */
  restart(index: number): Station;
  /** Delivers in order until nothing is in flight; `see` may alter, drop (undefined) or multiply. */
  run(see?: (flight: Flight) => Flight | readonly Flight[] | undefined): void;
  deliver(flight: Flight): void;
}

export function wire(
  five: Cluster,
  o: {
    readonly limits?: Partial<SessionLimits>;
    readonly replace?: Readonly<Record<number, { readonly identity?: Identity; readonly roster?: Roster }>>;
    readonly name?: string;
  } = {},
): Wire {
  const env = world(o.name);
  const stations = new Map<number, Station>();
  const inFlight: Flight[] = [];
  const sent: Flight[] = [];

  function make(index: number): Station {
    const { roster = five.roster, identity = five.identities[index - 1] } = o.replace?.[index] ?? {};
    if (!identity) throw new Error(`no signer ${index}`);
    const sessions = createPeerSessions({
      self: index,
      roster,
      identity,
      env,
      ...(o.limits ? { limits: o.limits } : {}),
      send(to, bytes) {
        if (!self.open) return false;
        const flight = { from: index, to, bytes };
        inFlight.push(flight);
        sent.push({ ...flight, bytes: Uint8Array.from(bytes) });
        return true;
      },
    });
    const station: Station = { index, sessions, received: [], resets: [], readies: [] };
    sessions.onMessage((from, message) => station.received.push({ from, message }));
    sessions.onReset((from, reason) => station.resets.push({ from, reason }));
    sessions.onReady((from) => station.readies.push(from));
    stations.set(index, station);
    return station;
  }

  const self: Wire = {
    env,
    inFlight,
    sent,
    open: true,
    station: (index) => stations.get(index) ?? make(index),
    restart(index) {
      stations.get(index)?.sessions.close();
      return make(index);
    },
    run(see = (flight) => flight) {
      for (let steps = 0; inFlight.length > 0; steps++) {
        if (steps > 100_000) throw new Error('the signers never stop talking');
        const flight = inFlight.shift() as Flight;
        const seen = see(flight);
        for (const each of seen === undefined ? [] : Array.isArray(seen) ? seen : [seen as Flight]) self.deliver(each);
      }
    },
    deliver(flight) {
      stations.get(flight.to)?.sessions.onBytes(flight.from, flight.bytes);
    },
  };
  return self;
}

/** Two stations with a session, nothing in flight. */
export function connected(
  five: Cluster,
  o: Parameters<typeof wire>[1] = {},
): { readonly w: Wire; readonly a: Station; readonly b: Station } {
  const w = wire(five, o);
  const a = w.station(1);
  const b = w.station(2);
  a.sessions.reset(2);
  w.run();
  if (!a.sessions.ready(2) || !b.sessions.ready(1)) throw new Error('no session');
  w.sent.length = 0;
  a.readies.length = 0;
  b.readies.length = 0;
  return { w, a, b };
}

export function message(n: number, o: Partial<PeerMessage> = {}): PeerMessage {
  return {
    execId: randomBytes('exec', 32),
    round: n & 255,
    kind: 'bcast',
    to: 0,
    body: Uint8Array.of(n, n >>> 8),
    ...o,
  };
}

export function altered(bytes: Uint8Array, at: number, bit = 1): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy[at] = (copy[at] ?? 0) ^ bit;
  return copy;
}

export const rounds = (station: Station): number[] => station.received.map(({ message: { round } }) => round);
