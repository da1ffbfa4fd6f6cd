import { deepEqual, equal, ok, throws } from 'node:assert/strict';
import { test } from 'node:test';
import { privateKeyObject, publicKeyObject } from '../keys.ts';
import { type Identity, identityFromSeeds, rosterEntry } from '../roster/identity.ts';
import { createRoster } from '../roster/roster.ts';
import { altered, connected, type Flight, message, rounds, wire } from '../test/wire.ts';
import { cluster, randomBytes, seed, world } from '../test/world.ts';
import { NO_SESSION, openHandshake } from './handshake.ts';
import { BODY_BYTES_MAX, MESSAGES_MAX, messageBytes, readMessages, writeMessage } from './message.ts';
import { createPeerSessions } from './sessions.ts';

const five = cluster();
const HELLO = 1;
const ANSWER = 2;
const FINISH = 3;
const FRAME = 16;

test('carries every field of a message to its peer and names the sender from the session', () => {
  const { w, a, b } = connected(five);
  const plain = message(7, { kind: 'p2p', to: 2, body: randomBytes('body', 300) });
  const signed = message(8, { kind: 'echo', sig: randomBytes('sig', 64), body: new Uint8Array(0) });

  ok(a.sessions.send(2, plain));
  ok(a.sessions.send(2, signed));
  w.run();

  deepEqual(b.received, [
    { from: 1, message: plain },
    { from: 1, message: signed },
  ]);
});

test('packs several messages to one peer into one frame', () => {
  const { w, a, b } = connected(five);

  a.sessions.send(2, [message(1), message(2), message(3)]);
  equal(w.inFlight.length, 1);
  w.run();

  deepEqual(rounds(b), [1, 2, 3]);
});

test('splits what does not fit one frame and keeps the order', () => {
  const { w, a, b } = connected(five);
  const many = Array.from({ length: MESSAGES_MAX + 5 }, (_, n) => message(n));
  const large = [message(1, { body: new Uint8Array(700_000) }), message(2, { body: new Uint8Array(700_000) })];

  a.sessions.send(2, many);
  a.sessions.send(2, large);
  equal(w.inFlight.length, 4);
  w.run();

  deepEqual(
    rounds(b),
    [...many, ...large].map(({ round }) => round),
  );
});

test('refuses to send what the peer would refuse', () => {
  const { a } = connected(five);
  const refused = (bad: Parameters<typeof message>[1], code: string) =>
    throws(() => a.sessions.send(2, message(1, bad)), { code });

  refused({ body: new Uint8Array(BODY_BYTES_MAX + 1) }, 'E_FRAME_SIZE');
  refused({ execId: new Uint8Array(31) }, 'E_FRAME_MESSAGE');
  refused({ sig: new Uint8Array(63) }, 'E_FRAME_MESSAGE');
  refused({ round: 256 }, 'E_FRAME_MESSAGE');
  refused({ kind: 'gossip' as 'bcast' }, 'E_FRAME_MESSAGE');
  refused({ to: 3 }, 'E_FRAME_TO');
  throws(() => a.sessions.send(1, message(1)), { code: 'E_FRAME_SOURCE' });
  throws(() => a.sessions.send(6, message(1)), { code: 'E_FRAME_SOURCE' });
});

test('queues while there is no session, up to a bound, and sends in order', () => {
  const w = wire(five, { limits: { queueMessagesMax: 3, queueBytesMax: 10_000 } });
  const a = w.station(1);
  const b = w.station(2);

  const taken = [1, 2, 3, 4].map((n) => a.sessions.send(2, message(n)));
  const tooLarge = w.station(3).sessions.send(2, message(1, { body: new Uint8Array(10_000) }));
  w.run();

  deepEqual(taken, [true, true, true, false]);
  equal(tooLarge, false);
  deepEqual(rounds(b), [1, 2, 3]);
});

test('is one session when both open at once, whoever is heard first', () => {
  for (const order of [
    [1, 2],
    [2, 1],
  ]) {
    const w = wire(five);
    const a = w.station(1);
    const b = w.station(2);

    for (const index of order) w.station(index).sessions.send(3 - index, message(index));
    w.run();

    deepEqual([rounds(a), rounds(b)], [[2], [1]]);
    a.sessions.send(2, message(10));
    b.sessions.send(1, message(11));
    w.run();
    deepEqual(
      [rounds(a), rounds(b)],
      [
        [2, 11],
        [1, 10],
      ],
    );
    deepEqual([a.resets, b.resets], [[], []]);
  }
});

