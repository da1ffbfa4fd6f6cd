/** Evidence in the hands of a stranger: it convicts who deviated, and nobody who did not. */
import { deepEqual, equal, ok, throws } from 'node:assert/strict';
import { test } from 'node:test';
import { curve, type Scalar } from '@holdfast/crypto/curves';
import { enc, i } from '@holdfast/crypto/transcript';
import { type Slots, slotsFor } from '../cggmp24/messages.ts';
import { prepareSigning, runSigning, type Signing } from '../cggmp24/test/signing.ts';
import { type Machine, type Message, RefusedError } from '../runtime/index.ts';
import { lyingMachine, signedAnew } from '../simulator/index.ts';
import { decodeEvidence, type Evidence, encodeEvidence, evidenceOf, verifyEvidence } from './index.ts';

const secp = curve('secp256k1');
const slots: Slots = slotsFor(secp, 3);
const cheater = 3;

/** What party 4 holds against party 3, which said `value` in this place. */
function evidenceAgainst(slot: keyof Slots, value: (said: never) => object): { signing: Signing; evidence: Evidence } {
  const signing = prepareSigning();
  lyingMachine(signing.machines.get(cheater) as Machine<unknown>, (at, said) =>
    at.round === slots[slot].round && at.kind === slots[slot].kind
      ? { ...(said as object), ...value(said as never) }
      : said,
  );
  const status = runSigning(signing).status.get(4);
  if (status?.s !== 'aborted') throw new Error('no abort');
  const evidence = evidenceOf(status.abort, { document: signing.document, protocol: 'cggmp24/1' });
  if (evidence === undefined) throw new Error('no evidence');
  return { signing, evidence };
}

const plusOne = (k: Scalar): Scalar => secp.scalar.add(k, secp.scalar.one);
const wrongPartial = () => evidenceAgainst('partial', ({ sigma }: { sigma: Scalar }) => ({ sigma: plusOne(sigma) }));
const swappedProofs = () =>
  evidenceAgainst('round2Products', ({ psi, psiHat }: { psi: Uint8Array; psiHat: Uint8Array }) => ({
    psi: psiHat,
    psiHat: psi,
  }));
const swappedRanges = () =>
  evidenceAgainst('round1Proofs', ({ psi0, psi1 }: { psi0: Uint8Array; psi1: Uint8Array }) => ({
    psi0: psi1,
    psi1: psi0,
  }));

const proven = ({ signing, evidence }: { signing: Signing; evidence: Evidence }): readonly number[] =>
  verifyEvidence(evidence, signing.verify).proven;
const isRefusal = (error: unknown): boolean => error instanceof RefusedError && error.code === 'E_EVIDENCE';

/** The evidence with one message as somebody who holds its sender's identity key would write it anew. */
function resigned(
  { signing, evidence }: { signing: Signing; evidence: Evidence },
  which: (m: Message) => boolean,
  body: (whole: Uint8Array) => Uint8Array,
): { signing: Signing; evidence: Evidence } {
  let changed = 0;
  const messages = evidence.messages.map((m) => {
    if (!which(m)) return m;
    changed += 1;
    return signedAnew({ execId: signing.execId, env: signing.env(m.from), message: { ...m, body: body(m.body) } });
  });
  equal(changed, 1);
  return { signing, evidence: { ...evidence, messages } };
}

test('evidence of each round survives its file and names run, participants and culprit', () => {
  for (const make of [swappedRanges, swappedProofs, wrongPartial]) {
    const { signing, evidence } = make();

    const read = decodeEvidence(encodeEvidence(evidence));
    const verdict = verifyEvidence(read, signing.verify);

    deepEqual(verdict.proven, [cheater]);
    deepEqual(verdict.execId, signing.execId);
    deepEqual(
      verdict.run.participants.map(({ index }) => index),
      signing.parties,
    );
    deepEqual(encodeEvidence(read), encodeEvidence(evidence));
  }
});

test('an honest party is not convicted by what convicts another', () => {
  for (const make of [swappedRanges, swappedProofs, wrongPartial]) {
    const { signing, evidence } = make();

    for (const culprits of [[1], [4], [1, 4], [7], []])
      deepEqual(proven({ signing, evidence: { ...evidence, culprits } }), []);
    deepEqual(proven({ signing, evidence: { ...evidence, culprits: [1, cheater, cheater] } }), [cheater]);
  }
});

test('a code, a round or public inputs that are not those of the deviation convict nobody', () => {
  const { signing, evidence } = swappedProofs();
  const publics = evidence.publics.slice();
  publics[publics.length - 1] = (publics[publics.length - 1] ?? 0) ^ 1;

  for (const change of [
    { code: 'E_C_AFFGX' },
    { code: 'E_C_ELOG1' },
    { code: 'E_EQUIVOCATION' },
    { code: 'E_MALFORMED' },
    { round: 1 },
    { round: 3 },
    { round: 4 },
    { publics },
    { publics: new Uint8Array() },
    { protocol: 'frost/1' },
  ])
    deepEqual(proven({ signing, evidence: { ...evidence, ...change } }), [], JSON.stringify(Object.keys(change)));
});

test('evidence that lacks a message convicts nobody', () => {
  for (const make of [swappedRanges, swappedProofs, wrongPartial]) {
    const { signing, evidence } = make();
    for (const at of evidence.messages.keys()) {
      const messages = evidence.messages.filter((_, k) => k !== at);
      deepEqual(proven({ signing, evidence: { ...evidence, messages } }), [], `${at}`);
    }
  }
});

