/**
 * A signer's side of the relay over NATS. Frames go straight to the other signers; commands come over channels, one for
 * each api that has answered. Who else is at the NATS server can pose as an api and gains what a hostile api has; it
 * cannot end the channel of another one, nor speak on it.
 */
import type { KeyObject } from 'node:crypto';
import { utf8 } from '@holdfast/contract/wire';
import { encodePush } from '../../commands/codec.ts';
import type { ClusterEnv } from '../../env.ts';
import { check, refuse } from '../../errors.ts';
import { FRAME_TYPE } from '../../frames/cipher.ts';
import { privateKeyObject, rawPublicKey } from '../../keys.ts';
import { createListeners } from '../../listeners.ts';
import type { Identity } from '../../roster/identity.ts';
import type { Roster, SignerIndex } from '../../roster/roster.ts';
import { codeOf, limitedLog } from '../faults.ts';
import {
  type CommandLimits,
  checkFrame,
  createBackoff,
  createChallengeBook,
  createCommandDesk,
  type RelayLink,
  selfIn,
} from '../link.ts';
import {
  CLOSE,
  PEER_BYTES_MAX,
  readNumbered,
  readPresence,
  readWelcome,
  TYPE,
  writeBody,
  writeNumbered,
} from '../wire.ts';
import type { NatsAddress } from './address.ts';
import { type Channel, type ChannelTerms, channelAuthBytes, channelIdOf, openChannel } from './channel.ts';
import { connectNats, type NatsLine } from './connection.ts';
import {
  CHANNEL_TYPE,
  ID_BYTES,
  readBye,
  readHello,
  senderOf,
  subjectsOf,
  writeAuth,
  writeBye,
  writeDial,
  writePong,
} from './wire.ts';

export interface NatsLinkLimits extends CommandLimits {
  /** How long the answers to one dial are waited for, and a welcome after it. */
  readonly dialMs: number;
  /** How long a welcome is waited for before dialling again. */
  readonly welcomeMs: number;
  /** Between two dials that others ask for. */
  readonly callMs: number;
  readonly backoffMsMin: number;
  readonly backoffMsMax: number;
  /** How long a signer that was replaced by another process stays away. */
  readonly replacedMs: number;
  readonly checkMs: number;
  /** A channel on which nothing was heard for so long is gone; an api pings every second. */
  readonly silenceMs: number;
  /** Apis at once. One more is turned away while these are heard. */
  readonly hubsMax: number;
  /** Challenges answered per dial. */
  readonly hellosMax: number;
  /** Bytes that the server has not confirmed; beyond it sendTo and push say false. */
  readonly waitingBytesMax: number;
}

export const natsLinkLimits: NatsLinkLimits = {
  dialMs: 5_000,
  welcomeMs: 1_000,
  callMs: 250,
  backoffMsMin: 100,
  backoffMsMax: 2_000,
  replacedMs: 5_000,
  checkMs: 1_000,
  silenceMs: 10_000,
  hubsMax: 4,
  hellosMax: 64,
  commandsMax: 1024,
  waitingBytesMax: 16 << 20,
};

/** One api that this signer talks to, or is about to. */
interface Way {
  readonly channel: Channel;
  readonly hubId: Uint8Array;
  /** Its key names the api: nobody else can complete a channel under it. */
  readonly E_h: string;
  phase: 'entering' | 'welcome';
  heardAt: number;
  readonly load: { commands: number };
  present: readonly SignerIndex[];
  up: boolean;
}

interface Dialling {
  readonly ephemeral: KeyObject;
  readonly E_s: Uint8Array;
  /** No challenge twice: the same keys must not come to life again. It holds more than `hellosMax`. */
  readonly challenges: ReturnType<typeof createChallengeBook>;
  hellos: number;
  readonly stop: () => void;
}

interface Station {
  readonly nats: NatsLine;
  readonly linkId: Uint8Array;
  readonly ways: Map<string, Way>;
  dialling: Dialling | undefined;
  dialledAt: number;
  /** Not before this time: another process holds this identity. */
  awayUntil: number;
}

