/**
 * A hostile api and two hostile signers against every kind of entry: whatever is made of a valid request, no honest signer
 * acknowledges it, and nobody applies it. The kinds are those of the reducer, so that a new one comes with its forgeries.
 */
import { deepEqual, equal, ok } from 'node:assert/strict';
import { generateKeyPairSync, sign } from 'node:crypto';
import { test } from 'node:test';
import { errors } from '@holdfast/contract/errors';
import { fromBase64Url, toBase64Url } from '@holdfast/contract/wire';
import { encodeChallenge } from '../challenge/index.ts';
import { type ActDeps, checkAct, nullifierOfAct, stepOf } from '../consent/index.ts';
import { AuthorityError, refuse } from '../errors/index.ts';
import { ackBytes, disregardBytes, type EntryAfterGenesis, verifyAcks, withdrawBytes } from '../log/index.ts';
import {
  aboutProtectedKeys,
  actDeps,
  ask,
  type Cast,
  cast,
  challengeFor,
  deps,
  entryOf,
  type Forgery,
  forgeries,
  groups,
  type Kind,
  kinds,
  NOW,
  type Signer,
  valid,
} from '../testing/index.ts';
import type { Ack } from '../types/index.ts';
import { nodeVerify } from '../verify-node/index.ts';
import { apply, reducers, type State } from './index.ts';

const c = cast();
const signers = [1, 2, 3, 4, 5].map(() => generateKeyPairSync('ed25519'));
const identityKeys = signers.map(({ publicKey }) => fromBase64Url(publicKey.export({ format: 'jwk' }).x ?? ''));

/** What an honest signer does with an act: consents, and takes it as the next entry. Throws its refusal. */
function acknowledge(forgery: Forgery): void {
  const { act, live = {}, entry } = forgery;
  const signer: ActDeps = {
    ...actDeps,
    holdsOwnToken: (list) => live.holdsOwnToken !== false && actDeps.holdsOwnToken(list),
    checkNullifier: () => {
      if (live.isBurnt) refuse('E_STALE_HEAD', 'this signed request has been used before');
    },
  };
  if (entry === undefined) checkAct(c.state, act, live.now ?? NOW, signer);
  const made = entryOf(c.state, act);
  apply(c.state, (entry === undefined ? made : entry(made)) as EntryAfterGenesis, deps);
}

function codeOf(work: () => void): string {
  try {
    work();
    return 'accepted';
  } catch (error) {
    return error instanceof AuthorityError ? error.code : `bug: ${String(error)}`;
  }
}

test('every kind of entry has a valid request here, and no other stands here', () => {
  deepEqual(Object.keys(kinds).sort(), [...reducers.keys()].sort());
});

let tried = 0;
for (const [operation, what, make] of [
  ...[...reducers.keys()].map((operation) => [operation, operation, kinds[operation]] as const),
  ...Object.entries(aboutProtectedKeys).map(([name, make]) => [name, `${name} of a protected key`, make] as const),
])
  test(`[bad-inputs 52, 53, 57, 58, 59, 61, 62, 63, 67, 69, 71, 101] ${what}: valid as it stands, refused with a code however it is forged`, () => {
    ok(make, `${what} has no valid request in packages/authority/src/testing/kinds.ts`);
    const kind: Kind = make(c);
    const act = valid(c, kind);
    equal(deps.operation(act.request.method, act.request.path)?.name, operation);
    equal(
      codeOf(() => acknowledge({ group: 'request', name: 'valid', act })),
      'accepted',
    );

    const counts = new Map<string, number>();
    for (const forgery of forgeries(c, kind, act)) {
      const code = codeOf(() => acknowledge(forgery));
      ok(Object.hasOwn(errors, code), `${forgery.group}: ${forgery.name}: ${code}`);
      // By what is wrong with the proof, before anything is asked of the request.
      const stepMax = { second: 6, protected: 8 }[forgery.group as string];
      if (stepMax !== undefined)
        ok((stepOf(code) ?? Infinity) <= stepMax, `${forgery.group}: ${forgery.name}: ${code}`);
      counts.set(forgery.group, (counts.get(forgery.group) ?? 0) + 1);
      tried += 1;
    }
    // A recovery's challenge is under its new credentials; consent/recovery.test.ts forges that one.
    const expected =
      kind.act === undefined ? groups : groups.filter((g) => !['challenge', 'identity', 'body'].includes(g));
    deepEqual([...counts.keys()].sort(), [...expected].sort());
  });

/** Every way in which a person with several credentials signs one request. */
const waysToSign: readonly [what: string, first: 'admin' | 'protected' | 'passkey', second?: keyof Cast][] = [
  ['a protected key alone', 'protected'],
  ['a passkey alone', 'passkey'],
  ['a key and a protected key', 'admin', 'protected'],
  ['a key and a passkey', 'admin', 'passkey'],
  ['a protected key and a key', 'protected', 'admin'],
  ['a protected key and a passkey', 'protected', 'passkey'],
  ['a passkey and a protected key', 'passkey', 'protected'],
];

test('whatever a person signs is signed in every way there is, one request with another head each', () => {
  for (const [operation, make] of Object.entries(kinds)) {
    const { by, asked, act } = make(c);
    if (by !== c.admin || act !== undefined) continue;
    const text = encodeChallenge(challengeFor(c.state, by.userId, asked));
    const made = waysToSign.map(([what, first, second]) => {
      const one = ask(c.state, c[first], {
        ...{ ...asked, challengeText: () => text },
        ...(second === undefined ? {} : { second: c[second] as Signer }),
      });
      equal(
        codeOf(() => acknowledge({ group: 'second', name: what, act: one })),
        'accepted',
        `${operation}: ${what}`,
      );
      return { nullifier: nullifierOfAct(one), head: apply(c.state, entryOf(c.state, one), deps).head };
    });
    equal(new Set(made.map(({ nullifier }) => toBase64Url(nullifier ?? new Uint8Array()))).size, 1);
    equal(new Set(made.map(({ head }) => head)).size, waysToSign.length);
  }
});

