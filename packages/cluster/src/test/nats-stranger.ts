/** Ends of the NATS relay without their manners: a signer and an api that say whatever a test wants. */
import { privateKeyObject, rawPublicKey } from '../keys.ts';
import { parseNatsUrl } from '../relay/nats/address.ts';
import { type Channel, type ChannelTerms, channelAuthBytes, channelIdOf, openChannel } from '../relay/nats/channel.ts';
import { connectNats, type NatsLine } from '../relay/nats/connection.ts';
import {
  CHANNEL_TYPE,
  type Dial,
  type Hello,
  NATS_TYPE,
  readAuth,
  readDial,
  readHello,
  subjectsOf,
  writeAuth,
  writeDial,
  writeHello,
  writePong,
} from '../relay/nats/wire.ts';
import type { Identity } from '../roster/identity.ts';
import { type Cluster, randomBytes, until } from './world.ts';

/** Somebody with credentials at the NATS server. */
export async function natsClient(url: string, name = 'test'): Promise<NatsLine> {
  return connectNats({ address: parseNatsUrl(url), attempt: 0, name, onEnd: () => {} });
}

export interface NatsSigner {
  readonly nats: NatsLine;
  readonly linkId: Uint8Array;
  readonly hello: Hello;
  readonly terms: ChannelTerms;
  readonly channel: Channel;
  /** What the api said on the channel, pings left out. */
  readonly messages: Buffer[];
  readonly frames: Buffer[];
  auth(identity: Identity): Uint8Array;
  answerPings(yes: boolean): void;
  send(message: Uint8Array): void;
}

let counter = 0;

/** Dials as signer `index` and waits for the challenge; nothing is signed yet. */
export async function natsSigner(five: Cluster, index: number, url: string): Promise<NatsSigner> {
  const nats = await natsClient(url);
  const subjects = subjectsOf(five.roster.clusterId);
  const linkId = randomBytes(`link ${counter++}`, 16);
  const ephemeral = privateKeyObject('x25519', randomBytes(`ephemeral ${counter++}`, 32));
  const E_s = rawPublicKey(ephemeral);
  const messages: Buffer[] = [];
  const frames: Buffer[] = [];
  let hello: Hello | undefined;
  let channel: Channel | undefined;
  let answering = true;
  let terms: ChannelTerms | undefined;
  const send = (message: Uint8Array): void => {
    if (!hello || !channel) throw new Error('no channel');
    for (const frame of channel.seal(message)) nats.publish(subjects.hub(hello.hubId), frame);
  };
  nats.subscribe(subjects.link(linkId), (bytes) => {
    if (!hello) {
      hello = readHello(bytes);
      const { fingerprint, hubId, E_h, nonce } = hello;
      terms = { fingerprint, index, linkId, hubId, E_s, E_h, nonce };
      channel = openChannel(terms, { side: 'signer', ephemeral });
      return;
    }
    frames.push(Buffer.from(bytes));
    if (!channel || channelIdOf(bytes) !== channel.id.toString('hex')) return;
    const message = channel.open(bytes);
    if (!message) return;
    if (message[0] !== CHANNEL_TYPE.ping) messages.push(Buffer.from(message));
    else if (answering) send(writePong(channel.opened));
  });
  let dialAgain = 0n;
  await until(() => {
    // Every two seconds, as signers do: a hub that has just come back hears only what is published after that.
    if (channel === undefined && process.hrtime.bigint() >= dialAgain) {
      dialAgain = process.hrtime.bigint() + 2_000_000_000n;
      nats.publish(subjects.dial, writeDial({ index, linkId, E_s }));
    }
    return channel !== undefined;
  }, 'a challenge');
  const signed = terms as unknown as ChannelTerms;
  return {
    nats,
    linkId,
    hello: hello as unknown as Hello,
    terms: signed,
    channel: channel as unknown as Channel,
    messages,
    frames,
    auth: (identity) =>
      writeAuth({ index, linkId, E_s, nonce: signed.nonce, signature: identity.sign(channelAuthBytes(signed)) }),
    answerPings(yes) {
      answering = yes;
    },
    send,
  };
}

/** A signer that is let in and then does nothing by itself but answer pings. */
export async function natsAdmitted(five: Cluster, index: number, url: string): Promise<NatsSigner> {
  const end = await natsSigner(five, index, url);
  const identity = five.identities[index - 1];
  if (!identity) throw new Error(`no signer ${index}`);
  end.nats.publish(subjectsOf(five.roster.clusterId).hub(end.hello.hubId), end.auth(identity));
  await until(() => end.messages.length >= 2, 'welcome and presence');
  return end;
}

export interface NatsHub {
  readonly nats: NatsLine;
  readonly hubId: Uint8Array;
  /** Dials heard so far; each was answered as `answer` says. */
  readonly dials: Dial[];
  /** Answers to challenges, as they came. */
  readonly auths: Buffer[];
  readonly channels: Channel[];
  readonly messages: Buffer[];
  send(message: Uint8Array): void;
  /** To the signer that answered last. */
  publish(frame: Uint8Array): void;
}

/** An api that answers dials with what `alter` makes of a right challenge, and says on the channel what it is told to. */
export async function natsHub(
  five: Cluster,
  url: string,
  alter: (hello: Hello, dial: Dial) => Uint8Array | readonly Uint8Array[] | undefined = writeHello,
): Promise<NatsHub> {
  const nats = await natsClient(url);
  const subjects = subjectsOf(five.roster.clusterId);
  const hubId = randomBytes(`hub ${counter++}`, 16);
  const ephemeral = privateKeyObject('x25519', randomBytes(`ephemeral ${counter++}`, 32));
  const E_h = rawPublicKey(ephemeral);
  const made: NatsHub = {
    nats,
    hubId,
    dials: [],
    auths: [],
    channels: [],
    messages: [],
    send(message) {
      for (const frame of made.channels.at(-1)?.seal(message) ?? []) made.publish(frame);
    },
    publish(frame) {
      const auth = made.auths.at(-1);
      const { linkId } = auth ? readAuth(auth) : (made.dials.at(-1) as Dial);
      nats.publish(subjects.link(linkId), frame);
    },
  };
  nats.subscribe(subjects.hub(hubId), (bytes) => {
    if (bytes[0] === NATS_TYPE.auth) {
      made.auths.push(Buffer.from(bytes));
      const { index, linkId, E_s, nonce } = readAuth(bytes);
      const { fingerprint } = five.roster;
      const terms = { fingerprint, index, linkId, hubId, E_s, E_h, nonce };
      const channel = openChannel(terms, { side: 'hub', ephemeral });
      if (channel) made.channels.push(channel);
      return;
    }
    const channel = made.channels.find(({ id }) => id.toString('hex') === channelIdOf(bytes));
    const message = channel?.open(bytes);
    if (message) made.messages.push(Buffer.from(message));
  });
  nats.subscribe(subjects.dial, (bytes) => {
    const dial = readDial(bytes);
    made.dials.push(dial);
    const nonce = randomBytes(`nonce ${counter++}`, 32);
    const hello = alter({ hubId, fingerprint: five.roster.fingerprint, E_h, nonce, E_s: dial.E_s }, dial);
    const hellos = hello === undefined ? [] : hello instanceof Uint8Array ? [hello] : hello;
    for (const each of hellos) nats.publish(subjects.link(dial.linkId), each);
  });
  // The server must know the subscriptions before anybody dials.
  await nats.flush();
  return made;
}
