/**
 * The forgeries of every kind of entry against five real signer processes, which know an organisation with somebody of
 * every kind: each refused by all five, and no journal grew in the end. What is forged is generated in packages/authority/src/testing; the
 * reducer's own test tries all of it, this one a part drawn anew each time (HOLDFAST_TEST_FORGERIES: how many of a kind).
 */
import { deepEqual, equal, ok } from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { reducers } from '@holdfast/authority/reduce';
import { type Cast, cast, type Forgery, forgeries, kinds, playAt, valid } from '@holdfast/authority/testing';
import { errors } from '@holdfast/contract/errors';
import { seededRandom } from '@holdfast/mpc/simulator';
import { type ActParts, acksOf, everybody, HostileApi, refusalOf } from './hostile-api.ts';

const seed = process.env['HOLDFAST_TEST_SEED'] ?? String(Date.now());
const EACH = Number(process.env['HOLDFAST_TEST_FORGERIES'] ?? 8);
const random = seededRandom(seed);

let api: HostileApi;
let c: Cast;
let journals: readonly number[];

before(async () => {
  console.log(`seed: ${seed}`);
  api = await HostileApi.start();
  playAt({ fingerprint: api.roster.fingerprint, tokens: api.freshTokens(), now: Date.now() - 30_000 });
  c = cast();
  await api.foundOn(c.genesis.genesis, c.genesis.proof);
  for (const act of c.acts) {
    const replies = await api.act(everybody, act as ActParts);
    const acks = acksOf(replies);
    equal(acks.length, 5, `${act.request.method} ${act.request.path}: ${JSON.stringify(replies.map(refusalOf))}`);
    await api.commit(c.state.org, acks);
  }
  ({ journals } = api.mark());
});
after(() => api.stop());

test('the signers know what the forgeries are made for', async () => {
  const replies = await api.send(everybody, (id) => ({ v: 1, id, kind: 'Heads' }));

  for (const reply of replies) {
    const heads = reply.ok && reply.result.t === 'heads' ? reply.result.heads : [];
    deepEqual(
      heads.map(({ org, height, head }) => ({ org, height, head })),
      [{ org: c.state.org, height: c.state.height, head: c.state.head }],
    );
  }
});

/** What a command cannot carry, or another clock decides, the reducer's test has tried. */
const isSendable = ({ name, act, live, entry }: Forgery): boolean =>
  live === undefined &&
  entry === undefined &&
  !name.startsWith('e = ') &&
  typeof act.assertion === 'object' &&
  act.assertion !== null;

/** Some of each group, so that none is left out by chance. */
function some(list: readonly Forgery[]): readonly Forgery[] {
  const drawn = new Set<Forgery>();
  const groups = [...new Set(list.map(({ group }) => group))];
  for (let k = 0; drawn.size < Math.min(EACH, list.length); k += 1) {
    const of = list.filter(({ group }) => group === groups[k % groups.length]);
    const [byte = 0, other = 0] = random.bytes(2);
    const one = of[(byte * 256 + other) % of.length];
    if (one !== undefined) drawn.add(one);
    if (k > 50 * EACH) break;
  }
  return [...drawn];
}

for (const operation of reducers.keys())
  test(`${operation}: five signers refuse what is forged of it`, async () => {
    const make = kinds[operation];
    ok(make, operation);
    const kind = make(c);
    for (const forgery of some([...forgeries(c, kind, valid(c, kind))].filter(isSendable))) {
      const replies = await api.act(everybody, forgery.act as ActParts);
      for (const reply of replies) {
        const refusal = refusalOf(reply);
        ok(refusal !== undefined, `${forgery.group}: ${forgery.name}: ${JSON.stringify(reply)} (seed ${seed})`);
        const isKnown = Object.hasOwn(errors, refusal.code) || refusal.code.startsWith('E_CLUSTER_');
        ok(isKnown, `${forgery.group}: ${forgery.name}: ${refusal.code}`);
      }
    }
  });

test('nobody wrote or said anything about any of it', () => {
  deepEqual(api.mark().journals, journals, `a journal grew (seed ${seed})`);
});

test('the same requests unforged: each is acknowledged by five signers as it stands', async () => {
  const [operation] = [...reducers.keys()];
  const make = kinds[operation ?? ''];
  ok(make);
  const replies = await api.act(everybody, valid(c, make(c)) as ActParts);

  equal(acksOf(replies).length, 5, JSON.stringify(replies.map(refusalOf)));
});
