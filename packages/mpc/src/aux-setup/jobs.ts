/**
 * The arithmetic of the auxiliary set-up, as jobs (docs/specs/runtime.md §8): seconds of proofs at full size. The
 * trapdoor λ and φ(N̂) exist inside the first of them only.
 */
import { fromBytes, gcd } from '@holdfast/crypto/bigmod';
import { HashRng } from '@holdfast/crypto/transcript';
import {
  type AuxPublic,
  checkBases,
  checkModulus,
  type FacProof,
  type ModProof,
  makeRingPedersen,
  type PrmProof,
  proveFac,
  proveMod,
  provePrm,
  type RingPedersen,
  ringPedersenGroup,
  verifyFac,
  verifyMod,
  verifyPrm,
} from '../cggmp24/index.ts';
import { AbortError, type Index, type JobKind } from '../runtime/index.ts';

interface Run {
  readonly execId: Uint8Array;
  readonly self: Index;
}

/** The code with which a check ended, for the machine to put a name beside; undefined where everything holds. */
export type Verdict = string | undefined;

/** Round 1: t = τ², s = t^λ and Π^prm; λ is forgotten when the job ends. */
export const commitJob: JobKind<
  Run & { readonly pHat: Uint8Array; readonly qHat: Uint8Array; readonly seed: Uint8Array },
  { readonly ringPedersen: RingPedersen; readonly prm: PrmProof }
> = {
  name: 'aux/commit',
  run({ execId, self, pHat: pHatBytes, qHat: qHatBytes, seed }) {
    const random = randomOf(seed);
    const [pHat, qHat] = [fromBytes(pHatBytes), fromBytes(qHatBytes)];
    const { parameters, lambda } = makeRingPedersen(random, { pHat, qHat });
    const place = { execId, prover: self, label: 'prm' };
    const prm = provePrm(random, { place, parameters, witness: { pHat, qHat, lambda } });
    return { ringPedersen: parameters, prm };
  },
};

/** Round 2: what one party opened, by itself. */
export const checkOpenedJob: JobKind<
  { readonly execId: Uint8Array; readonly from: Index; readonly opened: AuxPublic & { readonly prm: PrmProof } },
  Verdict
> = {
  name: 'aux/check-opened',
  run: ({ execId, from, opened: { N, ringPedersen, prm } }) =>
    verdictOf(() => {
      checkModulus(N);
      checkModulus(ringPedersen.N);
      checkBases(ringPedersen);
      verifyPrm({ place: { execId, prover: from, label: 'prm' }, parameters: ringPedersen, proof: prm });
    }),
};

/** Round 2: the parties whose moduli share a factor with another, this party aside. */
export const coprimeJob: JobKind<
  { readonly self: Index; readonly moduli: readonly { readonly from: Index; readonly N: bigint }[] },
  readonly Index[]
> = {
  name: 'aux/coprime',
  run({ self, moduli }) {
    const named = new Set<Index>();
    for (const [at, one] of moduli.entries()) {
      for (const other of moduli.slice(at + 1)) {
        if (gcd(one.N, other.N) === 1n) continue;
        named.add(one.from).add(other.from);
      }
    }
    named.delete(self);
    return [...named].sort((a, b) => a - b);
  },
};

/** Round 3: Π^mod for everybody and Π^fac for each verifier. */
export const proveJob: JobKind<
  Run & {
    readonly rho: Uint8Array;
    readonly p: Uint8Array;
    readonly q: Uint8Array;
    readonly seed: Uint8Array;
    readonly verifiers: readonly { readonly index: Index; readonly ringPedersen: RingPedersen }[];
  },
  { readonly mod: ModProof; readonly facs: readonly { readonly to: Index; readonly proof: FacProof }[] }
> = {
  name: 'aux/prove',
  run({ execId, self, rho, p: pBytes, q: qBytes, seed, verifiers }) {
    const random = randomOf(seed);
    const witness = { p: fromBytes(pBytes), q: fromBytes(qBytes) };
    const mod = proveMod(random, { place: { execId, prover: self, label: 'mod', rho }, witness });
    const facs = verifiers.map(({ index, ringPedersen }) => ({
      to: index,
      proof: proveFac(random, {
        place: { execId, prover: self, verifier: index, label: 'fac', rho },
        N: witness.p * witness.q,
        group: ringPedersenGroup(ringPedersen),
        witness,
      }),
    }));
    return { mod, facs };
  },
};

/** Round 3: the proof of one party to everybody. */
export const checkModJob: JobKind<
  {
    readonly execId: Uint8Array;
    readonly from: Index;
    readonly rho: Uint8Array;
    readonly N: bigint;
    readonly proof: ModProof;
  },
  Verdict
> = {
  name: 'aux/check-mod',
  run: ({ execId, from, rho, N, proof }) =>
    verdictOf(() => verifyMod({ place: { execId, prover: from, label: 'mod', rho }, N, proof })),
};

/** Round 3: what each party proved to this one. With the primes of N̂ it takes a fifth of the time. */
export const checkFacsJob: JobKind<
  Run & {
    readonly rho: Uint8Array;
    readonly proved: readonly { readonly from: Index; readonly N: bigint; readonly proof: FacProof }[];
    readonly own: { readonly ringPedersen: RingPedersen; readonly pHat: Uint8Array; readonly qHat: Uint8Array };
  },
  readonly Verdict[]
> = {
  name: 'aux/check-facs',
  run({ execId, self, rho, proved, own: { ringPedersen, pHat, qHat } }) {
    const group = ringPedersenGroup(ringPedersen, { pHat: fromBytes(pHat), qHat: fromBytes(qHat) });
    return proved.map(({ from, N, proof }) =>
      verdictOf(() =>
        verifyFac({ place: { execId, prover: from, verifier: self, label: 'fac', rho }, N, group, proof }),
      ),
    );
  },
};

export const auxJobs = [commitJob, checkOpenedJob, coprimeJob, proveJob, checkModJob, checkFacsJob] as const;

function verdictOf(checks: () => void): Verdict {
  try {
    checks();
    return undefined;
  } catch (error) {
    if (error instanceof AbortError) return error.code;
    throw error; // A bug: the values were within their formats.
  }
}

/** 64 bytes drawn by the machine's hedged generator, stretched. */
function randomOf(seed: Uint8Array): (n: number) => Uint8Array {
  const rng = new HashRng(seed.slice());
  return (n) => rng.bytes(n);
}
