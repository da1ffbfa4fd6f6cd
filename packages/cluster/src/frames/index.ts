/** Sealed, authenticated, ordered messages between signers. */
export { ClusterError, type ClusterErrorCode } from '../errors.ts';
export { BODY_BYTES_MAX, type MessageKind, type PeerMessage } from './message.ts';
export {
  createPeerSessions,
  type FrameRefusal,
  type PeerSessions,
  type ResetReason,
  type SessionLimits,
  sessionLimits,
} from './sessions.ts';
