/** PRSS sessions for tests: from seeded keys, without a set-up run; and ones whose masks the test chooses. */
import type { Curve, Scalar } from '@holdfast/crypto/curves';
import type { Index } from '../../runtime/index.ts';
import { seededRandom } from '../../simulator/index.ts';
import { type PrssRun, type PrssSession, prssSession } from '../prss.ts';
import { subsets } from '../subsets.ts';

/** One session per party, all with the same keys. */
export function seededSessions(seed: string, n = 5): Map<Index, PrssSession> {
  const parties = Array.from({ length: n }, (_, at) => at + 1);
  const id = seededRandom(`${seed}/session`).bytes(32);
  return new Map(
    parties.map((self) => {
      const keys = subsets(parties, (n + 1) / 2)
        .filter((A) => A.includes(self))
        .map((A) => ({ A, key: seededRandom(`${seed}/key ${A}`).bytes(32) }));
      return [self, prssSession({ id, self, parties, keys })];
    }),
  );
}

export interface Masks {
  readonly k?: bigint;
  readonly a?: bigint;
}

/** Sessions whose k and a open to the given values; the shares lie on seeded polynomials of degree 2. */
export function chosenSessions(curve: Curve, seed: string, chosen: Masks): Map<Index, PrssSession> {
  const honest = seededSessions(seed);
  const share = (label: 'k' | 'a', self: Index): Scalar => {
    const random = seededRandom(`${seed}/${label}`);
    const [first, second] = [random.bytes(48), random.bytes(48)].map((bytes) =>
      curve.scalar.toBigInt(curve.scalar.reduce(bytes)),
    );
    const x = BigInt(self);
    return curve.scalar.fromBigInt((chosen[label] as bigint) + (first as bigint) * x + (second as bigint) * x * x);
  };
  return new Map(
    [...honest].map(([self, session]) => [
      self,
      {
        ...session,
        open(execId, on): PrssRun {
          const run = session.open(execId, on);
          return {
            zero: run.zero,
            rand: (label, u) =>
              chosen[label as 'k' | 'a'] === undefined ? run.rand(label, u) : share(label as 'k' | 'a', self),
          };
        },
      },
    ]),
  );
}