test('refuses a handshake with any byte altered', () => {
  const lengths = new Map<number, number>();
  for (const type of [HELLO, ANSWER, FINISH]) {
    for (let at = 0; at < (lengths.get(type) ?? 1); at++) {
      const w = wire(five);
      const a = w.station(1);
      const b = w.station(2);

      a.sessions.send(2, message(1));
      w.run((flight) => {
        if (flight.bytes[0] !== type) return flight;
        lengths.set(type, flight.bytes.length);
        return { ...flight, bytes: altered(flight.bytes, at, 1 << (at % 8)) };
      });

      // The opener of an altered finish has its session already; what it sends is not opened.
      equal(
        type === FINISH ? b.sessions.ready(1) : a.sessions.ready(2) || b.sessions.ready(1),
        false,
        `${type}: byte ${at}`,
      );
      deepEqual(b.received, []);
    }
  }
  deepEqual(
    [...lengths],
    [
      [HELLO, 42],
      [ANSWER, 170],
      [FINISH, 106],
    ],
  );
});

test('refuses a handshake cut short or followed by more', () => {
  for (const type of [HELLO, ANSWER, FINISH]) {
    for (const change of [
      (bytes: Uint8Array) => bytes.subarray(0, -1),
      (bytes: Uint8Array) => Buffer.concat([bytes, Uint8Array.of(0)]),
    ]) {
      const w = wire(five);
      w.station(1).sessions.send(2, message(1));
      const b = w.station(2);

      w.run((flight) => (flight.bytes[0] === type ? { ...flight, bytes: change(flight.bytes) } : flight));

      equal(b.sessions.ready(1), false);
    }
  }
});

test('refuses a frame with any byte altered, then takes the true one', () => {
  const { w, a, b } = connected(five);
  a.sessions.send(2, message(1, { body: randomBytes('body', 40) }));
  const [frame] = w.inFlight.splice(0) as [Flight];

  for (let at = 0; at < frame.bytes.length; at++)
    w.deliver({ ...frame, bytes: altered(frame.bytes, at, 1 << (at % 8)) });
  for (let length = 0; length < frame.bytes.length; length++) {
    w.deliver({ ...frame, bytes: frame.bytes.subarray(0, length) });
  }
  w.deliver({ ...frame, bytes: Buffer.concat([frame.bytes, Uint8Array.of(0)]) });
  deepEqual(b.received, []);
  w.deliver(frame);

  deepEqual(rounds(b), [1]);
  deepEqual(b.resets, []);
});

test('row 22: bytes under another sender’s name are dropped and counted', () => {
  const w = wire(five);
  const [a, b, c] = [w.station(1), w.station(2), w.station(3)];
  for (const station of [a, c]) station.sessions.send(2, message(0));
  w.run();
  a.sessions.send(2, message(9));
  const [frame] = w.inFlight.splice(0) as [Flight];
  const before = b.received.length;

  for (const from of [3, 4, 5, 2, 0, 6, -1, 1.5, Number.NaN]) b.sessions.onBytes(from, frame.bytes);

  equal(b.received.length, before);
  equal(b.sessions.counters().E_FRAME_SESSION, 3);
  equal(b.sessions.counters().E_FRAME_SOURCE, 6);
});

test('row 22: a handshake under another sender’s name ends nowhere', () => {
  const w = wire(five);
  const [a, b, c] = [w.station(1), w.station(2), w.station(3)];
  a.sessions.send(2, message(1));

  // The relay shows signer 2 everything of signer 1 as signer 3’s and the other way round.
  w.run((flight) => {
    if (flight.to === 2) return { ...flight, from: flight.from === 1 ? 3 : 1 };
    return flight.from === 2 ? { ...flight, to: flight.to === 1 ? 3 : 1 } : flight;
  });

  deepEqual(
    [a.sessions.ready(2), b.sessions.ready(1), b.sessions.ready(3), c.sessions.ready(2)],
    [false, false, false, false],
  );
  deepEqual(b.received, []);
});

