/** A user follows a cluster whose signers were replaced: every step is checked from the fingerprint that was pinned. */
import { deepEqual, equal, throws } from 'node:assert/strict';
import { test } from 'node:test';
import { clusterFingerprint, signerId, sortedBySignerId } from '@holdfast/authority/challenge';
import { toBase64, toBase64Url } from '@holdfast/contract/wire';
import { enc, i, sha256 } from '@holdfast/crypto/transcript';
import { ed25519 } from '@noble/curves/ed25519.js';
import { ClusterRefused, followSuccessions } from './index.ts';

interface Member {
  readonly secret: Uint8Array;
  readonly key: Uint8Array;
}
let drawn = 0;
const draw = (): Member => {
  const secret = sha256(new TextEncoder().encode(`member ${drawn++}`));
  return { secret, key: ed25519.getPublicKey(secret) };
};
const sorted = (members: readonly Member[]): Member[] =>
  sortedBySignerId(members.map(({ key }) => key)).map((key) => members.find((each) => each.key === key) as Member);
const keys = (members: readonly Member[]): Uint8Array[] => members.map(({ key }) => key);
const founding = sorted(Array.from({ length: 5 }, draw));
const clusterFingerprintOf = (epoch: number, members: readonly Member[]): Uint8Array =>
  clusterFingerprint(epoch, keys(members));
const pin = toBase64Url(clusterFingerprintOf(0, founding));

interface Step {
  readonly json: Record<string, unknown>;
  readonly to: Member[];
}
function step(
  epoch: number,
  from: readonly Member[],
  place: number,
  o: { by?: number; joins?: Member; toEpoch?: number } = {},
): Step {
  let to: Member[];
  let joins: Member;
  do {
    joins = o.joins ?? draw();
    to = sorted(from.map((each, at) => (at === place ? joins : each)));
  } while (o.joins === undefined && to[place] !== joins);
  const toEpoch = o.toEpoch ?? epoch + 1;
  const leaves = from[place] as Member;
  const bytes = enc(
    'holdfast/succession/v1',
    i.bytes(clusterFingerprintOf(epoch, from)),
    i.bytes(clusterFingerprintOf(toEpoch, to)),
    i.uint(toEpoch),
    i.bytes(leaves.key),
    i.bytes((to[place] as Member).key),
  );
  const staying = from.filter((each) => each !== leaves);
  const sign = ({ secret, key }: Member) => ({
    identityKey: toBase64(key),
    signature: toBase64(ed25519.sign(bytes, secret)),
  });
  const json = {
    v: 1,
    from: { epoch, identityKeys: keys(from).map(toBase64) },
    to: { v: 1, epoch: toEpoch, relay: 'ws://x/r', signers: to.map(({ key }) => ({ identityKey: toBase64(key) })) },
    signatures: staying.slice(0, o.by ?? 4).map(sign),
  };
  return { json, to };
}
const text = (...steps: readonly Step[]): string =>
  JSON.stringify({ v: 1, successions: steps.map(({ json }) => json) });
const first = step(0, founding, 2);
const second = step(1, first.to, 0);
const follow = (successions: string, members?: { epoch: number; fingerprint: string }) =>
  followSuccessions(successions, { clusterFingerprint: pin, ...(members === undefined ? {} : { members }) });
const refused = (work: () => unknown, what?: string): void => throws(work, ClusterRefused, what);

test('from the pinned fingerprint over two steps to who serves today', () => {
  deepEqual(follow(text(first, second)), { epoch: 2, fingerprint: toBase64Url(clusterFingerprintOf(2, second.to)) });
  deepEqual(follow(''), { epoch: 0, fingerprint: pin });
});

test('what was known already lies on the way, or nothing is believed', () => {
  const known = follow(text(first));
  equal(follow(text(first, second), known).epoch, 2);
  equal(follow(text(first), known).epoch, 1);

  refused(() => follow('', known), 'a rollback');
  refused(() => follow(text(step(0, founding, 2)), known), 'a fork');
});

