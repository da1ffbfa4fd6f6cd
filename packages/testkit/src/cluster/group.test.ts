/** Group signing at five signers: each element is judged alone, and what befalls one of them befalls no other. */
import { deepEqual, equal, notEqual, ok } from 'node:assert/strict';
import { createPublicKey, verify } from 'node:crypto';
import { after, before, test } from 'node:test';
import { verifyRaw } from '@holdfast/chains/schemes';
import { type Command, type ElementOutcome, GROUP_MAX } from '@holdfast/cluster/commands';
import { fromHex, toHex } from '@holdfast/contract/wire';
import { GROUP_MAX as PLACES_MAX } from '@holdfast/mpc/group';
import {
  type ActCommand,
  codesOf,
  createTestApi,
  everybody,
  type KeyResult,
  type Replies,
  startTestCluster,
  type TestApi,
  type TestCluster,
  type TestOrganisation,
} from './index.ts';

const seed = process.env['HOLDFAST_TEST_SEED'] ?? 'group 1';
console.log(`seed: ${seed}`);

type Group = Extract<Command, { kind: 'Group' }>;

let api: TestApi<TestCluster>;
let acme: TestOrganisation;
let other: TestOrganisation;
let ecdsa: KeyResult;
let otherEcdsa: KeyResult;
let eddsa: KeyResult;

before(async () => {
  api = createTestApi(await startTestCluster(seed));
  acme = await api.found('Acme');
  other = await api.found('Other');
  ecdsa = await api.createKey({ org: acme, user: acme.admin, body: { scheme: 'ECDSA', curve: 'secp256k1' } });
  otherEcdsa = await api.createKey({ org: other, user: other.admin, body: { scheme: 'ECDSA', curve: 'secp256k1' } });
  eddsa = await api.createKey({ org: acme, user: acme.admin, body: { scheme: 'EdDSA', curve: 'ed25519' } });
});
after(() => api.cluster.stop());

interface Signable {
  readonly command: ActCommand;
  readonly key: KeyResult;
  readonly hash: Uint8Array;
}

/** A fresh hash that a user asks to be signed. */
function hashBy(org: TestOrganisation, key: KeyResult, hash = api.cluster.random(32)): Signable {
  const command = api.makeAct({
    org,
    user: org.admin,
    method: 'POST',
    path: `/keys/${key.keyId}/signatures`,
    body: { kind: 'Hash', hash: `0x${toHex(hash)}` },
  });
  return { command, key, hash };
}

function messageBy(message: Uint8Array): ActCommand {
  return api.makeAct({
    org: acme,
    user: acme.admin,
    method: 'POST',
    path: `/keys/${eddsa.keyId}/signatures`,
    body: { kind: 'Message', message: `0x${toHex(message)}` },
  });
}

const elementOf = ({ request, assertion, tokens, runNonce }: ActCommand): Group['elements'][number] => ({
  request,
  assertion,
  tokens,
  runNonce,
  items: 1,
});

function groupOf(commands: readonly ActCommand[], change: Partial<Group> = {}): Group {
  return {
    v: 1,
    id: `g-${toHex(api.cluster.random(8))}`,
    kind: 'Group',
    protocol: 'ecdsa-h/secp256k1',
    elements: commands.map(elementOf),
    runNonce: toHex(api.cluster.random(32)),
    participants: [...everybody],
    session: api.session() ?? '',
    ...change,
  };
}

/** By signer: what became of each element. */
const outcomesOf = (replies: Replies): Map<number, readonly ElementOutcome[]> =>
  new Map(
    [...replies].flatMap(([index, reply]) =>
      reply?.ok === true && reply.result.t === 'group' ? [[index, reply.result.outcomes] as const] : [],
    ),
  );
const codeOf = (outcome: ElementOutcome): string => (outcome.ok ? 'ok' : outcome.error.code);
const codesBySigner = (replies: Replies): Record<number, string[]> =>
  Object.fromEntries([...outcomesOf(replies)].map(([index, outcomes]) => [index, outcomes.map(codeOf)]));
