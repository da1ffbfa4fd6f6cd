/** What only NATS has: everybody who is let in there can publish on every subject. */
import { deepEqual, equal, match, ok, throws } from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { hkdfSync, type KeyObject } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { sha256 } from '@holdfast/crypto/transcript';
import type { Command, Reply } from '../../commands/types.ts';
import { createOpener, createSealer } from '../../frames/cipher.ts';
import { createPeerSessions } from '../../frames/sessions.ts';
import { agreeX25519, privateKeyObject, publicKeyObject, rawPublicKey } from '../../keys.ts';
import type { Identity } from '../../roster/identity.ts';
import { tick, turns } from '../../test/conformance.ts';
import { runNats, withoutNats } from '../../test/nats/index.ts';
import { natsAdmitted, natsClient, natsHub, natsSigner } from '../../test/nats-stranger.ts';
import { breathing } from '../../test/relays.ts';
import { message } from '../../test/wire.ts';
import { cluster, randomBytes, seed, until, world } from '../../test/world.ts';
import type { RelayHub } from '../hub.ts';
import type { RelayLink } from '../link.ts';
import { MESSAGE_BYTES_MAX, TYPE, writeNumbered, writePresence, writeWelcome } from '../wire.ts';
import { parseNatsUrl } from './address.ts';
import { type Channel, channelAuthBytes, openChannel } from './channel.ts';
import type { NatsLine } from './connection.ts';
import { createNatsHub, type NatsHubLimits, natsHubLimits } from './hub.ts';
import { createNatsLink, type NatsLinkLimits, natsLinkLimits } from './link.ts';
import {
  CHANNEL_TYPE,
  callMessage,
  type Hello,
  readAuth,
  readBye,
  readDial,
  readHello,
  readPong,
  subjectsOf,
  writeAuth,
  writeBye,
  writeDial,
  writeHello,
  writePong,
} from './wire.ts';

const five = cluster();
const subjects = subjectsOf(five.roster.clusterId);
const done = (command: Command): Reply => ({ v: 1, id: command.id, ok: true, result: { t: 'done' } });
const status = (id = 'c1'): Command => ({ v: 1, id, kind: 'Status' });
const identityOf = (index: number) => five.identities[index - 1] as Identity;

const suite = (name: string, run: (t: TestContext) => Promise<void>) => test(name, { skip: withoutNats }, run);

async function setUp(
  t: TestContext,
  o: { readonly limits?: Partial<NatsHubLimits>; readonly linkLimits?: Partial<NatsLinkLimits>; hubless?: true } = {},
) {
  const server = await runNats();
  const address = parseNatsUrl(server.url);
  const env = world();
  const hubs: RelayHub[] = [];
  const links: RelayLink[] = [];
  const clients: NatsLine[] = [];
  t.after(async () => {
    for (const link of links) link.close();
    for (const hub of hubs) hub.close();
    for (const client of clients) client.close();
    await server.stop();
  });
  const made = {
    server,
    env,
    breathe: breathing(server.url),
    url: server.url,
    async hub(): Promise<RelayHub> {
      const before = env.lines.filter(({ event }) => event === 'relay.nats').length;
      const hub = createNatsHub({ roster: five.roster, env, address, ...(o.limits ? { limits: o.limits } : {}) });
      hubs.push(hub);
      await until(() => env.lines.filter(({ event }) => event === 'relay.nats').length > before, 'a hub');
      return hub;
    },
    link(index: number, identity: Pick<Identity, 'publicKey' | 'sign'> = identityOf(index)): RelayLink {
      const link = createNatsLink({
        roster: five.roster,
        identity,
        env,
        address,
        ...(o.linkLimits ? { limits: o.linkLimits } : {}),
      });
      links.push(link);
      link.onCommand(done);
      return link;
    },
    async client(): Promise<NatsLine> {
      const client = await natsClient(server.url);
      clients.push(client);
      return client;
    },
    keep<T extends { readonly nats: NatsLine }>(end: T): T {
      clients.push(end.nats);
      return end;
    },
  };
  const hub = o.hubless ? (undefined as unknown as RelayHub) : await made.hub();
  return { ...made, first: hub };
}

async function online(link: RelayLink, hub: RelayHub): Promise<void> {
  link.start();
  await until(() => link.connected() && hub.online().includes(link.index), `signer ${link.index} is online`);
}

// ---- publishers without a key

