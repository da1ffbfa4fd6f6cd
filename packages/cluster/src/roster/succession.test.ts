/** One signer replaced by another: what a step must be, who signs it, and that a chain of them neither forks nor goes back. */
import { deepEqual, equal, notDeepEqual, throws } from 'node:assert/strict';
import { test } from 'node:test';
import {
  createRoster,
  encodeChain,
  encodeSuccession,
  fitsPlace,
  type Identity,
  identityFromSeeds,
  parseChain,
  parseSuccession,
  proposeSuccession,
  type Roster,
  replaceSigner,
  rosterEntry,
  type Succession,
  signSuccession,
  withHistory,
} from './index.ts';

let drawn = 0;
const draw = (): Identity => {
  drawn += 1;
  const seed = new Uint8Array(32).fill(drawn & 0xff);
  seed[31] = drawn >> 8;
  return identityFromSeeds({ identitySeed: seed, transportSeed: seed.map((byte) => byte ^ 0x5a) });
};
const identities = [1, 2, 3, 4, 5].map(draw);
const founding = createRoster({ epoch: 0, relay: 'ws://127.0.0.1:1/r', signers: identities.map(rosterEntry) });
const known: Identity[] = [...identities];
const identityAt = (roster: Roster, index: number): Identity =>
  known.find(
    (each) => Buffer.compare(each.publicKey, roster.signers[index - 1]?.identityKey ?? each.publicKey.slice(1)) === 0,
  ) as Identity;
function newcomer(roster: Roster, index: number): Identity {
  for (;;) {
    const identity = draw();
    if (!fitsPlace(roster, { index, identityKey: identity.publicKey })) continue;
    known.push(identity);
    return identity;
  }
}
const others = (index: number): number[] => [1, 2, 3, 4, 5].filter((each) => each !== index);
function step(roster: Roster, index: number, o: { by?: readonly number[]; identity?: Identity } = {}): Succession {
  const to = replaceSigner(roster, { index, by: rosterEntry(o.identity ?? newcomer(roster, index)) });
  return (o.by ?? others(index)).reduce(
    (s, each) => signSuccession(s, identityAt(roster, each)),
    proposeSuccession(roster, to),
  );
}
const code =
  (expected: string) =>
  (error: unknown): boolean =>
    error instanceof Error && 'code' in error && error.code === expected;
const refused = (work: () => unknown, what?: string): void => throws(work, code('E_SUCCESSION'), what);

test('a step keeps everybody else where they are, and names who leaves and who comes', () => {
  const s = step(founding, 3);

  deepEqual(s.leaves, founding.signers[2]?.identityKey);
  deepEqual(s.joins, s.to.signers[2]?.identityKey);
  for (const index of others(3)) deepEqual(s.to.signers[index - 1]?.signerId, founding.signers[index - 1]?.signerId);
  equal(s.to.epoch, 1);
  notDeepEqual(s.to.fingerprint, founding.fingerprint);
});

test('a step reads back as it was written', () => {
  const s = step(founding, 2);
  const text = encodeSuccession(s);

  equal(encodeSuccession(parseSuccession(text)), text);
  equal(encodeChain(parseChain(encodeChain([s]))), encodeChain([s]));
});

test('history leads from the founding to today over every step', () => {
  const first = step(founding, 5);
  const second = step(first.to, 1);
  const today = withHistory(second.to, [first, second]);

  deepEqual(today.origin, founding.fingerprint);
  deepEqual(today.past, [founding.fingerprint, first.to.fingerprint]);
  deepEqual(withHistory(founding, []).origin, founding.fingerprint);
});

test('two signatures are not enough, three are; one signer signs once', () => {
  const three = step(founding, 4, { by: [1, 2, 3] });
  equal(withHistory(three.to, [three]).epoch, 1);

  const two = step(founding, 4, { by: [1, 2] });
  refused(() => withHistory(two.to, [two]));
  equal(signSuccession(two, identityAt(founding, 1)).signatures.length, 2);
});

test('the one that leaves, the one that comes and strangers sign nothing', () => {
  const identity = newcomer(founding, 3);
  const s = step(founding, 3, { identity });

  for (const each of [identityAt(founding, 3), identity, draw()]) refused(() => signSuccession(s, each));
});