test('an accuser cannot put another broadcast of its own beside the messages of an honest party', () => {
  // Party 4 claims afterwards to have sent another K, under which the products of party 1 would be wrong.
  const honest = swappedProofs();
  const said = runSigning(prepareSigning()).sentBy(1);
  const [round2, products] = [
    said.find((m) => m.round === 2 && m.to === 0),
    said.find((m) => m.round === 2 && m.to === 4),
  ];
  const broadcasts = honest.evidence.messages.filter((m) => m.round === 1);
  const messages = [...broadcasts, round2 as Message, products as Message];
  const accusation = { signing: honest.signing, evidence: { ...honest.evidence, culprits: [1], messages } };
  deepEqual(proven(accusation), []);

  const otherK = (body: Uint8Array): Uint8Array => {
    const m = slots.round1.format.decode(body);
    return slots.round1.format.encode({ ...m, K: m.G });
  };
  deepEqual(proven(resigned(accusation, (m) => m.round === 1 && m.from === 4, otherK)), []);
});

test('an accuser cannot make a share wrong by signing other sums of its own afterwards', () => {
  const { signing, evidence } = wrongPartial();
  const partial = runSigning(prepareSigning())
    .sentBy(1)
    .find((m) => m.round === 4) as Message;
  const first = runSigning(prepareSigning()).sentBy(1)[0] as Message;
  const rest = evidence.messages.filter((m) => m.round === 2 || m.round === 3);
  const accusation = { signing, evidence: { ...evidence, culprits: [1], messages: [first, ...rest, partial] } };
  deepEqual(proven(accusation), []);

  for (const [round, body] of [
    [
      2,
      (b: Uint8Array) =>
        slots.round2.format.encode({ ...slots.round2.format.decode(b), Gamma: secp.encodePoint(secp.base) }),
    ],
    [3, (b: Uint8Array) => slots.round3.format.encode({ ...slots.round3.format.decode(b), delta: secp.scalar.one })],
  ] as const)
    deepEqual(proven(resigned(accusation, (m) => m.round === round && m.from === 4, body)), [], `${round}`);
});

test('an altered message, another sender, or a stranger to the run is refused', () => {
  const { signing, evidence } = swappedRanges();
  const change = (altered: (m: Message) => Message): Evidence => ({
    ...evidence,
    messages: evidence.messages.map((m, at) => (at === 0 ? altered(m) : m)),
  });
  const { sig: _, ...unsigned } = evidence.messages[0] as Message;

  for (const bad of [
    change((m) => ({ ...m, body: m.body.map((byte, k) => (k === 100 ? byte ^ 1 : byte)) })),
    change((m) => ({ ...m, from: 4 })),
    change((m) => ({ ...m, from: 9 })),
    change((m) => ({ ...m, to: 1 })),
    change((m) => ({ ...m, round: 2 })),
    change((m) => ({ ...m, sig: new Uint8Array(64) })),
    change(() => unsigned),
    { ...evidence, document: prepareSigning({ run: 'another' }).document },
    { ...evidence, document: evidence.document.slice(1) },
  ])
    throws(() => verifyEvidence(bad, signing.verify), isRefusal);
});

test('what is not a document of evidence is refused', () => {
  const { evidence } = swappedRanges();
  const whole = encodeEvidence(evidence);
  const kind = { ...evidence, messages: evidence.messages.map((m) => ({ ...m, kind: 'whisper' as Message['kind'] })) };

  for (const bad of [
    new Uint8Array(),
    whole.slice(0, -1),
    Uint8Array.of(...whole, 0),
    enc('holdfast/evidence/v2', i.bytes(whole)),
    encodeEvidence(kind),
    encodeEvidence({ ...evidence, publics: new Uint8Array(70_000) }),
    encodeEvidence({ ...evidence, culprits: new Array(40).fill(1) }),
  ])
    throws(() => decodeEvidence(bad), isRefusal);
});

test('row 20: equivocation convicts in every protocol, and an identical copy does not', () => {
  const signing = prepareSigning();
  const bare = { round: 1, kind: 'bcast' as const, from: 3, to: 0 };
  const said = [1, 1, 2].map((byte) => {
    const message: Message = { ...bare, body: Uint8Array.of(byte), sig: new Uint8Array(64) };
    return signedAnew({ execId: signing.execId, env: signing.env(3), message });
  });
  const evidence: Evidence = {
    document: signing.document,
    protocol: 'dkg/1',
    code: 'E_EQUIVOCATION',
    round: 1,
    culprits: [3],
    messages: said.slice(0, 2),
    publics: new Uint8Array(),
  };

  deepEqual(proven({ signing, evidence }), []);
  deepEqual(proven({ signing, evidence: { ...evidence, messages: said } }), [3]);
  const elsewhere = signedAnew({
    execId: signing.execId,
    env: signing.env(3),
    message: { ...(said[2] as Message), round: 2 },
  });
  deepEqual(proven({ signing, evidence: { ...evidence, messages: [said[0] as Message, elsewhere] } }), []);
});

test('an abort without culprits or without signed messages gives no evidence', () => {
  const o = { document: new Uint8Array(), protocol: 'cggmp24/1' };
  const message: Message = { round: 1, kind: 'bcast', from: 1, to: 0, body: new Uint8Array() };

  equal(evidenceOf({ code: 'E_PEER_GONE', round: 1, culprits: [] }, o), undefined);
  equal(evidenceOf({ code: 'E_C_VIEW', round: 2, culprits: [3] }, o), undefined);
  equal(evidenceOf({ code: 'E_X', round: 2, culprits: [3], evidence: [message] }, o), undefined);
  ok(evidenceOf({ code: 'E_X', round: 2, culprits: [3], evidence: [{ ...message, sig: new Uint8Array(64) }] }, o));
});