suite('nothing that is published on the subjects of a channel ends it or is taken from it', async (t) => {
  t.diagnostic(`seed ${seed}`);
  const s = await setUp(t);
  const seen: { readonly subject: string; readonly bytes: Buffer }[] = [];
  const spy = await s.client();
  spy.subscribe('>', (bytes, subject) => seen.push({ subject, bytes: Buffer.from(bytes) }));
  await spy.flush();
  const link = s.link(1);
  await online(link, s.first);
  deepEqual(await s.first.send(1, status('c0')), done(status('c0')));
  const presences: number[][] = [];
  s.first.onPresence((now) => presences.push(now));
  link.onPresence((now) => presences.push(now));
  const pushes: unknown[] = [];
  s.first.onPush((_, push) => pushes.push(push));
  await until(() => seen.length >= 6, 'there is something to repeat');

  const hostile = await s.client();
  for (const { subject, bytes } of [...seen]) {
    // As it was, cut, altered at each end, and with the counter of a later frame.
    hostile.publish(subject, bytes);
    hostile.publish(subject, bytes.subarray(0, -1));
    for (const at of [0, 9, 16, bytes.length - 1]) {
      const altered = Buffer.from(bytes);
      altered[at] = (altered[at] ?? 0) ^ 1;
      hostile.publish(subject, altered);
    }
    for (let k = 0; k < 10; k++) hostile.publish(subject, randomBytes(`junk ${k}`, k * k));
    const channel = bytes.subarray(1, 9).toString('hex');
    hostile.publish(subject.replace(/\.(hub|link)\./, '.absent.').concat(`.${channel}`), new Uint8Array(0));
    hostile.publish(subject, writeBye(4001));
  }
  await hostile.flush();
  await turns(s);

  deepEqual(await s.first.send(1, status()), done(status()));
  s.env.advance(natsHubLimits.absentMs);
  deepEqual(await s.first.send(1, status('c2')), done(status('c2')));
  equal(link.connected(), true);
  deepEqual([presences, pushes], [[], []]);
  ok((s.first.counters().E_FRAME_TAG ?? 0) > 0 && (s.first.counters().E_FRAME_REPLAY ?? 0) > 0);
  equal(s.first.counters().bug, undefined);
});

suite('whoever floods a dial with challenges, or says that a signer is gone, keeps nobody from coming in', async (t) => {
  const s = await setUp(t);
  const late = s.keep(await natsSigner(five, 2, s.url));
  const { hubId } = late.hello;
  late.answerPings(false);
  late.nats.publish(subjects.hub(hubId), late.auth(identityOf(2)));
  await until(() => late.frames.length === 1, 'the first ping of the channel');

  late.nats.publish(subjects.absent(hubId, late.channel.id.toString('hex')), new Uint8Array(0));
  await turns(s);
  late.send(writePong(1));
  await until(() => s.first.online().includes(2), 'it came in');
  const flood = s.keep(
    await natsHub(five, s.url, (hello) =>
      Array.from({ length: 40 }, (_, k) =>
        writeHello({ ...hello, nonce: randomBytes(`flood ${k}`, 32), E_h: randomBytes(`key ${k}`, 32) }),
      ),
    ),
  );
  await online(s.link(1), s.first);

  deepEqual(s.first.online(), [1, 2]);
  ok(flood.dials.length > 0);
});

suite('a recorded answer, said again, lets nobody in and puts nobody out', async (t) => {
  const s = await setUp(t);
  const recorded: { readonly subject: string; readonly bytes: Buffer }[] = [];
  const spy = await s.client();
  spy.subscribe(`${subjects.dial.replace(/dial$/, 'hub')}.*`, (bytes, subject) =>
    recorded.push({ subject, bytes: Buffer.from(bytes) }),
  );
  await spy.flush();
  const earlier = s.keep(await natsAdmitted(five, 1, s.url));
  await until(() => recorded.length >= 2, 'the answer and the first frame');
  const link = s.link(1);
  await online(link, s.first);
  await until(() => earlier.messages.some((each) => each[0] === CHANNEL_TYPE.bye), 'the link took its place');
  const presences: number[][] = [];
  s.first.onPresence((now) => presences.push(now));

  const hostile = await s.client();
  // The whole visit of the earlier connection: its answer to the challenge, and its frames.
  for (const { subject, bytes } of recorded) hostile.publish(subject, bytes);
  for (const { subject, bytes } of recorded) hostile.publish(subject, bytes);
  await hostile.flush();
  await turns(s);

  deepEqual(await s.first.send(1, status()), done(status()));
  deepEqual(presences, []);
  equal(link.connected(), true);
});

