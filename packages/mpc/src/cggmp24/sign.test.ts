/** Signatures by any three of five, and every way in which one of the three can cheat. */
import { deepEqual, equal, ok, throws } from 'node:assert/strict';
import { test } from 'node:test';
import { type Curve, curve, type Point, type Scalar } from '@holdfast/crypto/curves';
import { weierstrass } from '@noble/curves/abstract/weierstrass.js';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { decodeEvidence, encodeEvidence, evidenceOf, verifyEvidence } from '../evidence/index.ts';
import { keyShares } from '../frost/test/keys.ts';
import type { EcdsaSignature } from '../honest-majority/signature.ts';
import {
  type Abort,
  type Index,
  type Job,
  type KeyShare,
  type Machine,
  type Message,
  RefusedError,
} from '../runtime/index.ts';
import { altering, type Cheat, lyingMachine, type Outcome } from '../simulator/index.ts';
import { type Cggmp24Options, createCggmp24 } from './index.ts';
import { type Pair, type Slots, slotsFor } from './messages.ts';
import type { AuxOwn, AuxPublic } from './parameters.ts';
import { testAux, testAuxPublics } from './test/index.ts';
import { prepareSigning, runJobOnce, runSigning, type Signing, type SigningOptions } from './test/signing.ts';

const secp = curve('secp256k1');
const stark = curve('stark');

const subsets = [1, 2, 3, 4, 5].flatMap((a) =>
  [1, 2, 3, 4, 5].flatMap((b) => [1, 2, 3, 4, 5].flatMap((c) => (a < b && b < c ? [[a, b, c]] : []))),
);

function signatureOf(signing: Signing, outcome: ReturnType<typeof runSigning>): EcdsaSignature {
  const made = signing.parties.map((party) => {
    const status = outcome.status.get(party);
    if (status?.s !== 'done') throw new Error(JSON.stringify(status));
    return status.out;
  });
  for (const each of made) deepEqual(each, made[0]);
  return made[0] as EcdsaSignature;
}

/** Proofs go from one signer to another, and these hold every pair of signers; HOLDFAST_SUBSETS=all runs all ten. */
const pairwise = [
  [1, 2, 3],
  [1, 4, 5],
  [2, 4, 5],
  [3, 4, 5],
];

test('every three of five signers make a low-s signature that recovers the key, the same at all three', () => {
  equal(subsets.length, 10);
  const pairs = new Set(pairwise.flatMap((three) => three.flatMap((a) => three.map((b) => `${a} ${b}`))));
  equal(pairs.size, 25);
  for (const parties of process.env['HOLDFAST_SUBSETS'] === 'all' ? subsets : pairwise) {
    const signing = prepareSigning({ parties });

    const outcome = runSigning(signing, { schedule: `${parties}`, faults: { duplicate: 0.2, delay: 0.2 } });

    const { signature, recid } = signatureOf(signing, outcome);
    const publicKey = signing.curve.encodePoint(signing.shares[0]?.publicKey as Point);
    ok(secp256k1.verify(signature, signing.digest, publicKey, { prehash: false, lowS: true }), `${parties}`);
    const recovered = secp256k1.recoverPublicKey(Uint8Array.of(recid, ...signature), signing.digest, {
      prehash: false,
    });
    deepEqual(recovered, publicKey);
  }
});