const alike = (codes: string[], signers: readonly number[] = everybody): Record<number, string[]> =>
  Object.fromEntries(signers.map((index) => [index, codes]));

function checkSignature({ key, hash }: Signable, outcome: ElementOutcome | undefined): void {
  const signature = outcome?.ok === true ? outcome.signatures[0]?.signature : undefined;
  ok(
    verifyRaw(
      { algorithm: 'ecdsa', digest: hash },
      { scheme: 'ECDSA', curve: 'secp256k1', publicKey: fromHex(key.publicKey) },
      { signature: fromHex(signature ?? '') },
    ),
  );
}

const rowsOf = (index: number, event: string) =>
  api.cluster.signers[index - 1]?.process?.store.journal.rows().filter((row) => row.event === event) ?? [];

test('requests of two organisations are signed in one group, with one flush at each signer', async () => {
  const asked = [hashBy(acme, ecdsa), hashBy(other, otherEcdsa), hashBy(acme, ecdsa), hashBy(other, otherEcdsa)];
  for (const signer of api.cluster.signers) signer.points.length = 0;

  const replies = await api.broadcast(groupOf(asked.map(({ command }) => command)));

  deepEqual(codesBySigner(replies), alike(['ok', 'ok', 'ok', 'ok']));
  for (const outcomes of outcomesOf(replies).values())
    for (const [k, each] of asked.entries()) checkSignature(each, outcomes[k]);
  for (const signer of api.cluster.signers)
    deepEqual(
      signer.points.filter((point) => point.startsWith('store:')),
      ['store:group:before-flush', 'store:group:after-flush'],
    );
});

test('a group of FROST signs with three, and sends one message per round and peer', async () => {
  const messages = Array.from({ length: 6 }, (_, k) => Uint8Array.of(1, 2, k));
  const sent: string[] = [];
  api.cluster.net.tap(({ from, to, message }) => {
    if (from === 2) sent.push(`${message.round} to ${to}`);
    return [message];
  });

  const { session: _, ...command } = groupOf(messages.map(messageBy), {
    protocol: 'frost/ed25519',
    participants: [2, 4, 5],
  });
  const replies = await api.broadcast(command, [2, 4, 5]);
  api.cluster.net.tap(undefined);

  deepEqual(codesBySigner(replies), alike(new Array(6).fill('ok'), [2, 4, 5]));
  deepEqual(sent.sort(), ['1 to 4', '1 to 5', '2 to 4', '2 to 5']);
  const spki = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), fromHex(eddsa.publicKey)]);
  const publicKey = createPublicKey({ key: spki, format: 'der', type: 'spki' });
  for (const [k, outcome] of (outcomesOf(replies).get(2) ?? []).entries()) {
    const signature = outcome.ok ? outcome.signatures[0]?.signature : undefined;
    ok(verify(null, messages[k] ?? new Uint8Array(), publicKey, Buffer.from(signature ?? '', 'hex')));
  }
});

test('an element that every signer refuses leaves the others untouched', async () => {
  const [good, forged, good2] = [hashBy(acme, ecdsa), hashBy(acme, ecdsa), hashBy(acme, ecdsa)];
  const another = { ...forged.command, request: { ...forged.command.request, payload: '{"kind":"Hash"}' } };

  const replies = await api.broadcast(groupOf([good.command, another, good2.command]));

  deepEqual(codesBySigner(replies), alike(['ok', 'E_CHALLENGE_REQUEST', 'ok']));
});

test("an element whose key is another organisation's is unknown, and the others sign", async () => {
  const foreign = hashBy(acme, otherEcdsa);

  const replies = await api.broadcast(groupOf([foreign.command, hashBy(acme, ecdsa).command]));

  deepEqual(codesBySigner(replies), alike(['E_NOT_FOUND', 'ok']));
});