suite('a challenge is good for one dial and for a few seconds', async (t) => {
  const s = await setUp(t);
  const [a, b] = [s.keep(await natsSigner(five, 1, s.url)), s.keep(await natsSigner(five, 1, s.url))];
  const to = subjects.hub(a.hello.hubId);
  const late = a.auth(identityOf(1));
  // The challenge of one dial, rightly signed, under the key of another.
  const swapped = Buffer.concat([b.auth(identityOf(1)).subarray(0, 51), late.subarray(51)]);

  b.nats.publish(to, swapped);
  await until(() => s.first.counters().E_RELAY_AUTH === 1, 'refused');
  s.env.advance(2 * natsHubLimits.challengeMs);
  a.nats.publish(to, late);
  await until(() => s.first.counters().E_RELAY_AUTH === 2, 'refused');

  deepEqual(s.first.online(), []);
});

suite('whoever passes a challenge on to a signer gains no channel by its signature', async (t) => {
  const s = await setUp(t);
  let theirs: Hello | undefined;
  // Dials the true api itself, and shows the signer what it got, under the signer's own ephemeral key.
  const between = s.keep(await natsSigner(five, 1, s.url));
  theirs = between.hello;
  const relay = s.keep(
    await natsHub(five, s.url, (hello, dial) =>
      writeHello({ ...(theirs as Hello), hubId: hello.hubId, E_s: dial.E_s }),
    ),
  );
  const link = s.link(1);
  link.start();
  await until(() => relay.auths.length === 1, 'the signer signs for its own dial');

  const auth = relay.auths[0] as Buffer;
  // Its signature beside the dial that the challenge was given to.
  const forged = Buffer.concat([between.auth(identityOf(2)).subarray(0, -64), auth.subarray(-64)]);
  between.nats.publish(subjects.hub(theirs.hubId), forged);
  await until(() => (s.first.counters().E_RELAY_AUTH ?? 0) > 0, 'refused');

  equal(between.messages.length, 0);
});

suite('strangers in number cannot keep a signer out, nor fill the log', async (t) => {
  const s = await setUp(t);
  const hostile = await s.client();
  const bystander = s.keep(await natsSigner(five, 2, s.url));
  const junk = Buffer.from(bystander.auth(identityOf(3)));
  for (let k = 0; k < 400; k++) {
    hostile.publish(
      subjects.dial,
      writeDial({ index: 1 + (k % 5), linkId: randomBytes(`l${k}`, 16), E_s: randomBytes(`e${k}`, 32) }),
    );
    hostile.publish(subjects.hub(bystander.hello.hubId), junk);
    hostile.publish(subjects.dial, randomBytes(`x${k}`, k));
  }
  await hostile.flush();

  await online(s.link(3), s.first);

  ok((s.first.counters().E_RELAY_AUTH ?? 0) > 300);
  equal(s.env.lines.filter(({ event }) => event === 'relay.refused').length, 20);
});

suite('beyond its budget of dials and signatures an api looks at none, and a signer tries again', async (t) => {
  const s = await setUp(t, { limits: { dialsPerSecond: 10, authsPerSecond: 5 } });
  const bystander = s.keep(await natsSigner(five, 2, s.url));
  const hostile = await s.client();
  const junk = Buffer.from(bystander.auth(identityOf(3)));
  for (let k = 0; k < 100; k++) {
    hostile.publish(
      subjects.dial,
      writeDial({ index: 1, linkId: randomBytes(`l${k}`, 16), E_s: randomBytes(`e${k}`, 32) }),
    );
    hostile.publish(subjects.hub(bystander.hello.hubId), junk);
  }
  await hostile.flush();
  await until(() => (s.first.counters().E_RELAY_BUSY ?? 0) >= 180, 'the rest is not looked at');
  equal(s.first.counters().E_RELAY_AUTH, 5);

  const link = s.link(3);
  link.start();
  await tick(s, () => link.connected());
});

// ---- false apis

