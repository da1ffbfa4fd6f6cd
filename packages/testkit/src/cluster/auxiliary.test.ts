/**
 * When signers make an auxiliary set-up, and what becomes of it. The proofs have their own tests; here the jobs are
 * answered by a stand-in, so that hundreds of rounds cost nothing. Primes and messages have full size.
 */
import { deepEqual, equal, notEqual, ok } from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fromBytes } from '@holdfast/crypto/bigmod';
import { enc, i, sha256 } from '@holdfast/crypto/transcript';
import type { Job } from '@holdfast/mpc/runtime';
import type { AuxiliaryStatus, AuxiliaryWork } from '@holdfast/signer/auxiliary';
import { answerOf } from '../simulation/fake-auxiliary.ts';
import { createTestApi, everybody, startTestCluster, type TestCluster, testAuxPrimes } from './index.ts';

const seed = process.env['HOLDFAST_TEST_SEED'] ?? 'auxiliary 1';
console.log(`seed: ${seed}`);

const quietMs = 60_000;
const minute = 60_000;

interface Play {
  readonly seed?: string;
  /** Answers a job in place of the stand-in's answer. */
  readonly job?: (index: number, job: Job) => unknown;
}

interface Played {
  readonly cluster: TestCluster;
  /** Primes handed out so far, by signer. */
  readonly made: number[];
}

async function play({ seed: own = seed, job }: Play = {}): Promise<Played> {
  const made = [0, 0, 0, 0, 0, 0];
  const auxiliary = (index: number): AuxiliaryWork & { close(): void } => ({
    quietMs,
    async prime() {
      const { p, q, pHat, qHat } = testAuxPrimes(index);
      const at = made[index] as number;
      made[index] = at + 1;
      const prime = [p, q, pHat, qHat][at % 4] as Uint8Array;
      // A second set must be another one: 3 mod 4 and the length are all that is looked at here.
      prime[100] = (prime[100] as number) ^ Math.floor(at / 4);
      return prime;
    },
    proofs: () => ({ run: async (each) => (job === undefined ? answerOf(each) : job(index, each)), close() {} }),
    close() {},
  });
  return { cluster: await startTestCluster(own, { auxiliary }), made };
}

const statuses = (cluster: TestCluster): (AuxiliaryStatus | undefined)[] =>
  cluster.signers.map(({ process }) => process?.signer.auxiliary.status());
const states = (cluster: TestCluster): (string | undefined)[] => statuses(cluster).map((status) => status?.state);
const epochs = (cluster: TestCluster): (string | undefined)[] => statuses(cluster).map((status) => status?.epoch);
const all = <T>(value: T): T[] => Array<T>(5).fill(value);

/** One epoch, held by all. */
function settled(cluster: TestCluster): string {
  deepEqual(states(cluster), all('ready'));
  const [epoch] = epochs(cluster);
  deepEqual(epochs(cluster), all(epoch));
  return epoch as string;
}

test('five signers that are left alone make primes, then one set-up that all of them hold', async () => {
  const { cluster, made } = await play();
  deepEqual(states(cluster), all('waiting'));

  await cluster.clock.advance(quietMs - 1000);
  deepEqual(made, [0, 0, 0, 0, 0, 0], 'nothing before a quiet minute');
  await cluster.clock.advance(2 * minute);

  const epoch = settled(cluster);
  deepEqual(made, [0, 4, 4, 4, 4, 4]);
  for (const { index, process } of cluster.signers) {
    const info = process?.signer.auxiliary.info();
    equal(Buffer.from(info?.epoch ?? []).toString('hex'), epoch);
    const own = Object.values(info?.own ?? {});
    deepEqual(own.sort(), Object.values(testAuxPrimes(index)).map(fromBytes).sort());
    const mine = info?.parties.get(Buffer.from(cluster.roster.signers[index - 1]?.signerId ?? []).toString('hex'));
    equal(mine?.N, (info?.own.p as bigint) * (info?.own.q as bigint));
    equal(info?.parties.size, 5);
    equal(process?.store.auxiliary.primeCount(), 0);
    ok(process?.signer.auxiliary.info(sha256(new Uint8Array())) === undefined, 'no set-up of another epoch');
  }
  cluster.stop();
});

