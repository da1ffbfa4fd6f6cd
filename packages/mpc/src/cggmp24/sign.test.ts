/** Signatures by any three of five, and every way in which one of the three can cheat. */
import { deepEqual, equal, ok } from 'node:assert/strict';
import { test } from 'node:test';
import { curve, type Point } from '@holdfast/crypto/curves';
import { weierstrass } from '@noble/curves/abstract/weierstrass.js';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import type { EcdsaSignature } from '../honest-majority/signature.ts';
import type { Abort, Index, Machine, Message } from '../runtime/index.ts';
import { lyingMachine, type Outcome } from '../simulator/index.ts';
import { type Slots, slotsFor } from './messages.ts';
import { testAux } from './test/index.ts';
import { prepareSigning, runSigning, type Signing } from './test/signing.ts';

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

test('every three of five signers make a low-s signature that recovers the key, the same at all three', () => {
  equal(subsets.length, 10);
  for (const parties of subsets) {
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

/** The cheater says something else from inside: the same to all, signed, its own later messages consistent with it. */
function lying(o: {
  readonly slot: keyof Slots;
  readonly to?: Index;
  readonly signing?: Signing;
  readonly value: (value: never) => object;
}): { signing: Signing; outcome: Outcome<EcdsaSignature> } {
  const signing = o.signing ?? prepareSigning();
  const { round, kind } = slots[o.slot];
  lyingMachine(signing.machines.get(cheater) as Machine<EcdsaSignature>, (at, value) =>
    at.round === round && at.kind === kind && (o.to === undefined || at.to === o.to)
      ? { ...(value as object), ...o.value(value as never) }
      : value,
  );
  return { signing, outcome: runSigning(signing) };
}

function abortOf(outcome: Outcome<unknown>, party: Index): Abort {
  const status = outcome.status.get(party);
  if (status?.s !== 'aborted') throw new Error(`party ${party}: ${status?.s}`);
  return status.abort;
}

/** Every honest party named the cheater with this code, and said nothing after the round in which it cheated. */
function named(outcome: Outcome<unknown>, code: string, o: { by?: readonly Index[]; rounds: number }): void {
  for (const party of o.by ?? honest) {
    const abort = abortOf(outcome, party);
    deepEqual([abort.code, abort.culprits], [code, [cheater]], `party ${party}`);
    ok(
      outcome.sentBy(party).every(({ round }) => round <= o.rounds),
      `party ${party} went on`,
    );
  }
}

const flip = (bytes: Uint8Array, at = bytes.length - 1): Uint8Array =>
  bytes.map((byte, k) => (k === at ? byte ^ 1 : byte));
const plusG = (encoded: Uint8Array): Uint8Array => secp.encodePoint(secp.add(secp.decodePoint(encoded), secp.base));
const N = testAux(cheater).public.N;
const wide = (v: bigint): Uint8Array => Buffer.from(v.toString(16).padStart(1536, '0'), 'hex');

test('row 13: a ciphertext of 0, N, or N² and above is blamed by its own code', () => {
  for (const bad of [0n, N, testAux(cheater).own.p * 7n, N * N, N * N + 1n]) {
    const { outcome } = lying({ slot: 'round1', value: () => ({ K: wide(bad) }) });
    named(outcome, 'E_C_MEMBER', { rounds: 1 });
  }
  named(lying({ slot: 'round1', value: () => ({ G: wide(N) }) }).outcome, 'E_C_MEMBER', { rounds: 1 });
});

test('row 24: a commitment that is no point of the curve, or the identity, is blamed by its own code', () => {
  const bad = [new Uint8Array(33), Uint8Array.of(2, ...new Uint8Array(31), 5), Uint8Array.of(5, ...new Uint8Array(32))];
  for (const point of bad)
    named(lying({ slot: 'round1', value: () => ({ Y: point }) }).outcome, 'E_C_POINT', { rounds: 1 });
  for (const name of ['A1', 'A2', 'B1', 'B2'])
    named(lying({ slot: 'round1', value: () => ({ [name]: bad[1] }) }).outcome, 'E_C_POINT', { rounds: 1 });
});

test('a nonce or a mask that is not the one committed to fails its range proof', () => {
  for (const name of ['Y', 'A1', 'A2', 'B1', 'B2'] as const) {
    const { outcome } = lying({
      slot: 'round1',
      value: (m: Record<string, Uint8Array>) => ({ [name]: plusG(m[name] as Uint8Array) }),
    });
    named(outcome, 'E_C_ENCELG', { rounds: 1 });
  }
});

test('row 11: the two range proofs of a party do not stand for each other', () => {
  const { outcome } = lying({
    slot: 'round1Proofs',
    value: ({ psi0, psi1 }: { psi0: Uint8Array; psi1: Uint8Array }) => ({ psi0: psi1, psi1: psi0 }),
  });

  named(outcome, 'E_C_ENCELG', { rounds: 1 });
});

test('row 11: a range proof made for one verifier does not convince another', () => {
  const said = runSigning(prepareSigning()).sentBy(cheater);
  const toFirst = said.find((m) => m.round === 1 && m.to === 1) as Message;
  const { outcome } = lying({
    slot: 'round1Proofs',
    to: 4,
    value: () => slots.round1Proofs.format.decode(toFirst.body),
  });

  named(outcome, 'E_C_ENCELG', { by: [4], rounds: 1 });
});

test('row 38: Γ of another γ than the one committed to fails the proof with the shared response', () => {
  const { outcome } = lying({ slot: 'round2', value: ({ Gamma }: { Gamma: Uint8Array }) => ({ Gamma: plusG(Gamma) }) });

  named(outcome, 'E_C_ELOG1', { rounds: 2 });
});

test('a Γ that is no point of the curve is blamed by its own code', () => {
  named(lying({ slot: 'round2', value: () => ({ Gamma: new Uint8Array(33) }) }).outcome, 'E_C_POINT', { rounds: 2 });
});

test('products other than those whose hashes were broadcast are named before anything is decrypted', () => {
  for (const name of ['D', 'F', 'DHat', 'FHat']) {
    const { outcome } = lying({
      slot: 'round2Products',
      to: 1,
      value: (m: Record<string, Uint8Array>) => ({ [name]: flip(m[name] as Uint8Array) }),
    });
    named(outcome, 'E_C_PRODUCT', { by: [1], rounds: 2 });
  }
});
