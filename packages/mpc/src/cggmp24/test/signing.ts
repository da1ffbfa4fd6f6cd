/**
 * Runs of CGGMP24 for tests. Jobs are pure, so a job that was carried out once with the same input need not be carried
 * out again: a test that changes one message of a known run pays only for what follows from the change.
 */
import { createHash } from 'node:crypto';
import { serialize } from 'node:v8';
import { type Curve, curve } from '@holdfast/crypto/curves';
import { runJob } from '../../compute/index.ts';
import { keyShares } from '../../frost/test/keys.ts';
import type { EcdsaSignature } from '../../honest-majority/signature.ts';
import type { Index, Job, KeyShare, Machine, MpcEnv, RunContext } from '../../runtime/index.ts';
import {
  type Cheat,
  type Faults,
  type Outcome,
  seededIdentities,
  seededRandom,
  simulate,
} from '../../simulator/index.ts';
import type { AuxPublic } from '../parameters.ts';
import { createCggmp24 } from '../sign.ts';
import { testAux, testAuxPublics } from './aux-fixtures.ts';

export interface SigningOptions {
  readonly seed?: string;
  readonly curve?: Curve;
  readonly parties?: readonly Index[];
  readonly run?: string;
  readonly digestOf?: (party: Index, digest: Uint8Array) => Uint8Array;
  readonly publicsOf?: (party: Index, publics: ReadonlyMap<Index, AuxPublic>) => ReadonlyMap<Index, AuxPublic>;
  /** Replaces the source of randomness of a party. */
  readonly randomOf?: (party: Index, random: MpcEnv['random']) => MpcEnv['random'];
}

export interface Signing {
  readonly seed: string;
  readonly curve: Curve;
  readonly execId: Uint8Array;
  readonly parties: readonly Index[];
  readonly shares: readonly KeyShare[];
  readonly digest: Uint8Array;
  readonly machines: Map<Index, Machine<EcdsaSignature>>;
  readonly verify: MpcEnv['verify'];
  env(party: Index): MpcEnv;
  context(party: Index): RunContext;
}

/** The run that most tests change something of. */
export function prepareSigning(o: SigningOptions = {}): Signing {
  const { seed = 'cggmp24', parties = [1, 3, 4], run = 'run' } = o;
  const on = o.curve ?? curve('secp256k1');
  const identities = seededIdentities({ seed, indices: parties });
  const execId = seededRandom(`${seed}/${run}/execution id`).bytes(32);
  const shares = keyShares({ curve: on, protocol: 'CGGMP21', t: 3, n: 5, seed });
  const digest = seededRandom(`${seed}/digest`).bytes(32);
  if (on.name === 'stark') digest[0] = (digest[0] as number) & 0x07;
  const env = (party: Index): MpcEnv => {
    const whole = identities.env(party);
    return o.randomOf === undefined ? whole : { ...whole, random: o.randomOf(party, whole.random) };
  };
  const context = (self: Index): RunContext => ({ execId, self, parties, curve: on, env: env(self) });
  const machines = new Map(
    parties.map((party) => [
      party,
      createCggmp24(context(party), {
        share: shares[party - 1] as KeyShare,
        digest: o.digestOf?.(party, digest) ?? digest,
        aux: { own: testAux(party).own, publics: o.publicsOf?.(party, testAuxPublics()) ?? testAuxPublics() },
      }),
    ]),
  );
  return { seed, curve: on, execId, parties, shares, digest, machines, verify: identities.verify, env, context };
}

const results = new Map<string, unknown>();

/** Carries a job out, or gives a copy of what it answered before. */
export function runJobOnce(job: Job): unknown {
  const name = createHash('sha256').update(job.name).update(serialize(job.input)).digest('hex');
  if (!results.has(name)) results.set(name, runJob(job));
  return structuredClone(results.get(name));
}

export function runSigning(
  signing: Signing,
  o: {
    readonly cheats?: Readonly<Record<Index, Cheat>>;
    readonly faults?: Faults;
    readonly compute?: (party: Index, job: Job) => unknown;
    readonly schedule?: string;
  } = {},
): Outcome<EcdsaSignature> {
  const { compute = (_: Index, job: Job) => runJobOnce(job), schedule = signing.seed, ...rest } = o;
  return simulate({ seed: schedule, machines: signing.machines, compute, ...rest });
}