test('a signer says in its status what it is doing', async () => {
  const { cluster } = await play();
  const asked = async (): Promise<unknown> => {
    const reply = await cluster.send(3, { v: 1, id: 's', kind: 'Status' });
    return reply?.ok === true && reply.result.t === 'status' ? reply.result.status.aux : undefined;
  };

  deepEqual(await asked(), { state: 'waiting' });
  await cluster.clock.advance(5 * minute);
  deepEqual(await asked(), { state: 'ready', epoch: settled(cluster) });
  cluster.stop();
});

test('a cluster without the means makes no set-up and says so', async () => {
  const cluster = await startTestCluster(seed);

  await cluster.clock.advance(30 * minute);

  deepEqual(statuses(cluster), all({ state: 'none' }));
  equal(cluster.signers[0]?.process?.signer.auxiliary.info(), undefined);
  cluster.stop();
});

test('primes and set-ups are sealed: none of their bytes is in the files of the store', async () => {
  const { cluster } = await play({ seed: `${seed} sealed` });
  const filesOf = (index: number): Buffer =>
    Buffer.concat(
      ['store.sqlite', 'store.sqlite-wal'].map((name) =>
        readFileSync(join(cluster.signers[index - 1]?.dir ?? '', name)),
      ),
    );
  const secrets = Object.values(testAuxPrimes(2)).map((prime) => Buffer.from(prime.subarray(20, 60)));

  // Primes are in the store, the run has not begun: signer 5 is not there.
  cluster.kill(5);
  await cluster.start(5);
  await cluster.clock.advance(61_000);
  equal((cluster.signers[1]?.process?.store.auxiliary.primeCount() ?? 0) > 0 || states(cluster)[1] === 'ready', true);
  for (const secret of secrets) equal(filesOf(2).includes(secret), false);
  await cluster.clock.advance(5 * minute);
  settled(cluster);

  for (const secret of secrets) equal(filesOf(2).includes(secret), false);
  const modulus = cluster.signers[1]?.process?.signer.auxiliary.info();
  ok(modulus !== undefined);
  cluster.stop();
});

test('nothing begins while people ask for something, unless they never stop', async () => {
  const { cluster, made } = await play({ seed: `${seed} busy` });
  const api = createTestApi(cluster);
  const org = await api.found('Acme');
  const busyFor = async (minutes: number): Promise<void> => {
    for (let k = 0; k < minutes; k += 1) {
      await cluster.clock.advance(minute / 2);
      const body = { name: `key ${k}`, scheme: 'ECDSA', curve: 'secp256k1' };
      const act = { org, user: org.admin, method: 'POST', path: '/keys', participants: everybody } as const;
      await api.act({ ...act, body });
      await cluster.clock.advance(minute / 2);
      await api.act({ ...act, body: { ...body, name: `another ${k}` } });
    }
  };

  await busyFor(9);
  deepEqual(made, [0, 0, 0, 0, 0, 0]);
  await busyFor(5);

  settled(cluster);
  cluster.stop();
});

test('with one signer away nothing begins; when it comes, the set-up does', async () => {
  const { cluster, made } = await play({ seed: `${seed} away` });
  cluster.kill(4);
  await cluster.clock.advance(30 * minute);
  deepEqual(
    epochs(cluster).filter((epoch) => epoch !== undefined),
    [],
  );

  await cluster.start(4);
  await cluster.clock.advance(10 * minute);

  settled(cluster);
  deepEqual(made.slice(1), all(4));
  cluster.stop();
});

