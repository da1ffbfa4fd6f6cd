/**
 * The api's side of the relay over NATS. Every signer gets a channel of its own, under keys that its identity signed
 * for; what anybody else publishes here is dropped. Frames between signers do not pass this process.
 */
import { createHmac, type KeyObject, timingSafeEqual } from 'node:crypto';
import { enc, i } from '@holdfast/crypto/transcript';
import type { ClusterEnv } from '../../env.ts';
import { ClusterError, check, refuse } from '../../errors.ts';
import { FRAME_TYPE } from '../../frames/cipher.ts';
import { privateKeyObject, rawPublicKey } from '../../keys.ts';
import { type Roster, type SignerIndex, verifyBySigner } from '../../roster/roster.ts';
import { codeOf, limitedLog } from '../faults.ts';
import { createHubCore, type Line, type RelayHub, type RequestLimits, requestLimits, type Seat } from '../hub.ts';
import { createBackoff } from '../link.ts';
import { CLOSE } from '../wire.ts';
import type { NatsAddress } from './address.ts';
import { createBucket } from './bucket.ts';
import { type Channel, type ChannelTerms, channelAuthBytes, channelIdOf, openChannel } from './channel.ts';
import { connectNats, type NatsLine } from './connection.ts';
import {
  CHANNEL_TYPE,
  callMessage,
  type Dial,
  ID_BYTES,
  lastToken,
  readAuth,
  readDial,
  readPong,
  subjectsOf,
  writeBye,
  writeHello,
} from './wire.ts';

export interface NatsHubLimits extends RequestLimits {
  /** Dials answered, and signatures looked at, in a second: about a tenth of a processor at most. */
  readonly dialsPerSecond: number;
  readonly authsPerSecond: number;
  /** Channels of one signer that have not been heard on; one more ends the oldest. */
  readonly enteringMax: number;
  /** How long such a channel may take. */
  readonly enterMs: number;
  /** A challenge is good for one to two of these. */
  readonly challengeMs: number;
  readonly pingMs: number;
  /** A channel that was silent for so long is gone. */
  readonly silenceMs: number;
  /** The same, once the server said that nobody listens at its other end. */
  readonly absentMs: number;
  readonly backoffMsMin: number;
  readonly backoffMsMax: number;
}

export const natsHubLimits: NatsHubLimits = {
  ...requestLimits,
  dialsPerSecond: 1000,
  authsPerSecond: 500,
  enteringMax: 8,
  enterMs: 5_000,
  challengeMs: 10_000,
  pingMs: 1_000,
  silenceMs: 10_000,
  absentMs: 500,
  backoffMsMin: 100,
  backoffMsMax: 2_000,
};

interface Way {
  readonly index: SignerIndex;
  readonly linkId: Uint8Array;
  readonly channel: Channel;
  /** Undefined until something has been heard on it. */
  seat: Seat | undefined;
  heardAt: number;
  /** Frames opened when the server said that nobody listens; undefined when it did not. */
  suspectedAt: number | undefined;
  /** What the signer has not confirmed, in order: called when it has opened that many frames. */
  untaken: { readonly sealed: number; readonly taken: () => void }[];
  cancel: () => void;
}

/** What one connection to NATS has; a new connection is a new api to everybody. */
interface Station {
  readonly nats: NatsLine;
  readonly hubId: Uint8Array;
  readonly ephemeral: KeyObject;
  readonly E_h: Uint8Array;
  readonly cookieKey: Uint8Array;
  readonly ways: Map<string, Way>;
  /** Channels that were ever opened here, until their challenge is too old: the same keys MUST NOT come to life twice. */
  readonly spent: Map<string, number>;
}

/**
 * Makes a hub for one roster and connects it, again and again if need be.
 *
 *     const hub = createNatsHub({ roster, env, address: parseNatsUrl('nats://127.0.0.1:4222') });
 */
