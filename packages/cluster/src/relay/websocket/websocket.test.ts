import { deepEqual, equal, notEqual, ok, rejects, throws } from 'node:assert/strict';
import { once } from 'node:events';
import { request } from 'node:http';
import { connect } from 'node:net';
import { type TestContext, test } from 'node:test';
import type { Command, Reply } from '../../commands/types.ts';
import { createPeerSessions } from '../../frames/sessions.ts';
import { identityFromSeeds } from '../../roster/identity.ts';
import { admitted, hostileRelay, proof, type Stranger, stranger } from '../../test/stranger.ts';
import { message } from '../../test/wire.ts';
import { cluster, linkOf, randomBytes, runHub, seed, until, type World, world } from '../../test/world.ts';
import type { RelayLink } from '../link.ts';
import {
  MESSAGE_BYTES_MAX,
  PEER_BYTES_MAX,
  RELAY_PATH,
  TYPE,
  writeAuth,
  writeHello,
  writeNumbered,
  writePeer,
  writePresence,
  writeWelcome,
} from '../wire.ts';
import { type HubLimits, hubLimits } from './hub.ts';
import { createRelayLink, type LinkLimits, linkLimits } from './link.ts';

const five = cluster();
const done = (command: Command): Reply => ({ v: 1, id: command.id, ok: true, result: { t: 'done' } });
const status = (id = 'c1'): Command => ({ v: 1, id, kind: 'Status' });

async function setUp(
  t: TestContext,
  o: { readonly limits?: Partial<HubLimits>; readonly linkLimits?: Partial<LinkLimits> } = {},
) {
  const env = world();
  const running = await runHub({ roster: five.roster, env, ...(o.limits ? { limits: o.limits } : {}) });
  const links: RelayLink[] = [];
  t.after(async () => {
    for (const link of links) link.close();
    await running.stop();
  });
  return {
    env,
    ...running,
    /** A signer that answers every command with `done`. */
    async signer(index: number, handler: (command: Command) => Reply | Promise<Reply> = done): Promise<RelayLink> {
      const link = linkOf({ ...five, url: running.url, env, ...(o.linkLimits ? { limits: o.linkLimits } : {}) }, index);
      links.push(link);
      link.onCommand(handler);
      link.start();
      await until(() => link.connected() && running.hub.online().includes(index), `signer ${index} is online`);
      return link;
    },
  };
}

test('drops frames for signers that are away and for the sender itself', async (t) => {
  const { hub, url } = await setUp(t);
  const one = await admitted(five, 1, url);

  one.send(writePeer(TYPE.peerTo, 2, Buffer.from('x')));
  one.send(writePeer(TYPE.peerTo, 1, Buffer.from('x')));
  await until(() => hub.counters()['peer-to-self'] === 1, 'both were dropped');

  equal(hub.counters()['peer-offline'], 1);
  throws(() => linkOf({ ...five, url, env: world() }, 1).sendTo(1, Buffer.from('x')), { code: 'E_FRAME_SIZE' });
  throws(() => linkOf({ ...five, url, env: world() }, 1).sendTo(2, new Uint8Array(PEER_BYTES_MAX + 1)), {
    code: 'E_FRAME_SIZE',
  });
  equal(linkOf({ ...five, url, env: world() }, 1).sendTo(2, Buffer.from('x')), false);
});

// ---- who gets in

test('refuses an identity that is not in the roster', async (t) => {
  const { hub, url } = await setUp(t);
  const end = await stranger(url);
  const nobody = identityFromSeeds({ identitySeed: randomBytes('nobody', 32), transportSeed: randomBytes('t', 32) });

  end.send(writeAuth({ signerId: randomBytes('unknown id', 32), signature: nobody.sign(Buffer.from('anything')) }));
  await until(() => end.closed() !== undefined, 'refused');

  equal(end.closed(), 4000);
  equal(hub.counters().E_RELAY_AUTH, 1);
  throws(() => createRelayLink({ roster: five.roster, identity: nobody, env: world(), url }), { code: 'E_ROSTER' });
});

