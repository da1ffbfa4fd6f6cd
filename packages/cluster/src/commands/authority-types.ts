/** The shapes of authority as they travel: declared once in `authority`, only their types are used here. */
export type {
  Ack,
  Assertion,
  Base64Url,
  Disregard,
  FactorAssertion,
  FreshToken,
  LogEntry,
  SignedRequest,
  Withdrawal,
} from '@holdfast/authority/types';