test('the stark curve: signatures keep the bounds of its verifiers and verify by an independent implementation', () => {
  const p = 2n ** 251n + 17n * 2n ** 192n + 1n;
  const n = 0x0800000000000010ffffffffffffffffb781126dcae7b2321e66a241adc64d2fn;
  const b = 0x06f21413efbe40de150e596d72f7a8c5609ad26c15c915c1f4cdfcb99cee9e89n;
  const Gx = 0x01ef15c18599971b7beced415a40f0c7deacfd9b0d1819e03d723d8bc943cfcan;
  const Gy = 0x005668060aa49730b7be4801df46ec62de53ecd11abe43a32873000c36e8dc1fn;
  const StarkPoint = weierstrass({ p, n, h: 1n, a: 1n, b, Gx, Gy });
  const signing = prepareSigning({ curve: stark, parties: [2, 3, 5] });

  const { signature } = signatureOf(signing, runSigning(signing));

  const [r, s, h] = [signature.slice(0, 32), signature.slice(32), signing.digest].map((bytes) =>
    BigInt(`0x${Buffer.from(bytes).toString('hex')}`),
  ) as [bigint, bigint, bigint];
  const w = StarkPoint.Fn.inv(s);
  ok(r >= 1n && r < 2n ** 251n && w < 2n ** 251n);
  const X = StarkPoint.fromBytes(stark.encodePoint(signing.shares[0]?.publicKey as Point));
  const R = StarkPoint.BASE.multiply(StarkPoint.Fn.create(h * w)).add(X.multiply(StarkPoint.Fn.create(r * w)));
  equal(R.toAffine().x, r);
});

// ---- One of three cheats -------------------------------------------------------------------------------------

const cheater = 3;
const honest = [1, 4];
const slots: Slots = slotsFor(secp, 3);

interface Cheated {
  readonly signing: Signing;
  readonly outcome: Outcome<EcdsaSignature>;
}

/** The cheater says something else from inside: the same to all, signed, its own later messages consistent with it. */
function lying(o: {
  readonly slot: keyof Slots;
  readonly to?: Index;
  readonly signing?: Signing;
  readonly value: (value: never) => object;
}): Cheated {
  const signing = o.signing ?? prepareSigning();
  const { round, kind } = slots[o.slot];
  lyingMachine(signing.machines.get(cheater) as Machine<EcdsaSignature>, (at, value) =>
    at.round === round && at.kind === kind && (o.to === undefined || at.to === o.to)
      ? { ...(value as object), ...o.value(value as never) }
      : value,
  );
  return { signing, outcome: runSigning(signing) };
}

/** The results of some jobs are other than they should be, as where a party computes what it likes. */
function computing(alter: (party: Index, job: Job, result: unknown) => unknown): Cheated {
  const signing = prepareSigning();
  const outcome = runSigning(signing, { compute: (party, job) => alter(party, job, runJobOnce(job)) });
  return { signing, outcome };
}

function abortOf(outcome: Outcome<unknown>, party: Index): Abort {
  const status = outcome.status.get(party);
  if (status?.s !== 'aborted') throw new Error(`party ${party}: ${status?.s}`);
  return status.abort;
}

/** Whom a stranger convicts who is handed the evidence of this party in a file. */
function convicted({ signing, outcome }: Cheated, by: Index): readonly Index[] | undefined {
  const evidence = evidenceOf(abortOf(outcome, by), { document: signing.document, protocol: 'cggmp24/1' });
  if (evidence === undefined) return undefined;
  return verifyEvidence(decodeEvidence(encodeEvidence(evidence)), signing.verify).proven;
}

/**
 * Every honest party named the cheater with this code, said nothing after the round in which it cheated, and holds
 * evidence that convicts the cheater elsewhere; without evidence where a stranger could not tell who is right.
 */
function named(
  cheated: Cheated,
  code: string,
  o: { readonly by?: readonly Index[]; readonly rounds: number; readonly evidence?: false },
): void {
  for (const party of o.by ?? honest) {
    const abort = abortOf(cheated.outcome, party);
    deepEqual([abort.code, abort.culprits], [code, [cheater]], `party ${party}`);
    const last = Math.max(...cheated.outcome.sentBy(party).map(({ round }) => round));
    ok(last <= o.rounds, `party ${party} went on to round ${last}`);
    deepEqual(convicted(cheated, party), o.evidence === false ? undefined : [cheater], `evidence of ${party}`);
  }
}

/** Every party ended with this code and blames nobody. */
function unnamed({ outcome, signing }: Cheated, code: string, parties = signing.parties): void {
  for (const party of parties) {
    const { code: found, culprits } = abortOf(outcome, party);
    deepEqual([found, culprits], [code, []], `party ${party}`);
  }
}

const flip = (bytes: Uint8Array, at = bytes.length - 1): Uint8Array =>
  bytes.map((byte, k) => (k === at ? byte ^ 1 : byte));
