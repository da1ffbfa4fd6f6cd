/** What the api and the signers say to each other. */
export { ClusterError, type ClusterErrorCode } from '../errors.ts';
export type {
  Ack,
  Assertion,
  Base64Url,
  Disregard,
  FreshToken,
  LogEntry,
  SignedRequest,
  Withdrawal,
} from './authority-types.ts';
export {
  COMMAND_BYTES_MAX,
  decodeCommand,
  decodePush,
  decodeReply,
  encodeCommand,
  encodePush,
  encodeReply,
  isGroupElement,
  PUSH_BYTES_MAX,
  REPLY_BYTES_MAX,
} from './codec.ts';
export { type FigureKind, readFigures, signerFigures } from './figures.ts';
export { GROUP_MAX, PAYLOAD_CHARS_MAX } from './shapes.ts';
export type {
  ActEvidence,
  AuditItem,
  AuditPage,
  ChainHead,
  ChildOfKey,
  Command,
  Completion,
  ElementOutcome,
  GroupElement,
  GroupProtocol,
  KeyEpoch,
  KeyEpochs,
  KeyStatement,
  Original,
  Push,
  RawSignature,
  RecordMark,
  Refusal,
  Reply,
  ReshareRecord,
  Result,
  SignerStatus,
  WalletOfKey,
} from './types.ts';
