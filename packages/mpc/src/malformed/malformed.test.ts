/** Every protocol against malformed messages. `HOLDFAST_MALFORMED=full` drives forty times as many mutants through whole machines. */
import { ok } from 'node:assert/strict';
import { test } from 'node:test';
import { type Curve, curve } from '@holdfast/crypto/curves';
import { encodeImportShare } from '@holdfast/crypto/envelope';
import { evaluate, randomPolynomial } from '@holdfast/crypto/sharing';
import { enc, i } from '@holdfast/crypto/transcript';
import { createDkg } from '../dkg/index.ts';
import { createFrostBip340, createFrostEd25519 } from '../frost/index.ts';
import { keyShares } from '../frost/test/keys.ts';
import { createEcdsaH } from '../honest-majority/ecdsa.ts';
import type { PrssSession } from '../honest-majority/prss.ts';
import { createPrssSetup } from '../honest-majority/prss-setup.ts';
import { seededSessions } from '../honest-majority/test/sessions.ts';
import { createImport } from '../import/index.ts';
import type { Index, KeyShare, Machine, ProtocolName, RunContext } from '../runtime/index.ts';
import { seatParties, seededRandom, signedAnew, underSeed } from '../simulator/index.ts';
import { campaign, type Subject } from './test/campaign.ts';

const secp = curve('secp256k1');
const stark = curve('stark');
const ed = curve('ed25519');
const isFull = process.env['HOLDFAST_MALFORMED'] === 'full';
const effort = { decoded: 10_000, driven: isFull ? 1_000 : 24 };
const five = [1, 2, 3, 4, 5];
const three = [1, 3, 4];
const digest = new Uint8Array(32).fill(5);
const message = new TextEncoder().encode('message to sign');
const statement = (x: Uint8Array, epoch: Uint8Array): Uint8Array => enc('test/key/v1', i.bytes(x), i.bytes(epoch));

interface Seat {
  readonly on: Curve;
  readonly parties: readonly Index[];
  make(ctx: RunContext, seed: string): Machine<unknown>;
}

function subject(name: string, { on, parties, make }: Seat): Subject {
  const table = (seed: string) => seatParties({ seed, n: 5, curve: on });
  return {
    name,
    victim: parties[0] as Index,
    cheat: parties[1] as Index,
    machines(seed) {
      const seats = table(seed);
      return new Map(parties.map((p) => [p, make({ ...seats.context(p), parties }, seed)]));
    },
    signed(seed, m) {
      const { execId, identities } = table(seed);
      return signedAnew({ execId, env: identities.env(m.from), message: m });
    },
  };
}

function shareOf(ctx: RunContext, seed: string, protocol: ProtocolName): KeyShare {
  return keyShares({ curve: ctx.curve, protocol, t: 3, n: 5, seed })[ctx.self - 1] as KeyShare;
}

function dkg(on: Curve, protocol: ProtocolName): Seat {
  return { on, parties: five, make: (ctx) => createDkg(ctx, { protocol, n: 5, t: 3, statement }) };
}

function importing(on: Curve, protocol: ProtocolName): Seat {
  return {
    on,
    parties: five,
    make(ctx, seed) {
      const f = randomPolynomial(on, { degree: 2 }, seededRandom(`${seed}/importer`).bytes);
      const shares = five.map((at) => evaluate(on, f, at));
      const publicShares = shares.map((share) => on.encodeUncompressed(on.mulBase(share)));
      const secretShare = shares[ctx.self - 1];
      if (secretShare === undefined) throw new Error('no share');
      const plaintext = encodeImportShare({ curve: on.name, secretShare, publicShares });
      return createImport(ctx, { protocol, n: 5, t: 3, statement, plaintext });
    },
  };
}

function ecdsaH(on: Curve): Seat {
  return {
    on,
    parties: five,
    make: (ctx, seed) =>
      createEcdsaH(ctx, {
        share: shareOf(ctx, seed, 'CGGMP21'),
        prss: seededSessions(seed).get(ctx.self) as PrssSession,
        digest,
      }),
  };
}

const SUBJECTS: readonly Subject[] = [
  subject('key generation on secp256k1', dkg(secp, 'CGGMP21')),
  subject('key generation on ed25519', dkg(ed, 'FROST')),
  subject('key generation on stark', dkg(stark, 'CGGMP21')),
  subject('import on secp256k1', importing(secp, 'CGGMP21')),
  subject('import on ed25519', importing(ed, 'FROST')),
  subject('set-up of shared randomness', { on: secp, parties: five, make: (ctx) => createPrssSetup(ctx) }),
  subject('honest-majority ECDSA on secp256k1', ecdsaH(secp)),
  subject('honest-majority ECDSA on stark', ecdsaH(stark)),
  subject('FROST on ed25519', {
    on: ed,
    parties: three,
    make: (ctx, seed) => createFrostEd25519(ctx, { share: shareOf(ctx, seed, 'FROST'), message }),
  }),
  subject('FROST for BIP-340', {
    on: secp,
    parties: three,
    make: (ctx, seed) => createFrostBip340(ctx, { share: shareOf(ctx, seed, 'FROST_BITCOIN'), message: digest }),
  }),
];

for (const each of SUBJECTS)
  test(`row 23: ${each.name}: no malformed message is accepted, hangs a run or names anybody but its sender`, () => {
    underSeed(process.env['HOLDFAST_SEED'] ?? 'malformed', (seed) => {
      const counts = campaign(each, { ...effort, seed });
      console.log(
        `${each.name}: ${counts.slots} slots, ${counts.decoded} through decoders (${counts.malformed} malformed), ` +
          `${counts.driven} through machines (${counts.named} named their sender)`,
      );
      ok(counts.decoded > counts.slots * effort.decoded * 0.9, 'mutants that differ');
      ok(counts.driven >= counts.slots, 'driven');
    });
  });
