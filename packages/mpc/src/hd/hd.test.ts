import { deepEqual, equal, notDeepEqual, ok, throws } from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { type CurveName, curve as curveOf, type Scalar } from '@holdfast/crypto/curves';
import { checkKeyShare, interpolate } from '@holdfast/crypto/sharing';
import { enc, i } from '@holdfast/crypto/transcript';
import { ed25519 } from '@noble/curves/ed25519.js';
import { schnorr, secp256k1 } from '@noble/curves/secp256k1.js';
import { type CertifiedShare, epochOf, isCertificate } from '../dkg/index.ts';
import { createFrostBip340, createFrostEd25519 } from '../frost/index.ts';
import { keyShares } from '../frost/test/keys.ts';
import { createEcdsaH } from '../honest-majority/index.ts';
import { seededSessions } from '../honest-majority/test/sessions.ts';
import type { Index, KeyShare, Machine, ProtocolName, RunContext, Status } from '../runtime/index.ts';
import { lyingMachine, type Outcome, seatParties, seededRandom, simulate, underSeed } from '../simulator/index.ts';
import { deriveStep, descend } from './derivation.ts';
import { childShare, createChildKey } from './index.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const fromHex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'hex'));
const all: readonly Index[] = [1, 2, 3, 4, 5];
const statement = (x: Uint8Array, epoch: Uint8Array): Uint8Array => enc('test/key/v1', i.bytes(x), i.bytes(epoch));

interface Published {
  readonly curve: CurveName;
  readonly from: string;
  readonly publicKey: string;
  readonly chainCode: string;
  readonly secretKey: string;
  readonly children: readonly {
    readonly path: readonly number[];
    readonly publicKey: string;
    readonly chainCode?: string;
    readonly secretKey: string;
  }[];
}
const published = JSON.parse(
  readFileSync(new URL('../../../../vectors/hd/public-derivation.json', import.meta.url), 'utf8'),
) as Published[];

const protocolOf = { secp256k1: 'CGGMP21', stark: 'CGGMP21', ed25519: 'FROST' } as const;
const curveNames = ['secp256k1', 'stark', 'ed25519'] as const;

/** Five shares of a master key with a chain code. */
function master(o: { curve: CurveName; seed: string; protocol?: ProtocolName; secret?: Scalar }): KeyShare[] {
  const { seed, protocol = protocolOf[o.curve] } = o;
  const curve = curveOf(o.curve);
  const secret = o.secret === undefined ? {} : { secret: o.secret };
  const chainCode = seededRandom(`${seed}/chain code`).bytes(32);
  return keyShares({ curve, protocol, t: 3, n: 5, seed, ...secret }).map((share) => ({
    ...share,
    chainCode: chainCode.slice(),
  }));
}

// ---- Derivation ----------------------------------------------------------------------------------------------

for (const { curve: name, from, publicKey, chainCode, secretKey, children } of published) {
  test(`derives the published children on ${name} from ${from}`, () => {
    const curve = curveOf(name);
    const parent = { publicKey: curve.decodePoint(fromHex(publicKey)), chainCode: fromHex(chainCode) };
    const secret = curve.scalar.decode(fromHex(secretKey));
    ok(children.length > 0);
    for (const child of children) {
      const { publicKey: X, tweak } = descend(curve, parent, child.path);

      equal(hex(curve.encodePoint(X)), child.publicKey);
      equal(hex(curve.scalar.add(secret, tweak)), child.secretKey);
      const last = child.path.reduce((at, index) => deriveStep(curve, at, index), {
        ...parent,
        chainCode: fromHex(chainCode),
      });
      if (child.chainCode !== undefined) equal(hex(last.chainCode), child.chainCode);
      equal(hex(parent.chainCode), chainCode, 'the chain code of the master is left as it was');
    }
  });
}