export function createNatsHub(o: {
  readonly roster: Roster;
  readonly env: ClusterEnv;
  readonly address: NatsAddress;
  readonly limits?: Partial<NatsHubLimits>;
}): RelayHub {
  const { roster, env } = o;
  const limits: NatsHubLimits = { ...natsHubLimits, ...o.limits };
  const log = limitedLog(env);
  const subjects = subjectsOf(roster.clusterId);
  const core = createHubCore({ env, limits });
  const { count } = core;
  const backoff = createBackoff({ env, min: limits.backoffMsMin, max: limits.backoffMsMax });
  const takeDial = createBucket(env, limits.dialsPerSecond);
  const takeAuth = createBucket(env, limits.authsPerSecond);
  let station: Station | undefined;
  let attempt = 0;
  /** Why there is no connection, as last logged. */
  let complaint = '';
  let closed = false;
  let cancelDial = () => {};
  let cancelHeartbeat = env.setTimer(limits.pingMs, heartbeat);
  void dial();

  async function dial(): Promise<void> {
    try {
      const nats = await connectNats({ address: o.address, attempt: attempt++, name: 'holdfast api', onEnd: lost });
      if (closed) nats.close();
      else open(nats);
    } catch (error) {
      if (!closed) again(error instanceof Error ? error.message : 'no reason given');
    }
  }

  function again(reason: string): void {
    const wait = backoff.next();
    if (reason !== complaint) env.log('relay.waiting', { relay: 'nats', reason, waitMs: Math.round(wait) });
    complaint = reason;
    cancelDial = env.setTimer(wait, () => void dial());
  }

  function open(nats: NatsLine): void {
    backoff.reset();
    complaint = '';
    const ephemeral = privateKeyObject('x25519', env.random(32));
    const made: Station = {
      nats,
      hubId: env.random(ID_BYTES),
      ephemeral,
      E_h: rawPublicKey(ephemeral),
      cookieKey: env.random(32),
      ways: new Map(),
      spent: new Map(),
    };
    station = made;
    nats.subscribe(subjects.dial, (message) => guarded(made, 0, message, () => onDial(made, message)));
    nats.subscribe(subjects.hub(made.hubId), (message) => onBytes(made, message));
    nats.subscribe(subjects.absent(made.hubId, '*'), (_, subject) => onAbsent(made, lastToken(subject)));
    env.log('relay.nats', { state: 'connected' });
    nats.publish(subjects.call, callMessage());
  }

  function lost(reason: string): void {
    const old = station;
    station = undefined;
    if (closed || !old) return;
    env.log('relay.nats', { state: 'lost', reason });
    for (const way of [...old.ways.values()]) forget(old, way, 'relay lost');
    again(reason);
  }

  // ---- before a signer has proved its identity: nothing is kept, everything is counted

  function onDial(at: Station, message: Uint8Array): void {
    check(takeDial(), 'E_RELAY_BUSY', 'Too many dials.');
    const dialled = readDial(message);
    const nonce = challengeOf(at, dialled, 0);
    const { hubId, E_h } = at;
    const hello = writeHello({ hubId, fingerprint: roster.fingerprint, E_h, nonce, E_s: dialled.E_s });
    core.passed('out', 0, hello);
    at.nats.publish(subjects.link(dialled.linkId), hello);
  }

  /** A challenge is a MAC over the dial and the time, so that no state is kept for those who never answer. */
  function challengeOf(at: Station, dialled: Dial, back: number): Uint8Array {
    const window = Math.floor(env.now() / limits.challengeMs) - back;
    const about = enc(
      'holdfast/relay-challenge/v1',
      i.uint(dialled.index),
      i.bytes(dialled.linkId),
      i.bytes(dialled.E_s),
      i.uint(window),
    );
    return new Uint8Array(createHmac('sha256', at.cookieKey).update(about).digest());
  }

  function onAuth(at: Station, message: Uint8Array): void {
    const auth = readAuth(message);
    const asked = [0, 1].some((back) => timingSafeEqual(challengeOf(at, auth, back), auth.nonce));
    check(asked, 'E_RELAY_AUTH', 'The challenge was not given to this dial, or long ago.');
    check(takeAuth(), 'E_RELAY_BUSY', 'Too many answers.');
    const { index, linkId, E_s, nonce } = auth;
    const terms: ChannelTerms = {
      fingerprint: roster.fingerprint,
      index,
      linkId,
      hubId: at.hubId,
      E_s,
      E_h: at.E_h,
      nonce,
    };
    const proved = verifyBySigner(roster, { index, bytes: channelAuthBytes(terms), signature: auth.signature });
    check(proved, 'E_RELAY_AUTH', 'The challenge is not signed by that identity of the roster.');
    const channel = openChannel(terms, { side: 'hub', ephemeral: at.ephemeral });
    check(channel !== undefined, 'E_RELAY_AUTH', 'A key of small order.');
    const name = channel.id.toString('hex');
    if (at.spent.has(name)) {
      channel.wipe();
      refuse('E_RELAY_AUTH', 'The answer was given before.');
    }
    at.spent.set(name, env.now());
    enter(at, name, { index, linkId, channel });
  }

  /** Who delivers an answer need not be who made it: the place is given away once the channel itself has spoken. */
  function enter(at: Station, name: string, o: Pick<Way, 'index' | 'linkId' | 'channel'>): void {
    const entering = [...at.ways.values()].filter((way) => !way.seat && way.index === o.index);
    const [oldest] = entering;
    if (oldest && entering.length >= limits.enteringMax) forget(at, oldest, 'entering');
    const way: Way = {
      ...o,
      seat: undefined,
      heardAt: env.now(),
      suspectedAt: undefined,
      untaken: [],
      cancel: () => {},
    };
    way.cancel = env.setTimer(limits.enterMs, () => forget(at, way, 'entering'));
    at.ways.set(name, way);
    transmit(at, way, Uint8Array.of(CHANNEL_TYPE.ping));
  }

  // ---- channels

  function onBytes(at: Station, message: Buffer): void {
    if (at !== station) return;
    if (message[0] !== FRAME_TYPE) {
      guarded(at, 0, message, () => onAuth(at, message));
      return;
    }
    const way = at.ways.get(channelIdOf(message));
    if (!way) {
      count('unknown-channel');
      return;
    }
    let opened: Uint8Array | undefined;
    try {
      opened = way.channel.open(message);
    } catch (error) {
      refuseFrame(at, way, error);
      return;
    }
    way.heardAt = env.now();
    way.suspectedAt = undefined;
    if (opened) take(at, way, opened);
  }

  function refuseFrame(at: Station, way: Way, error: unknown): void {
    const code = codeOf(error);
    count(code);
    // Anybody can publish what is malformed, repeated or not sealed for this channel: the true frame is still taken.
    if (code === 'E_FRAME_FORMAT' || code === 'E_FRAME_REPLAY' || code === 'E_FRAME_TAG') return;
    end(at, way, { code: code === 'E_FRAME_ORDER' ? CLOSE.lost : CLOSE.format, reason: code });
  }

  function take(at: Station, way: Way, message: Uint8Array): void {
    core.passed('in', way.index, message);
    try {
      if (!way.seat) {
        way.cancel();
        way.seat = core.admit(way.index, lineOf(at, way));
      }
      if (message[0] === CHANNEL_TYPE.pong) settle(way, readPong(message));
      else if (message[0] === CHANNEL_TYPE.bye) forget(at, way, 'closed');
      else core.receive(way.seat, message);
    } catch (error) {
      const code = codeOf(error);
      count(code);
      log('relay.refused', { signer: way.index, code, reason: error instanceof Error ? error.message : 'unknown' });
      end(at, way, { code: CLOSE.format, reason: code });
    }
  }

  function settle(way: Way, opened: number): void {
    check(opened <= way.channel.sealed, 'E_RELAY_FORMAT', 'A signer confirms what was not sent.');
    while (way.untaken[0] && way.untaken[0].sealed <= opened) way.untaken.shift()?.taken();
  }

  function lineOf(at: Station, way: Way): Line {
    return {
      send(message, taken) {
        transmit(at, way, message);
        if (taken) way.untaken.push({ sealed: way.channel.sealed, taken });
      },
      end: (why) => end(at, way, why),
    };
  }

  function transmit(at: Station, way: Way, message: Uint8Array): void {
    const to = subjects.link(way.linkId);
    // The server answers at `absent` when nobody listens there any more.
    const absent = subjects.absent(at.hubId, way.channel.id.toString('hex'));
    for (const frame of way.channel.seal(message)) at.nats.publish(to, frame, absent);
  }

  /** Anybody can say so: the channel gets half a second to prove the opposite. */
  function onAbsent(at: Station, name: string): void {
    const way = at.ways.get(name);
    // One that is still entering has its own time to come.
    if (!way?.seat || way.suspectedAt !== undefined) return;
    const opened = way.channel.opened;
    way.suspectedAt = opened;
    transmit(at, way, Uint8Array.of(CHANNEL_TYPE.ping));
    const cancel = env.setTimer(limits.absentMs, () => {
      if (way.channel.opened === opened) forget(at, way, 'absent');
    });
    way.cancel = cancel;
  }

  function heartbeat(): void {
    cancelHeartbeat = env.setTimer(limits.pingMs, heartbeat);
    const at = station;
    if (!at) return;
    for (const [name, since] of at.spent) if (env.now() - since > 2 * limits.challengeMs) at.spent.delete(name);
    for (const way of [...at.ways.values()]) {
      if (env.now() - way.heardAt > limits.silenceMs) forget(at, way, 'silent');
      else if (way.seat) transmit(at, way, Uint8Array.of(CHANNEL_TYPE.ping));
    }
  }

  function end(at: Station, way: Way, why: { readonly code: number; readonly reason: string }): void {
    if (at.ways.has(way.channel.id.toString('hex'))) transmit(at, way, writeBye(why.code));
    forget(at, way, why.reason);
  }

  function forget(at: Station, way: Way, reason: string): void {
    if (!at.ways.delete(way.channel.id.toString('hex'))) return;
    way.cancel();
    way.channel.wipe();
    for (const { taken } of way.untaken) taken();
    way.untaken = [];
    if (way.seat) core.drop(way.seat, reason);
    else count(`left-${reason}`);
  }

  /** Runs what a stranger's message causes; what does not fit is counted and never answered. */
  function guarded(at: Station, index: SignerIndex | 0, message: Uint8Array, act: () => void): void {
    if (at !== station) return;
    core.passed('in', index, message);
    try {
      act();
    } catch (error) {
      if (!(error instanceof ClusterError)) throw error;
      count(error.code);
      log('relay.refused', { signer: index, code: error.code, reason: error.message });
    }
  }

  return {
    ...core.hub,
    close() {
      if (closed) return;
      closed = true;
      cancelDial();
      cancelHeartbeat();
      core.hub.close();
      for (const way of [...(station?.ways.values() ?? [])]) forget(station as Station, way, 'relay closed');
      station?.nats.close();
      station = undefined;
    },
  };
}