test('a signature over another step, by another key, or repeated, spoils the file', () => {
  const s = step(founding, 3);
  const other = step(founding, 3);
  const altered = (change: (file: Record<string, { identityKey: string; signature: string }[]>) => void): string => {
    const file = JSON.parse(encodeSuccession(s));
    change(file);
    return JSON.stringify(file);
  };

  for (const text of [
    altered((file) => Object.assign(file, { signatures: JSON.parse(encodeSuccession(other)).signatures })),
    altered(({ signatures }) =>
      Object.assign(signatures?.[0] as object, { identityKey: signatures?.[1]?.identityKey }),
    ),
    altered(({ signatures }) => Object.assign(signatures?.[1] as object, signatures?.[0])),
    altered(({ signatures }) => signatures?.push(...(signatures ?? []))),
  ])
    refused(() => parseSuccession(text));
});

test('a file of another form, version or size is refused', () => {
  const file = () => JSON.parse(encodeSuccession(step(founding, 3)));
  for (const [what, text] of [
    ['nothing', ''],
    ['another version', JSON.stringify({ ...file(), v: 2 })],
    ['a member more', JSON.stringify({ ...file(), note: 'x' })],
    ['a member less', JSON.stringify({ ...file(), signatures: undefined })],
    [
      'four old signers',
      JSON.stringify({ ...file(), from: { epoch: 0, identityKeys: file().from.identityKeys.slice(1) } }),
    ],
    [
      'an old signer twice',
      JSON.stringify({
        ...file(),
        from: { epoch: 0, identityKeys: [...file().from.identityKeys.slice(1), file().from.identityKeys[1]] },
      }),
    ],
    ['an epoch that is none', JSON.stringify({ ...file(), from: { ...file().from, epoch: -1 } })],
    [
      'an epoch below the founding',
      JSON.stringify({ ...file(), from: { ...file().from, epoch: -1 }, to: { ...file().to, epoch: 0 } }),
    ],
    ['old signers that are no list', JSON.stringify({ ...file(), from: { epoch: 0, identityKeys: {} } })],
    ['signatures that are no list', JSON.stringify({ ...file(), signatures: {} })],
    ['too large', `${encodeSuccession(step(founding, 3))}${' '.repeat(20_000)}`],
    ['a list', '[]'],
  ])
    refused(() => parseSuccession(text as string), what);
});

test('a chain of another form, version or length is refused', () => {
  const one = JSON.parse(encodeSuccession(step(founding, 3)));
  for (const file of [
    { v: 2, successions: [one] },
    { v: 1, successions: [one], note: 'x' },
    { v: 1, successions: {} },
    { v: 1, successions: Array(257).fill(one) },
  ])
    refused(() => parseChain(JSON.stringify(file)));
});

test('a step of another epoch, of nobody, of two, or out of place is refused', () => {
  const by = rosterEntry(newcomer(founding, 2));
  const next = replaceSigner(founding, { index: 2, by });
  const skipped = createRoster({ epoch: 2, relay: next.relay, signers: next.signers });
  const same = createRoster({ epoch: 1, relay: founding.relay, signers: founding.signers });
  const two = createRoster({ ...replaceSigner(next, { index: 4, by: rosterEntry(newcomer(next, 4)) }), epoch: 1 });
  let stray = draw();
  while (fitsPlace(founding, { index: 5, identityKey: stray.publicKey })) stray = draw();
  const misplaced = replaceSigner(founding, { index: 5, by: rosterEntry(stray) });

  for (const to of [skipped, same, two, misplaced]) refused(() => proposeSuccession(founding, to));
});

test('a chain with a gap, in another order, cut short or leading elsewhere is refused', () => {
  const first = step(founding, 1);
  const second = step(first.to, 2);
  const third = step(second.to, 3);
  const fork = step(first.to, 2);

  for (const [roster, chain] of [
    [third.to, [first, third]],
    [second.to, [second, first]],
    [third.to, [first, second]],
    [second.to, [first, fork]],
    [founding, [first]],
  ] as const)
    refused(() => withHistory(roster, chain));
});

test('who has left never comes back', () => {
  const first = step(founding, 4);
  const back = step(first.to, 4, { identity: identityAt(founding, 4) });

  refused(() => withHistory(back.to, [first, back]));
});