test('where BIP-32 gives up on secp256k1, the next draw is over 0x01, the right half and the index', () => {
  const secp = curveOf('secp256k1');
  const parent = { publicKey: secp.mulBase(secp.scalar.fromBigInt(5n)), chainCode: new Uint8Array(32).fill(3) };
  const minusFive = secp.scalar.neg(secp.scalar.fromBigInt(5n));
  const draws = [
    // Over the order; then a shift that gives the identity; then a good one.
    Buffer.concat([new Uint8Array(32).fill(0xff), new Uint8Array(32).fill(0xa1)]),
    Buffer.concat([minusFive, new Uint8Array(32).fill(0xa2)]),
    Buffer.concat([secp.scalar.one, new Uint8Array(32).fill(0xa3)]),
  ];
  const asked: string[] = [];

  const step = deriveStep(secp, parent, 7, (key, ...data) => {
    equal(hex(key), '03'.repeat(32));
    asked.push(hex(Buffer.concat(data)));
    return Uint8Array.from(draws[asked.length - 1] as Buffer);
  });

  deepEqual(asked, [
    `${hex(secp.encodePoint(parent.publicKey))}00000007`,
    `01${'a1'.repeat(32)}00000007`,
    `01${'a2'.repeat(32)}00000007`,
  ]);
  deepEqual([hex(step.shift), hex(step.chainCode)], [hex(secp.scalar.one), 'a3'.repeat(32)]);
  ok(secp.equals(step.publicKey, secp.mulBase(secp.scalar.fromBigInt(6n))));
});

test('refuses hardened indices, empty and overlong paths, and what is no index', () => {
  const [share] = master({ curve: 'secp256k1', seed: 'paths' }) as [KeyShare];
  const secp = curveOf('secp256k1');

  for (const path of [[], new Array(11).fill(0), [2 ** 31], [0, 2 ** 31 + 5], [-1], [0.5], [Number.NaN]])
    throws(() => childShare(secp, share, path), { code: 'E_HD_PATH' }, `${path}`);
  for (const path of [[2 ** 31 - 1], new Array(10).fill(0)]) ok(childShare(secp, share, path));
});

// ---- Shares of a child ---------------------------------------------------------------------------------------

for (const name of curveNames) {
  test(`shares of a child on ${name} are a sharing of master plus tweak, with an epoch of its own`, () => {
    const curve = curveOf(name);
    const shares = master({ curve: name, seed: `child ${name}` });
    const path = [44, 0, 7];
    const children = shares.map((share) => childShare(curve, share, path));
    const x = interpolate(
      curve,
      shares.slice(0, 3).map((s) => ({ x: s.index, y: s.x })),
    );
    const [{ publicKey, chainCode }] = shares as [Required<KeyShare>];
    const { tweak } = descend(curve, { publicKey, chainCode }, path);

    for (const child of children) {
      checkKeyShare(curve, child);
      equal(child.chainCode, undefined);
      deepEqual(child.epoch, epochOf(curve, child.publicShares));
      notDeepEqual(child.epoch, shares[0]?.epoch);
    }
    for (const three of [
      [0, 1, 2],
      [1, 3, 4],
    ] as const) {
      const found = interpolate(
        curve,
        three.map((k) => ({ x: k + 1, y: (children[k] as KeyShare).x })),
      );
      deepEqual(found, curve.scalar.add(x, tweak));
    }
  });
}

test('refuses a child of a key without a chain code, of a child, and with a chain code cut short', () => {
  const secp = curveOf('secp256k1');
  const [share] = master({ curve: 'secp256k1', seed: 'no master' }) as [KeyShare];
  const { chainCode, ...plain } = share;
  const child = childShare(secp, share, [1]);

  throws(() => childShare(secp, plain, [1]), { code: 'E_HD_MASTER' });
  throws(() => childShare(secp, child, [1]), { code: 'E_HD_MASTER' });
  throws(() => childShare(secp, { ...share, chainCode: (chainCode as Uint8Array).subarray(1) }, [1]), {
    code: 'E_HD_MASTER',
  });
});

test('row 52: a key for derivation of outputs has no children even with a chain code', () => {
  const [share] = master({ curve: 'secp256k1', seed: 'dh', protocol: 'GLOW20_DH' }) as [KeyShare];

  throws(() => childShare(curveOf('secp256k1'), share, [1]), { code: 'E_KEY_PROTOCOL' });
});

test('refuses the one child whose share would be zero', () => {
  const secp = curveOf('secp256k1');
  const [share] = master({ curve: 'secp256k1', seed: 'zero' }) as [Required<KeyShare>];
  const { tweak } = descend(secp, share, [3]);

  throws(() => childShare(secp, { ...share, x: secp.scalar.neg(tweak) }, [3]), { code: 'E_HD_DEGENERATE' });
});

