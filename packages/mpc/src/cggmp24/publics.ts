/**
 * The public inputs of one signature: what all parties must agree on before a nonce exists, and what a stranger needs
 * to judge a message of the run. Its hash is in every party's first message, under that party's own signature.
 */
import { fromBytes, toBytes } from '@holdfast/crypto/bigmod';
import { type Curve, type CurveName, curve as curveOf } from '@holdfast/crypto/curves';
import { decode, enc, f, i, sha512_256 } from '@holdfast/crypto/transcript';
import type { Index } from '../runtime/index.ts';
import type { RunFacts } from './checks.ts';
import { type AuxPublic, modulusBytes } from './parameters.ts';

export interface Publics {
  readonly facts: Omit<RunFacts, 'execId'>;
  readonly publicKey: Uint8Array;
  readonly keyEpoch: Uint8Array;
  readonly digest: Uint8Array;
}

const tag = 'mpc/cggmp24/publics/v1';
const partyMax = 0xffff;

export function encodePublics({ facts, publicKey, keyEpoch, digest }: Publics): Uint8Array {
  const number = (v: bigint) => i.bytes(toBytes(v, modulusBytes));
  return enc(
    tag,
    i.text(facts.curve),
    i.point(publicKey),
    i.bytes(keyEpoch),
    i.bytes(digest),
    i.list(
      facts.parties.map((p) => {
        const { N, ringPedersen } = facts.publics.get(p) as AuxPublic;
        const weighted = i.point(facts.weightedShares.get(p) as Uint8Array);
        return i.list([i.uint(p), weighted, ...[N, ringPedersen.N, ringPedersen.s, ringPedersen.t].map(number)]);
      }),
    ),
  );
}

/** Strict in form; whether the values are those of a run, its context hash says. */
export function decodePublics(bytes: Uint8Array, curve: Curve, partiesMax: number): Publics {
  const point = f.point(curve.pointBytes);
  const number = f.bytes(modulusBytes);
  const party = f.tuple(f.uint(partyMax), point, number, number, number, number);
  const fields = [f.text(16), point, f.bytes(32), f.bytes(32), f.list(party, { max: partiesMax })] as const;
  const [name, publicKey, keyEpoch, digest, rows] = decode(tag, bytes, fields);
  if (curveOf(name as CurveName).name !== curve.name) throw new Error('another curve');
  return {
    facts: {
      curve: curve.name,
      parties: rows.map(([p]) => p),
      weightedShares: new Map(rows.map(([p, weighted]): [Index, Uint8Array] => [p, weighted])),
      publics: new Map(
        rows.map(([p, , N, NHat, s, t]): [Index, AuxPublic] => [
          p,
          {
            N: fromBytes(N),
            ringPedersen: { N: fromBytes(NHat), s: fromBytes(s), t: fromBytes(t) },
          },
        ]),
      ),
    },
    publicKey,
    keyEpoch,
    digest,
  };
}

/** Round1.context. */
export function contextOf(execId: Uint8Array, publics: Uint8Array): Uint8Array {
  return sha512_256(enc('mpc/cggmp24/context/v1', i.bytes(execId), i.bytes(publics)));
}