test('row 22: a message for another receiver is refused whole', () => {
  const forThree = Buffer.alloc(1 + 2 * messageBytes(message(1)));
  const at = writeMessage(forThree, 1, message(1), 2);
  writeMessage(forThree, at, message(1, { to: 3 }), 3);

  throws(() => readMessages(forThree, 2), { code: 'E_FRAME_TO' });
  equal(readMessages(forThree, 3).length, 2);
});

test('row 23: a repeated frame is opened once', () => {
  const { w, a, b } = connected(five);

  a.sessions.send(2, message(1));
  a.sessions.send(2, message(2));
  w.run((flight) => [flight, flight]);
  for (const flight of w.sent) w.deliver(flight);

  deepEqual(rounds(b), [1, 2]);
  equal(b.sessions.counters().E_FRAME_REPLAY, 4);
  deepEqual(b.resets, []);
});

test('row 23: a lost frame ends the session, nothing after it is taken, and a new session follows', () => {
  const { w, a, b } = connected(five);
  for (const n of [1, 2, 3]) a.sessions.send(2, message(n));

  const second = w.inFlight[1];
  w.run((flight) => (flight === second ? undefined : flight));
  w.env.advance(0);
  w.run();

  deepEqual(rounds(b), [1]);
  deepEqual(b.resets, [{ from: 1, reason: 'gap' }]);
  deepEqual(a.resets, [{ from: 2, reason: 'restarted' }]);
  a.sessions.send(2, message(4));
  w.run();
  deepEqual(rounds(b), [1, 4]);
});

test('row 23: frames out of order end the session and none is taken late', () => {
  const { w, a, b } = connected(five);
  for (const n of [1, 2]) a.sessions.send(2, message(n));
  const [first, second] = w.inFlight.splice(0) as [Flight, Flight];

  w.deliver(second);
  w.deliver(first);

  deepEqual(b.received, []);
  deepEqual(b.resets, [{ from: 1, reason: 'gap' }]);
  equal(b.sessions.ready(1), false);
});

test('row 23: any schedule of losing, doubling, swapping and altering gives a prefix per session, never a crash', (t) => {
  t.diagnostic(`seed ${seed}`);
  for (let trial = 0; trial < 20; trial++) {
    const dice = randomBytes(`schedule:${trial}`, 4096);
    let cast = 0;
    const roll = () => dice[cast++ % dice.length] as number;
    const { w, a, b } = connected(five, { name: `schedule ${trial}` });
    let n = 0;
    for (let step = 0; step < 40; step++) {
      a.sessions.send(2, message(++n));
      let held: Flight | undefined;
      w.run((flight) => {
        const what = roll() % 16;
        if (what === 0) return undefined;
        if (what === 1) return [flight, flight];
        if (what === 2)
          return { ...flight, bytes: altered(flight.bytes, roll() % flight.bytes.length, 1 << (roll() % 8)) };
        if (what === 3 && !held) {
          held = flight;
          return undefined;
        }
        const late = held;
        held = undefined;
        return late ? [flight, late] : flight;
      });
      w.env.advance(roll() * 20);
    }
    w.run();

    const order = rounds(b);
    ok(
      order.every((round, k) => k === 0 || (order[k - 1] as number) < round),
      `trial ${trial}: ${order}`,
    );
    // Whatever was lost was noticed.
    if (order.length < n) ok(b.resets.length > 0 || !b.sessions.ready(1) || a.resets.length > 0, `trial ${trial}`);
  }
});

test('refuses its own handshake and frames when they come back', () => {
  const w = wire(five);
  const [a, b] = [w.station(1), w.station(2)];
  const mirror = (flight: Flight) => [flight, { from: flight.to, to: flight.from, bytes: flight.bytes }];

  for (const station of [b, a]) {
    station.sessions.send(3 - station.index, message(station.index));
    w.run(mirror);
  }

  deepEqual([rounds(a), rounds(b)], [[2], [1]]);
  ok((a.sessions.counters().E_FRAME_TAG ?? 0) + (a.sessions.counters().E_FRAME_REPLAY ?? 0) > 0);
});

test('answers its own hello with silence', () => {
  const w = wire(five);
  const b = w.station(2);
  b.sessions.send(1, message(1));
  const [hello] = w.inFlight.splice(0) as [Flight];

  w.deliver({ from: 1, to: 2, bytes: hello.bytes });

  equal(w.inFlight.length, 0);
  equal(b.sessions.counters().E_HANDSHAKE_STATE, 1);
});

