/**
 * CPU time of the signing protocols without network: node packages/mpc/dist/frost/signing.bench.js [runs]. Encoding and
 * decoding of messages is included, frames are not. Shares are loaded before, as a running signer has them.
 */
import { randomBytes } from 'node:crypto';
import { type Curve, curve } from '@holdfast/crypto/curves';
import { createEcdsaH } from '../honest-majority/ecdsa.ts';
import type { PrssSession } from '../honest-majority/prss.ts';
import { createPrssSetup } from '../honest-majority/prss-setup.ts';
import { seededSessions } from '../honest-majority/test/sessions.ts';
import type { Effect, Index, KeyShare, Machine, MpcEnv, RunContext } from '../runtime/index.ts';
import { seatParties, seededRandom } from '../simulator/index.ts';
import { createFrostBip340, createFrostEd25519 } from './machine.ts';
import { keyShares } from './test/keys.ts';

const runs = Number(process.argv[2] ?? 300);
const message = new Uint8Array(32).fill(1);
// Made once: a signer has its identity before it signs.
const envs = [1, 2, 3, 4, 5].map((party) => ({
  ...seatParties({ seed: 'bench', n: 5, curve: curve('ed25519') }).identities.env(party),
  random: (n: number) => new Uint8Array(randomBytes(n)),
}));

interface Row {
  readonly name: string;
  readonly curve: Curve;
  readonly parties: readonly Index[];
  /** A figure per signer, or for all together. */
  readonly per: 'signer' | 'run';
  readonly runs?: number;
  machine(ctx: RunContext): Machine<unknown>;
}

for (const row of rows()) {
  const times: number[] = [];
  const count = row.runs ?? runs;
  for (let k = -Math.ceil(count / 5); k < count; k += 1) {
    const contexts = contextsOf(row, k);
    const start = process.hrtime.bigint();
    drive(contexts, row);
    const ms = Number(process.hrtime.bigint() - start) / 1e6;
    if (k >= 0) times.push(row.per === 'signer' ? ms / row.parties.length : ms);
  }
  times.sort((a, b) => a - b);
  const at = (q: number): string =>
    (times[Math.min(times.length - 1, Math.floor(q * times.length))] as number).toFixed(3);
  console.log(
    `${row.name}: median ${at(0.5)} ms, p95 ${at(0.95)} ms per ${row.per} (${count} runs, ${row.curve.backend})`,
  );
}

function rows(): Row[] {
  const key = (on: Curve, protocol: KeyShare['protocol']) =>
    keyShares({ curve: on, protocol, t: 3, n: 5, seed: 'bench' });
  const [ed, secp, stark] = [curve('ed25519'), curve('secp256k1'), curve('stark')];
  const edShares = key(ed, 'FROST');
  const bitcoinShares = key(secp, 'FROST_BITCOIN');
  const ecdsa = (on: Curve) => {
    const shares = key(on, 'CGGMP21');
    const sessions = seededSessions(on.name);
    return (ctx: RunContext): Machine<unknown> =>
      createEcdsaH(ctx, { share: shareOf(shares, ctx), prss: sessions.get(ctx.self) as PrssSession, digest: message });
  };
  const [three, five] = [
    [1, 2, 3],
    [1, 2, 3, 4, 5],
  ];
  return [
    {
      name: 'FROST ed25519',
      curve: ed,
      parties: three,
      per: 'run',
      machine: (ctx) => createFrostEd25519(ctx, { share: shareOf(edShares, ctx), message }),
    },
    {
      name: 'FROST BIP-340, empty root',
      curve: secp,
      parties: three,
      per: 'run',
      machine: (ctx) =>
        createFrostBip340(ctx, { share: shareOf(bitcoinShares, ctx), message, taprootMerkleRoot: new Uint8Array(0) }),
    },
    { name: 'ECDSA H1 secp256k1', curve: secp, parties: five, per: 'signer', machine: ecdsa(secp) },
    {
      name: 'ECDSA H1 stark',
      curve: stark,
      parties: five,
      per: 'signer',
      runs: Math.min(runs, 20),
      machine: ecdsa(stark),
    },
    { name: 'PRSS set-up', curve: secp, parties: five, per: 'signer', machine: createPrssSetup },
  ] as Row[];
}

function shareOf(shares: readonly KeyShare[], ctx: RunContext): KeyShare {
  return shares[ctx.self - 1] as KeyShare;
}

function contextsOf(row: Row, k: number): RunContext[] {
  const execId = seededRandom(`${row.name} ${k}`).bytes(32);
  return row.parties.map((party) => ({
    execId,
    self: party,
    parties: row.parties,
    curve: row.curve,
    env: envs[party - 1] as MpcEnv,
  }));
}

/** Delivers everything in order, with nothing else measured. */
function drive(contexts: readonly RunContext[], row: Row): void {
  const machines = new Map(contexts.map((ctx) => [ctx.self, row.machine(ctx)]));
  const queue: Effect[] = [];
  for (const machine of machines.values()) queue.push(...machine.start());
  for (let effect = queue.shift(); effect !== undefined; effect = queue.shift()) {
    if (effect.t !== 'send') continue;
    const { message: m } = effect;
    for (const [party, machine] of machines)
      if (party !== m.from && (m.to === 0 || m.to === party)) queue.push(...machine.receive(m));
  }
  for (const machine of machines.values()) {
    const status = machine.status();
    if (status.s !== 'done') throw new Error(JSON.stringify(status));
  }
}