const plusOne = (k: Scalar): Scalar => secp.scalar.add(k, secp.scalar.one);
const plusG = (encoded: Uint8Array): Uint8Array => secp.encodePoint(secp.add(secp.decodePoint(encoded), secp.base));
const N = testAux(cheater).public.N;
const wide = (v: bigint): Uint8Array => Buffer.from(v.toString(16).padStart(1536, '0'), 'hex');

test('row 13: a ciphertext of 0, N, or N² and above is blamed by its own code', () => {
  for (const bad of [0n, N, testAux(cheater).own.p * 7n, N * N, N * N + 1n]) {
    const cheated = lying({ slot: 'round1', value: () => ({ K: wide(bad) }) });
    named(cheated, 'E_C_MEMBER', { rounds: 1 });
  }
  named(lying({ slot: 'round1', value: () => ({ G: wide(N) }) }), 'E_C_MEMBER', { rounds: 1 });
});

test('row 24: a commitment that is no point of the curve, or the identity, is blamed by its own code', () => {
  const bad = [new Uint8Array(33), Uint8Array.of(2, ...new Uint8Array(31), 5), Uint8Array.of(5, ...new Uint8Array(32))];
  for (const point of bad) named(lying({ slot: 'round1', value: () => ({ Y: point }) }), 'E_C_POINT', { rounds: 1 });
  for (const name of ['A1', 'A2', 'B1', 'B2'])
    named(lying({ slot: 'round1', value: () => ({ [name]: bad[1] }) }), 'E_C_POINT', { rounds: 1 });
});

test('a nonce or a mask that is not the one committed to fails its range proof', () => {
  for (const name of ['Y', 'A1', 'A2', 'B1', 'B2'] as const) {
    const cheated = lying({
      slot: 'round1',
      value: (m: Record<string, Uint8Array>) => ({ [name]: plusG(m[name] as Uint8Array) }),
    });
    named(cheated, 'E_C_ENCELG', { rounds: 1 });
  }
});

test('row 11: the two range proofs of a party do not stand for each other', () => {
  const cheated = lying({
    slot: 'round1Proofs',
    value: ({ psi0, psi1 }: { psi0: Uint8Array; psi1: Uint8Array }) => ({ psi0: psi1, psi1: psi0 }),
  });

  named(cheated, 'E_C_ENCELG', { rounds: 1 });
});

test('row 11: a range proof made for one verifier does not convince another', () => {
  const said = runSigning(prepareSigning()).sentBy(cheater);
  const toFirst = said.find((m) => m.round === 1 && m.to === 1) as Message;
  const cheated = lying({
    slot: 'round1Proofs',
    to: 4,
    value: () => slots.round1Proofs.format.decode(toFirst.body),
  });

  named(cheated, 'E_C_ENCELG', { by: [4], rounds: 1 });
});

test('row 38: Γ of another γ than the one committed to fails the proof with the shared response', () => {
  const cheated = lying({ slot: 'round2', value: ({ Gamma }: { Gamma: Uint8Array }) => ({ Gamma: plusG(Gamma) }) });

  named(cheated, 'E_C_ELOG1', { rounds: 2 });
});

test('a Γ that is no point of the curve is blamed by its own code', () => {
  named(lying({ slot: 'round2', value: () => ({ Gamma: new Uint8Array(33) }) }), 'E_C_POINT', { rounds: 2 });
});

test('products other than those whose hashes were broadcast are named before anything is decrypted', () => {
  for (const name of ['D', 'F', 'DHat', 'FHat']) {
    const cheated = lying({
      slot: 'round2Products',
      to: 1,
      value: (m: Record<string, Uint8Array>) => ({ [name]: flip(m[name] as Uint8Array) }),
    });
    named(cheated, 'E_C_PRODUCT', { by: [1], rounds: 2 });
  }
});

test('an S or a Δ that is no point of the curve is blamed by its own code', () => {
  for (const name of ['S', 'Delta'])
    named(lying({ slot: 'round3', value: () => ({ [name]: new Uint8Array(33) }) }), 'E_C_POINT', { rounds: 3 });
});