test('a request whose second factor was taken away is burnt with it, and no acknowledgement of one is of the other', () => {
  for (const make of Object.values(kinds)) {
    const { by, asked, act } = make(c);
    if (by !== c.admin || act !== undefined) continue;
    const whole = ask(c.state, by, { ...asked, second: c.protected });
    const { second: _, ...first } = whole.assertion;
    const bare = { ...whole, assertion: first };
    const [one, other] = [whole, bare].map((each) => apply(c.state, entryOf(c.state, each), deps)) as [State, State];

    deepEqual(nullifierOfAct(bare), nullifierOfAct(whole));
    const { org, height } = one;
    const bytes = ackBytes(org, height, fromBase64Url(other.head));
    const acks = [1, 3, 4].map((index) => ({
      ...{ index, org, height, head: one.head },
      signature: toBase64Url(sign(null, bytes, (signers[index - 1] as (typeof signers)[number]).privateKey)),
    }));
    equal(
      codeOf(() => verifyAcks({ acks, org, height, head: one.head, identityKeys, verify: nodeVerify })),
      'E_ACKS',
    );
    const ofOther = acks.map((ack) => ({ ...ack, head: other.head }));
    equal(
      codeOf(() => verifyAcks({ acks: ofOther, org, height, head: other.head, identityKeys, verify: nodeVerify })),
      'accepted',
    );
  }
});

test('a valid request fits once: not after itself, not after another', () => {
  for (const make of Object.values(kinds)) {
    const act = valid(c, make(c));
    const next = apply(c.state, entryOf(c.state, act), deps);

    equal(
      codeOf(() => void apply(next, entryOf(c.state, act), deps)),
      'E_STALE_HEAD',
    );
    // With its place renewed by the api: the credential, the thing itself or the head the user was shown says no.
    const again = codeOf(() => void apply(next, entryOf(next, act), deps));
    ok(again !== 'accepted' && Object.hasOwn(errors, again), again);
  }
});

test('`force` changes nothing at a signer: it is under no signature, and no rule asks for it', () => {
  const path = `/auth/users/${c.admin.userId}/deactivate`;
  const alone = apply(
    c.state,
    entryOf(
      c.state,
      ask(c.state, c.admin, { method: 'PUT', path: `/auth/users/${c.second.userId}/deactivate`, body: {} }),
    ),
    deps,
  );

  for (const body of [{}, { force: true }])
    ok(
      ['E_LAST_ADMIN', 'E_BODY'].includes(
        codeOf(() => void apply(alone, entryOf(alone, ask(alone, c.admin, { method: 'PUT', path, body })), deps)),
      ),
    );
});

// ── certificates ────────────────────────────────────────────────────────────────────────────────────────────────

const HOSTILE = [2, 5] as const;

/** Everything that two signers which sign whatever they are asked can put together for a head that no other acknowledged. */
function* certificates(at: { org: string; height: number; head: string }, before: { height: number; head: string }) {
  const by = (index: number, bytes: Uint8Array, as: Partial<Ack> = {}): Ack => {
    const { privateKey } = signers[(index as number) - 1] as (typeof signers)[number];
    return { index, ...at, signature: toBase64Url(sign(null, bytes, privateKey)), ...as };
  };
  const { org, height } = at;
  const head = fromBase64Url(at.head);
  const two = HOSTILE.map((index) => by(index, ackBytes(org, height, head)));
  const [one] = two as [Ack, Ack];
  // What honest signers did sign: the head before, a promise, a word about another signer.
  const past = by(1, ackBytes(org, before.height, fromBase64Url(before.head)));
  yield ['two', two] as const;
  yield ['one of them twice', [...two, one]] as const;
  for (const index of [1, 3, 4, 0, 6, -1, 1.5])
    yield [`under the name of ${index}`, [...two, { ...one, index }]] as const;
  yield ['with an honest one for the head before', [...two, { ...past, ...at }]] as const;
  yield ['with an honest one for the head before, as it is', [...two, past]] as const;
  yield ['with a promise never to', [...two, by(1, withdrawBytes(org, height, head))]] as const;
  yield ['with a word about another', [...two, by(1, disregardBytes(org, height, head))]] as const;
  yield ['with an honest one of another organisation', [...two, by(1, ackBytes(c.other.org, height, head))]] as const;
  yield ['with an honest one of another height', [...two, by(1, ackBytes(org, height + 1, head))]] as const;
  yield ['with nothing under a name', [...two, { ...one, index: 3, signature: '' }]] as const;
  yield ['with six', [...two, ...two, ...two]] as const;
}

test('two hostile signers certify no entry of any kind, whatever honest ones have signed of others', () => {
  let refused = 0;
  for (const make of Object.values(kinds)) {
    const { org, height, head } = apply(c.state, entryOf(c.state, valid(c, make(c))), deps);
    for (const [what, acks] of certificates({ org, height, head }, c.state)) {
      const code = codeOf(() => verifyAcks({ acks, org, height, head, identityKeys, verify: nodeVerify }));
      equal(code, 'E_ACKS', what);
      refused += 1;
    }
  }
  ok(refused >= 15 * reducers.size);
});

test('how many were forged', (t) => {
  t.diagnostic(`${tried} forgeries of ${reducers.size} kinds of entry, none accepted`);
  ok(tried > 100 * reducers.size);
});