test('an element that one signer alone refuses ends at the others at once, and the rest sign', async () => {
  const asked = [hashBy(acme, ecdsa), hashBy(acme, ecdsa), hashBy(acme, ecdsa)];
  const group = groupOf(asked.map(({ command }) => command));
  // Signer 3 alone is shown another payload: it cannot believe it.
  const altered: Group = {
    ...group,
    elements: group.elements.map((each, k) =>
      k === 1 ? { ...each, request: { ...each.request, payload: `${each.request.payload} ` } } : each,
    ),
  };

  const replies = await Promise.all(
    everybody.map(async (index) => [index, await api.cluster.send(index, index === 3 ? altered : group)] as const),
  ).then((answers): Replies => new Map(answers));

  deepEqual(codesBySigner(replies), {
    ...alike(['ok', 'E_PEER_GONE', 'ok'], [1, 2, 4, 5]),
    3: ['ok', 'E_CHALLENGE_REQUEST', 'ok'],
  });
});

// ---- Nonces made together (docs/specs/group-signing.md §9) -----------------------------------------------------

const together = { nonces: 'together' } as const;

test('nonces made together: two organisations sign in five messages, with one flush at each signer', async () => {
  const asked = [hashBy(acme, ecdsa), hashBy(other, otherEcdsa), hashBy(acme, ecdsa)];
  for (const signer of api.cluster.signers) signer.points.length = 0;
  const rounds: number[] = [];
  api.cluster.net.tap(({ from, to, message }) => {
    if (from === 2 && to === 4) rounds.push(message.round);
    return [message];
  });

  const replies = await api.broadcast(
    groupOf(
      asked.map(({ command }) => command),
      together,
    ),
  );
  api.cluster.net.tap(undefined);

  deepEqual(codesBySigner(replies), alike(['ok', 'ok', 'ok']));
  for (const outcomes of outcomesOf(replies).values())
    for (const [k, each] of asked.entries()) checkSignature(each, outcomes[k]);
  deepEqual(rounds, [1, 2, 3, 4, 5]);
  for (const signer of api.cluster.signers)
    deepEqual(
      signer.points.filter((point) => point.startsWith('store:')),
      ['store:group:before-flush', 'store:group:after-flush'],
    );
});

test('nonces made together: an element that one signer alone refuses ends by itself, and the rest sign', async () => {
  const asked = [hashBy(acme, ecdsa), hashBy(acme, ecdsa), hashBy(acme, ecdsa)];
  const group = groupOf(
    asked.map(({ command }) => command),
    together,
  );
  const altered: Group = {
    ...group,
    elements: group.elements.map((each, k) =>
      k === 1 ? { ...each, request: { ...each.request, payload: `${each.request.payload} ` } } : each,
    ),
  };

  const replies = await Promise.all(
    everybody.map(async (index) => [index, await api.cluster.send(index, index === 3 ? altered : group)] as const),
  ).then((answers): Replies => new Map(answers));

  deepEqual(codesBySigner(replies), {
    ...alike(['ok', 'E_PEER_GONE', 'ok'], [1, 2, 4, 5]),
    3: ['ok', 'E_CHALLENGE_REQUEST', 'ok'],
  });
});

test('row 33: nonces made together: one wrong share ends every element, all of them burnt, and their next attempts sign', async () => {
  const asked = [hashBy(acme, ecdsa), hashBy(acme, ecdsa)];
  const group = groupOf(
    asked.map(({ command }) => command),
    together,
  );
  api.cluster.net.tap(({ from, message }) => {
    // The last byte of the last masked product.
    const body = message.body.slice();
    if (from === 5 && message.round === 2) body[body.length - 1] = (body[body.length - 1] as number) ^ 1;
    return [{ ...message, body }];
  });

  const replies = await api.broadcast(group);
  api.cluster.net.tap(undefined);
  const next = asked.map(({ command }) => ({ ...command, runNonce: toHex(api.cluster.random(32)) }));
  const retried = await api.broadcast(groupOf(next, together));

  for (const index of [1, 2, 3, 4]) deepEqual(codesBySigner(replies)[index], ['E_H_T', 'E_H_T']);
  deepEqual(codesBySigner(retried), alike(['ok', 'ok']));
});