suite('a false api gets a channel of its own and takes nothing from the true one', async (t) => {
  const s = await setUp(t);
  const [one, two] = [s.link(1), s.link(2)];
  await online(one, s.first);
  await online(two, s.first);
  await until(() => one.online().length === 1, 'presence');
  const lost: number[][] = [];
  one.onPresence((now) => !now.includes(2) && lost.push(now));
  let ups = 0;
  one.onUp(() => ups++);

  const second = await s.hub();
  await tick(s, () => second.online().length === 2);
  await until(() => ups === 1, 'whoever is new is told what it has to know');
  // It says that nobody is there, and everybody, and goes.
  const liar = s.keep(await natsHub(five, s.url));
  liar.nats.publish(subjects.call, callMessage());
  await tick(s, () => liar.channels.length === 2);
  // Both answered the call; the last to do so is spoken to.
  const welcome = one.index === readIndex(liar.auths.at(-1)) ? one : two;
  liar.send(writeWelcome(welcome.index));
  liar.send(writePresence([]));
  liar.send(writePresence([1, 2, 3, 4, 5]));
  await until(() => welcome.online().length === 4, 'it is believed to add');
  liar.send(writeBye(1001));
  await until(() => welcome.online().length === 1, 'and not more');
  second.close();
  await turns(s);

  deepEqual(await s.first.send(1, status()), done(status()));
  deepEqual(lost, []);
  deepEqual(s.first.online(), [1, 2]);
});

suite('turns away more apis than four, and the first ones stay', async (t) => {
  const s = await setUp(t);
  const link = s.link(1);
  await online(link, s.first);
  const more: RelayHub[] = [];
  for (let k = 0; k < natsLinkLimits.hubsMax; k++) {
    more.push(await s.hub());
    await tick(s, () => more.slice(0, 3).every((hub) => hub.online().length === 1));
  }
  await tick(s, () => s.env.lines.some(({ facts }) => facts.reason === 'closed' && facts.signer === 1));
  await turns(s);

  deepEqual(
    more.map((hub) => hub.online().length),
    [1, 1, 1, 0],
  );
  deepEqual(await s.first.send(1, status()), done(status()));
});

suite('a link signs a fresh challenge of its own cluster to its own dial, and nothing else', async (t) => {
  const alterations: readonly ((hello: Hello) => Uint8Array | Uint8Array[])[] = [
    (hello) => writeHello({ ...hello, fingerprint: randomBytes('other cluster', 32) }),
    (hello) => writeHello({ ...hello, nonce: new Uint8Array(32) }),
    (hello) => writeHello({ ...hello, nonce: new Uint8Array(32).fill(0xff) }),
    (hello) => writeHello({ ...hello, E_s: randomBytes('other dial', 32) }),
    // A key of small order: every shared secret would be zero.
    (hello) => writeHello({ ...hello, E_h: new Uint8Array(32) }),
    (hello) => writeHello(hello).subarray(0, -1),
    (hello) => Buffer.concat([writeHello(hello), Uint8Array.of(0)]),
    (hello) => Buffer.concat([writeHello(hello).subarray(0, 1), Uint8Array.of(2), writeHello(hello).subarray(2)]),
    () => randomBytes('any bytes', 100),
    () => new Uint8Array(0),
    () => writeWelcome(1),
    () => writeNumbered(TYPE.request, 1, JSON.stringify(status())),
    // A right one, twice: the second would bring the same keys to life again.
    (hello) => [writeHello(hello), writeHello(hello)],
  ];
  const s = await setUp(t, { hubless: true });
  let at = 0;
  const relay = s.keep(await natsHub(five, s.url, (hello) => alterations[at++]?.(hello)));
  const signed: Uint8Array[] = [];
  const { publicKey, sign } = identityOf(1);
  const link = s.link(1, {
    publicKey,
    sign(bytes) {
      signed.push(bytes);
      return sign(bytes);
    },
  });
  link.start();

  // A dial with no answer that counts is said again; each gets the next alteration.
  await tick(s, () => at > alterations.length);

  equal(signed.length, 1);
  equal(relay.auths.length, 1);
  equal(link.connected(), false);
  equal(
    s.env.lines.some(({ facts }) => facts.code === 'bug'),
    false,
  );
});

suite('a link signs sixty-four challenges of one dial and no more', async (t) => {
  const s = await setUp(t, { hubless: true });
  const nonces = Array.from({ length: natsLinkLimits.hellosMax + 6 }, (_, k) => randomBytes(`challenge ${k}`, 32));
  const relay = s.keep(await natsHub(five, s.url, (hello) => nonces.map((nonce) => writeHello({ ...hello, nonce }))));

  s.link(1).start();
  await until(() => relay.auths.length >= natsLinkLimits.hellosMax, 'all that are allowed');
  await turns(s);

  equal(relay.auths.length, natsLinkLimits.hellosMax);
  equal(relay.dials.length, 1);
});

