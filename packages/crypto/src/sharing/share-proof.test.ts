/** The proof of a share: only its holder makes it, for one question, and a repeating source gives nothing away. */
import { equal, notDeepEqual, ok } from 'node:assert/strict';
import { test } from 'node:test';
import { type CurveName, curve as curveOf } from '../curves/index.ts';
import { HashRng, sha512 } from '../transcript/index.ts';
import { proveShare, type ShareProof, verifyShareProof } from './index.ts';

const seed = process.env['HOLDFAST_TEST_SEED'] ?? 'share-proof 1';
console.log(`seed: ${seed}`);
const rng = new HashRng(sha512(new TextEncoder().encode(seed)));
const random = (n: number): Uint8Array => rng.bytes(n);
const curves: readonly CurveName[] = ['secp256k1', 'ed25519', 'stark'];

for (const name of curves) {
  const curve = curveOf(name);
  const x = curve.scalar.random(random);
  const publicShare = curve.mulBase(x);
  const context = random(40);
  const verify = (
    proof: ShareProof,
    o: Partial<{ context: Uint8Array; publicShare: typeof publicShare }> = {},
  ): boolean => verifyShareProof(curve, { publicShare, context, proof, ...o });

  test(`${name}: who holds the share proves it`, () => {
    ok(verify(proveShare(curve, { x, context, random })));
  });

  test(`${name}: row 11: a proof answers one question about one share`, () => {
    const proof = proveShare(curve, { x, context, random });

    equal(verify(proof, { context: random(40) }), false);
    equal(verify(proof, { publicShare: curve.add(publicShare, curve.base) }), false);
    equal(
      verifyShareProof(curveOf(name === 'stark' ? 'secp256k1' : 'stark'), {
        publicShare: curveOf(name === 'stark' ? 'secp256k1' : 'stark').base,
        context,
        proof,
      }),
      false,
    );
  });

  test(`${name}: a proof with any byte altered, of another length, or with an undecodable part is none`, () => {
    const { A, z } = proveShare(curve, { x, context, random });
    for (let at = 0; at < A.length; at++) {
      const altered = A.slice();
      altered[at] = (altered[at] as number) ^ 1;
      equal(verify({ A: altered, z }), false, `A ${at}`);
    }
    for (let at = 0; at < 32; at++) {
      const altered = z.slice();
      altered[at] = (altered[at] as number) ^ 1;
      equal(verify({ A, z: altered }), false, `z ${at}`);
    }
    for (const proof of [
      { A: new Uint8Array(A.length), z },
      { A: A.slice(1), z },
      { A, z: z.slice(1) },
      { A, z: new Uint8Array(32).fill(255) },
      { A, z: new Uint8Array(32) },
    ])
      equal(verify(proof), false);
  });

  test(`${name}: row 58: a source that repeats itself draws another nonce for another question and another share`, () => {
    const stuck = (n: number): Uint8Array => new Uint8Array(n).fill(3);
    const first = proveShare(curve, { x, context, random: stuck });
    const other = proveShare(curve, { x, context: random(40), random: stuck });
    const neighbour = proveShare(curve, { x: curve.scalar.random(random), context, random: stuck });

    notDeepEqual(first.A, other.A);
    notDeepEqual(first.A, neighbour.A);
  });
}
