/** The cluster under everything that can go wrong, many seeds; and that what judges it would notice. */
import { deepEqual, equal, match, notEqual, ok } from 'node:assert/strict';
import { test } from 'node:test';
import { rememberVerifications } from './memo.ts';
import { runSeed, type SeedOptions } from './run-seed.ts';
import { add, allPoints, newTally, summary } from './tally.ts';

/** Another range: HOLDFAST_SIMULATION_FROM=1000. */
const FROM = Number(process.env['HOLDFAST_SIMULATION_FROM'] ?? 1);
/** One in five takes the real protocols: at least twenty of them. */
const SEEDS_MIN = 100;
const SEEDS_MAX = 1_000;
/** Processor time of this process, so that a busy machine changes nothing but the wait. */
const BUDGET_MS = 80_000;

rememberVerifications();
const points = await allPoints();

test('R3, R9, R15: no seed breaks what must hold, and after healing everything ends and works', async () => {
  const tally = newTally();
  const began = performance.now();
  const before = process.cpuUsage();
  const spent = (): number => {
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1_000;
  };
  const failures: string[] = [];
  for (let seed = FROM; seed < FROM + SEEDS_MAX && (tally.seeds < SEEDS_MIN || spent() < BUDGET_MS); seed += 1) {
    const report = await runSeed({ seed, provider: 'mixed', points });
    add(tally, report);
    for (const violation of report.violations) failures.push(`npm run simulate -- --seed ${seed}: ${violation}`);
  }
  console.log(`seeds ${FROM} to ${FROM + tally.seeds - 1}: ${summary(tally, points, began).join('\n')}`);

  deepEqual(failures, []);
  ok(tally.seeds >= SEEDS_MIN && tally.real >= 20);
  ok(tally.counts.signatures >= tally.seeds, 'most of the work is refused: the trouble is too much to show anything');
});

/**
 * The HTTP server's points, which no simulated request passes: the flows of apps/devnet kill the api there. Those of an
 * operator's commands, which run while the signer is down; and of throwing away primes that cannot be read. What is kept of a peer that deviated needs one that does, in a run that ends for it:
 * cluster/engines.test.ts dies there. Transfers and the index need nodes of chains, which nothing simulates. No journal here is long enough to be read behind the start: journal.test.ts of the signer. No
 * log here is long enough for a snapshot: consent/snapshots.test.ts of the signer dies before and after its flush.
 */
const OUTSIDE =
  /^genesis\.acknowledged$|^user-action\.spent$|^(orders|indexer)\.|^store:(backup|restore|forgive|named|evidence|journal|snapshot|auxiliary-primes):/;

test('R1: every crash point that the code has kills a process once, and nothing is lost by it', async () => {
  const survived: string[] = [];
  const failures: string[] = [];
  for (const [k, only] of points.filter((point) => !OUTSIDE.test(point)).entries()) {
    const { pointsDiedAt, violations } = await runSeed({ seed: 20_001 + k, provider: 'fake', points, only });
    if (!pointsDiedAt.has(only)) survived.push(only);
    for (const violation of violations) failures.push(`death at ${only}: ${violation}`);
  }
  const outside = points.filter((point) => OUTSIDE.test(point));
  console.log(`crash points: ${points.length}, outside ${outside.length}, survived ${survived.length}`);

  deepEqual(failures, []);
  deepEqual(survived, []);
});

for (const { about, seed, provider } of [
  { about: 'machines of the same shapes', seed: 3, provider: 'fake' },
  { about: 'the real protocols', seed: 4, provider: 'real' },
  { about: 'the real sessions between signers', seed: 8, provider: 'fake' },
] as const) {
  test(`R29: the same seed gives the same run to the last line, with ${about}`, async () => {
    const first = await runSeed({ seed, provider, points });
    const second = await runSeed({ seed, provider, points, keepLines: true });
    const other = await runSeed({ seed: seed + 8, provider, points });

    equal(second.traceHash, first.traceHash);
    deepEqual(second.counts, first.counts);
    ok(second.lines.length > 500);
    notEqual(other.traceHash, first.traceHash);
  });
}

type Sabotage = NonNullable<SeedOptions['sabotage']>;

