/**
 * Why nothing is signed ahead (mpc-protocols §4.2): the attacks on stored presignatures, carried out against a signer
 * that stores them, and what is left of them here, where the digest is fixed before a nonce exists.
 */
import { deepEqual, equal, notDeepEqual, ok, throws } from 'node:assert/strict';
import { test } from 'node:test';
import { curve, type Point } from '@holdfast/crypto/curves';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { keyShares } from '../frost/test/keys.ts';
import { childShare } from '../hd/index.ts';
import type { Index, KeyShare, Machine } from '../runtime/index.ts';
import { seatParties, seededRandom, simulate, underSeed } from '../simulator/index.ts';
import { createEcdsaH } from './ecdsa.ts';
import type { PrssSession } from './prss.ts';
import type { EcdsaSignature } from './signature.ts';
import { seededSessions } from './test/sessions.ts';

const secp = curve('secp256k1');
const Fn = secp256k1.Point.Fn;
const everybody = [1, 2, 3, 4, 5];
const bytesOf = (x: bigint): Uint8Array => Fn.toBytes(x);
const scalarOf = (bytes: Uint8Array): bigint => Fn.create(BigInt(`0x${Buffer.from(bytes).toString('hex')}`));

function machinesFor(o: { seed: string; digest: Uint8Array; sessions: Map<Index, PrssSession>; run: string }) {
  const table = seatParties({ seed: o.seed, n: 5, curve: secp, run: o.run });
  const shares = keyShares({ curve: secp, protocol: 'CGGMP21', t: 3, n: 5, seed: o.seed });
  const machines = new Map<Index, Machine<EcdsaSignature>>(
    table.parties.map((p) => [
      p,
      createEcdsaH(table.context(p), {
        share: shares[p - 1] as KeyShare,
        prss: o.sessions.get(p) as PrssSession,
        digest: o.digest,
      }),
    ]),
  );
  return { machines, publicKey: secp.encodePoint((shares[0] as KeyShare).publicKey as Point) };
}

/** The number to ask for, and what its signature becomes: valid on `target` under R* = c·R (§4.2, second item). */
function rawHashForgery(R: Uint8Array, target: Uint8Array, c: bigint) {
  const r = scalarOf(secp256k1.Point.fromBytes(R).toBytes(true).slice(1));
  const chosen = scalarOf(secp256k1.Point.fromBytes(R).multiply(c).toBytes(true).slice(1));
  return {
    ask: bytesOf(Fn.mul(Fn.mul(scalarOf(target), r), Fn.inv(chosen))),
    forge(signature: Uint8Array): Uint8Array {
      const s = Fn.mul(Fn.mul(scalarOf(signature.slice(32)), chosen), Fn.inv(Fn.mul(r, c)));
      return Uint8Array.of(...bytesOf(chosen), ...bytesOf(s > Fn.ORDER / 2n ? Fn.neg(s) : s));
    },
  };
}

test('row 29: whoever knows R and then chooses the number to be signed forges, against a signer with a stored presignature', () => {
  underSeed('stored presignature', (seed) => {
    const random = seededRandom(seed);
    const [k, x] = [scalarOf(random.bytes(32)), scalarOf(random.bytes(32))];
    const R = secp256k1.Point.BASE.multiply(k).toBytes(true);
    const publicKey = secp256k1.Point.BASE.multiply(x).toBytes(true);
    const target = random.bytes(32);
    const attack = rawHashForgery(R, target, 7n);
    notDeepEqual(attack.ask, target);

    const r = scalarOf(R.slice(1));
    const s = Fn.mul(Fn.inv(k), Fn.add(scalarOf(attack.ask), Fn.mul(r, x)));
    const forged = attack.forge(Uint8Array.of(...bytesOf(r), ...bytesOf(s)));

    ok(secp256k1.verify(forged, target, publicKey, { prehash: false, lowS: true }));
  });
});

