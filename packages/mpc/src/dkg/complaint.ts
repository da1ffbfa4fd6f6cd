/**
 * A subshare that fails its Feldman check is seen by its receiver alone. As the run is abandoned anyway, the receiver
 * may publish the evidence of its abort, and everybody names the same culprit from it (mpc-protocols §1.1, §10 row 19).
 */
import { attempt, type Index, type Message, type MpcEnv, signedBytes } from '../runtime/index.ts';
import { checkedSubshare, commitmentCount, type DealingFrame, decodePoints, opens } from './dealing.ts';
import { sharingSlots } from './messages.ts';

export interface Complaint {
  readonly complainer: Index;
  readonly accused: Index;
  /** Of the abort: the accused's commitment (signed), opening, and private subshare (signed). */
  readonly evidence: readonly Message[];
}

/**
 * The accused if its own signed messages prove the subshare wrong; otherwise the complainer, who either accuses
 * falsely or shows nothing.
 */
export function judgeComplaint(
  frame: DealingFrame,
  { complainer, accused, evidence }: Complaint,
  verify: MpcEnv['verify'],
): Index {
  const slots = sharingSlots(frame);
  const [commitment, opened, told] = evidence;
  if (commitment === undefined || opened === undefined || told === undefined) return complainer;

  const isSignedBy = (m: Message): boolean =>
    m.from === accused && m.sig !== undefined && verify(accused, signedBytes(frame.execId, m), m.sig);
  const isCommitment =
    commitment.round === 1 && commitment.kind === 'bcast' && commitment.to === 0 && isSignedBy(commitment);
  const isSubshare = told.round === 2 && told.kind === 'p2p' && told.to === complainer && isSignedBy(told);
  if (!isCommitment || !isSubshare) return complainer;

  const V = attempt(() => slots.commitment.format.decode(commitment.body).V);
  const opening = attempt(() => slots.opening.format.decode(opened.body));
  // The opening carries no signature; what binds it is V. One that does not open V could be the complainer's own.
  if (V === undefined || opening === undefined || !opens(frame, accused, { V, opening })) return complainer;

  // From here on everything is the accused's own word.
  const points = decodePoints(frame, opening);
  const sigma = attempt(() => slots.subshare.format.decode(told.body));
  if (points === undefined || sigma === undefined || opening.C.length !== commitmentCount(frame)) return accused;
  return checkedSubshare(frame, points.C, complainer, sigma) === undefined ? accused : complainer;
}