/** A calm seed, and at its end something that must never be: each oracle alone has to say so. */
const lies: readonly { readonly what: string; readonly sabotage: Sabotage; readonly sees: RegExp }[] = [
  {
    what: 'N4: a returned signature that does not verify',
    sabotage: ({ oracles, client }) => {
      const [key] = client.keys;
      if (key !== undefined) oracles.returned({ key, items: [], signature: new Uint8Array(64), verifies: false });
    },
    sees: /^N4/,
  },
  {
    what: 'N5: a contribution to what nobody signed',
    sabotage: ({ world, client }) => {
      const { store } = world.processes()[1] ?? {};
      const facts = { org: client.organisation.org, nullifier: 'ab'.repeat(32), keyId: 'k', digest: 'd', execIds: 'e' };
      store?.transaction('sign', () => store.journal.append('sign.started', facts));
    },
    sees: /^N5: signer \d, sign\.started: no user signed/,
  },
  {
    what: 'N5: a contribution to another digest than the one that was signed',
    sabotage: ({ world, client }) => {
      const { store } = world.processes()[1] ?? {};
      const signed = [...client.intents].find(([, { digest }]) => digest !== undefined);
      if (store === undefined || signed === undefined) return;
      const [nullifier, { org, key }] = signed;
      const facts = { org, nullifier, keyId: key?.keyId ?? '', digest: 'd', execIds: 'e' };
      store.transaction('sign', () => store.journal.append('sign.started', facts));
    },
    sees: /^N5: signer \d, sign\.started: not what was signed/,
  },
  {
    what: 'N7: a share in a log',
    sabotage: ({ world, oracles, client }) => {
      const { store } = world.processes()[0] ?? {};
      const keyId = client.keys[0]?.keyId ?? '';
      const epoch = store?.keys.key(keyId)?.activeEpoch;
      if (store === undefined || epoch === undefined) return;
      oracles.said(`opened ${Buffer.from(store.keys.open(keyId, epoch).share.x).toString('base64')}`);
    },
    sees: /^N7: the share of .* was said/,
  },
  {
    what: 'N8: a nonce point in two runs',
    sabotage: ({ oracles }) => oracles.repeatNonce(),
    sees: /^N8: signers \d and \d used one nonce point twice/,
  },
  {
    what: 'N8: an execution that a signer began twice',
    sabotage: ({ world }) => {
      const { store } = world.processes()[0] ?? {};
      const row = store?.journal.rows().find(({ event }) => event === 'sign.started');
      if (store === undefined || row === undefined) return;
      store.transaction('sign', () => store.journal.append('sign.started', JSON.parse(row.facts)));
    },
    sees: /^N8: signer \d started .* twice/,
  },
  {
    what: 'N9: another entry at a height that was committed',
    sabotage: ({ world, client }) => {
      const { store } = world.processes()[2] ?? {};
      const { org } = client.organisation;
      const first = store?.log.at(org, 0);
      if (store === undefined || first === undefined) return;
      store.transaction('authority', () => store.log.put(org, { ...first, head: new Uint8Array(32).fill(9) }));
    },
    sees: /^N9: signer \d committed another entry/,
  },
  {
    what: 'N10: blame of a signer that did nothing',
    sabotage: ({ world, oracles }) => {
      const [by] = world.processes();
      if (by !== undefined) oracles.blamed(by, 'E_F_SHARE', [3]);
    },
    sees: /^N10: signer \d named signer 3 for E_F_SHARE/,
  },
  {
    what: 'N10: evidence that the named signer never signed',
    sabotage: ({ oracles }) => {
      oracles.deviated(2);
      const message = {
        round: 1,
        kind: 'bcast',
        from: 2,
        to: 0,
        body: new Uint8Array(3),
        sig: new Uint8Array(64),
      } as const;
      const found = { code: 'E_EQUIVOCATION', round: 1, culprits: [2], evidence: [message] };
      oracles.aborted(1, new Uint8Array(32).fill(1), found);
    },
    sees: /^N10: evidence of signer 1 .* does not verify/,
  },
];

for (const { what, sabotage, sees } of lies) {
  test(`the oracle notices ${what}`, async () => {
    const { violations } = await runSeed({ seed: 7, provider: 'fake', points: [], calm: true, sabotage });

    ok(violations.length > 0);
    for (const violation of violations) match(violation, sees);
  });
}

test('a calm seed breaks nothing', async () => {
  const { violations, counts } = await runSeed({ seed: 7, provider: 'fake', points: [], calm: true });

  deepEqual(violations, []);
  ok(counts.signatures >= 6 && counts.refused === 0);
});