test('a step that does not hold is refused', () => {
  const bad: readonly [string, string][] = [
    ['two signatures', text(step(0, founding, 1, { by: 2 }))],
    ['another founding', text(step(0, sorted(Array.from({ length: 5 }, draw)), 1))],
    ['a gap', text(second)],
    ['an epoch skipped', text(step(0, founding, 1, { toEpoch: 2 }))],
    ['who has left comes back', text(first, step(1, first.to, 2, { joins: founding[2] as Member }))],
    [
      'signatures of the other step',
      text({ ...first, json: { ...first.json, signatures: step(0, founding, 2).json['signatures'] } }),
    ],
    [
      'one signature three times',
      text({
        ...first,
        json: { ...first.json, signatures: Array(3).fill((first.json['signatures'] as unknown[])[0]) },
      }),
    ],
    [
      'four signers',
      text({
        ...first,
        json: { ...first.json, from: { epoch: 0, identityKeys: keys(founding).slice(1).map(toBase64) } },
      }),
    ],
    [
      'nobody replaced',
      text({
        ...first,
        json: {
          ...first.json,
          to: { epoch: 1, signers: keys(founding).map((key) => ({ identityKey: toBase64(key) })) },
        },
      }),
    ],
    ['no JSON', '{'],
    ['another form', '{"v":2,"successions":[]}'],
    [
      'too many signatures',
      text({
        ...first,
        json: { ...first.json, signatures: Array(5).fill((first.json['signatures'] as unknown[])[0]) },
      }),
    ],
  ];
  for (const [what, successions] of bad) refused(() => follow(successions), what);
});

test('a step that enough have signed, but that says something else than one for one, is refused for that', () => {
  const place = 2;
  const other = (to: readonly Member[]): Member[] =>
    drawUntil(to.toSpliced(place + 1, 1), (swapped, added) => swapped[place + 1] === added);
  const { json } = first;
  const four = json['signatures'] as unknown[];

  for (const [says, step] of [
    [/is of another epoch/, { ...json, to: { ...(json['to'] as object), epoch: 2 } }],
    [/at most four signatures/, { ...json, signatures: [...four, four[0]] }],
    [/exactly one signer/, signedStep(other(first.to))],
    [
      /has five signers/,
      { ...json, to: { ...(json['to'] as object), signers: [...signersOf(first.to), ...signersOf([draw()])] } },
    ],
  ] as const) {
    const successions = JSON.stringify({ v: 1, successions: [step] });
    throws(
      () => follow(successions),
      (error) => error instanceof ClusterRefused && says.test(error.message),
    );
  }

  /** From the founding members to these, by everybody but the one in that place, as if it were the only one to leave. */
  function signedStep(to: readonly Member[]): Record<string, unknown> {
    const bytes = enc(
      'holdfast/succession/v1',
      i.bytes(clusterFingerprintOf(0, founding)),
      i.bytes(clusterFingerprintOf(1, to)),
      i.uint(1),
      i.bytes((founding[place] as Member).key),
      i.bytes((to[place] as Member).key),
    );
    return {
      ...json,
      to: { ...(json['to'] as object), signers: signersOf(to) },
      signatures: founding.toSpliced(place, 1).map(({ key, secret }) => ({
        identityKey: toBase64(key),
        signature: toBase64(ed25519.sign(bytes, secret)),
      })),
    };
  }
});

function signersOf(members: readonly Member[]): { identityKey: string }[] {
  return members.map(({ key }) => ({ identityKey: toBase64(key) }));
}

/** With one more member, drawn until the order is as wanted. */
function drawUntil(members: readonly Member[], fits: (all: Member[], added: Member) => boolean): Member[] {
  for (;;) {
    const added = draw();
    const all = sorted([...members, added]);
    if (fits(all, added)) return all;
  }
}

test('the one that leaves does not count among those who sign', () => {
  const leaver = founding[2] as Member;
  const bytes = enc(
    'holdfast/succession/v1',
    i.bytes(clusterFingerprintOf(0, founding)),
    i.bytes(clusterFingerprintOf(1, first.to)),
    i.uint(1),
    i.bytes(leaver.key),
    i.bytes((first.to[2] as Member).key),
  );
  const own = { identityKey: toBase64(leaver.key), signature: toBase64(ed25519.sign(bytes, leaver.secret)) };
  const signatures = [own, ...(first.json['signatures'] as unknown[]).slice(0, 2)];

  refused(() => follow(text({ ...first, json: { ...first.json, signatures } })));
  equal(signerId(leaver.key).length, 32);
});