test('a set-up outlives restarts of all signers, and no new one is made', async () => {
  const { cluster, made } = await play({ seed: `${seed} restart` });
  await cluster.clock.advance(5 * minute);
  const epoch = settled(cluster);

  for (const { index } of cluster.signers) cluster.kill(index);
  for (const { index } of cluster.signers) await cluster.start(index);
  await cluster.clock.advance(5 * minute);

  equal(settled(cluster), epoch);
  deepEqual(made.slice(1), all(4));
  cluster.stop();
});

test('a signer that lost its set-up brings about a new one; the others still open the old', async () => {
  const { cluster } = await play({ seed: `${seed} lost` });
  const backup = cluster.backup(3);
  await cluster.clock.advance(5 * minute);
  const old = settled(cluster);

  await cluster.restore(3, backup);
  await cluster.clock.advance(10 * minute);

  const renewed = settled(cluster);
  notEqual(renewed, old);
  const others = cluster.signers.filter(({ index }) => index !== 3);
  for (const { process } of others) ok(process?.signer.auxiliary.info(Buffer.from(old, 'hex')) !== undefined);
  equal(cluster.signers[2]?.process?.signer.auxiliary.info(Buffer.from(old, 'hex')), undefined);
  cluster.stop();
});

test('after an hour the primes of the next set-up are made ahead', async () => {
  const { cluster, made } = await play({ seed: `${seed} ahead` });
  await cluster.clock.advance(5 * minute);
  settled(cluster);

  await cluster.clock.advance(65 * minute);

  deepEqual(made.slice(1), all(8));
  deepEqual(
    cluster.signers.map(({ process }) => process?.store.auxiliary.primeCount()),
    all(4),
  );
  cluster.stop();
});

test('killed at any point of a set-up, a signer starts it anew, with primes that were never opened', async () => {
  const { cluster: reference } = await play({ seed: `${seed} points` });
  const before = reference.signers[1]?.points.length ?? 0;
  await reference.clock.advance(5 * minute);
  settled(reference);
  const points = [...new Set(reference.signers[1]?.points.slice(before))].filter((point) => !point.includes('session'));
  reference.stop();
  // Every write and every message of a set-up; the list shrinks only when the set-up does.
  for (const wanted of ['auxiliary-prime', 'auxiliary', 'auxiliary-opening', 'auxiliary-keep'])
    for (const side of ['before', 'after']) ok(points.includes(`store:${wanted}:${side}-flush`), wanted);
  for (const wanted of ['bcast1', 'echo1', 'bcast2', 'bcast3', 'p2p3', 'ack4'])
    ok(points.includes(`run:send:${wanted}`));

  for (const point of points) {
    const opened: string[] = [];
    const { cluster } = await play({
      seed: `${seed} ${point}`,
      job: (index, job) => {
        if (index === 2 && job.name === 'aux/prove')
          opened.push(Buffer.from((job.input as { p: Uint8Array }).p).toString('hex'));
        return answerOf(job);
      },
    });
    cluster.signers[1]?.crashAt(point);
    for (let k = 0; k < 8 && cluster.signers[1]?.process !== undefined; k += 1) await cluster.clock.advance(minute);
    equal(cluster.signers[1]?.process, undefined, `${point} was not reached`);
    await cluster.start(2);
    await cluster.clock.advance(40 * minute);

    settled(cluster);
    equal(new Set(opened).size, opened.length, `${point}: a prime served two runs`);
    cluster.stop();
  }
});

test('a run that fails is tried again later, and later still, with new primes', async () => {
  let bad = 3;
  const { cluster, made } = await play({
    seed: `${seed} retry`,
    job: (index, job) => {
      if (index === 1 && job.name === 'aux/check-mod' && bad > 0) {
        bad -= 1;
        return 'E_AUX_MOD';
      }
      return answerOf(job);
    },
  });

  await cluster.clock.advance(3 * 60 * minute);

  settled(cluster);
  ok((made[1] as number) >= 8, `${made[1]} primes`);
  const failures = cluster.signers[0]?.logs.filter(({ event }) => event === 'auxiliary.failed') ?? [];
  ok(failures.length >= 1);
  equal(failures[0]?.facts['code'], 'E_AUX_MOD');
  cluster.stop();
});