test('refuses a signature of another identity, of another nonce, and an altered answer', async (t) => {
  const { hub, url } = await setUp(t, { limits: { pendingMax: 1000 } });
  const first = await stranger(url);
  const recorded = proof(five, 2, first);
  const answers = [
    recorded,
    await (async () => {
      const end = await stranger(url);
      const mine = proof(five, 2, end);
      // The identity of signer 2 with the signature of signer 3.
      return Buffer.concat([mine.subarray(0, 34), proof(five, 3, end).subarray(34)]);
    })(),
  ];
  for (const answer of answers) {
    const end = await stranger(url);
    end.send(answer);
    await until(() => end.closed() !== undefined, 'refused');
  }
  for (const at of [0, 1, 2, 33, 34, 65, 66, 97]) {
    const end = await stranger(url);
    const answer = Buffer.from(proof(five, 2, end));
    answer[at] = (answer[at] ?? 0) ^ 1;
    end.send(answer);
    await until(() => end.closed() !== undefined, `byte ${at}`);
  }

  deepEqual(hub.online(), []);
  first.send(recorded);
  await until(() => hub.online().length === 1, 'the true answer is taken');
});

test('gives one connection one try', async (t) => {
  const { hub, url } = await setUp(t);
  let presences = 0;
  hub.onPresence(() => presences++);
  const end = await stranger(url);
  const good = proof(five, 1, end);

  end.send(Buffer.from('hello'));
  end.send(good);
  await until(() => end.closed() !== undefined, 'refused');

  equal(presences, 0);
  equal(hub.counters().E_RELAY_FORMAT, 1);
});

test('takes nothing more from a connection that was replaced or misbehaved', async (t) => {
  const { hub, url } = await setUp(t);
  const pushes: number[] = [];
  hub.onPush((index) => pushes.push(index));
  const push = Buffer.concat([Uint8Array.of(TYPE.push), Buffer.from('{"v":1,"push":"Session","session":null}')]);
  const bad = await admitted(five, 1, url);
  const older = await admitted(five, 2, url);

  bad.send(push);
  bad.send(Uint8Array.of(0x77));
  bad.send(push);
  await until(() => bad.closed() !== undefined, 'hung up');
  // The goodbye is held back, so that the older connection can go on talking.
  older.socket.pause();
  await admitted(five, 2, url);
  older.send(push);
  older.socket.resume();
  await until(() => older.closed() !== undefined, 'replaced');

  deepEqual(pushes, [1]);
});

test('a link that was replaced does not hurry back', async (t) => {
  const { env, url, signer, hub } = await setUp(t);
  const one = await signer(1);
  const newer = await admitted(five, 1, url);
  await until(() => env.lines.some(({ event }) => event === 'relay.waiting'), 'the link waits');

  env.advance(linkLimits.backoffMsMax - 1);
  equal(newer.closed(), undefined);
  env.advance(1);
  await until(() => one.connected() && newer.closed() !== undefined, 'back');
  equal(newer.closed(), 4001);
  deepEqual(hub.online(), [1]);
});

test('a stranger has five seconds and a kilobyte', async (t) => {
  const { env, hub, url } = await setUp(t);
  const slow = await stranger(url);
  env.advance(hubLimits.authMs - 1);
  equal(slow.closed(), undefined);
  env.advance(1);
  await until(() => slow.closed() !== undefined, 'too slow');

  const fat = await stranger(url);
  fat.send(new Uint8Array(900_000));
  await until(() => fat.closed() !== undefined, 'too fat');

  // Many small fragments that never make a message count too.
  const drip = await stranger(url);
  for (let k = 0; k < 200; k++) drip.socket.send(new Uint8Array(10), { fin: false });
  await until(() => drip.closed() !== undefined, 'too long');
  equal(hub.counters()['auth-late'], 1);
  ok((hub.counters()['auth-oversized'] ?? 0) >= 2);
});

test('strangers in number cannot keep a signer out', async (t) => {
  const { hub, url, signer } = await setUp(t, { limits: { pendingMax: 4 } });
  const crowd: Stranger[] = [];
  for (let k = 0; k < 10; k++) crowd.push(await stranger(url));
  await until(() => crowd.filter((end) => end.closed() === undefined).length === 4, 'four are left');

  await signer(3);

  equal(hub.counters()['pending-evicted'], 7);
});