test('Δ of another k than the one committed to fails the second proof with the shared response', () => {
  const cheated = lying({ slot: 'round3', value: ({ Delta }: { Delta: Uint8Array }) => ({ Delta: plusG(Delta) }) });

  named(cheated, 'E_C_ELOG2', { rounds: 3 });
});

test('row 37: whoever adds up a wrong δ fails Π^dec in the alert and is named with evidence', () => {
  const cheated = computing((party, job, result) =>
    party === cheater && job.name === 'cggmp24.multiply'
      ? { ...(result as object), beta: plusOne((result as { beta: Scalar }).beta) }
      : result,
  );

  named(cheated, 'E_C_ALERT', { rounds: 4 });
  for (const party of honest) equal(cheated.outcome.sentBy(party).filter((m) => m.kind === 'bcast').length, 3);
});

test('row 37: whoever adds up a wrong χ fails Π^dec in the alert and is named with evidence', () => {
  const cheated = computing((party, job, result) =>
    party === cheater && job.name === 'cggmp24.verify-round2'
      ? { ...(result as object), alphaHat: plusOne((result as { alphaHat: Scalar }).alphaHat) }
      : result,
  );

  named(cheated, 'E_C_ALERT', { rounds: 4 });
});

test('row 37: two who agree on a product that is none are found by the third, which never saw its proof', () => {
  // The product of 3 with the k of 1 is one too large, and 1 takes it as it comes.
  const said = runSigning(prepareSigning()).sentBy(cheater);
  const [round2, products] = [0, 1].map((to) => said.find((m) => m.round === 2 && m.to === to)?.body);
  const honestRound2 = { round2, products };
  for (const { D, hat } of [
    { D: 'D', hat: '' },
    { D: 'DHat', hat: 'Hat' },
  ] as const) {
    const cheated = computing((party, job, result) => {
      const input = job.input as { verifier?: Index; prover?: Index };
      if (party === cheater && job.name === 'cggmp24.multiply' && input.verifier === 1) {
        const made = result as { products: Uint8Array };
        const m = slots.round2Products.format.decode(made.products);
        const owner = testAux(1).public.N;
        const larger = (BigInt(`0x${Buffer.from(m[D]).toString('hex')}`) * (1n + owner)) % (owner * owner);
        return { ...made, products: slots.round2Products.format.encode({ ...m, [D]: wide(larger) }) };
      }
      if (party === 1 && job.name === 'cggmp24.verify-round2' && input.prover === cheater) {
        const honestJob = { ...job, input: { ...(job.input as object), ...honestRound2 } };
        const received = runJobOnce(honestJob) as Record<string, Scalar | string>;
        const name = `alpha${hat}`;
        return { ...received, [name]: plusOne(received[name] as Scalar) };
      }
      return result;
    });

    named(cheated, 'E_C_ALERT', { by: [4], rounds: 4 });
  }
});

/** Party 3 adds one to its δ, and in the alert shows ciphertexts that would add up to it. */
function forgingAlert(forge: (pairs: Pair[], verifier: Index) => Pair[]): Cheated {
  return computing((party, job, result) => {
    if (party !== cheater) return result;
    if (job.name === 'cggmp24.multiply' && (job.input as { verifier: Index }).verifier === 1)
      return { ...(result as object), beta: plusOne((result as { beta: Scalar }).beta) };
    if (job.name !== 'cggmp24.prove-alert') return result;
    const input = job.input as { pairs: Pair[]; verifier: Index };
    return runJobOnce({ ...job, input: { ...input, pairs: forge(input.pairs, input.verifier) } });
  });
}
const times = (C: Uint8Array, factor: bigint): Uint8Array =>
  wide((BigInt(`0x${Buffer.from(C).toString('hex')}`) * factor) % (N * N));

test('row 37: a sum that only other ciphertexts than those received would give is found by their hashes', () => {
  const cheated = forgingAlert((pairs) =>
    pairs.map(([D, ...rest], at): Pair => (at === 0 ? [times(D, 1n + N), ...rest] : [D, ...rest])),
  );

  named(cheated, 'E_C_ALERT', { rounds: 4 });
});

