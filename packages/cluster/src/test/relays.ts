/** The two relays behind one set of handles, for the suite that both must pass. */
import { setTimeout as wait } from 'node:timers/promises';

import type { RelayHub } from '../relay/hub.ts';
import type { RelayLink } from '../relay/link.ts';
import { parseNatsUrl } from '../relay/nats/address.ts';
import type { NatsLine } from '../relay/nats/connection.ts';
import { createNatsHub, natsHubLimits } from '../relay/nats/hub.ts';
import { createNatsLink, natsLinkLimits } from '../relay/nats/link.ts';
import { CHANNEL_TYPE, readBye, subjectsOf } from '../relay/nats/wire.ts';
import { hubLimits } from '../relay/websocket/hub.ts';
import { createRelayLink, linkLimits } from '../relay/websocket/link.ts';
import { readHello, relayAuthBytes, TYPE, writeAuth, writePeer } from '../relay/wire.ts';
import type { Identity } from '../roster/identity.ts';
import { runNats } from './nats/index.ts';
import { natsAdmitted, natsClient, natsSigner } from './nats-stranger.ts';
import { admitted, stranger } from './stranger.ts';
import { type Cluster, runHub, until, type World, world } from './world.ts';

/** A signer that is let in and then says what it is told to. */
export interface Raw {
  /** What the api said since the welcome, without pings. */
  readonly messages: Buffer[];
  /** Undefined while it is connected. */
  closed(): number | undefined;
  send(message: Uint8Array): void;
  /** A frame for another signer, whatever it is. */
  frame(to: number, bytes: Uint8Array): void;
  /** Stops to read what it is sent, and to answer pings. */
  stall(): void;
}

export interface Rig {
  readonly env: World;
  readonly hub: RelayHub;
  /** Not started. */
  link(index: number, o?: { readonly identity?: Identity; readonly commandsMax?: number }): RelayLink;
  raw(index: number): Promise<Raw>;
  /** Tries to come in as this signer with a signature by that identity; resolves when the hub has made up its mind. */
  intrude(index: number, identity: Identity): Promise<void>;
  /** Resolves when what was sent before has had its time to arrive; the clock of the world stands still. */
  breathe(): Promise<void>;
  /** Every byte that the relay has carried. */
  seen(): Buffer;
  /** Ends the relay without a word, and brings it back where it was. */
  kill(): Promise<void>;
  revive(): Promise<void>;
  /** The hub after `revive`: the embedded relay is a new one then. */
  current(): RelayHub;
  /** Limits that the suite needs to know. */
  readonly pingMs: number;
  readonly silenceMs: number;
  readonly replacedMs: number;
  stop(): Promise<void>;
}

/** Asks the NATS server whether it has read everything; where there is none, some time is all that can be given. */
export function breathing(url: string): () => Promise<void> {
  let probe: NatsLine | undefined;
  return async () => {
    if (!probe?.isOpen()) probe = await natsClient(url).catch(() => undefined);
    await Promise.race([probe?.flush().catch(() => {}), wait(probe ? 200 : 5, undefined, { ref: false })]);
    await wait(1);
  };
}

export interface RigLimits {
  readonly requestsMax?: number;
  readonly requestMs?: number;
  readonly requestBytesMax?: number;
}

export type Relay = (five: Cluster, limits?: RigLimits) => Promise<Rig>;