test('refuses contents of another form from a peer that has the keys', () => {
  const w = wire(five);
  const b = w.station(2);
  const [one, two] = five.roster.signers;
  const identity = five.identities[0];
  if (!one || !two || !identity) throw new Error('five signers');
  const ends = {
    roster: five.roster,
    self: one,
    peer: two,
    sign: identity.sign,
    transport: privateKeyObject('x25519', identity.transport.privateKey),
    peerTransport: publicKeyObject('x25519', two.transportKey),
  };
  const opening = openHandshake(ends, { ephemeral: randomBytes('rogue', 32), previous: NO_SESSION });
  b.sessions.onBytes(1, opening.hello);
  const [answer] = w.inFlight.splice(0) as [Flight];
  const { established, finish } = opening.accept(Buffer.from(answer.bytes));
  b.sessions.onBytes(1, finish);
  const good = Buffer.alloc(1 + messageBytes(message(1)));
  writeMessage(good, 1, message(1), 2);
  const forThree = Buffer.alloc(1 + messageBytes(message(1)));
  writeMessage(forThree, 1, message(1, { to: 3 }), 3);
  const otherKind = Buffer.from(good);
  otherKind[0] = 2;

  for (const bad of [
    otherKind,
    forThree,
    Uint8Array.of(0),
    Uint8Array.of(1, 0),
    Buffer.concat([Uint8Array.of(1), good.subarray(1)]),
  ]) {
    b.sessions.onBytes(1, established.sealer.seal(bad));
  }
  deepEqual(b.received, []);
  equal(b.sessions.counters().E_FRAME_MESSAGE, 4);
  equal(b.sessions.counters().E_FRAME_TO, 1);
  b.sessions.onBytes(1, established.sealer.seal(good));

  deepEqual(rounds(b), [1]);
});

test('is made for the identity and the transport key that the roster names at an index, only', () => {
  const [one, two] = five.identities;
  if (!one || !two) throw new Error('five signers');
  const make = (self: number, identity: Identity) => () =>
    createPeerSessions({ self, roster: five.roster, identity, env: world(), send: () => true });

  throws(make(2, one), { code: 'E_ROSTER' });
  throws(make(6, one), { code: 'E_ROSTER' });
  throws(make(1, { ...one, transport: two.transport }), { code: 'E_ROSTER' });
  throws(() => make(1, one)().reset(1), { code: 'E_FRAME_SOURCE' });
});

test('refuses a peer whose identity is not the roster’s', () => {
  const intruder = identityFromSeeds({
    identitySeed: randomBytes('intruder', 32),
    transportSeed: randomBytes('intruder t', 32),
  });
  const others = five.roster.signers.filter(({ index }) => index !== 2);
  // Its own roster, with itself in the place of signer 2, whatever index that gives.
  const roster = createRoster({ epoch: 0, relay: five.roster.relay, signers: [...others, rosterEntry(intruder)] });
  const place = roster.signers.findIndex((signer) => Buffer.compare(signer.identityKey, intruder.publicKey) === 0) + 1;
  for (const opens of ['victim', 'intruder']) {
    const w = wire(five, { replace: { [place]: { identity: intruder, roster } } });
    const victim = place === 1 ? 2 : 1;
    const [a, b] = [w.station(victim), w.station(place)];

    if (opens === 'victim') a.sessions.send(place, message(1));
    else b.sessions.send(victim, message(1));
    w.run();

    equal(a.sessions.ready(place), false);
    deepEqual([a.received, b.received], [[], []]);
    ok((a.sessions.counters().E_HANDSHAKE_SIGNATURE ?? 0) + (b.sessions.counters().E_HANDSHAKE_SIGNATURE ?? 0) > 0);
  }
});

test('refuses a peer of another epoch of the same signers', () => {
  const later = cluster(undefined, undefined, 1);
  const w = wire(five, { replace: { 2: { roster: later.roster } } });

  w.station(1).sessions.send(2, message(1));
  w.station(2);
  w.run();

  equal(w.station(1).sessions.ready(2), false);
  equal(w.station(1).sessions.counters().E_HANDSHAKE_SIGNATURE, 1);
});