test('row 37: a sum that only other ciphertexts than those sent would give is found by their hashes', () => {
  // For the verifier's own pair no Π^aff-g is due: nothing else would notice.
  const cheated = forgingAlert((pairs, verifier) =>
    pairs.map(
      ([D, F, sentD, sentF], at): Pair => [
        D,
        F,
        sentD,
        at === honest.indexOf(verifier) ? times(sentF, 1n - N + N * N) : sentF,
      ],
    ),
  );

  named(cheated, 'E_C_ALERT', { rounds: 4 });
});

test('an alert over another view than all agreed on names its sender, but not to strangers', () => {
  const signing = prepareSigning();
  lyingMachine(signing.machines.get(cheater) as Machine<EcdsaSignature>, (at, value) =>
    at.round === 4 && at.kind === 'p2p'
      ? { ...(value as object), view: flip((value as { view: Uint8Array }).view) }
      : value,
  );

  const outcome = runSigning(signing, {
    compute: (party, job) => {
      const result = runJobOnce(job);
      return party === cheater && job.name === 'cggmp24.multiply'
        ? { ...(result as object), beta: plusOne((result as { beta: Scalar }).beta) }
        : result;
    },
  });

  named({ signing, outcome }, 'E_C_VIEW', { rounds: 4, evidence: false });
});

test('row 13: a product that is no element of its group is blamed as such, whoever owns the modulus', () => {
  for (const name of ['D', 'DHat', 'F', 'FHat']) {
    const cheated = computing((party, job, result) => {
      if (party !== cheater || job.name !== 'cggmp24.multiply') return result;
      const made = result as { products: Uint8Array };
      const m = slots.round2Products.format.decode(made.products);
      return { ...made, products: slots.round2Products.format.encode({ ...m, [name]: new Uint8Array(768) }) };
    });
    named(cheated, 'E_C_MEMBER', { rounds: 2 });
  }
});

test('a party that is silent in the alert is named, without evidence, unless another one is found', () => {
  const silent = lying({ slot: 'round3', value: ({ delta }: { delta: Scalar }) => ({ delta: plusOne(delta) }) });

  named(silent, 'E_C_ALERT', { rounds: 4, evidence: false });

  const signing = prepareSigning();
  const outcome = runSigning(signing, {
    cheats: { 4: (m) => (m.round === 4 ? undefined : m) },
    compute: (party, job) => {
      const result = runJobOnce(job);
      return party === cheater && job.name === 'cggmp24.multiply'
        ? { ...(result as object), beta: plusOne((result as { beta: Scalar }).beta) }
        : result;
    },
  });
  named({ signing, outcome }, 'E_C_ALERT', { by: [1], rounds: 4 });
});

test('where nobody proves anything in the alert, who was given up on is named, without evidence', () => {
  const signing = prepareSigning();
  const silent: Cheat = (m) => (m.round === 4 ? undefined : m);
  const { status } = runSigning(signing, {
    cheats: { [cheater]: silent, 4: silent },
    compute: (party, job) => {
      const result = runJobOnce(job);
      return party === cheater && job.name === 'cggmp24.multiply'
        ? { ...(result as object), beta: plusOne((result as { beta: Scalar }).beta) }
        : result;
    },
  });

  const mine = status.get(1);
  if (mine?.s !== 'aborted') throw new Error(`party 1 is ${mine?.s}`);
  const { code, culprits, evidence } = mine.abort;
  deepEqual([code, evidence], ['E_C_ALERT', undefined]);
  ok(culprits.length > 0 && culprits.every((p) => p === cheater || p === 4), `${culprits}`);
});

test('an alert in which every proof verifies is a fault of our own and names nobody', () => {
  const cheated = computing((party, job, result) => {
    if (job.name === 'cggmp24.verify-alert') return true;
    return party === cheater && job.name === 'cggmp24.multiply'
      ? { ...(result as object), beta: plusOne((result as { beta: Scalar }).beta) }
      : result;
  });

  unnamed(cheated, 'E_C_SUM');
});

