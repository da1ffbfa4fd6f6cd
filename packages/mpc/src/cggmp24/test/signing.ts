/**
 * Runs of CGGMP24 for tests. Jobs are pure, so a job that was carried out once with the same input need not be carried
 * out again: a test that changes one message of a known run pays only for what follows from the change.
 */
import { createHash } from 'node:crypto';
import { serialize } from 'node:v8';
import { type Curve, curve, type Scalar } from '@holdfast/crypto/curves';
import { execIdDocument, sha512_256 } from '@holdfast/crypto/transcript';
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
  /** The scalars k, γ, a, b and y of a party in place of drawn ones. */
  readonly scalarsOf?: (party: Index) => Scalar[];
}

export interface Signing {
  readonly seed: string;
  readonly curve: Curve;
  readonly document: Uint8Array;
  readonly execId: Uint8Array;
  readonly parties: readonly Index[];
  readonly shares: readonly KeyShare[];
  readonly digest: Uint8Array;
  readonly machines: Map<Index, Machine<EcdsaSignature>>;
  /** Under the identity key named in the document of the execution id. */
  verify(identityKey: Uint8Array, bytes: Uint8Array, sig: Uint8Array): boolean;
  env(party: Index): MpcEnv;
  context(party: Index): RunContext;
}

/** The run that most tests change something of. */
export function prepareSigning(o: SigningOptions = {}): Signing {
  const { seed = 'cggmp24', parties = [1, 3, 4], run = 'run' } = o;
  const on = o.curve ?? curve('secp256k1');
  const identities = seededIdentities({ seed, indices: parties });
  const document = execIdDocument({
    protocol: 'cggmp24',
    version: 1,
    clusterId: 'test',
    clusterEpoch: 0,
    keyId: 'key-1',
    keyEpoch: new Uint8Array(32),
    curve: on.name,
    n: 5,
    t: 3,
    // The index stands for the identity key: see verifyIdentity.
    participants: parties.map((index) => ({
      index,
      signerId: new Uint8Array(32).fill(index),
      identityKey: new Uint8Array(32).fill(index),
    })),
    publicKey: new Uint8Array(),
    requestHash: new Uint8Array(),
    runNonce: seededRandom(`${seed}/${run}/nonce`).bytes(32),
  });
  const execId = sha512_256(document);
  const shares = keyShares({ curve: on, protocol: 'CGGMP21', t: 3, n: 5, seed });
  const digest = seededRandom(`${seed}/digest`).bytes(32);
  if (on.name === 'stark') digest[0] = (digest[0] as number) & 0x07;
  const { env } = identities;
  const context = (self: Index): RunContext => {
    const chosen = o.scalarsOf?.(self);
    const draws =
      chosen === undefined
        ? on
        : {
            ...on,
            scalar: { ...on.scalar, random: (bytes: MpcEnv['random']) => chosen.shift() ?? on.scalar.random(bytes) },
          };
    return { execId, self, parties, curve: draws, env: env(self) };
  };
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
  const verify = (identityKey: Uint8Array, bytes: Uint8Array, sig: Uint8Array): boolean =>
    identities.verify(identityKey[0] as Index, bytes, sig);
  return { seed, curve: on, document, execId, parties, shares, digest, machines, verify, env, context };
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