test('a stolen identity key is not enough without the transport key', () => {
  const [, two] = five.identities;
  if (!two) throw new Error('no signer 2');
  const other = identityFromSeeds({ identitySeed: randomBytes('x', 32), transportSeed: randomBytes('thief', 32) });
  const transport = { publicKey: two.transport.publicKey, privateKey: other.transport.privateKey };
  const thief = { publicKey: two.publicKey, sign: two.sign, transport };
  const w = wire(five, { replace: { 2: { identity: thief } } });

  w.station(2);
  w.station(1).sessions.send(2, message(1));
  w.run();

  equal(w.station(1).sessions.ready(2), false);
  equal(w.station(1).sessions.counters().E_HANDSHAKE_MAC, 1);
});

test('refuses ephemeral keys of small order', () => {
  const w = wire(five);
  const b = w.station(2);
  for (const point of ['00', '01']) {
    const hello = Buffer.alloc(42);
    hello[0] = HELLO;
    hello[1] = 1;
    hello.set(Buffer.from(point, 'hex'), 2);
    b.sessions.onBytes(1, hello);
  }

  equal(b.sessions.counters().E_HANDSHAKE_KEY, 2);
  equal(w.sent.length, 0);
});

test('answers a bounded number of hellos', () => {
  const w = wire(five, { limits: { handshakeBurst: 4, handshakePerSecond: 2 } });
  const b = w.station(2);
  const hello = (n: number) =>
    Buffer.concat([Uint8Array.of(HELLO, 1), randomBytes(`hello ${n}`, 32), new Uint8Array(8)]);

  for (let n = 0; n < 10; n++) b.sessions.onBytes(1, hello(n));
  equal(w.sent.length, 4);
  w.env.advance(1000);
  for (let n = 10; n < 20; n++) b.sessions.onBytes(1, hello(n));

  equal(w.sent.length, 6);
  equal(b.sessions.counters().E_HANDSHAKE_RATE, 14);
});

test('makes new keys every hour without losing or reporting anything', () => {
  const { w, a, b } = connected(five);
  const sessionId = () => {
    a.sessions.send(2, message(200));
    const bytes = w.sent.at(-1)?.bytes ?? new Uint8Array();
    w.run();
    return Buffer.from(bytes.subarray(1, 9)).toString('hex');
  };
  const before = sessionId();

  w.env.advance(3_600_000);
  // Both go on talking while the handshake is under way.
  a.sessions.send(2, message(1));
  b.sessions.send(1, message(2));
  w.run((flight) => {
    if (flight.bytes[0] === ANSWER) b.sessions.send(1, message(3));
    if (flight.bytes[0] === FINISH) a.sessions.send(2, message(4));
    return flight;
  });
  const after = sessionId();

  ok(before !== after);
  deepEqual(
    [rounds(a), rounds(b)],
    [
      [2, 3],
      [200, 1, 4, 200],
    ],
  );
  deepEqual([a.resets, b.resets, a.readies, b.readies], [[], [], [], []]);
  w.env.advance(60_000);
  deepEqual([a.resets, b.resets], [[], []]);
});

test('makes new keys after a number of frames', () => {
  const { w, a, b } = connected(five, { limits: { rekeyFrames: 10 } });

  for (let n = 1; n <= 25; n++) {
    a.sessions.send(2, message(n));
    w.run();
  }

  equal(rounds(b).length, 25);
  equal(a.sessions.counters().established, 3);
  deepEqual(a.resets, []);
});

test('a session that could not be renewed is erased, by time and by count', () => {
  const withoutHandshake = (flight: Flight) => (flight.bytes[0] === FRAME ? flight : undefined);
  const { w, a, b } = connected(five);
  for (let k = 0; k < 8; k++) {
    w.env.advance(900_000);
    w.run(withoutHandshake);
  }
  deepEqual([a.resets, b.resets], [[{ from: 2, reason: 'expired' }], [{ from: 1, reason: 'expired' }]]);

  const few = connected(five, { limits: { rekeyFrames: 4 } });
  for (let n = 1; n <= 9; n++) {
    few.a.sessions.send(2, message(n));
    few.w.run(withoutHandshake);
  }
  equal(few.b.received.length, 8);
  deepEqual(few.a.resets, [{ from: 2, reason: 'expired' }]);
});

