/** What goes wrong between the api and a chain's nodes. No message names a node's address: it may carry a key. */

export const nodeErrorCodes = [
  /** Nobody answered in time. */
  'E_NODE_UNREACHABLE',
  /** An answer that makes no sense: no JSON, too large, a redirect, another chain. */
  'E_NODE_ANSWER',
  /** The node understood and said no. */
  'E_NODE_REFUSED',
  /** Nodes that must agree do not. */
  'E_NODE_DISAGREE',
  /** No node is configured for the network. */
  'E_NODE_UNSET',
] as const;
export type NodeErrorCode = (typeof nodeErrorCodes)[number];

export interface NodeErrorFacts {
  /** `error.code` of JSON-RPC. */
  readonly rpcCode?: number;
  /** HTTP status of a refusal over REST. */
  readonly status?: number;
  /** What the node sent beside its refusal, parsed; foreign, so for the family's client to read and not for logs. */
  readonly answer?: unknown;
  readonly cause?: unknown;
}

export class NodeError extends Error {
  override readonly name = 'NodeError';
  readonly code: NodeErrorCode;
  readonly rpcCode: number | undefined;
  readonly status: number | undefined;
  readonly answer: unknown;

  constructor(code: NodeErrorCode, message: string, facts: NodeErrorFacts = {}) {
    super(message, facts.cause === undefined ? undefined : { cause: facts.cause });
    this.code = code;
    this.rpcCode = facts.rpcCode;
    this.status = facts.status;
    this.answer = facts.answer;
  }
}

/** For clients: a part of a node's answer is not what the protocol says it is. */
export function nonsense(what: string): never {
  throw new NodeError('E_NODE_ANSWER', `a node's answer makes no sense: ${what}`);
}