test('refuses other paths, other protocols and browsers', async (t) => {
  const { hub, server, url } = await setUp(t);
  const port = Number(new URL(url).port);
  const upgrade = async (path: string, headers: Record<string, string>) => {
    const sent = request({
      port,
      host: '127.0.0.1',
      path,
      headers: {
        connection: 'Upgrade',
        upgrade: 'websocket',
        'sec-websocket-version': '13',
        'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==',
        ...headers,
      },
    });
    sent.end();
    const [response] = await Promise.race([once(sent, 'response'), once(sent, 'upgrade')]);
    response.resume?.();
    response.socket?.destroy();
    return response.statusCode;
  };
  const protocol = { 'sec-websocket-protocol': 'holdfast-relay-v1' };

  equal(await upgrade('/other', protocol), 404);
  equal(await upgrade(RELAY_PATH, {}), 400);
  equal(await upgrade(RELAY_PATH, { 'sec-websocket-protocol': 'holdfast-relay-v9' }), 400);
  equal(await upgrade(RELAY_PATH, { ...protocol, origin: 'https://evil.example' }), 400);
  equal(await upgrade(RELAY_PATH, protocol), 101);
  equal(await upgrade(`${RELAY_PATH}?x=1`, protocol), 101);
  // Somebody else's upgrade handler is left alone.
  server.on('upgrade', (upgraded, socket) => {
    if (upgraded.url === '/other') socket.end('HTTP/1.1 418 Teapot\r\nContent-Length: 0\r\n\r\n');
  });
  equal(await upgrade('/other', protocol), 418);
  hub.close();
});

// ---- garbage

test('garbage before and after the door never crashes the hub', async (t) => {
  t.diagnostic(`seed ${seed}`);
  const { hub, url, signer } = await setUp(t, { limits: { pendingMax: 1000 } });
  const port = Number(new URL(url).port);
  for (let k = 0; k < 40; k++) {
    const raw = connect(port, '127.0.0.1');
    raw.on('error', () => {});
    raw.end(randomBytes(`raw ${k}`, 200));
    raw.resume();
  }
  for (let k = 0; k < 60; k++) {
    const end = await stranger(url);
    end.send(randomBytes(`before ${k}`, (k * 7) % 500));
    if (k % 3 === 0) end.send('text');
    await until(() => end.closed() !== undefined, 'hung up');
  }
  for (let k = 0; k < 60; k++) {
    const end = await admitted(five, 1 + (k % 5), url);
    const bytes = randomBytes(`after ${k}`, k);
    // Every known type with contents it cannot have; then unknown types.
    if (k > 0) bytes[0] = [TYPE.peerTo, TYPE.push, TYPE.hello, TYPE.auth, 0xff][k % 5] as number;
    if (bytes[0] === TYPE.peerTo && k > 1) bytes[1] = 6 + k;
    end.send(k % 7 === 6 ? 'text' : bytes);
    await until(() => end.closed() !== undefined, `hung up ${k}`);
  }

  await signer(2);
  deepEqual(await hub.send(2, status()), done(status()));
  // Each was refused for a reason of its own, none by a fault of ours.
  equal(hub.counters().bug, undefined);
});

test('hangs up on a message over the limit without keeping it', async (t) => {
  const { hub, url } = await setUp(t);
  const end = await admitted(five, 1, url);

  end.send(new Uint8Array(MESSAGE_BYTES_MAX + 1));
  await until(() => end.closed() !== undefined, 'hung up');
  await until(() => hub.online().length === 0, 'gone');

  equal(end.closed(), 1009);
});

// ---- requests

// ---- bounds and liveness

