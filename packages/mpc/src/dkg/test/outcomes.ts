/** What tests of sharings say of a run: the keys it is tried on, what came of it, and how it ended at the honest. */
import { deepEqual } from 'node:assert/strict';
import type { CurveName } from '@holdfast/crypto/curves';
import { enc, i } from '@holdfast/crypto/transcript';
import type { Abort, Index, ProtocolName } from '../../runtime/index.ts';
import type { Outcome } from '../../simulator/index.ts';

export const curveNames = ['secp256k1', 'ed25519', 'stark'] as const;
export const protocolOf: Readonly<Record<CurveName, ProtocolName>> = {
  secp256k1: 'CGGMP21',
  stark: 'CGGMP21',
  ed25519: 'FROST',
};
export const statement = (x: Uint8Array, epoch: Uint8Array): Uint8Array =>
  enc('test/key/v1', i.bytes(x), i.bytes(epoch));

export function outputs<Out>(outcome: Outcome<Out>): Out[] {
  return [...outcome.status.values()].map((status) => {
    if (status.s !== 'done') throw new Error(`not done: ${JSON.stringify(status)}`);
    return status.out;
  });
}

export function abortOf<Out>(outcome: Outcome<Out>, p: Index): Abort {
  const status = outcome.status.get(p);
  if (status?.s !== 'aborted') throw new Error(`party ${p} is ${status?.s}`);
  return status.abort;
}

/** The code and culprits at every honest party, and that none of them said anything after `lastRound`. */
export function allAbort<Out>(
  outcome: Outcome<Out>,
  o: { honest: readonly Index[]; code: string; culprits: readonly Index[]; lastRound: number },
): void {
  for (const p of o.honest) {
    const { code, culprits } = abortOf(outcome, p);
    deepEqual([p, code, culprits], [p, o.code, o.culprits]);
    deepEqual(
      outcome.sentBy(p).filter((m) => m.round > o.lastRound),
      [],
      `party ${p} sent nothing after round ${o.lastRound}`,
    );
  }
}