suite('an api refuses a key of small order and a signer that confirms what was not sent', async (t) => {
  const s = await setUp(t);
  const nats = await s.client();
  const [linkId, E_s] = [randomBytes('link of small order', 16), new Uint8Array(32)];
  let hello: Hello | undefined;
  nats.subscribe(subjects.link(linkId), (bytes) => {
    hello = readHello(bytes);
  });
  nats.publish(subjects.dial, writeDial({ index: 1, linkId, E_s }));
  await until(() => hello !== undefined, 'a challenge');
  const { hubId, fingerprint, E_h, nonce } = hello as unknown as Hello;
  const terms = { fingerprint, index: 1, linkId, hubId, E_s, E_h, nonce };
  const signature = identityOf(1).sign(channelAuthBytes(terms));

  nats.publish(subjects.hub(hubId), writeAuth({ index: 1, linkId, E_s, nonce, signature }));
  await until(() => s.first.counters().E_RELAY_AUTH === 1, 'refused');
  const boaster = s.keep(await natsAdmitted(five, 2, s.url));
  boaster.send(writePong(1000));
  await until(() => boaster.messages.some((each) => each[0] === CHANNEL_TYPE.bye), 'hung up');

  deepEqual(s.first.online(), []);
  deepEqual(boaster.messages.at(-1), Buffer.from(writeBye(4002)));
});

suite('a link believes no other index, no unknown message and no unknown signer', async (t) => {
  const s = await setUp(t, { hubless: true });
  const relay = s.keep(await natsHub(five, s.url));
  const link = s.link(1);
  const presences: number[][] = [];
  link.onPresence((now) => presences.push(now));
  link.start();
  for (const [at, rest] of [
    [writeWelcome(2)],
    [Uint8Array.of(TYPE.presence, 1)],
    [Uint8Array.of(TYPE.welcome, 1, 0)],
    [writeWelcome(1), writeWelcome(1)],
    [writeWelcome(1), Uint8Array.of(0x77)],
    [writeWelcome(1), Uint8Array.of(TYPE.presence, 0xff)],
    [writeWelcome(1), Uint8Array.of(TYPE.presence)],
    [writeWelcome(1), Uint8Array.of(TYPE.request, 0, 0, 0, 1)],
    [writeWelcome(1), Uint8Array.of(CHANNEL_TYPE.bye)],
    [writeWelcome(1), new Uint8Array(0)],
    [new Uint8Array(MESSAGE_BYTES_MAX + 1)],
  ].entries()) {
    await tick(s, () => relay.channels.length > at);
    const before = s.env.lines.filter(({ event }) => event === 'relay.hostile').length;
    for (const each of rest) relay.send(each);
    await until(() => s.env.lines.filter(({ event }) => event === 'relay.hostile').length > before, `message ${at}`);
    equal(s.env.lines.findLast(({ event }) => event === 'relay.hostile')?.facts.code, 'E_RELAY_FORMAT', `${at}`);
    // Its goodbye says why, and it dials anew.
    await until(() => relay.messages.at(-1)?.[0] === CHANNEL_TYPE.bye, `a goodbye ${at}`);
    equal(link.connected(), false);
    if (at < 3 || at === 10) {
      // Nothing was welcomed: only a call or its own clock makes it dial again.
      relay.nats.publish(subjects.call, callMessage());
    }
  }
  equal(presences.flat().length, 0);
});

// ---- losses

suite('a loss on the way to the api ends the channel, and the signer comes again', async (t) => {
  const s = await setUp(t);
  const end = s.keep(await natsAdmitted(five, 1, s.url));
  const pushes: unknown[] = [];
  s.first.onPush((_, push) => pushes.push(push));
  const push = Buffer.concat([Uint8Array.of(TYPE.push), Buffer.from('{"v":1,"push":"Session","session":null}')]);

  end.channel.seal(push);
  end.send(push);
  await until(() => end.messages.some((each) => each[0] === CHANNEL_TYPE.bye), 'the channel ended');

  deepEqual([pushes, s.first.online()], [[], []]);
  await online(s.link(1), s.first);
});

suite('a loss on the way to the signer ends the channel, and it dials again', async (t) => {
  const s = await setUp(t, { hubless: true });
  const relay = s.keep(await natsHub(five, s.url));
  const link = s.link(1);
  const commands: string[] = [];
  link.onCommand((command) => {
    commands.push(command.id);
    return done(command);
  });
  link.start();
  await tick(s, () => relay.channels.length === 1);
  relay.send(writeWelcome(1));
  await until(() => link.connected(), 'welcome');

  relay.channels[0]?.seal(writeNumbered(TYPE.request, 1, JSON.stringify(status('lost'))));
  relay.send(writeNumbered(TYPE.request, 2, JSON.stringify(status('after'))));
  await until(() => relay.messages.length === 1, 'the channel ended');

  deepEqual([commands, link.connected()], [[], false]);
  deepEqual(relay.messages, [Buffer.from(writeBye(4003))]);
  await tick(s, () => relay.channels.length === 2);
});