test('drops frames for a signer that does not read, and nobody else notices', async (t) => {
  const { hub, url, signer } = await setUp(t, { limits: { peerBytesMax: 2 << 20 } });
  const stuck = await admitted(five, 2, url);
  stuck.socket.pause();
  const one = await signer(1);
  const three = await signer(3);
  let heard = 0;
  three.onPeer(() => heard++);

  const frame = new Uint8Array(PEER_BYTES_MAX - 100);
  for (let k = 0; (hub.counters()['peer-overflow'] ?? 0) === 0 && k < 100; k++) {
    one.sendTo(2, frame);
    one.sendTo(3, Uint8Array.of(k));
    await until(() => heard > k, 'signer 3 hears signer 1');
  }

  ok((hub.counters()['peer-overflow'] ?? 0) > 0);
  deepEqual(await hub.send(1, status()), done(status()));
});

test('refuses requests to a signer that does not take them', async (t) => {
  const { hub, url } = await setUp(t, { limits: { requestBytesMax: 2 << 20 } });
  const stuck = await admitted(five, 2, url);
  stuck.socket.pause();
  const text = JSON.stringify(status()).padEnd(1 << 20);
  const codes: string[] = [];
  const ask = () => hub.send(2, text).catch((error) => codes.push(error.code));

  for (let k = 0; k < 100 && codes.length === 0; k++) {
    void ask();
    await Promise.resolve();
  }
  await until(() => codes.length > 0, 'busy');

  equal(codes[0], 'E_RELAY_BUSY');
});

test('the hub ends connections that fall silent and keeps those that answer its pings', async (t) => {
  const { env, hub, url, signer } = await setUp(t);
  const link = await signer(1);
  const mute = await admitted(five, 2, url, { autoPong: false });
  let pings = 0;
  mute.socket.on('ping', () => pings++);
  let pongs = 0;
  hub.onTraffic(() => {});
  for (let k = 1; k <= 3; k++) {
    env.advance(hubLimits.pingMs);
    if (k <= 2) await until(() => pings === k, `ping ${k}`);
    // A command is an answer, and its reply tells that signer 1's pong was read too.
    await hub.send(1, status(`p${k}`));
    pongs++;
  }
  await until(() => mute.closed() !== undefined, 'the mute is out');

  equal(pongs, 3);
  equal(link.connected(), true);
  deepEqual(hub.online(), [1]);
});

test('a link leaves a relay that falls silent', async (t) => {
  const relay = await hostileRelay(() => [
    writeHello({ fingerprint: five.roster.fingerprint, nonce: randomBytes(`n${Math.floor(seedCount++)}`, 32) }),
  ]);
  const env = world();
  const link = linkOf({ ...five, url: relay.url, env }, 1);
  t.after(async () => {
    link.close();
    await relay.stop();
  });
  link.start();
  await until(() => relay.visitors[0]?.messages.length === 1, 'the signer answered');
  relay.visitors[0]?.send(writeWelcome(1));
  await until(() => link.connected(), 'welcome');

  env.advance(linkLimits.silenceMs);
  equal(link.connected(), true);
  env.advance(linkLimits.checkMs);
  await until(() => relay.visitors[0]?.closed() !== undefined, 'it left');

  env.advance(linkLimits.backoffMsMin);
  await until(() => relay.visitors.length === 2, 'and came again');
});
let seedCount = 0;

test('comes back after the relay restarted, and frames flow again', async (t) => {
  const env = world();
  const first = await runHub({ roster: five.roster, env });
  const port = Number(new URL(first.url).port);
  const links = [1, 2].map((index) => linkOf({ ...five, url: first.url, env }, index));
  const presence: number[][] = [];
  links[0]?.onPresence((online) => presence.push(online));
  for (const link of links) {
    link.onCommand(done);
    link.start();
  }
  await until(() => first.hub.online().length === 2, 'both are online');

  await first.stop();
  await until(() => links.every((link) => !link.connected()), 'both noticed');
  await until(() => env.lines.filter(({ event }) => event === 'relay.waiting').length === 2, 'both wait');
  // Nobody listens: the dials fail, the waits grow.
  for (let k = 0; k < 3; k++) {
    const timers = env.timers();
    env.advance(5000);
    await until(() => env.timers() >= timers, 'dialled in vain');
  }
  const second = await runHub({ roster: five.roster, env, port });
  t.after(async () => {
    for (const link of links) link.close();
    await second.stop();
  });
  await tick(env, () => second.hub.online().length === 2);

  deepEqual(await second.hub.send(2, status()), done(status()));
  let got = '';
  links[1]?.onPeer((from, frame) => (got = `${from} ${Buffer.from(frame)}`));
  await until(() => links[0]?.online().includes(2) === true, 'presence');
  links[0]?.sendTo(2, Buffer.from('again'));
  await until(() => got !== '', 'a frame');
  equal(got, '1 again');
  ok(presence.some((online) => online.length === 0));
});