test('nonces made together: a group of FROST, and a run nonce that was used, are refused as a whole', async () => {
  const { session: _, ...frost } = groupOf([messageBy(Uint8Array.of(6))], {
    protocol: 'frost/ed25519',
    participants: [1, 2, 3],
    ...together,
  });
  const used = groupOf([hashBy(acme, ecdsa).command], together);
  await api.broadcast(used);

  deepEqual(codesOf(await api.broadcast(frost, [1, 2, 3])), Array(3).fill('E_COMMAND'));
  const again = await api.broadcast(groupOf([hashBy(acme, ecdsa).command], { ...together, runNonce: used.runNonce }));
  deepEqual(codesOf(again), Array(5).fill('E_EXEC_USED'));
});

test('an element that was signed before, alone or in a group, is burnt; the others are not', async () => {
  const before = hashBy(acme, ecdsa);
  await api.broadcast(groupOf([before.command, hashBy(acme, ecdsa).command]));
  const started = rowsOf(1, 'sign.started').length;

  // Under its old run nonce its execution id is the old one; under a new one it is the next attempt (rulings 4).
  const again = await api.broadcast(groupOf([before.command, hashBy(acme, ecdsa).command]));
  const next = { ...before.command, runNonce: toHex(api.cluster.random(32)) };
  const retried = await api.broadcast(groupOf([next, hashBy(acme, ecdsa).command]));

  deepEqual(codesBySigner(again), alike(['E_H_PRSS_REUSE', 'ok']));
  deepEqual(codesBySigner(retried), alike(['ok', 'ok']));
  equal(rowsOf(1, 'sign.started').length, started + 3);
});

test('an execution id of an earlier session of shared randomness does not start again', async () => {
  const signed = messageBy(Uint8Array.of(9));
  const frost = { protocol: 'frost/ed25519', participants: [1, 2, 3] } as const;
  const { session: _, ...first } = groupOf([signed, messageBy(Uint8Array.of(8))], frost);
  const { session: __, ...second } = groupOf([signed, messageBy(Uint8Array.of(7))], frost);
  await api.broadcast(first, [1, 2, 3]);

  deepEqual(codesBySigner(await api.broadcast(second, [1, 2, 3])), alike(['E_EXEC_USED', 'ok'], [1, 2, 3]));
});

test('a request that stands in a group twice is signed once', async () => {
  const { command } = hashBy(acme, ecdsa);
  const twice = { ...command, runNonce: toHex(api.cluster.random(32)) };

  const replies = await api.broadcast(groupOf([command, twice, command]));

  deepEqual(codesBySigner(replies), alike(['ok', 'E_REPLAY', 'E_H_PRSS_REUSE']));
});

test('a group under a run nonce that was used is refused as a whole, and burns nothing', async () => {
  const group = groupOf([hashBy(acme, ecdsa).command, hashBy(acme, ecdsa).command]);
  await api.broadcast(group);
  const fresh = hashBy(acme, ecdsa);

  const replies = await api.broadcast(
    groupOf([fresh.command, hashBy(acme, ecdsa).command], { runNonce: group.runNonce }),
  );

  deepEqual(codesOf(replies), Array(5).fill('E_EXEC_USED'));
  deepEqual(codesBySigner(await api.broadcast(groupOf([fresh.command]))), alike(['ok']));
});

for (const [what, change] of Object.entries({
  'three participants': { participants: [1, 2, 3] },
  'no session': { session: undefined },
  'a session nobody holds': { session: '11'.repeat(32) },
})) {
  test(`a group of ECDSA with ${what} is refused`, async () => {
    const { session, ...group } = groupOf([hashBy(acme, ecdsa).command], change as Partial<Group>);
    const replies = await api.broadcast({ ...group, ...(session === undefined ? {} : { session }) }, [1, 2, 3]);

    const expected = what === 'three participants' ? 'E_COMMAND' : 'E_SESSION';
    deepEqual(codesOf(replies), Array(3).fill(expected));
  });
}