export const websocket: Relay = async (five, limits = {}) => {
  const env = world();
  let running = await runHub({ roster: five.roster, env, limits });
  const port = Number(new URL(running.url).port);
  const { url } = running;
  const links: RelayLink[] = [];
  const seen: Buffer[] = [];
  running.hub.onTraffic(({ message }) => seen.push(Buffer.from(message)));
  return {
    env,
    hub: running.hub,
    link(index, o = {}) {
      const identity = o.identity ?? (five.identities[index - 1] as Identity);
      const given = o.commandsMax === undefined ? {} : { limits: { commandsMax: o.commandsMax } };
      const link = createRelayLink({ roster: five.roster, identity, env, url, ...given });
      links.push(link);
      return link;
    },
    async raw(index) {
      const end = await admitted(five, index, url);
      return {
        get messages() {
          return end.messages.slice(2);
        },
        closed: end.closed,
        send: end.send,
        frame: (to, bytes) => end.send(writePeer(TYPE.peerTo, to, bytes)),
        stall: () => end.socket.pause(),
      };
    },
    async intrude(index, identity) {
      const end = await stranger(url);
      const { fingerprint, nonce } = readHello(end.messages[0] as Buffer);
      const { signerId } = five.roster.signers[index - 1] as { signerId: Uint8Array };
      end.send(writeAuth({ signerId, signature: identity.sign(relayAuthBytes({ fingerprint, nonce })) }));
      await until(() => end.closed() !== undefined, 'the hub decides');
    },
    breathe: () => wait(1),
    seen: () => Buffer.concat(seen),
    async kill() {
      await running.stop();
    },
    async revive() {
      running = await runHub({ roster: five.roster, env, limits, port });
    },
    current: () => running.hub,
    pingMs: hubLimits.pingMs,
    silenceMs: hubLimits.silenceMs,
    replacedMs: linkLimits.backoffMsMax,
    async stop() {
      for (const link of links) link.close();
      await running.stop();
    },
  };
};

export const nats: Relay = async (five, limits = {}) => {
  const server = await runNats();
  const { url } = server;
  const address = parseNatsUrl(url);
  const env = world();
  const hub = createNatsHub({ roster: five.roster, env, address, limits });
  const links: RelayLink[] = [];
  const clients: { close(): void }[] = [];
  const seen: Buffer[] = [];
  const spy = await natsClient(url);
  spy.subscribe('>', (bytes) => seen.push(Buffer.from(bytes)));
  clients.push(spy);
  const connected = () =>
    env.lines.filter(({ event, facts }) => event === 'relay.nats' && facts.state === 'connected').length;
  await until(() => connected() === 1, 'the hub is connected');
  return {
    env,
    hub,
    link(index, o = {}) {
      const identity = o.identity ?? (five.identities[index - 1] as Identity);
      const given = o.commandsMax === undefined ? {} : { limits: { commandsMax: o.commandsMax } };
      const link = createNatsLink({ roster: five.roster, identity, env, address, ...given });
      links.push(link);
      return link;
    },
    async raw(index) {
      const end = await natsAdmitted(five, index, url);
      clients.push(end.nats);
      return {
        get messages() {
          return end.messages.slice(2);
        },
        closed() {
          const bye = end.messages.find((message) => message[0] === CHANNEL_TYPE.bye);
          return bye && readBye(bye);
        },
        send: end.send,
        frame: (to, bytes) => end.nats.publish(subjectsOf(five.roster.clusterId).frame(to, index), bytes),
        stall: () => end.answerPings(false),
      };
    },
    async intrude(index, identity) {
      const end = await natsSigner(five, index, url);
      clients.push(end.nats);
      const before = hub.counters().E_RELAY_AUTH ?? 0;
      end.nats.publish(subjectsOf(five.roster.clusterId).hub(end.hello.hubId), end.auth(identity));
      await until(() => (hub.counters().E_RELAY_AUTH ?? 0) > before, 'the hub decides');
    },
    breathe: breathing(url),
    seen: () => Buffer.concat(seen),
    kill: server.kill,
    revive: server.start,
    current: () => hub,
    pingMs: natsHubLimits.pingMs,
    silenceMs: natsHubLimits.silenceMs,
    replacedMs: natsLinkLimits.replacedMs,
    async stop() {
      for (const link of links) link.close();
      hub.close();
      for (const client of clients) client.close();
      await server.stop();
    },
  };
};
