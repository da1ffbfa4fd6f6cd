/** Parties around a table: one run's context for each, everything drawn from the seed. */
import type { Curve } from '@holdfast/crypto/curves';
import type { Index, RunContext } from '../runtime/index.ts';
import { type Identities, seededIdentities } from './identities.ts';
import { seededRandom } from './random.ts';

export interface Table {
  readonly seed: string;
  readonly execId: Uint8Array;
  readonly curve: Curve;
  /** 1…n. */
  readonly parties: readonly Index[];
  readonly identities: Identities;
  /** A fresh environment each time: two contexts of one party draw the same randomness. */
  context(party: Index): RunContext;
}

/** `run` distinguishes several runs under one seed. */
export function seatParties({
  seed,
  n,
  curve,
  run = 'run',
}: {
  seed: string;
  n: number;
  curve: Curve;
  run?: string;
}): Table {
  const parties = Array.from({ length: n }, (_, at) => at + 1);
  const execId = seededRandom(`${seed}/${run}/execution id`).bytes(32);
  const identities = seededIdentities({ seed, indices: parties });
  const context = (self: Index): RunContext => ({ execId, self, parties, curve, env: identities.env(self) });
  return { seed, execId, curve, parties, identities, context };
}