test('a signer whose last acknowledgement is lost holds another epoch than the others, and a new set-up heals it', async () => {
  const { cluster } = await play({ seed: `${seed} ack` });
  let lost = 1;
  cluster.net.tap(({ from, to, message }) => {
    if (from !== 2 || to !== 4 || message.kind !== 'ack' || lost === 0) return [message];
    lost -= 1;
    return [];
  });

  await cluster.clock.advance(3 * 60 * minute);

  equal(lost, 0);
  settled(cluster);
  cluster.stop();
});

test('proposals of anybody but signer 1, and states that are none, change nothing', async () => {
  const { cluster } = await play({ seed: `${seed} hostile` });
  const channel = sha256(new TextEncoder().encode('holdfast/auxiliary-proposal/v1'));
  let sent = 0;
  cluster.net.tap(({ from, message }) => {
    // Signer 3 says everything it can say, with every message it sends about sessions or set-ups.
    const noise = [0, 1, 2, 3].flatMap((round) =>
      [new Uint8Array(32), new Uint8Array(), enc('holdfast/auxiliary-state/v1', i.absent, i.uint(2))].map((body) => ({
        ...message,
        execId: channel,
        round,
        kind: 'p2p' as const,
        to: 0,
        body,
      })),
    );
    if (from !== 3 || sent > 500) return [message];
    sent += noise.length;
    return [message, ...noise];
  });

  await cluster.clock.advance(10 * minute);

  ok(sent > 0);
  settled(cluster);
  equal(cluster.signers[1]?.logs.filter(({ event }) => event === 'auxiliary.started').length, 1);
  cluster.stop();
});

test('a proposer that proposes without end starts at most twelve runs an hour at an honest signer', async () => {
  const { cluster } = await play({ seed: `${seed} flood` });
  await cluster.clock.advance(5 * minute);
  settled(cluster);
  const started = (): number =>
    cluster.signers[1]?.logs.filter(({ event }) => event === 'auxiliary.started').length ?? 0;
  const before = started();
  const channel = sha256(new TextEncoder().encode('holdfast/auxiliary-proposal/v1'));
  let nonce = 0;
  cluster.net.tap(({ from, to, message }) =>
    from !== 1 || to !== 2
      ? [message]
      : [
          message,
          ...[1, 2].map((round) => {
            nonce += 1;
            const body = round === 2 ? sha256(Uint8Array.of(nonce >> 8, nonce & 255)) : new Uint8Array();
            return { execId: channel, round, kind: 'p2p' as const, to: 2, body };
          }),
        ],
  );

  await cluster.clock.advance(70 * minute);

  ok(started() - before <= 13, `${started() - before} runs`);
  cluster.stop();
});

test('proofs that take longer than a reminder end in one set-up, and nothing more is wanted', async () => {
  let slow: TestCluster | undefined;
  const { cluster, made } = await play({
    seed: `${seed} slow`,
    job: async (_index, job) => {
      await new Promise<void>((resolve) => slow?.clock.setTimer(job.name === 'aux/commit' ? 150_000 : 20_000, resolve));
      return answerOf(job);
    },
  });
  slow = cluster;

  await cluster.clock.advance(30 * minute);

  settled(cluster);
  deepEqual(made.slice(1), all(4));
  cluster.stop();
});

test('primes that no longer open are thrown away and made anew', async () => {
  const { cluster, made } = await play({ seed: `${seed} damaged` });
  const store = cluster.signers[4]?.process?.store;
  store?.transaction('test', () => {
    // Sealed for another signer: as good as damaged.
    for (let k = 0; k < 4; k += 1) store.auxiliary.putPrime(new Uint8Array(10), 1);
  });

  await cluster.clock.advance(3 * 60 * minute);

  settled(cluster);
  ok((made[5] as number) >= 4);
  cluster.stop();
});