suite('a signer that dies without a word is gone after a second and a half at most', async (t) => {
  const s = await setUp(t);
  const end = s.keep(await natsAdmitted(five, 1, s.url));
  await online(s.link(2), s.first);
  const start = s.env.now();

  end.nats.close();
  await tick(s, () => !s.first.online().includes(1));

  ok(s.env.now() - start <= natsHubLimits.pingMs + natsHubLimits.absentMs + 100, `${s.env.now() - start} ms`);
  deepEqual(s.first.online(), [2]);
});

suite('a request to a signer that died is lost within half a second', async (t) => {
  const s = await setUp(t);
  const end = s.keep(await natsAdmitted(five, 1, s.url));
  end.nats.close();
  await turns(s);
  const start = s.env.now();
  let code = '';

  s.first.send(1, status()).catch((error) => (code = error.code));
  await tick(s, () => code !== '');

  equal(code, 'E_RELAY_LOST');
  ok(s.env.now() - start <= natsHubLimits.absentMs + 100, `${s.env.now() - start} ms`);
});

suite('a link leaves an api that falls silent and finds the next one', async (t) => {
  const s = await setUp(t, { hubless: true });
  const relay = s.keep(await natsHub(five, s.url));
  const link = s.link(1);
  link.start();
  await tick(s, () => relay.channels.length === 1);
  relay.send(writeWelcome(1));
  await until(() => link.connected(), 'welcome');

  s.env.advance(natsLinkLimits.silenceMs);
  equal(link.connected(), true);
  s.env.advance(natsLinkLimits.checkMs);
  equal(link.connected(), false);
  relay.nats.close();
  const hub = await s.hub();
  await tick(s, () => hub.online().length === 1);
});

suite('a NATS server that stands still costs the connections, and all is well when it goes on', async (t) => {
  const s = await setUp(t);
  const link = s.link(1);
  await online(link, s.first);

  s.server.pause();
  for (let k = 0; k <= natsHubLimits.silenceMs / natsHubLimits.pingMs + 1; k++) s.env.advance(natsHubLimits.pingMs);
  deepEqual([link.connected(), s.first.online()], [false, []]);
  s.server.resume();

  await tick(s, () => link.connected() && s.first.online().length === 1);
  deepEqual(await s.first.send(1, status()), done(status()));
});

// ---- frames between signers

suite('row 22: frames published under the name of another signer change no session and reach nobody', async (t) => {
  t.diagnostic(`seed ${seed}`);
  const s = await setUp(t);
  const heard: Buffer[] = [];
  const spy = await s.client();
  spy.subscribe(subjects.frame(2, '*'), (bytes) => heard.push(Buffer.from(bytes)));
  await spy.flush();
  const parts = await Promise.all(
    [1, 2, 3].map(async (index) => {
      const link = s.link(index);
      const { env } = s;
      const sessions = createPeerSessions({
        self: index,
        roster: five.roster,
        identity: identityOf(index),
        env,
        send: link.sendTo,
      });
      link.onPeer(sessions.onBytes);
      link.onPresence(sessions.setOnline);
      const got: number[] = [];
      sessions.onMessage((from) => got.push(from));
      const resets: number[] = [];
      sessions.onReset((from) => resets.push(from));
      await online(link, s.first);
      return { index, link, sessions, got, resets };
    }),
  );
  t.after(() => {
    for (const { sessions } of parts) sessions.close();
  });
  const [one, two] = parts as [(typeof parts)[0], (typeof parts)[0]];
  await tick(s, () => one.sessions.ready(2) && two.sessions.ready(1) && two.sessions.ready(3));
  one.sessions.send(2, message(1));
  await until(() => two.got.length === 1, 'a frame of signer 1');

  const hostile = await s.client();
  for (const bytes of [...heard, ...Array.from({ length: 20 }, (_, k) => randomBytes(`frame ${k}`, 1 + k * 9))]) {
    for (const from of [1, 3, 4]) {
      hostile.publish(subjects.frame(2, from), bytes);
      hostile.publish(subjects.frame(2, from), Buffer.concat([bytes.subarray(0, -1), Uint8Array.of(0)]));
    }
    for (const last of ['0', '2', '6', '11', 'x']) hostile.publish(subjects.frame(2, '*').replace('*', last), bytes);
  }
  await hostile.flush();
  await turns(s);

  deepEqual(two.got, [1]);
  deepEqual(two.resets, []);
  // The session goes on where it was.
  one.sessions.send(2, message(2));
  await until(() => two.got.length === 2, 'the next frame of signer 1');
});