test('row 36: a wrong share of the signature names its sender', () => {
  const cheated = lying({ slot: 'partial', value: ({ sigma }: { sigma: Scalar }) => ({ sigma: plusOne(sigma) }) });

  named(cheated, 'E_C_PARTIAL', { rounds: 4 });
});

test('row 59: a signature that the curve’s own verifier does not take never leaves, whatever the checks before said', () => {
  const signing = prepareSigning();
  // Party 1 takes every two points for the same.
  const blind = { ...signing.context(1), curve: { ...secp, equals: () => true } };
  const aux = { own: testAux(1).own, publics: testAuxPublics() };
  signing.machines.set(1, createCggmp24(blind, { share: signing.shares[0] as KeyShare, digest: signing.digest, aux }));

  const cheated = lying({
    slot: 'partial',
    signing,
    value: ({ sigma }: { sigma: Scalar }) => ({ sigma: plusOne(sigma) }),
  });

  unnamed(cheated, 'E_C_SIG', [1]);
  named(cheated, 'E_C_PARTIAL', { by: [4], rounds: 4 });
});

test('a party that signs another view than all agreed on is named, but not to strangers', () => {
  for (const slot of ['round2', 'round3', 'partial'] as const) {
    const cheated = lying({ slot, value: ({ view }: { view: Uint8Array }) => ({ view: flip(view) }) });
    named(cheated, 'E_C_VIEW', { rounds: slots[slot].round, evidence: false });
  }
});

test('row 20: two versions of K and G are named with both as evidence that verifies offline', () => {
  const signing = prepareSigning();
  const body = (whole: Uint8Array): Uint8Array => flip(whole, 200);
  const alter = { round: 1, kind: 'bcast' as const, to: 4, body };
  const lie = altering({ execId: signing.execId, env: signing.env(cheater), alter });

  const outcome = runSigning(signing, { cheats: { [cheater]: lie } });

  named({ signing, outcome }, 'E_EQUIVOCATION', { rounds: 1 });
});

test('a signed message that is none names its sender with evidence', () => {
  const signing = prepareSigning();
  const alter = { round: 1, kind: 'p2p' as const, body: () => Uint8Array.of(1, 2, 3) };
  const lie = altering({ execId: signing.execId, env: signing.env(cheater), alter });

  const outcome = runSigning(signing, { cheats: { [cheater]: lie } });

  named({ signing, outcome }, 'E_MALFORMED', { rounds: 1 });
});

test('row 30: parties that were given different digests stop before a product is sent, and nobody is named', () => {
  const signing = prepareSigning({ digestOf: (party, digest) => (party === cheater ? flip(digest) : digest) });

  const outcome = runSigning(signing);

  unnamed({ signing, outcome }, 'E_C_CONTEXT');
  for (const party of signing.parties) ok(outcome.sentBy(party).every(({ round }) => round === 1));
});

test('row 40: parties with auxiliary values of different epochs stop; a liar about it fails its proofs', () => {
  const stale = new Map(testAuxPublics()).set(4, testAux(5).public);
  const options: SigningOptions = { publicsOf: (party, publics) => (party === cheater ? stale : publics) };
  const signing = prepareSigning(options);
  unnamed({ signing, outcome: runSigning(signing) }, 'E_C_CONTEXT');

  const [said] = runSigning(prepareSigning()).sentBy(1);
  const { context } = slots.round1.format.decode((said as Message).body);
  const lie = lying({ slot: 'round1', signing: prepareSigning(options), value: () => ({ context }) });

  const { code, culprits } = abortOf(lie.outcome, 4);
  deepEqual([code, culprits], ['E_C_ENCELG', [cheater]]);
});

test('row 11: messages of one run are worth nothing in another', () => {
  const other = runSigning(prepareSigning({ run: 'another' })).sentBy(cheater);
  const replayed = other.find((m) => m.round === 1 && m.to === 1) as Message;
  const cheated = lying({ slot: 'round1Proofs', to: 1, value: () => slots.round1Proofs.format.decode(replayed.body) });
  named(cheated, 'E_C_ENCELG', { by: [1], rounds: 1 });

  const products = other.find((m) => m.round === 2 && m.to === 1) as Message;
  const m = slots.round2Products.format.decode(products.body);
  const { outcome, signing } = lying({ slot: 'round2Products', to: 1, value: () => ({ psi: m.psi }) });
  named({ outcome, signing }, 'E_C_AFFG', { by: [1], rounds: 2 });
});

