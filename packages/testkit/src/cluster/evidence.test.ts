/** A signer that tells two stories is convicted by a file that anybody can judge, and by nothing else. */
import { deepEqual, equal, ok, throws } from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { readFigures, signerFigures } from '@holdfast/cluster/commands';
import { createRoster, type Identity, identityFromSeeds, type Roster, rosterEntry } from '@holdfast/cluster/roster';
import { fromHex } from '@holdfast/contract/wire';
import { signedBytes } from '@holdfast/mpc/runtime';
import { seededRandom } from '@holdfast/mpc/simulator';
import { EVIDENCE_BYTES_MAX, judgeEvidence } from '@holdfast/signer/evidence';
import {
  createTestApi,
  everybody,
  startTestCluster,
  type TestApi,
  type TestCluster,
  type TestOrganisation,
} from './index.ts';

const seed = process.env['HOLDFAST_TEST_SEED'] ?? 'evidence 1';
console.log(`seed: ${seed}`);

const LIAR = 3;
let api: TestApi<TestCluster>;
let org: TestOrganisation;
let file: Uint8Array;
const identities: Identity[] = [1, 2, 3, 4, 5].map((k) => {
  const random = seededRandom(`${seed}/identity/${k}`);
  return identityFromSeeds({ identitySeed: random.bytes(32), transportSeed: random.bytes(32) });
});
const keyOf = (roster: Roster, index: number): Uint8Array => roster.signers[index - 1]?.identityKey ?? new Uint8Array();
const kept = (index: number) => api.cluster.signers[index - 1]?.process?.store.named.evidence() ?? [];

before(async () => {
  api = createTestApi(await startTestCluster(seed));
  org = await api.found('Acme');
  const liar = identities.find(({ publicKey }) => Buffer.compare(publicKey, keyOf(api.cluster.roster, LIAR)) === 0);
  if (liar === undefined) throw new Error('no such identity');
  // Two signed versions of its first broadcast: one for signers 1 and 2, another for 4 and 5.
  api.cluster.net.tap(({ from, to, message }) => {
    if (from !== LIAR || to < LIAR || message.round !== 1 || message.kind !== 'bcast') return [message];
    const body = message.body.slice();
    body[body.length - 1] = (body.at(-1) ?? 0) ^ 1;
    const sig = liar.sign(signedBytes(message.execId, { ...message, from: LIAR, body }));
    return [{ ...message, body, sig }];
  });
  const made = api.act({
    org,
    user: org.admin,
    method: 'POST',
    path: '/keys',
    body: { scheme: 'EdDSA', curve: 'ed25519' },
    participants: everybody,
  });
  await api.cluster.clock.settle();
  await api.cluster.clock.advance(11_000);
  await made;
  api.cluster.net.tap(undefined);
  const record = kept(1)[0]?.record ?? '{}';
  file = fromHex((JSON.parse(record) as { evidence: string }).evidence);
});
after(() => api.cluster.stop());

const code =
  (expected: string) =>
  (error: unknown): boolean =>
    error instanceof Error && 'code' in error && error.code === expected;

test('every honest signer keeps what shows that one told two stories', () => {
  for (const index of everybody.filter((each) => each !== LIAR))
    ok(
      kept(index).some((each) => each.code === 'E_EQUIVOCATION'),
      `signer ${index}`,
    );
});

test('the file convicts the one that told them, offline, from the roster alone', () => {
  const { convicted, code: what, protocol } = judgeEvidence(file, api.cluster.roster);

  deepEqual(convicted, [keyOf(api.cluster.roster, LIAR)]);
  equal(what, 'E_EQUIVOCATION');
  equal(protocol, 'dkg');
});

test('a file that was altered anywhere is refused, or says exactly what it said before', () => {
  const honest = judgeEvidence(file, api.cluster.roster);
  let same = 0;
  for (let at = 0; at < file.length; at += 3) {
    const altered = file.slice();
    altered[at] = (altered[at] as number) ^ 1;
    try {
      deepEqual(judgeEvidence(altered, api.cluster.roster), honest, `byte ${at}`);
      same += 1;
    } catch (error) {
      ok(/^E_EVIDENCE/.test((error as { code?: string }).code ?? ''), `byte ${at}`);
    }
  }
  // The label of the machine and the round: under nobody's signature, and not told.
  ok(same <= 8, `${same} of ${file.length}`);
});