test('waits from 100 ms up to 5 s, with jitter from the environment', async () => {
  const env = world();
  const waits: number[] = [];
  const setTimer = (ms: number, fn: () => void) => {
    waits.push(ms);
    return env.setTimer(ms, fn);
  };
  const link = linkOf(
    {
      ...five,
      url: 'ws://127.0.0.1:1/holdfast/relay',
      env: { ...env, setTimer },
    },
    1,
  );
  link.start();
  for (let k = 0; k < 12; k++) {
    const count = waits.length;
    await until(() => waits.length > count, 'the dial failed');
    env.advance(5000);
  }
  link.close();
  const backoffs = waits.filter((ms) => ms !== linkLimits.dialMs);

  for (const [k, ms] of backoffs.slice(0, 6).entries()) ok(ms >= 50 * 2 ** k && ms <= 100 * 2 ** k, `${k}: ${ms}`);
  ok(backoffs.slice(7).every((ms) => ms >= 2500 && ms <= 5000));
  ok(new Set(backoffs.slice(7)).size > 1);
});

test('gives up on a relay that takes the connection and says nothing', async (t) => {
  const relay = await hostileRelay(() => []);
  const env = world();
  const link = linkOf({ ...five, url: relay.url, env }, 1);
  t.after(async () => {
    link.close();
    await relay.stop();
  });
  link.start();
  await until(() => relay.visitors.length === 1, 'it called');

  env.advance(linkLimits.dialMs);

  await until(() => relay.visitors[0]?.closed() !== undefined, 'it left');
});

// ---- a hostile relay

test('a link signs a fresh challenge of its own cluster and nothing else', async (t) => {
  const { fingerprint } = five.roster;
  const nonce = randomBytes('a fresh nonce', 32);
  const good = writeHello({ fingerprint, nonce });
  const challenges: readonly (readonly (Uint8Array | string)[])[] = [
    [writeHello({ fingerprint: randomBytes('other cluster', 32), nonce })],
    [writeHello({ fingerprint, nonce: new Uint8Array(32) })],
    [writeHello({ fingerprint, nonce: new Uint8Array(32).fill(0xff) })],
    [good.subarray(0, -1)],
    [Buffer.concat([good, Uint8Array.of(0)])],
    [Buffer.concat([Uint8Array.of(TYPE.hello, 2), good.subarray(2)])],
    [new Uint8Array(0)],
    [randomBytes('any bytes', 100)],
    ['{"sign":"this"}'],
    [writeWelcome(1)],
    [writeNumbered(TYPE.request, 1, JSON.stringify(status()))],
  ];
  for (const [at, greeting] of challenges.entries()) {
    const { signed, relay, link } = await visit(t, () => greeting);
    await until(() => relay.visitors[0]?.closed() !== undefined, `challenge ${at}`);
    deepEqual(signed, [], `challenge ${at}`);
    link.close();
  }
  const { signed, relay } = await visit(t, () => [good]);
  await until(() => relay.visitors[0]?.messages.length === 1, 'a signature');
  equal(signed.length, 1);
});

test('a link signs once per connection and once per challenge', async (t) => {
  const { fingerprint } = five.roster;
  const hello = (n: number) => writeHello({ fingerprint, nonce: randomBytes(`nonce ${n}`, 32) });
  const twice = await visit(t, () => [hello(1), hello(2)]);
  await until(() => twice.relay.visitors[0]?.closed() !== undefined, 'left after the second challenge');
  equal(twice.signed.length, 1);

  const repeated = await visit(t, () => [hello(3)]);
  await until(() => repeated.relay.visitors[0]?.messages.length === 1, 'answered');
  repeated.relay.visitors[0]?.socket.terminate();
  await tick(repeated.env, () => (repeated.relay.visitors[1]?.closed() ?? 0) !== 0);
  equal(repeated.signed.length, 1);
});