test('row 11: the proofs of the two products do not stand for each other', () => {
  const swap = ({ psi, psiHat }: { psi: Uint8Array; psiHat: Uint8Array }) => ({ psi: psiHat, psiHat: psi });
  named(lying({ slot: 'round2Products', to: 1, value: swap }), 'E_C_AFFG', { by: [1], rounds: 2 });

  const doubled = ({ psi }: { psi: Uint8Array }) => ({ psiHat: psi });
  named(lying({ slot: 'round2Products', to: 1, value: doubled }), 'E_C_AFFGX', { by: [1], rounds: 2 });
});

test('a party that is gone ends the run without blame, in every round', () => {
  for (const round of [1, 2, 3, 4]) {
    const signing = prepareSigning();
    const outcome = runSigning(signing, { cheats: { [cheater]: (m) => (m.round >= round ? undefined : m) } });
    unnamed({ signing, outcome }, 'E_PEER_GONE', honest);
  }
});

test('a job that dies ends the run of its party, and the others with it', () => {
  const signing = prepareSigning();
  const outcome = runSigning(signing, {
    compute: (party, job) => {
      if (party === cheater && job.name === 'cggmp24.multiply') throw new Error('killed');
      return runJobOnce(job);
    },
  });

  unnamed({ signing, outcome }, 'E_COMPUTE', [cheater]);
  unnamed({ signing, outcome }, 'E_PEER_GONE', honest);
});

const chosen = (k: bigint, gamma: bigint): Scalar[] =>
  [k, gamma, 3n, 4n, 5n].map((each) => secp.scalar.fromBigInt(each));

test('row 56: nonces that cancel out, in Γ or in δ, end the run without a share of the signature', () => {
  const sums: [k: bigint, gamma: bigint][] = [
    [7n, -2n],
    [-2n, 7n],
  ];
  for (const [k, gamma] of sums) {
    const signing = prepareSigning({
      scalarsOf: (party) =>
        party === cheater ? chosen(k, gamma) : chosen(k === -2n ? 1n : 7n, gamma === -2n ? 1n : 7n),
    });

    const outcome = runSigning(signing);

    unnamed({ signing, outcome }, 'E_C_ZERO');
    for (const party of signing.parties) ok(outcome.sentBy(party).every((m) => m.round < 4));
  }
});

test('the secrets of a run are zero when it is over, and before its share of the signature leaves', () => {
  for (const round of [2, 4, 9]) {
    const drawn = new Map<Index, Scalar[]>();
    const signing = prepareSigning({
      scalarsOf: (party) => {
        const all = [11n, 13n, 17n, 19n, 23n].map((v) => secp.scalar.fromBigInt(v * BigInt(party)));
        drawn.set(party, [...all]);
        return all;
      },
    });
    const atSending: boolean[] = [];
    const isZero = (party: Index): boolean => (drawn.get(party) ?? []).every((k) => k.every((byte) => byte === 0));

    const outcome = runSigning(signing, {
      cheats: {
        1: (m) => {
          if (m.round === 4) atSending.push(isZero(1));
          return m.round >= round ? undefined : m;
        },
      },
    });

    for (const party of signing.parties) ok(isZero(party), `party ${party}`);
    ok(atSending.every((zero) => zero));
    equal(outcome.status.get(4)?.s, round === 9 ? 'done' : 'aborted');
  }
});

// ---- What no run could have ----------------------------------------------------------------------------------

function refuses(code: string, o: { on?: Curve; parties?: readonly Index[]; change?: Partial<Cggmp24Options> }): void {
  const signing = prepareSigning({ curve: o.on ?? secp });
  const context = { ...signing.context(1), parties: o.parties ?? signing.parties };
  const options: Cggmp24Options = {
    share: signing.shares[0] as KeyShare,
    digest: signing.digest,
    aux: { own: testAux(1).own, publics: testAuxPublics() },
    ...o.change,
  };
  throws(
    () => createCggmp24(context, options),
    (error) => error instanceof RefusedError && error.code === code,
    code,
  );
}