/** Makes a link for one signer. Throws E_ROSTER when the roster does not name this identity. */
export function createNatsLink(o: {
  readonly roster: Roster;
  readonly identity: Pick<Identity, 'publicKey' | 'sign'>;
  readonly env: ClusterEnv;
  readonly address: NatsAddress;
  readonly limits?: Partial<NatsLinkLimits>;
}): RelayLink {
  const { roster, identity, env } = o;
  const limits: NatsLinkLimits = { ...natsLinkLimits, ...o.limits };
  const { index } = selfIn(roster, identity);
  const subjects = subjectsOf(roster.clusterId);
  const log = limitedLog(env);
  const desk = createCommandDesk({ env, limits });
  const connecting = createBackoff({ env, min: limits.backoffMsMin, max: limits.backoffMsMax });
  const dialling = createBackoff({ env, min: limits.backoffMsMin, max: limits.backoffMsMax });
  const peerListeners = createListeners<[SignerIndex, Uint8Array]>(env, 'peer');
  const presenceListeners = createListeners<[SignerIndex[]]>(env, 'presence');
  const upListeners = createListeners<[]>(env, 'up');
  let station: Station | undefined;
  let peers: SignerIndex[] = [];
  let attempt = 0;
  /** Why there is no connection, as last logged. */
  let complaint = '';
  let state: 'new' | 'running' | 'closed' = 'new';
  let cancelConnect = () => {};
  let cancelDial = () => {};
  let cancelWatch = () => {};

  function start(): void {
    if (state !== 'new') return;
    state = 'running';
    watch();
    void connect();
  }

  // ---- the connection to NATS

  async function connect(): Promise<void> {
    const name = `holdfast signer ${index}`;
    try {
      const nats = await connectNats({ address: o.address, attempt: attempt++, name, onEnd: lost });
      if (state === 'running') open(nats);
      else nats.close();
    } catch (error) {
      if (state === 'running') again(error instanceof Error ? error.message : 'no reason given');
    }
  }

  function again(reason: string): void {
    const wait = connecting.next();
    if (reason !== complaint)
      env.log('relay.waiting', { signer: index, relay: 'nats', reason, waitMs: Math.round(wait) });
    complaint = reason;
    cancelConnect = env.setTimer(wait, () => void connect());
  }

  function open(nats: NatsLine): void {
    connecting.reset();
    complaint = '';
    dialling.reset();
    const made: Station = {
      nats,
      linkId: env.random(ID_BYTES),
      ways: new Map(),
      dialling: undefined,
      dialledAt: Number.NEGATIVE_INFINITY,
      awayUntil: Number.NEGATIVE_INFINITY,
    };
    station = made;
    nats.subscribe(subjects.call, () => onCall(made));
    nats.subscribe(subjects.link(made.linkId), (message) => onBytes(made, message));
    nats.subscribe(subjects.frame(index, '*'), (frame, subject) => onFrame(made, frame, subject));
    dial(made);
  }

  function lost(reason: string): void {
    const old = station;
    station = undefined;
    if (!old) return;
    cancelDial();
    old.dialling?.stop();
    for (const way of [...old.ways.values()]) forget(old, way, { reason });
    if (state === 'running') again(reason);
  }

  // ---- finding an api

  function onCall(at: Station): void {
    if (at !== station) return;
    const soonest = Math.max(at.dialledAt + limits.callMs, at.awayUntil);
    dialIn(at, Math.max(0, soonest - env.now()));
  }

  function dialIn(at: Station, ms: number): void {
    cancelDial();
    cancelDial = env.setTimer(ms, () => dial(at));
  }

  /** Every api that hears it may answer. Said again until one has let this signer in. */
  function dial(at: Station): void {
    if (at !== station || state !== 'running') return;
    cancelDial();
    at.dialling?.stop();
    const ephemeral = privateKeyObject('x25519', env.random(32));
    const E_s = rawPublicKey(ephemeral);
    const stop = env.setTimer(limits.dialMs, () => {
      at.dialling = undefined;
    });
    at.dialling = { ephemeral, E_s, challenges: createChallengeBook(roster), hellos: 0, stop };
    at.dialledAt = env.now();
    at.nats.publish(subjects.dial, writeDial({ index, linkId: at.linkId, E_s }));
    if (!connected()) cancelDial = env.setTimer(dialling.next(), () => dial(at));
  }

  /** Signs for this cluster, a fresh challenge and a dial of its own only. */
  function onHello(at: Station, message: Uint8Array): void {
    const { hubId, fingerprint, E_h, nonce, E_s } = readHello(message);
    const { dialling: dialled } = at;
    const ours = dialled !== undefined && Buffer.compare(E_s, dialled.E_s) === 0;
    check(ours, 'E_RELAY_CHALLENGE', 'A challenge to no dial.');
    const api = Buffer.from(E_h).toString('hex');
    // A call or a dial reaches every api: those that are connected already have nothing to gain from it.
    const known = [...at.ways.values()].some((way) => way.phase === 'welcome' && way.E_h === api);
    if (known) return;
    check(dialled.hellos++ < limits.hellosMax, 'E_RELAY_BUSY', 'Too many challenges.');
    dialled.challenges.accept({ fingerprint, nonce });
    const terms: ChannelTerms = { fingerprint, index, linkId: at.linkId, hubId, E_s, E_h, nonce };
    const channel = openChannel(terms, { side: 'signer', ephemeral: dialled.ephemeral });
    check(channel !== undefined, 'E_RELAY_CHALLENGE', 'A key of small order.');
    const entering = [...at.ways.values()].filter(({ phase }) => phase === 'entering');
    const [oldest] = entering;
    // As many as one dial can bring: whoever floods it throws out older dials, and no api that answered this one.
    if (oldest && entering.length >= limits.hellosMax) forget(at, oldest, { reason: 'entering' });
    at.ways.set(channel.id.toString('hex'), {
      channel,
      hubId,
      E_h: api,
      phase: 'entering',
      heardAt: env.now(),
      load: { commands: 0 },
      present: [],
      up: false,
    });
    const signature = identity.sign(channelAuthBytes(terms));
    at.nats.publish(subjects.hub(hubId), writeAuth({ index, linkId: at.linkId, E_s, nonce, signature }));
    // Its welcome may be on the way: a second channel would only throw out the first.
    if (!connected()) dialIn(at, limits.welcomeMs);
  }

  // ---- channels

  function onBytes(at: Station, message: Buffer): void {
    if (at !== station) return;
    const way = message[0] === FRAME_TYPE ? at.ways.get(channelIdOf(message)) : undefined;
    try {
      if (message[0] !== FRAME_TYPE) onHello(at, message);
      else if (way) {
        const opened = way.channel.open(message);
        way.heardAt = env.now();
        if (opened) take(at, way, opened);
      }
    } catch (error) {
      const code = codeOf(error);
      log('relay.hostile', { code, reason: error instanceof Error ? error.message : 'unknown' });
      // Anybody can publish what is malformed, repeated or not sealed for this channel: the true frame is still taken.
      if (!way || code === 'E_FRAME_FORMAT' || code === 'E_FRAME_REPLAY' || code === 'E_FRAME_TAG') return;
      leave(at, way, { code: code === 'E_FRAME_ORDER' ? CLOSE.lost : CLOSE.format, reason: code });
    }
  }

  function take(at: Station, way: Way, message: Uint8Array): void {
    switch (message[0]) {
      case CHANNEL_TYPE.ping:
        transmit(at, way, writePong(way.channel.opened));
        break;
      case CHANNEL_TYPE.bye:
        forget(at, way, { reason: 'the api ended it', code: readBye(message) });
        break;
      case TYPE.welcome:
        check(readWelcome(message) === index, 'E_RELAY_FORMAT', 'The relay takes this signer for another one.');
        check(way.phase === 'entering', 'E_RELAY_FORMAT', 'A second welcome.');
        welcomed(at, way);
        break;
      default:
        check(way.phase === 'welcome', 'E_RELAY_FORMAT', 'The relay did not say welcome.');
        deliver(at, way, message);
    }
  }

  function welcomed(at: Station, way: Way): void {
    const others = [...at.ways.values()].filter((each) => each !== way && each.phase === 'welcome');
    // The same api over a newer channel.
    for (const older of others) if (older.E_h === way.E_h) forget(at, older, { reason: 'renewed' });
    const room = others.filter((each) => each.E_h !== way.E_h).length < limits.hubsMax;
    if (!room) {
      leave(at, way, { code: CLOSE.refused, reason: 'too many apis' });
      return;
    }
    way.phase = 'welcome';
    cancelDial();
    dialling.reset();
    env.log('relay.connected', { signer: index });
  }

  function deliver(at: Station, way: Way, message: Uint8Array): void {
    switch (message[0]) {
      case TYPE.request: {
        const { number, body } = readNumbered(message);
        void respond(at, way, number, body);
        break;
      }
      case TYPE.presence:
        way.present = readPresence(message);
        if (way.up) tellPresence(at);
        else {
          // The api announces presence first of all.
          way.up = true;
          tellPresence(at, true);
          upListeners.call();
        }
        break;
      default:
        refuse('E_RELAY_FORMAT', 'A message of unknown type.');
    }
  }

  async function respond(at: Station, way: Way, number: number, body: Uint8Array): Promise<void> {
    const text = await desk.reply(way.load, body);
    transmit(at, way, writeNumbered(TYPE.reply, number, text));
  }

  /** Whoever one of the apis says is there: a false one can add a signer that does not answer, and take none away. */
  function tellPresence(at: Station, always = false): void {
    const named = new Set([...at.ways.values()].flatMap(({ present }) => present));
    named.delete(index);
    const now = [...named].sort((a, b) => a - b);
    if (!always && now.join() === peers.join()) return;
    peers = now;
    presenceListeners.call([...now]);
  }

  function transmit(at: Station, way: Way, message: Uint8Array): void {
    if (at !== station || !at.ways.has(way.channel.id.toString('hex'))) return;
    const to = subjects.hub(way.hubId);
    for (const frame of way.channel.seal(message)) at.nats.publish(to, frame);
  }

  /** Says why, and ends it. */
  function leave(at: Station, way: Way, why: { readonly code: number; readonly reason: string }): void {
    transmit(at, way, writeBye(why.code));
    forget(at, way, why);
  }

  function forget(at: Station, way: Way, why: { readonly reason: string; readonly code?: number }): void {
    if (!at.ways.delete(way.channel.id.toString('hex'))) return;
    way.channel.wipe();
    if (way.phase !== 'welcome') return;
    env.log('relay.disconnected', { signer: index, ...why });
    const renewed = why.reason === 'renewed';
    if (!renewed) tellPresence(at);
    if (at !== station || state !== 'running' || renewed) return;
    // Another process holds this identity: returning at once would only throw it out in turn.
    if (why.code === CLOSE.replaced) at.awayUntil = env.now() + limits.replacedMs;
    if (!connected()) dialIn(at, Math.max(dialling.next(), at.awayUntil - env.now()));
  }

  function watch(): void {
    cancelWatch = env.setTimer(limits.checkMs, () => {
      const at = station;
      for (const way of [...(at?.ways.values() ?? [])]) {
        const patience = way.phase === 'welcome' ? limits.silenceMs : limits.dialMs;
        if (at && env.now() - way.heardAt > patience) forget(at, way, { reason: 'silent' });
      }
      watch();
    });
  }

  // ---- other signers

  function onFrame(at: Station, frame: Uint8Array, subject: string): void {
    const from = senderOf(subject);
    const fits = from !== undefined && from !== index && frame.length > 0 && frame.length <= PEER_BYTES_MAX;
    if (fits && at === station && connected()) peerListeners.call(from, frame);
  }

  function connected(): boolean {
    return [...(station?.ways.values() ?? [])].some(({ phase }) => phase === 'welcome');
  }

  function ready(): Station | undefined {
    const free = station?.nats.isOpen() && station.nats.waitingBytes() <= limits.waitingBytesMax;
    return free && connected() ? station : undefined;
  }

  return {
    index,
    start,
    close() {
      state = 'closed';
      cancelConnect();
      cancelDial();
      cancelWatch();
      const at = station;
      if (!at) return;
      at.dialling?.stop();
      for (const way of [...at.ways.values()]) leave(at, way, { code: CLOSE.goingAway, reason: 'signer stops' });
      station = undefined;
      at.nats.close();
    },
    connected,
    online: () => [...peers],
    onCommand: desk.handle,
    onPeer: peerListeners.add,
    onPresence: presenceListeners.add,
    onUp: upListeners.add,
    push(push) {
      const message = writeBody(TYPE.push, utf8(encodePush(push)));
      const at = ready();
      if (!at) return false;
      for (const way of at.ways.values()) if (way.phase === 'welcome') transmit(at, way, message);
      return true;
    },
    sendTo(to, frame) {
      checkFrame(roster, { from: index, to, frame });
      const at = ready();
      if (!at) return false;
      at.nats.publish(subjects.frame(to, index), frame);
      return true;
    },
  };
}