test('a group without elements, or with more items than places, is refused', async () => {
  equal(PLACES_MAX, GROUP_MAX);
  const crowded = groupOf([hashBy(acme, ecdsa).command, hashBy(acme, ecdsa).command]);
  const elements = crowded.elements.map((each) => ({ ...each, items: 65 }));

  deepEqual(codesOf(await api.broadcast(groupOf([]))), Array(5).fill('E_COMMAND'));
  deepEqual(codesOf(await api.broadcast({ ...crowded, elements })), Array(5).fill('E_COMMAND'));
});

test('an element with a wrong number of items, of another protocol or for something else is refused alone', async () => {
  const wide = groupOf([hashBy(acme, ecdsa).command, hashBy(acme, ecdsa).command]);
  const elements = wide.elements.map((each, k) => ({ ...each, items: k + 1 }));
  const create = api.makeAct({
    org: acme,
    user: acme.admin,
    method: 'POST',
    path: '/keys',
    body: { scheme: 'EdDSA', curve: 'ed25519' },
  });

  deepEqual(codesBySigner(await api.broadcast({ ...wide, elements })), alike(['ok', 'E_COMMAND']));
  const mixed = groupOf([hashBy(acme, ecdsa).command, create]);
  deepEqual(codesBySigner(await api.broadcast(mixed)), alike(['ok', 'E_COMMAND']));
  const frost = messageBy(Uint8Array.of(5));
  deepEqual(
    codesBySigner(await api.broadcast(groupOf([frost, hashBy(acme, ecdsa).command]))),
    alike(['E_COMMAND', 'ok']),
  );
});

test('row 27: a signer killed between the flush of a group and its first message has burnt every element of it', async () => {
  const asked = [hashBy(acme, ecdsa), hashBy(acme, ecdsa), hashBy(acme, ecdsa)];
  const group = groupOf(asked.map(({ command }) => command));
  const session = api.session();
  api.cluster.signers[1]?.crashAt('store:group:after-flush');

  const answers = api.broadcast(group);
  await api.cluster.clock.settle();
  await api.cluster.clock.advance(5_000);
  const replies = await answers;
  await api.cluster.start(2);
  await api.cluster.clock.advance(11_000);

  // Signer 1 had begun; the others had not and saw that 2 was missing.
  deepEqual(codesBySigner(replies), { 1: Array(3).fill('E_PEER_GONE') });
  deepEqual(codesOf(replies), ['ok', 'none', 'E_PEER_GONE', 'E_PEER_GONE', 'E_PEER_GONE']);
  const store = api.cluster.signers[1]?.process?.store;
  const execIds = rowsOf(2, 'sign.started')
    .slice(-3)
    .map(({ facts }) => (JSON.parse(facts) as { execIds: string }).execIds);
  for (const execId of execIds) ok(store?.used.isStarted(fromHex(execId)));
  notEqual(api.session(), session);
  // The requests predate the process: it takes no part in them, and their users sign again.
  const again = groupOf(asked.map(({ command }) => ({ ...command, runNonce: toHex(api.cluster.random(32)) })));
  deepEqual(codesBySigner(await api.broadcast(again))[2], Array(3).fill('E_CHALLENGE_STALE'));
  deepEqual(codesBySigner(await api.broadcast(groupOf([hashBy(acme, ecdsa).command]))), alike(['ok']));
});

test('a signer killed before the flush of a group has burnt none of it, and nothing of it has left', async () => {
  const started = rowsOf(4, 'sign.started').length;
  let left = 0;
  api.cluster.net.tap(({ from, message }) => {
    if (from === 4) left += 1;
    return [message];
  });
  api.cluster.signers[3]?.crashAt('store:group:before-flush');

  const answers = api.broadcast(groupOf([hashBy(acme, ecdsa).command, hashBy(acme, ecdsa).command]));
  await api.cluster.clock.settle();
  await api.cluster.clock.advance(5_000);
  await answers;
  api.cluster.net.tap(undefined);
  await api.cluster.start(4);
  await api.cluster.clock.advance(11_000);

  equal(left, 0);
  equal(rowsOf(4, 'sign.started').length, started);
});