test('a file that is cut short, followed by anything, empty, too large or something else is refused', () => {
  const others = [
    ...[0, 1, 40, file.length - 1].map((length) => file.slice(0, length)),
    Buffer.concat([file, Buffer.of(0)]),
    Buffer.from('{"v":1}'),
    new Uint8Array(EVIDENCE_BYTES_MAX + 1),
  ];
  for (const bytes of others) throws(() => judgeEvidence(bytes, api.cluster.roster), code('E_EVIDENCE'));
});

test('evidence about another cluster is refused, however true it is there', () => {
  const strangers = [11, 12, 13, 14, 15].map((fill) => {
    const bytes = new Uint8Array(32).fill(fill);
    return identityFromSeeds({ identitySeed: bytes, transportSeed: bytes });
  });
  const { relay, signers } = api.cluster.roster;
  const elsewhere = createRoster({ epoch: 0, relay, signers: strangers.map(rosterEntry) });
  const later = createRoster({ epoch: 1, relay, signers });

  for (const roster of [elsewhere, later]) throws(() => judgeEvidence(file, roster), code('E_EVIDENCE_ROSTER'));
});

test('a signer that deals one share wrong is convicted by what its receiver kept, offline', async () => {
  const liar = identities.find(({ publicKey }) => Buffer.compare(publicKey, keyOf(api.cluster.roster, LIAR)) === 0);
  if (liar === undefined) throw new Error('no such identity');
  await api.cluster.clock.advance(60_000);
  api.cluster.net.tap(({ from, to, message }) => {
    if (from !== LIAR || to !== 5 || message.round !== 2 || message.kind !== 'p2p') return [message];
    const body = message.body.slice();
    body[body.length - 1] = (body.at(-1) ?? 0) ^ 1;
    return [{ ...message, body, sig: liar.sign(signedBytes(message.execId, { ...message, from: LIAR, body })) }];
  });
  const user = org.admin;
  const body = { scheme: 'EdDSA', curve: 'ed25519' };
  const made = api.act({ org, user, method: 'POST', path: '/keys', body, participants: everybody });
  await api.cluster.clock.settle();
  await api.cluster.clock.advance(11_000);
  await made;
  api.cluster.net.tap(undefined);
  const note = kept(5).find((each) => each.code === 'E_DKG_FELDMAN');
  const shown = fromHex((JSON.parse(note?.record ?? '{}') as { evidence: string }).evidence);

  const judged = judgeEvidence(shown, api.cluster.roster);

  deepEqual([judged.code, judged.protocol], ['E_DKG_FELDMAN', 'dkg']);
  deepEqual(judged.convicted, [keyOf(api.cluster.roster, LIAR)]);
  // The others saw nothing wrong, and keep nothing of it.
  for (const index of [1, 2, 4]) equal(kept(index).filter((each) => each.code === 'E_DKG_FELDMAN').length, 0);
  // Another opening than the one that was committed to shows nothing, and another's name neither.
  const altered = shown.slice();
  altered[altered.length - 1] = (altered.at(-1) ?? 0) ^ 1;
  throws(() => judgeEvidence(altered, api.cluster.roster), code('E_EVIDENCE_NOTHING'));
});

test('every figure that a signer reports is one that operators are shown', () => {
  const reported = new Map<number, Readonly<Record<string, number>>>();
  api.cluster.net.onPush((index, push) => {
    if (push.push === 'Figures') reported.set(index, push.figures);
  });

  equal(reported.size, 5);
  for (const figures of reported.values()) deepEqual(readFigures(figures), figures);
  const names = new Set([...reported.values()].flatMap((figures) => Object.keys(figures)));
  // This one is counted from the first time on, and nobody was named in a signing run here.
  deepEqual([...names, 'peers_named'].sort(), Object.keys(signerFigures).sort());
});

test('after the convicted signer was replaced, the file still convicts it', async () => {
  const convicted = keyOf(api.cluster.roster, LIAR);

  await api.cluster.replace(LIAR);

  deepEqual(judgeEvidence(file, api.cluster.roster).convicted, [convicted]);
  equal(Buffer.compare(keyOf(api.cluster.roster, LIAR), convicted) === 0, false);
});