// ---- Making a child key --------------------------------------------------------------------------------------

function make(o: {
  seed: string;
  curve?: CurveName;
  path?: (p: Index) => readonly number[];
  shares?: readonly KeyShare[];
  silent?: Index;
  lie?: { readonly party: Index; readonly change: (value: unknown) => unknown };
}): { outcome: Outcome<CertifiedShare>; shares: readonly KeyShare[]; verify: RunContext['env']['verify'] } {
  const { seed, path = () => [0, 5] } = o;
  const curve = curveOf(o.curve ?? 'secp256k1');
  const table = seatParties({ seed, n: 5, curve });
  const shares = o.shares ?? master({ curve: curve.name, seed });
  const machines = new Map<Index, Machine<CertifiedShare>>(
    all.map((p) => {
      const machine = createChildKey(table.context(p), { master: shares[p - 1] as KeyShare, path: path(p), statement });
      const { lie } = o;
      return [p, lie?.party === p ? lyingMachine(machine, (_, value) => lie.change(value)) : machine];
    }),
  );
  const cheats = o.silent === undefined ? {} : { [o.silent]: () => undefined };
  return { outcome: simulate({ seed, machines, cheats }), shares, verify: table.context(1).env.verify };
}

function abortOf(status: Status<unknown> | undefined): { code: string; culprits: readonly Index[] } {
  if (status?.s !== 'aborted') throw new Error(`expected an abort, got ${status?.s}`);
  return { code: status.abort.code, culprits: status.abort.culprits };
}

for (const name of curveNames) {
  test(`five holders on ${name} end with one child key and the acknowledgements of all`, () => {
    underSeed(`make ${name}`, (seed) => {
      const { outcome, shares, verify } = make({ seed, curve: name });
      const curve = curveOf(name);
      const expected = childShare(curve, shares[0] as KeyShare, [0, 5]);
      for (const p of all) {
        const status = outcome.status.get(p);
        if (status?.s !== 'done') throw new Error(JSON.stringify(status));
        const { share, statements } = status.out;
        ok(curve.equals(share.publicKey, expected.publicKey));
        deepEqual(share.epoch, expected.epoch);
        ok(isCertificate({ curve, share, statement, verify }, statements));
      }
    });
  });
}

test('a child is written down before it is acknowledged', () => {
  const { outcome } = make({ seed: 'order' });

  for (const p of all) {
    const own = outcome.trace.filter(({ party }) => party === p).map(({ effect }) => effect.t);
    deepEqual(own, ['send', 'persist', 'send']);
  }
});

test('row 49: a signer that is told another path agrees with nobody, and no child comes to be', () => {
  const { outcome } = make({ seed: 'another path', path: (p) => (p === 4 ? [0, 6] : [0, 5]) });

  for (const p of all) {
    deepEqual(abortOf(outcome.status.get(p)), { code: 'E_HD_MISMATCH', culprits: [] });
    deepEqual(outcome.persistedBy(p), [], 'and nobody wrote anything down');
  }
});

test('row 49: a signer whose chain code is another one agrees with nobody', () => {
  const shares = master({ curve: 'ed25519', seed: 'chain codes' }).map((share) =>
    share.index === 2 ? { ...share, chainCode: new Uint8Array(32).fill(1) } : share,
  );

  const { outcome } = make({ seed: 'chain codes', curve: 'ed25519', shares });

  for (const p of all) deepEqual(abortOf(outcome.status.get(p)), { code: 'E_HD_MISMATCH', culprits: [] });
});

test('an acknowledgement that is not a signature over the child names its sender', () => {
  const { outcome } = make({
    seed: 'bad signature',
    lie: { party: 3, change: (value) => (value instanceof Uint8Array ? new Uint8Array(64) : value) },
  });

  for (const p of [1, 2, 4, 5]) deepEqual(abortOf(outcome.status.get(p)), { code: 'E_HD_ACK', culprits: [3] });
});

test('a claim of another epoch agrees with nobody', () => {
  const { outcome } = make({
    seed: 'another epoch',
    lie: {
      party: 3,
      change: (value) => (value instanceof Uint8Array ? value : { ...(value as object), epoch: new Uint8Array(32) }),
    },
  });

  for (const p of [1, 2, 4, 5]) deepEqual(abortOf(outcome.status.get(p)), { code: 'E_HD_MISMATCH', culprits: [] });
});