// ---- the channel by itself

test('opens what the specification says, and refuses parts of unknown form and messages over the limit', () => {
  const [ours, theirs] = ['ours', 'theirs'].map((name) => privateKeyObject('x25519', randomBytes(name, 32))) as [
    KeyObject,
    KeyObject,
  ];
  const terms = {
    fingerprint: five.roster.fingerprint,
    index: 3,
    linkId: randomBytes('link id', 16),
    hubId: randomBytes('hub id', 16),
    E_s: rawPublicKey(ours),
    E_h: rawPublicKey(theirs),
    nonce: randomBytes('nonce', 32),
  };
  // docs/specs/relay.md §6, written down again.
  const secret = agreeX25519(theirs, publicKeyObject('x25519', terms.E_s)) as Uint8Array;
  const salt = sha256(channelAuthBytes(terms));
  const keys = Buffer.from(hkdfSync('sha256', secret, salt, 'holdfast/relay-channel/keys/v1', 72));
  const [toSigner, toHub, id] = [keys.subarray(0, 32), keys.subarray(32, 64), keys.subarray(64)];
  const fresh = () => openChannel(terms, { side: 'signer', ephemeral: ours }) as Channel;
  const opened = (...plains: Uint8Array[]) => {
    const [channel, sealer] = [fresh(), createSealer(toSigner, id)];
    return plains.map((plain) => channel.open(Buffer.from(sealer.seal(plain)))).at(-1);
  };
  const part = (flag: number, bytes: number) => Buffer.alloc(1 + bytes, flag);

  deepEqual(opened(Uint8Array.of(0, 7, 8)), Buffer.from([7, 8]));
  deepEqual(opened(Uint8Array.of(1, 7), Uint8Array.of(0, 8)), Buffer.from([7, 8]));
  equal(opened(Uint8Array.of(1, 7)), undefined);
  const [frame] = fresh().seal(Uint8Array.of(9));
  deepEqual(createOpener(toHub).open(Buffer.from(frame as Uint8Array)), Buffer.from([0, 9]));

  throws(() => opened(Uint8Array.of(2, 7)), { code: 'E_RELAY_FORMAT' });
  throws(() => opened(part(1, 1 << 19), part(1, 1 << 19), part(1, 6)), { code: 'E_RELAY_FORMAT' });
  equal(opened(part(1, 1 << 19), part(1, 1 << 19), part(0, 5))?.length, MESSAGE_BYTES_MAX);
  for (const bytes of [Buffer.alloc(0), Buffer.alloc(33, 0x10), Buffer.alloc(64, 0x11)])
    throws(() => fresh().open(bytes), { code: 'E_FRAME_FORMAT' });
});

test('refuses handshake messages of another length, type or version, and signers that are none', () => {
  const bytes = (n: number) => randomBytes(`field ${n}`, n);
  const dial = writeDial({ index: 2, linkId: bytes(16), E_s: bytes(32) });
  const auth = writeAuth({ index: 2, linkId: bytes(16), E_s: bytes(32), nonce: bytes(32), signature: bytes(64) });
  for (const [read, good, indexed] of [
    [readDial, dial, true],
    [readAuth, auth, true],
    [readPong, writePong(7), false],
    [readBye, writeBye(4001), false],
  ] as const) {
    read(good);
    throws(() => read(good.subarray(0, -1)), { code: 'E_RELAY_FORMAT' });
    throws(() => read(Buffer.concat([good, Uint8Array.of(0)])), { code: 'E_RELAY_FORMAT' });
    if (!indexed) continue;
    for (const [at, value] of [
      [0, 0x7f],
      [1, 2],
      [2, 0],
      [2, 6],
    ] as const) {
      const altered = Buffer.from(good);
      altered[at] = value;
      throws(() => read(altered), { code: 'E_RELAY_FORMAT' }, `byte ${at} ${value}`);
    }
  }
});

// ---- the setting

