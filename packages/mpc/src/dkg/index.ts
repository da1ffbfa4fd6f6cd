/** Distributed key generation and what names and certifies a sharing. */
export {
  type Acknowledgement,
  acknowledge,
  type CertifiedShare,
  epochOf,
  isAcknowledged,
  isCertificate,
  type StatedKey,
  type StatementOf,
} from './certificate.ts';
export { type Complaint, judgeComplaint } from './complaint.ts';
export type { DealingFrame } from './dealing.ts';
export { createDkg, type DkgOptions } from './dkg.ts';
export { isSupported } from './parameters.ts';