test('a link believes no other index, no unknown message and no unknown signer', async (t) => {
  const { fingerprint } = five.roster;
  let n = 0;
  const hello = () => writeHello({ fingerprint, nonce: randomBytes(`believe ${n++}`, 32) });
  for (const [at, rest] of [
    [writeWelcome(2)],
    [Uint8Array.of(TYPE.presence, 1)],
    [Uint8Array.of(TYPE.welcome, 1, 0)],
    [writeWelcome(1), Uint8Array.of(0x77)],
    [writeWelcome(1), Uint8Array.of(TYPE.presence, 0xff)],
    [writeWelcome(1), Uint8Array.of(TYPE.presence)],
    [writeWelcome(1), writePeer(TYPE.peerFrom, 6, Uint8Array.of(1))],
    [writeWelcome(1), writePeer(TYPE.peerFrom, 2, new Uint8Array(0))],
    [writeWelcome(1), Uint8Array.of(TYPE.request, 0, 0, 0, 1)],
    [writeWelcome(1), writePresence([1, 2]), 'text'],
  ].entries()) {
    const { relay, link, presence, env } = await visit(t, () => [hello(), ...rest]);
    await until(() => relay.visitors[0]?.closed() !== undefined, `message ${at}`);
    link.close();
    equal(presence.flat().includes(6), false);
    // Refused for a reason, not by a fault of ours.
    equal(env.lines.find(({ event }) => event === 'relay.hostile')?.facts.code, 'E_RELAY_FORMAT');
  }
});

// ---- end to end

test('row 57: no byte of a share is visible to the relay', async (t) => {
  t.diagnostic(`seed ${seed}`);
  const { hub, env, signer } = await setUp(t);
  const traffic: Buffer[] = [];
  hub.onTraffic((each) => traffic.push(Buffer.from(each.message)));
  const received: string[] = [];
  const stations = await Promise.all(
    [1, 2, 3, 4, 5].map(async (index) => {
      const link = await signer(index);
      const identity = five.identities[index - 1];
      if (!identity) throw new Error('no identity');
      const sessions = createPeerSessions({ self: index, roster: five.roster, identity, env, send: link.sendTo });
      link.onPeer(sessions.onBytes);
      sessions.onMessage((from, { body }) => received.push(`${from}-${index} ${Buffer.from(body).toString('hex')}`));
      return { index, link, sessions };
    }),
  );
  await until(() => stations.every(({ link }) => link.online().length === 4), 'all five see each other');
  const share = (from: number, to: number) => randomBytes(`share ${from} ${to}`, 32);
  const execId = randomBytes('exec', 32);

  for (const from of stations) {
    for (const to of stations) {
      if (from === to) continue;
      from.sessions.send(to.index, { execId, round: 2, kind: 'p2p', to: to.index, body: share(from.index, to.index) });
    }
  }
  await until(() => received.length === 20, 'twenty shares');

  const seen = Buffer.concat(traffic);
  for (const from of stations) {
    for (const to of stations) {
      if (from === to) continue;
      ok(received.includes(`${from.index}-${to.index} ${Buffer.from(share(from.index, to.index)).toString('hex')}`));
      for (let at = 0; at + 8 <= 32; at++) {
        equal(
          seen.includes(Buffer.from(share(from.index, to.index)).subarray(at, at + 8)),
          false,
          `share ${from.index} to ${to.index}, byte ${at}`,
        );
      }
    }
  }
  equal(seen.includes(Buffer.from(execId).subarray(0, 8)), false);
  notEqual(seen.length, 0);
});