test('reads addresses of NATS, one or several, with a password or a token', () => {
  deepEqual(parseNatsUrl('nats://10.0.0.5'), { servers: ['10.0.0.5:4222'], tls: false });
  deepEqual(parseNatsUrl('tls://a.example:1,tls://b.example:2/'), {
    servers: ['a.example:1', 'b.example:2'],
    tls: true,
  });
  deepEqual(parseNatsUrl('nats://api:p%40ss@h:4222, nats://api:p%40ss@i'), {
    servers: ['h:4222', 'i:4222'],
    tls: false,
    user: 'api',
    password: 'p@ss',
  });
  deepEqual(parseNatsUrl('nats://s3cret@h'), { servers: ['h:4222'], tls: false, token: 's3cret' });
});

test('refuses what is no address of NATS, and quotes nothing of it', () => {
  for (const text of [
    '',
    'nats://',
    'http://s3cret@h',
    'ws://s3cret@h/x',
    'nats://a:s3cret@h/path',
    'nats://a:s3cret@h?x=1',
    'nats://a:s3cret@h#x',
    'nats://a:s3cret@h,',
    'nats://a:s3cret@h,nats://b:s3cret@h',
    'nats://a:s3cret@h,tls://a:s3cret@h',
    'nats://h:99999',
    Array.from({ length: 17 }, () => 'nats://a:s3cret@h').join(),
  ]) {
    throws(
      () => parseNatsUrl(text),
      (error: Error & { code?: string }) => error.code === 'E_RELAY_ADDRESS' && !error.message.includes('s3cret'),
      text,
    );
  }
});

suite('says why it does not use a NATS server that takes too little in one message', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'holdfast-nats-'));
  t.after(() => rmSync(dir, { recursive: true }));
  writeFileSync(join(dir, 'nats.conf'), 'max_payload: 65536\n');
  const server = await runNats({ args: ['-c', join(dir, 'nats.conf')] });
  const env = world();
  const hub = createNatsHub({ roster: five.roster, env, address: parseNatsUrl(server.url) });
  t.after(async () => {
    hub.close();
    await server.stop();
  });

  await until(() => env.lines.some(({ event }) => event === 'relay.waiting'), 'it says so');

  match(String(env.lines.at(-1)?.facts.reason), /65536 bytes.*1048576/);
});

suite('with tls:// speaks to nobody but a server whose certificate an authority has signed', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'holdfast-nats-'));
  const [cert, key] = [join(dir, 'cert.pem'), join(dir, 'key.pem')];
  const made = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
  const named = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', key, '-out', cert];
  execFileSync('openssl', [...made, ...named], { stdio: 'ignore' });
  const secure = await runNats({ args: ['--tls', '--tlscert', cert, '--tlskey', key] });
  const plain = await runNats();
  const hubs: RelayHub[] = [];
  t.after(async () => {
    for (const hub of hubs) hub.close();
    await secure.stop();
    await plain.stop();
    rmSync(dir, { recursive: true });
  });
  const outcome = async (url: string, authorities?: string) => {
    const env = world();
    const address = { ...parseNatsUrl(url.replace('nats:', 'tls:')), ...(authorities ? { authorities } : {}) };
    hubs.push(createNatsHub({ roster: five.roster, env, address }));
    await until(() => env.lines.length > 0, 'it says what came of it');
    return String(env.lines[0]?.facts.reason ?? env.lines[0]?.facts.state);
  };

  match(await outcome(secure.url), /self.signed/);
  equal(await outcome(secure.url, readFileSync(cert, 'utf8')), 'connected');
  match(await outcome(plain.url, readFileSync(cert, 'utf8')), /tls/);
});

suite('gets in with a password or a token, and says so when it does not', async (t) => {
  const server = await runNats({ args: ['--user', 'holdfast', '--pass', 's3cret'] });
  const [env, ours] = [world(), world()];
  const url = (access: string) => server.url.replace('//', `//${access}@`);
  const wrong = createNatsHub({ roster: five.roster, env, address: parseNatsUrl(url('holdfast:wrong')) });
  const hub = createNatsHub({ roster: five.roster, env: ours, address: parseNatsUrl(url('holdfast:s3cret')) });
  const link = createNatsLink({
    roster: five.roster,
    identity: identityOf(1),
    env: ours,
    address: parseNatsUrl(url('holdfast:s3cret')),
  });
  t.after(async () => {
    link.close();
    hub.close();
    wrong.close();
    await server.stop();
  });
  link.start();

  await tick({ env: ours, breathe: () => wait(1) }, () => hub.online().length === 1);
  await until(() => env.lines.some(({ event }) => event === 'relay.waiting'), 'the other one waits');
  match(String(env.lines.at(-1)?.facts.reason), /authorization/i);
});

function readIndex(auth: Buffer | undefined): number {
  return auth?.[2] ?? 0;
}