test('notices that the tail of a session was cut off at a rekey', () => {
  for (const loses of [1, 2]) {
    const { w, a, b } = connected(five);
    const old = (() => {
      a.sessions.send(2, message(1));
      w.run();
      return Buffer.from(w.sent[0]?.bytes.subarray(1, 9) ?? []).toString('hex');
    })();

    w.env.advance(3_600_000);
    w.run((flight) => {
      const isOldFrame = flight.bytes[0] === FRAME && Buffer.from(flight.bytes.subarray(1, 9)).toString('hex') === old;
      return isOldFrame && flight.from === loses ? undefined : flight;
    });
    a.sessions.send(2, message(2));
    b.sessions.send(1, message(3));
    w.run();
    w.env.advance(60_000);

    const victim = loses === 1 ? b : a;
    deepEqual(victim.resets, [{ from: loses, reason: 'truncated' }]);
    deepEqual([rounds(a), rounds(b)], [[3], [1, 2]]);
  }
});

test('a lost hello, answer or finish is made good', () => {
  for (const type of [HELLO, ANSWER, FINISH]) {
    const w = wire(five);
    const [a, b] = [w.station(1), w.station(2)];
    let lost = false;
    a.sessions.send(2, message(1));
    w.run((flight) => {
      if (lost || flight.bytes[0] !== type) return flight;
      lost = true;
      return undefined;
    });
    for (let k = 0; k < 10; k++) {
      w.env.advance(1000);
      w.run();
    }

    a.sessions.send(2, message(2));
    w.run();
    equal(rounds(b).at(-1), 2, `type ${type}`);
    deepEqual([a.sessions.ready(2), b.sessions.ready(1)], [true, true]);
  }
});

test('agrees anew with a peer that restarted, and says so', () => {
  const { w, a } = connected(five);
  const b = w.restart(2);

  a.sessions.send(2, message(1));
  w.run();
  w.env.advance(0);
  w.run();
  a.sessions.send(2, message(2));
  b.sessions.send(1, message(3));
  w.run();

  deepEqual(a.resets, [{ from: 2, reason: 'restarted' }]);
  deepEqual([rounds(a), rounds(b)], [[3], [2]]);
  deepEqual([a.readies, b.readies], [[2], [1]]);
});

test('follows presence: opens to those that come, erases sessions of those that leave', () => {
  const w = wire(five);
  const [a, b] = [w.station(1), w.station(2)];
  a.sessions.setOnline([2]);
  b.sessions.setOnline([1]);
  w.env.advance(0);
  w.run();
  equal(a.sessions.ready(2) && b.sessions.ready(1), true);
  equal(a.sessions.counters().established, 1);

  a.sessions.setOnline([]);
  b.sessions.setOnline([]);
  equal(a.sessions.send(2, message(1)), false);
  deepEqual([a.resets, b.resets], [[{ from: 2, reason: 'offline' }], [{ from: 1, reason: 'offline' }]]);
  equal(a.sessions.ready(2), false);
  w.env.advance(60_000);
  equal(w.inFlight.length, 0);

  a.sessions.setOnline([2, 3, 4, 5]);
  b.sessions.setOnline([1]);
  w.env.advance(0);
  w.run();
  a.sessions.send(2, message(2));
  w.run();
  deepEqual(rounds(b), [2]);
});

test('ends a session when the relay takes no more bytes, because a frame is missing from then on', () => {
  const { w, a, b } = connected(five);

  w.open = false;
  equal(a.sessions.send(2, message(1)), false);
  w.open = true;
  deepEqual(a.resets, [{ from: 2, reason: 'unsent' }]);
  w.env.advance(2000);
  w.run();
  a.sessions.send(2, message(2));
  w.run();

  deepEqual(rounds(b), [2]);
});

test('a listener that sends, throws or resets does not break the session', () => {
  const { w, a, b } = connected(five);
  b.sessions.onMessage((from, { round }) => {
    if (round < 5) b.sessions.send(from, message(round));
    throw new Error('fault of a subscriber');
  });
  a.sessions.onMessage((from, { round }) => a.sessions.send(from, message(round + 1)));

  a.sessions.send(2, message(1));
  w.run();

  deepEqual(rounds(b), [1, 2, 3, 4, 5]);
  ok(w.env.lines.some(({ event }) => event === 'cluster.listener-failed'));
});