test('two signers, or four, cannot make a run of a key of which three sign', () => {
  refuses('E_PARTIES', { parties: [1, 3] });
  refuses('E_PARTIES', { parties: [1, 2, 3, 4] });
});

test('more than eight signers cannot make a run', () => {
  const parties = [1, 2, 3, 4, 5, 6, 7, 8, 9];
  const [share] = keyShares({ curve: secp, protocol: 'CGGMP21', t: 9, n: 9, seed: 'nine' });

  refuses('E_PARTIES', { parties, change: { share: share as KeyShare } });
});

test('row 52: a key of another protocol, curve or party does not sign', () => {
  const share = prepareSigning().shares[0] as KeyShare;
  const [other] = keyShares({ curve: stark, protocol: 'CGGMP21', t: 3, n: 5, seed: 'stark' });
  refuses('E_KEY_PROTOCOL', { change: { share: { ...share, protocol: 'FROST_BITCOIN' } } });
  refuses('E_KEY_PROTOCOL', { change: { share: { ...share, curve: 'ed25519' } } });
  refuses('E_KEY_PROTOCOL', { change: { share: other as KeyShare } });
  refuses('E_PARTIES', { change: { share: prepareSigning().shares[1] as KeyShare } });
});

test('a curve without ECDSA, or with a larger order than the parameters are made for, does not sign', () => {
  const ed25519 = curve('ed25519');
  const signing = prepareSigning();
  const [share] = keyShares({ curve: ed25519, protocol: 'CGGMP21', t: 3, n: 5, seed: 'ed25519' });
  const aux = { own: testAux(1).own, publics: testAuxPublics() };
  const code = (expected: string) => (error: unknown) => error instanceof RefusedError && error.code === expected;

  throws(
    () =>
      createCggmp24(
        { ...signing.context(1), curve: ed25519 },
        { share: share as KeyShare, digest: signing.digest, aux },
      ),
    code('E_KEY_PROTOCOL'),
  );
  throws(
    () =>
      createCggmp24(
        { ...signing.context(1), curve: { ...secp, order: 1n << 256n } },
        { share: signing.shares[0] as KeyShare, digest: signing.digest, aux },
      ),
    code('E_C_AUX'),
  );
});

test('a digest of another length, or over the bound of stark, is refused', () => {
  refuses('E_C_DIGEST', { change: { digest: new Uint8Array(31) } });
  refuses('E_C_DIGEST', { on: stark, change: { digest: new Uint8Array(32).fill(8) } });
});

test('auxiliary values that are missing, repeated, of another size or of another owner are refused', () => {
  const { own } = testAux(1);
  const change = (publics: ReadonlyMap<Index, AuxPublic>, ours: AuxOwn = own): Partial<Cggmp24Options> => ({
    aux: { own: ours, publics },
  });
  const all = testAuxPublics();
  const without = new Map(all);
  without.delete(3);
  refuses('E_C_AUX', { change: change(without) });
  refuses('E_C_AUX', { change: change(new Map(all).set(3, testAux(4).public)) });
  const sized = (N: bigint) => change(new Map(all).set(3, { ...testAux(3).public, N }));
  refuses('E_C_AUX', { change: sized(1n << 3069n) });
  refuses('E_C_AUX', { change: sized(1n << 3072n) });
  refuses('E_C_AUX', { change: change(all, { ...own, p: testAux(2).own.p }) });
  refuses('E_C_AUX', { change: change(all, { ...own, pHat: testAux(2).own.pHat }) });
});

test('without the factors of its own N̂ a signer verifies all the same, only slower', () => {
  const { p, q } = testAux(cheater).own;
  const signing = prepareSigning();
  const aux = { own: { p, q }, publics: testAuxPublics() };
  const share = signing.shares[cheater - 1] as KeyShare;
  signing.machines.set(cheater, createCggmp24(signing.context(cheater), { share, digest: signing.digest, aux }));

  signatureOf(signing, runSigning(signing));
});
