/**
 * Judging a dealing from outside its run: what the dealer signed, and the opening that its signed commitment binds.
 * docs/specs/evidence.md says why an honest party cannot be convicted.
 */
import type { Curve } from '@holdfast/crypto/curves';
import { decode, enc, f, i } from '@holdfast/crypto/transcript';
import { attempt, bodyBytesMax, type Index, type Message } from '../runtime/index.ts';
import { checkedSubshare, commitmentCount, type DealingFrame, decodePoints, opens } from './dealing.ts';
import { type SharingRunName, sharingSlots } from './messages.ts';
import type { Variant } from './sharing-run.ts';

export interface DealingEvidence {
  readonly run: SharingRunName;
  readonly execId: Uint8Array;
  readonly curve: Curve;
  readonly n: number;
  readonly t: number;
  readonly constant: Variant['constant'];
  readonly codes: Variant['codes'];
  readonly code: string;
  /** Every one with a signature that verified. */
  readonly messages: readonly Message[];
  readonly publics: Uint8Array;
}

const tag = 'mpc/dealing/publics/v1';

/** The opening that an abort is about, as it was received: nobody signs it, and the commitment binds it. */
export function encodeOpened(body: Uint8Array): Uint8Array {
  return enc(tag, i.bytes(body));
}

/** Whether the messages show that `culprit` dealt wrongly in the way the code says. */
export function convictsDealer(o: DealingEvidence, culprit: Index): boolean {
  const fault = attempt(() => faultOf(o, culprit));
  return fault !== undefined && o.codes[fault] === o.code;
}

/** The first check of round 2 that fails. Throws where the evidence is not whole or not the culprit's. */
function faultOf(o: DealingEvidence, culprit: Index): 'size' | 'point' | 'feldman' | undefined {
  const frame: DealingFrame = { ...o };
  const slots = sharingSlots(frame);
  const signed = (round: number, kind: Message['kind']): Message => {
    const found = o.messages.find((m) => m.round === round && m.kind === kind && m.from === culprit);
    if (found === undefined) throw new Error('a message is missing');
    return found;
  };
  const { V } = slots.commitment.format.decode(signed(1, 'bcast').body);
  const [body] = decode(tag, o.publics, [f.bytes({ max: bodyBytesMax })]);
  const opening = slots.opening.format.decode(body);
  // From here on everything is the culprit's own word.
  if (!opens(frame, culprit, { V, opening })) throw new Error('another opening');

  if (opening.C.length !== commitmentCount(frame)) return 'size';
  const points = decodePoints(frame, opening);
  if (points === undefined) return 'point';
  const told = signed(2, 'p2p');
  const sigma = slots.subshare.format.decode(told.body);
  return checkedSubshare(frame, points.C, told.to, sigma) === undefined ? 'feldman' : undefined;
}