test('10 000 random buffers, plain or dressed as frames, change nothing', (t) => {
  t.diagnostic(`seed ${seed}`);
  const { w, a, b } = connected(five);
  a.sessions.send(2, message(0));
  const id = w.sent[0]?.bytes.subarray(1, 9) ?? new Uint8Array();
  w.run();
  const pool = randomBytes('garbage', 1 << 16);
  for (let k = 0; k < 10_000; k++) {
    const at = (k * 2654435761) % 60_000;
    const bytes = Uint8Array.from(pool.subarray(at, at + (k % 300)));
    if (bytes.length > 0 && k % 3 === 1) bytes[0] = [HELLO, ANSWER, FINISH, FRAME][k % 4] as number;
    if (bytes.length > 9 && k % 6 === 1) bytes.set(id, 1);
    b.sessions.onBytes(1, bytes);
  }
  for (const bytes of [new Uint8Array(0), new Uint8Array(500), new Uint8Array(500).fill(255)])
    b.sessions.onBytes(1, bytes);

  w.inFlight.length = 0;
  a.sessions.send(2, message(1));
  w.run();
  deepEqual(rounds(b), [0, 1]);
  deepEqual(b.resets, []);
});

test('drops frames of unknown type without a thought', () => {
  const { w, b } = connected(five);

  for (let type = 0; type < 256; type++) {
    if (![HELLO, ANSWER, FINISH, FRAME].includes(type)) b.sessions.onBytes(1, Uint8Array.of(type, 0));
  }

  equal(b.sessions.counters().E_FRAME_FORMAT, 252);
  equal(b.sessions.counters().E_HANDSHAKE_RATE, undefined);
  equal(w.inFlight.length, 0);
});

test('reads a list of messages in one form only', (t) => {
  t.diagnostic(`seed ${seed}`);
  for (let trial = 0; trial < 200; trial++) {
    const [count = 1, ...sizes] = randomBytes(`codec ${trial}`, 8);
    const messages = Array.from({ length: 1 + (count % 5) }, (_, n) => {
      const sig = (sizes[n] ?? 0) & 1 ? { sig: randomBytes(`sig ${n}`, 64) } : {};
      return message(n, {
        kind: (['bcast', 'p2p', 'echo', 'ack'] as const)[n % 4] ?? 'ack',
        to: n % 2 ? 0 : 2,
        body: randomBytes(`b ${n}`, sizes[n] ?? 0),
        ...sig,
      });
    });
    const plain = Buffer.alloc(1 + messages.reduce((sum, each) => sum + messageBytes(each), 0));
    let at = 1;
    for (const each of messages) at = writeMessage(plain, at, each, 2);

    deepEqual(readMessages(plain, 2), messages);
    throws(() => readMessages(plain.subarray(0, -1), 2), { code: 'E_FRAME_MESSAGE' });
    throws(() => readMessages(Buffer.concat([plain, Uint8Array.of(0)]), 2), { code: 'E_FRAME_MESSAGE' });
  }
  const one = Buffer.alloc(1 + messageBytes(message(1)));
  writeMessage(one, 1, message(1), 2);
  for (const [at, value] of [
    [34, 4],
    [36, 2],
    [37, 255],
  ] as const) {
    const bad = Buffer.from(one);
    bad[at] = value;
    throws(() => readMessages(bad, 2), { code: 'E_FRAME_MESSAGE' });
  }
  throws(() => readMessages(one.subarray(0, 1), 2), { code: 'E_FRAME_MESSAGE' });
  const tooMany = Buffer.concat([Uint8Array.of(0), ...Array.from({ length: MESSAGES_MAX + 1 }, () => one.subarray(1))]);
  throws(() => readMessages(tooMany, 2), { code: 'E_FRAME_MESSAGE' });
});

test('closing stops every timer and takes nothing more', () => {
  const w = wire(five);
  const a = w.station(1);
  const b = w.station(2);
  a.sessions.setOnline([2, 3]);
  w.env.advance(0);
  w.run();

  a.sessions.close();
  b.sessions.close();

  equal(w.env.timers(), 0);
  equal(a.sessions.send(2, message(1)), false);
  a.sessions.onBytes(2, w.sent[0]?.bytes ?? new Uint8Array());
  equal(w.inFlight.length, 0);
});

test('the keys of an identity do not show when it is printed or serialised', () => {
  const secret = randomBytes('transport secret', 32);
  const identity = identityFromSeeds({ identitySeed: randomBytes('identity secret', 32), transportSeed: secret });

  equal(JSON.stringify(identity).includes('privateKey'), false);
  deepEqual(identity.transport.privateKey, secret);
});