test('row 22: a relay that swaps sources delivers nothing', async (t) => {
  const { fingerprint } = five.roster;
  let n = 0;
  // A relay that lets everybody in and shows every frame under the next signer's name.
  const relay = await hostileRelay(() => [writeHello({ fingerprint, nonce: randomBytes(`swap ${n++}`, 32) })]);
  const env = world();
  const parts = [1, 2, 3].map((index) => {
    const link = linkOf({ ...five, url: relay.url, env }, index);
    const identity = five.identities[index - 1];
    if (!identity) throw new Error('no identity');
    const sessions = createPeerSessions({ self: index, roster: five.roster, identity, env, send: link.sendTo });
    link.onPeer(sessions.onBytes);
    let got = 0;
    sessions.onMessage(() => got++);
    return { index, link, sessions, got: () => got };
  });
  t.after(async () => {
    for (const { link, sessions } of parts) {
      link.close();
      sessions.close();
    }
    await relay.stop();
  });
  let carried = 0;
  for (const { link, index } of parts) {
    link.start();
    await until(() => relay.visitors[index - 1]?.messages.length === 1, 'an answer');
    const visitor = relay.visitors[index - 1];
    visitor?.send(writeWelcome(index));
    visitor?.socket.on('message', (data) => {
      const [type, to = 0] = data as Buffer;
      if (type !== TYPE.peerTo) return;
      carried++;
      relay.visitors[to - 1]?.send(
        writePeer(
          TYPE.peerFrom,
          (index % 3) + 1 === to ? ((index + 1) % 3) + 1 : (index % 3) + 1,
          (data as Buffer).subarray(2),
        ),
      );
    });
    await until(() => link.connected(), 'welcome');
  }

  for (const { sessions, index } of parts) sessions.send((index % 3) + 1, message(index));
  await until(() => carried >= 3, 'frames are carried');
  await tick(env, () => carried >= 8);

  deepEqual(
    parts.map(({ got }) => got()),
    [0, 0, 0],
  );
  equal(
    parts.some(({ sessions }) => [1, 2, 3].some((index) => sessions.ready(index))),
    false,
  );
});

test('closing the hub ends everything and leaves no timer', async () => {
  const env = world();
  const { hub, url, stop } = await runHub({ roster: five.roster, env });
  const link = linkOf({ ...five, url, env }, 1);
  link.onCommand(() => new Promise(() => {}));
  link.start();
  await until(() => hub.online().length === 1, 'online');
  const lost = rejects(hub.send(1, status()), { code: 'E_RELAY_LOST' });
  const pending = await stranger(url);

  link.close();
  await stop();
  await lost;
  await until(() => pending.closed() !== undefined, 'strangers are out');

  await until(() => env.timers() === 0, 'no timer is left');
  deepEqual(hub.online(), []);
});

test('strangers cannot fill the log', async (t) => {
  const { env, url } = await setUp(t, { limits: { pendingMax: 1000 } });
  for (let k = 0; k < 60; k++) {
    const end = await stranger(url);
    end.send(Uint8Array.of(k));
    await until(() => end.closed() !== undefined, 'refused');
  }

  equal(env.lines.filter(({ event }) => event === 'relay.refused').length, 20);
});

/** A link of signer 1 whose signatures are recorded, calling on a relay that greets like this. */
async function visit(t: TestContext, greet: (visit: number) => readonly (Uint8Array | string)[]) {
  const relay = await hostileRelay(greet);
  const env = world();
  const signed: Uint8Array[] = [];
  const [identity] = five.identities;
  if (!identity) throw new Error('no identity');
  const sign = (bytes: Uint8Array) => {
    signed.push(bytes);
    return identity.sign(bytes);
  };
  const link = createRelayLink({
    roster: five.roster,
    identity: { publicKey: identity.publicKey, sign },
    env,
    url: relay.url,
  });
  const presence: number[][] = [];
  link.onPresence((online) => presence.push(online));
  t.after(async () => {
    link.close();
    await relay.stop();
  });
  link.start();
  return { relay, env, signed, link, presence };
}

/** Lets sockets work and the clock run, a tenth of a second at a time. */
async function tick(env: World, claim: () => boolean): Promise<void> {
  for (let k = 0; k < 2000 && !claim(); k++) {
    env.advance(10);
    await new Promise((resolve) => setImmediate(resolve));
  }
  ok(claim());
}
