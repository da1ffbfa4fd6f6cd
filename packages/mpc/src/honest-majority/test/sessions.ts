/**
 * PRSS sessions for tests: from seeded keys, without a set-up run; ones whose masks the test chooses; and ones that draw
 * as version 1 did, with which its frozen transcripts are read.
 */
import { createHmac } from 'node:crypto';
import type { Curve, Scalar } from '@holdfast/crypto/curves';
import { enc, i } from '@holdfast/crypto/transcript';
import type { Index } from '../../runtime/index.ts';
import { seededRandom } from '../../simulator/index.ts';
import { type PrssRun, type PrssSession, prssSession } from '../prss.ts';
import { maskPolynomial, subsets } from '../subsets.ts';

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
            ...run,
            draw(plan) {
              const drawn = run.draw(plan);
              for (const label of ['k', 'a'] as const)
                if (chosen[label] !== undefined) Object.assign(drawn, { [label]: share(label, self) });
              return drawn;
            },
          };
        },
      },
    ]),
  );
}

/** As seededSessions, drawing by HMAC-SHA512 and f_A = g_A/g_A(0): docs/specs/honest-majority-ecdsa.md §7. */
export function version1Sessions(seed: string): Map<Index, PrssSession> {
  const parties = [1, 2, 3, 4, 5];
  return new Map(
    [...seededSessions(seed)].map(([self, session]) => [
      self,
      {
        ...session,
        open: (execId, on) => ({
          ...session.open(execId, on),
          draw: (plan) => drawAsVersion1({ seed, parties, self, execId, on, plan }),
        }),
      },
    ]),
  );
}

function drawAsVersion1<P extends Readonly<Record<string, 'rand' | 'zero'>>>(o: {
  seed: string;
  parties: readonly Index[];
  self: Index;
  execId: Uint8Array;
  on: Curve;
  plan: P;
}): { [Label in keyof P]: Scalar } {
  const { seed, parties, self, execId, on, plan } = o;
  const { scalar } = on;
  const share = (label: string, kind: 'rand' | 'zero'): Scalar => {
    let sum = scalar.zero;
    for (const l of kind === 'rand' ? [0] : [1, 2]) {
      const letter = kind === 'rand' ? 'r' : 'z';
      const input = enc('mpc/prss', i.bytes(execId), i.text(letter), i.text(label), i.uint(0), i.uint(l));
      for (const A of subsets(parties, 3).filter((members) => members.includes(self))) {
        const key = seededRandom(`${seed}/key ${A}`).bytes(32);
        const psi = scalar.reduce(createHmac('sha512', key).update(input).digest().subarray(0, 48));
        const [at, atZero] = [self, 0].map((x) => scalar.fromBigInt(BigInt(maskPolynomial({ parties, A, at: x }))));
        const f_A = scalar.mul(at as Scalar, scalar.invert(atZero as Scalar));
        sum = scalar.add(sum, scalar.mul(psi, scalar.mul(f_A, scalar.fromBigInt(BigInt(self ** l)))));
      }
    }
    return sum;
  };
  return Object.fromEntries(Object.entries(plan).map(([label, kind]) => [label, share(label, kind)])) as {
    [Label in keyof P]: Scalar;
  };
}