test('row 29: here R comes into being after the digest: the number chosen for one R is signed under another', () => {
  underSeed('on demand', (seed) => {
    const sessions = seededSessions(seed);
    const random = seededRandom(`${seed}/attacker`);
    const target = random.bytes(32);

    // A corrupt signer starts a run on some digest and reads R after round 1.
    const bait = machinesFor({ seed, sessions, run: 'bait', digest: random.bytes(32) });
    const [baited] = signaturesOf(simulate({ seed, machines: bait.machines }).status);
    const R = Uint8Array.of(
      2 + ((baited as EcdsaSignature).recid & 1),
      ...(baited as EcdsaSignature).signature.slice(0, 32),
    );
    const attack = rawHashForgery(R, target, 7n);

    // The run whose R that is signs nothing else; its id and session do not open again.
    throws(() => machinesFor({ seed, sessions, run: 'bait', digest: attack.ask }), { code: 'E_H_PRSS_REUSE' });

    // A run of its own has an R of its own: what comes out is no signature on the target.
    const asked = machinesFor({ seed, sessions, run: 'asked', digest: attack.ask });
    const [made] = signaturesOf(simulate({ seed, machines: asked.machines }).status);
    const { signature } = made as EcdsaSignature;
    ok(secp256k1.verify(signature, attack.ask, asked.publicKey, { prehash: false, lowS: true }));
    notDeepEqual(signature.slice(0, 32), R.slice(1));
    equal(secp256k1.verify(attack.forge(signature), target, asked.publicKey, { prehash: false }), false);
  });
});

test('row 28: a path belongs to the share a run is given: a run takes no tweak, and its signature is worth nothing under another path', () => {
  underSeed('late path', (seed) => {
    const master = keyShares({ curve: secp, protocol: 'CGGMP21', t: 3, n: 5, seed }).map((share) => ({
      ...share,
      chainCode: new Uint8Array(32).fill(3),
    }));
    const digest = new Uint8Array(32).fill(8);
    const sessions = seededSessions(seed);
    const table = seatParties({ seed, n: 5, curve: secp });
    const tweak = secp.scalar.one;
    const machines = new Map(
      table.parties.map((p) => {
        const o = {
          share: childShare(secp, master[p - 1] as KeyShare, [0, 7]),
          prss: sessions.get(p) as PrssSession,
          digest,
        };
        // @ts-expect-error There is no such option, before the nonce exists or after.
        return [p, createEcdsaH(table.context(p), { ...o, tweak })];
      }),
    );

    const [made] = signaturesOf(simulate({ seed, machines }).status);

    const verifies = (publicKey: Uint8Array): boolean =>
      secp256k1.verify((made as EcdsaSignature).signature, digest, publicKey, { prehash: false });
    const parent = master[0] as KeyShare;
    const keyAt = (path: readonly number[]): Point =>
      (path.length === 0 ? parent : childShare(secp, parent, path)).publicKey;
    ok(verifies(secp.encodePoint(keyAt([0, 7]))));
    for (const path of [[], [0], [0, 6], [0, 7, 0]]) equal(verifies(secp.encodePoint(keyAt(path))), false, `${path}`);
    equal(verifies(secp.encodePoint(secp.add(keyAt([0, 7]), secp.mulBase(tweak)))), false);
  });
});

test('row 31: no three of five finish a run, so no two quorums can hold one nonce', () => {
  underSeed('two quorums', (seed) => {
    for (const quorum of [
      [1, 2, 3],
      [3, 4, 5],
      [1, 2, 3, 4],
    ]) {
      const { machines } = machinesFor({
        seed,
        sessions: seededSessions(seed),
        run: 'run',
        digest: new Uint8Array(32).fill(9),
      });
      const silent = everybody.filter((p) => !quorum.includes(p));
      // The rest take part until the last round and keep their shares of s to themselves.
      const outcome = simulate({
        seed,
        machines,
        cheats: Object.fromEntries(silent.map((p) => [p, (m) => (m.round === 3 ? undefined : m)])),
      });
      for (const p of quorum) {
        const status = outcome.status.get(p);
        equal(status?.s === 'aborted' && status.abort.code, 'E_PEER_GONE', `party ${p}`);
      }
      // And the state of a run is a party's own: there is nothing to hand to another quorum.
      for (const machine of machines.values()) {
        machine.wipe();
        deepEqual(machine.receive({ round: 3, kind: 'bcast', from: 1, to: 0, body: new Uint8Array(8) }), []);
      }
    }
    const table = seatParties({ seed, n: 5, curve: secp });
    const [share] = keyShares({ curve: secp, protocol: 'CGGMP21', t: 3, n: 5, seed }) as [KeyShare];
    const prss = seededSessions(seed).get(1) as PrssSession;
    for (const parties of [
      [1, 2, 3],
      [1, 2, 3, 4],
    ])
      throws(
        () => createEcdsaH({ ...table.context(1), parties }, { share, prss, digest: new Uint8Array(32).fill(9) }),
        {
          code: 'E_PARTIES',
        },
      );
  });
});

function signaturesOf(status: ReturnType<typeof simulate<EcdsaSignature>>['status']): EcdsaSignature[] {
  return [...status.values()].map((each) => {
    if (each.s !== 'done') throw new Error(JSON.stringify(each));
    return each.out;
  });
}
