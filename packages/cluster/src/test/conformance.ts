/** What every relay must do, whatever carries it. Each of them runs this suite in a test file of its own. */
import { deepEqual, equal, ok, rejects, throws } from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Command, Reply } from '../commands/types.ts';
import { createPeerSessions } from '../frames/sessions.ts';
import type { RelayLink } from '../relay/link.ts';
import { PEER_BYTES_MAX, TYPE, writeNumbered } from '../relay/wire.ts';
import { identityFromSeeds } from '../roster/identity.ts';
import type { Relay, Rig, RigLimits } from './relays.ts';
import { cluster, randomBytes, seed, until } from './world.ts';

const five = cluster();
const done = (command: Command): Reply => ({ v: 1, id: command.id, ok: true, result: { t: 'done' } });
const status = (id = 'c1'): Command => ({ v: 1, id, kind: 'Status' });
const token = { v: 1, push: 'Token', token: 'AAAAAAAAAAAAAAAAAAAAAA' } as const;
const json = (type: number, value: unknown) =>
  Buffer.concat([Uint8Array.of(type), Buffer.from(typeof value === 'string' ? value : JSON.stringify(value))]);

export function conformance(relay: Relay, o: { readonly skip: string | false }): void {
  const suite = (name: string, run: (t: TestContext) => Promise<void>) => test(name, { skip: o.skip }, run);

  async function setUp(t: TestContext, limits: RigLimits = {}) {
    const rig = await relay(five, limits);
    t.after(() => rig.stop());
    return {
      rig,
      hub: rig.hub,
      env: rig.env,
      /** A signer that answers every command with `done`. */
      async signer(
        index: number,
        handler: (command: Command) => Reply | Promise<Reply> = done,
        given: { readonly commandsMax?: number } = {},
      ): Promise<RelayLink> {
        const link = rig.link(index, given);
        link.onCommand(handler);
        link.start();
        await until(() => link.connected() && rig.hub.online().includes(index), `signer ${index} is online`);
        return link;
      },
    };
  }

  // ---- what it is for

  suite('carries a command to a signer and its reply back, as value and as text', async (t) => {
    const { hub, signer } = await setUp(t);
    await signer(2);

    deepEqual(await hub.send(2, status()), done(status()));
    deepEqual(await hub.send(2, JSON.stringify(status('c2'))), done(status('c2')));
  });

  suite('answers each of many commands with its own reply, whatever order they come back in', async (t) => {
    const { hub, signer } = await setUp(t);
    const waiting: (() => void)[] = [];
    await signer(1, (command) => new Promise((resolve) => waiting.push(() => resolve(done(command)))));
    const ids = Array.from({ length: 50 }, (_, k) => `c${k}`);

    const replies = ids.map((id) => hub.send(1, status(id)));
    await until(() => waiting.length === ids.length, 'all arrived');
    for (const answer of waiting.reverse()) answer();

    deepEqual(
      (await Promise.all(replies)).map(({ id }) => id),
      ids,
    );
  });

  suite('tells everybody who is online', async (t) => {
    const { hub, signer } = await setUp(t);
    const seen: number[][] = [];
    hub.onPresence((online) => seen.push(online));
    const one = await signer(1);
    const four = await signer(4);
    await until(() => one.online().length === 1 && four.online().length === 1, 'they see each other');

    deepEqual([one.online(), four.online(), hub.online()], [[4], [1], [1, 4]]);
    four.close();
    await until(() => one.online().length === 0, 'signer 4 left');
    deepEqual(seen, [[1], [1, 4], [1]]);
  });

  suite('tells a signer once per connection that an api has let it in, after who is there', async (t) => {
    const { rig, signer } = await setUp(t);
    await signer(4);
    const events: string[] = [];
    const one = rig.link(1);
    one.onPresence((online) => events.push(`present ${online.join()}`));
    one.onUp(() => events.push('up'));
    one.start();
    await until(() => events.includes('up'), 'up');

    deepEqual(events.slice(0, 2), ['present 4', 'up']);
    await signer(5);
    await until(() => one.online().length === 2, 'signer 5 came');
    equal(events.filter((event) => event === 'up').length, 1);
  });

  suite('says who a frame comes from, whatever the frame claims', async (t) => {
    const { signer } = await setUp(t);
    const [one, two, three] = [await signer(1), await signer(2), await signer(3)];
    const got: [number, number, string][] = [];
    for (const link of [one, two, three])
      link.onPeer((from, frame) => got.push([link.index, from, Buffer.from(frame).toString()]));
    await until(() => one.online().length === 2 && two.online().length === 2, 'presence');

    one.sendTo(3, Buffer.from('I am signer 2'));
    two.sendTo(3, Buffer.from('b'));
    await until(() => got.length === 2, 'two frames');

    deepEqual(
      got.sort((a, b) => a[1] - b[1]),
      [
        [3, 1, 'I am signer 2'],
        [3, 2, 'b'],
      ],
    );
  });

  suite('keeps the order of the frames of a pair, of commands, and of pushes', async (t) => {
    const { hub, signer } = await setUp(t);
    const commands: string[] = [];
    const one = await signer(1);
    const two = await signer(2, (command) => {
      commands.push(command.id);
      return done(command);
    });
    await until(() => one.online().length === 1, 'presence');
    const frames: number[] = [];
    two.onPeer((_, frame) => frames.push(Buffer.from(frame).readUInt32BE(0)));
    const pushes: string[] = [];
    hub.onPush((_, push) => pushes.push(push.push === 'Token' ? push.token : push.push));
    const numbers = Array.from({ length: 300 }, (_, k) => k);
    const names = numbers.map((k) => Buffer.from(randomBytes(`push ${k}`, 16)).toString('base64url'));

    for (const k of numbers) {
      // Large ones and small ones in turn: neither overtakes the other.
      const frame = Buffer.alloc(k % 7 === 0 ? 100_000 : 4);
      frame.writeUInt32BE(k);
      ok(one.sendTo(2, frame));
      ok(one.push({ ...token, token: names[k] as string }));
    }
    await Promise.all(numbers.map((k) => hub.send(2, status(`c${k}`))));
    await until(() => frames.length === 300 && pushes.length === 300, 'all of it');

    deepEqual(frames, numbers);
    deepEqual(pushes, names);
    deepEqual(
      commands,
      numbers.map((k) => `c${k}`),
    );
  });

  suite('carries frames and commands of the full size, and refuses larger ones', async (t) => {
    const { hub, signer } = await setUp(t);
    const [one, two] = [await signer(1), await signer(2)];
    const frames: Buffer[] = [];
    two.onPeer((_, frame) => frames.push(Buffer.from(frame)));
    await until(() => one.online().length === 1, 'presence');
    const large = Buffer.from(randomBytes('large', PEER_BYTES_MAX));

    one.sendTo(2, large);
    await until(() => frames.length === 1, 'the frame');

    ok(frames[0]?.equals(large));
    deepEqual(await hub.send(1, JSON.stringify(status()).padEnd(1 << 20)), done(status()));
    throws(() => one.sendTo(1, Buffer.from('x')), { code: 'E_FRAME_SIZE' });
    throws(() => one.sendTo(2, new Uint8Array(0)), { code: 'E_FRAME_SIZE' });
    throws(() => one.sendTo(2, new Uint8Array(PEER_BYTES_MAX + 1)), { code: 'E_FRAME_SIZE' });
    await rejects(hub.send(1, ' '.repeat((1 << 20) + 1)), { code: 'E_COMMAND' });
    await rejects(hub.send(1, ''), { code: 'E_COMMAND' });
  });

  suite('passes pushes on with the index of the connection and hangs up on a malformed one', async (t) => {
    const { rig, hub, signer } = await setUp(t);
    const pushes: unknown[] = [];
    hub.onPush((index, push) => pushes.push([index, push]));

    equal((await signer(5)).push(token), true);
    await until(() => pushes.length === 1, 'a push');
    const bad = await rig.raw(3);
    bad.send(json(TYPE.push, { ...token, more: 1 }));
    await until(() => bad.closed() !== undefined, 'hung up');

    deepEqual(pushes, [[5, token]]);
    equal(bad.closed(), 4002);
    equal(hub.online().includes(3), false);
  });

  suite('takes nothing from a link that is not connected', async (t) => {
    const { rig } = await setUp(t);
    const link = rig.link(1);

    equal(link.sendTo(2, Buffer.from('x')), false);
    equal(link.push(token), false);
    equal(link.connected(), false);
  });

  suite('loses a frame for a signer that is away, and nothing else', async (t) => {
    const { hub, signer } = await setUp(t);
    const [one, two] = [await signer(1), await signer(2)];
    let heard = '';
    two.onPeer((_, frame) => (heard += Buffer.from(frame).toString()));
    await until(() => one.online().length === 1, 'presence');

    one.sendTo(4, Buffer.from('lost'));
    one.sendTo(2, Buffer.from('kept'));
    await until(() => heard !== '', 'the frame');

    equal(heard, 'kept');
    deepEqual(hub.online(), [1, 2]);
  });

  // ---- who gets in

  suite('refuses an identity that is not in the roster, and one that signs for another', async (t) => {
    const { rig, hub } = await setUp(t);
    const nobody = identityFromSeeds({ identitySeed: randomBytes('nobody', 32), transportSeed: randomBytes('t', 32) });

    throws(() => rig.link(1, { identity: nobody }), { code: 'E_ROSTER' });
    await rig.intrude(1, nobody);
    await rig.intrude(1, five.identities[1] as (typeof five.identities)[number]);

    deepEqual(hub.online(), []);
    equal(hub.counters().E_RELAY_AUTH, 2);
  });

  suite('a newer connection of an identity replaces the older one, but only after it has proved itself', async (t) => {
    const { rig, hub, signer } = await setUp(t);
    const one = await signer(1);
    const seen: number[][] = [];
    hub.onPresence((online) => seen.push(online));

    await rig.intrude(1, five.identities[2] as (typeof five.identities)[number]);
    equal(one.connected(), true);
    const newer = await rig.raw(1);
    await until(() => !one.connected(), 'the older one is out');

    deepEqual(hub.online(), [1]);
    equal(newer.closed(), undefined);
    // Peers see it leave and come, so that they agree on new keys.
    deepEqual(seen, [[], [1]]);
  });

  suite('a link that was replaced does not hurry back', async (t) => {
    const { rig, env, signer, hub } = await setUp(t);
    const one = await signer(1);
    const newer = await rig.raw(1);
    await until(() => !one.connected(), 'it is out');

    env.advance(rig.replacedMs / 2);
    await turns(rig);
    equal(newer.closed(), undefined);
    await tick(rig, () => one.connected() && newer.closed() !== undefined);
    equal(newer.closed(), 4001);
    deepEqual(hub.online(), [1]);
  });

  suite('takes nothing more from a connection that was replaced or misbehaved', async (t) => {
    const { rig, hub } = await setUp(t);
    const pushes: number[] = [];
    hub.onPush((index) => pushes.push(index));
    const push = json(TYPE.push, { v: 1, push: 'Session', session: null });
    const bad = await rig.raw(1);
    const older = await rig.raw(2);

    bad.send(push);
    bad.send(Uint8Array.of(0x77));
    bad.send(push);
    await until(() => bad.closed() !== undefined, 'hung up');
    await rig.raw(2);
    await until(() => older.closed() === 4001, 'replaced');
    older.send(push);
    await turns(rig);

    deepEqual(pushes, [1]);
  });

  suite('garbage after the door ends that connection and no other', async (t) => {
    t.diagnostic(`seed ${seed}`);
    const { rig, hub, signer } = await setUp(t);
    await signer(5);
    for (let k = 0; k < 24; k++) {
      const end = await rig.raw(1 + (k % 4));
      const bytes = randomBytes(`after ${k}`, k + 1);
      // Known types with contents they cannot have; then unknown types.
      bytes[0] = [TYPE.push, TYPE.hello, TYPE.auth, 0xff][k % 4] as number;
      end.send(bytes);
      await until(() => end.closed() !== undefined, `hung up ${k}`);
    }

    deepEqual(await hub.send(5, status()), done(status()));
    // Each was refused for a reason of its own, none by a fault of ours.
    equal(hub.counters().bug, undefined);
  });

  // ---- requests

  suite('says that nothing was sent when the signer is away or unknown', async (t) => {
    const { hub } = await setUp(t);

    for (const index of [3, 0, 6]) await rejects(hub.send(index, status()), { code: 'E_RELAY_OFFLINE' });
  });

  suite('gives up at the deadline and ignores the answer that comes late', async (t) => {
    const { env, hub, signer } = await setUp(t);
    let finish: (reply: Reply) => void = () => {};
    const link = await signer(1, (command) =>
      command.id === 'slow' ? new Promise((resolve) => (finish = resolve)) : done(command),
    );

    const slow = rejects(hub.send(1, status('slow'), { deadlineMs: 500 }), { code: 'E_RELAY_DEADLINE' });
    await hub.send(1, status('fast'));
    env.advance(500);
    await slow;
    finish(done(status('slow')));
    await until(() => hub.counters()['reply-late'] === 1, 'the late reply');

    equal(link.connected(), true);
    deepEqual(await hub.send(1, status('c3')), done(status('c3')));
  });

  suite('uses its own deadline when none is given', async (t) => {
    const { env, hub, signer } = await setUp(t, { requestMs: 700 });
    await signer(1, () => new Promise(() => {}));
    const refused = rejects(hub.send(1, status()), { code: 'E_RELAY_DEADLINE' });

    env.advance(700);

    await refused;
  });

  suite('says that the answer is lost when the connection ends first', async (t) => {
    const { hub, signer } = await setUp(t);
    let asked = false;
    const link = await signer(1, () => {
      asked = true;
      return new Promise(() => {});
    });
    const lost = rejects(hub.send(1, status()), { code: 'E_RELAY_LOST' });
    await until(() => asked, 'the command arrived');

    link.close();

    await lost;
  });

  suite('bounds the requests that one signer may owe', async (t) => {
    const { hub, signer } = await setUp(t, { requestsMax: 2 });
    const answers: (() => void)[] = [];
    await signer(1, (command) => new Promise((resolve) => answers.push(() => resolve(done(command)))));
    const [a, b] = [hub.send(1, status('a')), hub.send(1, status('b'))];

    await rejects(hub.send(1, status('c')), { code: 'E_RELAY_BUSY' });
    await until(() => answers.length === 2, 'both arrived');
    for (const answer of answers.reverse()) answer();

    deepEqual([(await a).id, (await b).id], ['a', 'b']);
    const third = hub.send(1, status('c'));
    await until(() => answers.length === 3, 'there is room again');
    answers[2]?.();
    equal((await third).id, 'c');
  });

  suite('bounds the bytes that one signer has not taken', async (t) => {
    const { rig, hub } = await setUp(t, { requestBytesMax: 2 << 20 });
    const stuck = await rig.raw(2);
    stuck.stall();
    const text = JSON.stringify(status()).padEnd(1 << 20);
    const codes: string[] = [];

    for (let k = 0; k < 100 && codes.length === 0; k++) {
      hub.send(2, text).catch((error) => codes.push(error.code));
      await Promise.resolve();
    }
    await until(() => codes.length > 0, 'busy');

    equal(codes[0], 'E_RELAY_BUSY');
  });

  suite('counts what a signer has answered as taken', async (t) => {
    const { hub, signer } = await setUp(t, { requestBytesMax: 2 << 20 });
    await signer(2);
    const text = JSON.stringify(status()).padEnd(1 << 20);

    for (let k = 0; k < 6; k++) deepEqual(await hub.send(2, text), done(status()));
  });

  suite('refuses replies that are malformed or name another command', async (t) => {
    const { rig, hub } = await setUp(t);
    const end = await rig.raw(1);
    for (const text of [
      '{',
      '{"v":1,"id":"c1","ok":true}',
      JSON.stringify({ ...done(status()), extra: 1 }),
      JSON.stringify(done(status('c2'))),
    ]) {
      const count = end.messages.length;
      const refused = rejects(hub.send(1, status('c1')), { code: 'E_REPLY' });
      await until(() => end.messages.length > count, 'asked');
      end.send(writeNumbered(TYPE.reply, (end.messages.at(-1) as Buffer).readUInt32BE(1), text));
      await refused;
    }
    equal(end.closed(), undefined);
  });

  suite('answers a malformed command, a failure of its own and too many commands with refusals', async (t) => {
    const { env, hub, signer } = await setUp(t);
    const waiting: (() => void)[] = [];
    await signer(
      1,
      async (command) => {
        if (command.id === 'fail') throw new Error('secret path /etc/shadow');
        if (command.id === 'bad') return { v: 1, id: 'bad', ok: true, result: { t: 'nonsense' } } as unknown as Reply;
        if (command.id === 'wait') await new Promise<void>((resolve) => waiting.push(resolve));
        return done(command);
      },
      { commandsMax: 1 },
    );
    const code = async (command: Command | string) => {
      const reply = await hub.send(1, command);
      return reply.ok ? 'ok' : reply.error.code;
    };

    equal(await code('{"v":1,"id":"c","kind":"Status","extra":1}'), 'E_COMMAND');
    equal(await code('\u0000'), 'E_COMMAND');
    equal(await code(status('fail')), 'E_INTERNAL');
    equal(await code(status('bad')), 'E_INTERNAL');
    equal(JSON.stringify(await hub.send(1, status('fail'))).includes('shadow'), false);
    ok(env.lines.some(({ event }) => event === 'relay.command-failed'));
    const first = code(status('wait'));
    await until(() => waiting.length === 1, 'the first is under way');
    equal(await code(status('second')), 'E_BUSY');
    waiting[0]?.();
    equal(await first, 'ok');
  });

  // ---- liveness

  suite('a signer that does not read silences nobody else', async (t) => {
    const { rig, hub, signer } = await setUp(t);
    const stuck = await rig.raw(2);
    stuck.stall();
    const [one, three] = [await signer(1), await signer(3)];
    let heard = 0;
    three.onPeer(() => heard++);
    await until(() => one.online().length === 2, 'presence');

    for (let k = 0; k < 24; k++) {
      one.sendTo(2, new Uint8Array(PEER_BYTES_MAX - 100));
      one.sendTo(3, Uint8Array.of(k));
      await until(() => heard > k, 'signer 3 hears signer 1');
    }

    deepEqual(await hub.send(1, status()), done(status()));
  });

  suite('ends connections that fall silent and keeps those that answer', async (t) => {
    const { rig, env, hub, signer } = await setUp(t);
    const link = await signer(1);
    const mute = await rig.raw(2);
    mute.stall();
    const rounds = Math.ceil(rig.silenceMs / rig.pingMs) + 1;
    for (let k = 1; k <= rounds; k++) {
      env.advance(rig.pingMs);
      // Its reply tells that signer 1's answer to the ping was read too.
      await hub.send(1, status(`p${k}`));
    }
    await until(() => !hub.online().includes(2), 'the mute is out');

    equal(link.connected(), true);
    deepEqual(hub.online(), [1]);
  });

  suite('comes back after the relay was killed: what was asked is lost, and everything works again', async (t) => {
    const { rig, env, hub, signer } = await setUp(t);
    const [one, two] = [await signer(1), await signer(2)];
    const presence: number[][] = [];
    one.onPresence((online) => presence.push(online));
    await until(() => one.online().length === 1, 'presence');
    one.onCommand(() => new Promise(() => {}));
    const lost = rejects(hub.send(1, status()), { code: 'E_RELAY_LOST' });

    await rig.kill();
    await lost;
    await until(() => !one.connected() && !two.connected(), 'both noticed');
    await rejects(hub.send(2, status()), { code: 'E_RELAY_OFFLINE' });
    // Nobody listens for a while.
    for (let k = 0; k < 5; k++) {
      env.advance(1000);
      await turns(rig);
    }
    await rig.revive();
    await tick(rig, () => rig.current().online().length === 2);

    deepEqual(await rig.current().send(2, status()), done(status()));
    let got = '';
    two.onPeer((from, frame) => (got = `${from} ${Buffer.from(frame)}`));
    await until(() => one.online().includes(2), 'presence');
    one.sendTo(2, Buffer.from('again'));
    await until(() => got !== '', 'a frame');
    equal(got, '1 again');
    ok(presence.some((online) => online.length === 0));
  });

  // ---- end to end

  suite('no byte of a share is visible to the relay', async (t) => {
    t.diagnostic(`seed ${seed}`);
    const { rig, env, signer } = await setUp(t);
    const received: string[] = [];
    const stations = await Promise.all(
      [1, 2, 3, 4, 5].map(async (index) => {
        const link = await signer(index);
        const identity = five.identities[index - 1] as (typeof five.identities)[number];
        const sessions = createPeerSessions({ self: index, roster: five.roster, identity, env, send: link.sendTo });
        link.onPeer(sessions.onBytes);
        sessions.onMessage((from, { body }) => received.push(`${from}-${index} ${Buffer.from(body).toString('hex')}`));
        return { index, link, sessions };
      }),
    );
    await until(() => stations.every(({ link }) => link.online().length === 4), 'all five see each other');
    const share = (from: number, to: number) => Buffer.from(randomBytes(`share ${from} ${to}`, 32));
    const execId = randomBytes('exec', 32);
    const pairs = stations.flatMap((from) =>
      stations.filter((to) => to !== from).map((to) => ({ from, to, secret: share(from.index, to.index) })),
    );

    for (const { from, to, secret } of pairs)
      from.sessions.send(to.index, { execId, round: 2, kind: 'p2p', to: to.index, body: secret });
    await until(() => received.length === pairs.length, 'twenty shares');
    for (const { sessions } of stations) sessions.close();

    const seen = rig.seen();
    ok(seen.length > 20 * 32);
    for (const { from, to, secret } of pairs) {
      ok(received.includes(`${from.index}-${to.index} ${secret.toString('hex')}`));
      for (let at = 0; at + 8 <= 32; at++) equal(seen.includes(secret.subarray(at, at + 8)), false);
    }
    equal(seen.includes(Buffer.from(execId).subarray(0, 8)), false);
  });

  suite('closing ends everything and leaves no timer', async (t) => {
    const { rig, env, hub, signer } = await setUp(t);
    const link = await signer(1, () => new Promise(() => {}));
    const lost = rejects(hub.send(1, status()), { code: 'E_RELAY_LOST' });

    link.close();
    await rig.stop();
    await lost;

    await until(() => env.timers() === 0, 'no timer is left');
    deepEqual(hub.online(), []);
  });

  suite('a fault of a subscriber ends no connection', async (t) => {
    const { hub, env, signer } = await setUp(t);
    hub.onPush(() => {
      throw new Error('fault');
    });
    const link = await signer(1);

    link.push({ v: 1, push: 'Session', session: null });
    await until(() => env.lines.some(({ event }) => event === 'cluster.listener-failed'), 'the fault is logged');

    deepEqual(await hub.send(1, status()), done(status()));
  });
}

/**
 * Lets the clock run, ten milliseconds at a time, and what is on the sockets arrive in between: a machine with much to
 * do must not make the other end look silent.
 */
export async function tick({ env, breathe }: Pick<Rig, 'env' | 'breathe'>, claim: () => boolean): Promise<void> {
  const deadline = process.hrtime.bigint() + 20_000_000_000n;
  while (!claim() && process.hrtime.bigint() < deadline) {
    env.advance(10);
    await breathe();
  }
  ok(claim());
}

/** Time for what is on the sockets to arrive, while the clock of the world stands still. */
export async function turns({ breathe }: Pick<Rig, 'breathe'>): Promise<void> {
  for (let k = 0; k < 20; k++) await breathe();
}

export type { Rig };