test('a holder that is silent ends the run without blame', () => {
  const { outcome } = make({ seed: 'silent', silent: 5 });

  for (const p of [1, 2, 3, 4]) deepEqual(abortOf(outcome.status.get(p)), { code: 'E_PEER_GONE', culprits: [] });
});

test('refuses to make a child with fewer than all holders, on another curve, or with the share of somebody else', () => {
  const shares = master({ curve: 'secp256k1', seed: 'refusals' });
  const ctx = seatParties({ seed: 'refusals', n: 5, curve: curveOf('secp256k1') }).context(1);
  const o = { master: shares[0] as KeyShare, path: [1], statement };

  throws(() => createChildKey({ ...ctx, parties: [1, 2, 3] }, o), { code: 'E_PARTIES' });
  throws(() => createChildKey(ctx, { ...o, master: shares[1] as KeyShare }), { code: 'E_PARTIES' });
  throws(() => createChildKey({ ...ctx, curve: curveOf('stark') }, o), { code: 'E_KEY_PROTOCOL' });
});

// ---- Signing with a child ------------------------------------------------------------------------------------

const digest = new Uint8Array(32).fill(0x42);

test('three holders sign for an Ed25519 child, and the signature verifies under its public key', () => {
  const ed = curveOf('ed25519');
  const children = master({ curve: 'ed25519', seed: 'sign ed' }).map((share) => childShare(ed, share, [1, 2]));
  const table = seatParties({ seed: 'sign ed', n: 5, curve: ed });
  const parties = [1, 3, 4];
  const outcome = simulate({
    seed: 'sign ed',
    machines: new Map(
      parties.map((p) => [
        p,
        createFrostEd25519({ ...table.context(p), parties }, { share: children[p - 1] as KeyShare, message: digest }),
      ]),
    ),
  });

  const status = outcome.status.get(1);
  if (status?.s !== 'done') throw new Error(JSON.stringify(status));
  ok(ed25519.verify(status.out.signature, digest, ed.encodePoint((children[0] as KeyShare).publicKey)));
});

test('three holders sign for a BIP-340 child', () => {
  const secp = curveOf('secp256k1');
  const children = master({ curve: 'secp256k1', seed: 'sign bip340', protocol: 'FROST_BITCOIN' }).map((share) =>
    childShare(secp, share, [9]),
  );
  const table = seatParties({ seed: 'sign bip340', n: 5, curve: secp });
  const parties = [2, 3, 5];
  const outcome = simulate({
    seed: 'sign bip340',
    machines: new Map(
      parties.map((p) => [
        p,
        createFrostBip340({ ...table.context(p), parties }, { share: children[p - 1] as KeyShare, message: digest }),
      ]),
    ),
  });

  const status = outcome.status.get(2);
  if (status?.s !== 'done') throw new Error(JSON.stringify(status));
  ok(schnorr.verify(status.out.signature, digest, secp.affine((children[0] as KeyShare).publicKey).x));
});

test('five holders sign for an ECDSA child, and the master signs on as before', () => {
  const secp = curveOf('secp256k1');
  const masters = master({ curve: 'secp256k1', seed: 'sign ecdsa' });
  const children = masters.map((share) => childShare(secp, share, [0, 1, 2]));
  for (const [name, shares] of Object.entries({ master: masters, child: children })) {
    const table = seatParties({ seed: 'sign ecdsa', n: 5, curve: secp, run: name });
    const sessions = seededSessions(`sign ecdsa ${name}`);
    const outcome = simulate({
      seed: name,
      machines: new Map(
        all.map((p) => [
          p,
          createEcdsaH(table.context(p), { share: shares[p - 1] as KeyShare, prss: sessions.get(p) as never, digest }),
        ]),
      ),
    });

    const status = outcome.status.get(4);
    if (status?.s !== 'done') throw new Error(JSON.stringify(status));
    const publicKey = secp.encodePoint((shares[0] as KeyShare).publicKey);
    ok(secp256k1.verify(status.out.signature, digest, publicKey, { prehash: false, lowS: true }));
  }
});
