/** The lines of a log file (docs/specs/log-file.md §2): strict, and one text for each. */
import {
  asJsonObject,
  canonicalJson,
  type JsonObject,
  type JsonValue,
  parseStrictJson,
  WireError,
} from '@holdfast/contract/wire';
import { refuse } from '../errors/index.ts';
import { orderedAssertion, orderedEntry, orderedRequest } from '../log/order.ts';
import type { Assertion, LogEntry, SignedRequest } from '../types/index.ts';

/** Whose log it is. The reader believes none of it: it compares with what it pinned. */
export interface ClusterLine {
  readonly line: 'cluster';
  readonly v: 1;
  readonly org: string;
  /** Of today's roster. */
  readonly epoch: number;
  /** base64url of 32 bytes, by roster index. */
  readonly identityKeys: readonly string[];
  /** Text of successions.json; empty where nobody was ever replaced. */
  readonly successions: string;
}

/** What a signer signed about the line; about what follows from the line. */
export interface LineSignature {
  readonly index: number;
  /** base64url of 64 bytes. */
  readonly signature: string;
}

export interface EntryLine {
  readonly line: 'entry';
  readonly entry: LogEntry;
  readonly acks: readonly LineSignature[];
}

export interface KeyLine {
  readonly line: 'key';
  readonly keyId: string;
  readonly scheme: string;
  readonly curve: string;
  /** hex: 33 bytes compressed, 32 for ed25519. */
  readonly publicKey: string;
  /** hex of 32 bytes: the sharing that the signers state. */
  readonly epoch: string;
  readonly statements: readonly LineSignature[];
}

export interface LineAct {
  readonly request: SignedRequest;
  readonly assertion: Assertion;
}

/** A request that made a key or a wallet, or gave a key to an end user. */
export interface ActLine {
  readonly line: 'act';
  readonly act: LineAct;
}

/** A request for signatures, and what the cluster made of it. */
export interface SignatureLine {
  readonly line: 'signature';
  readonly act: LineAct;
  /** hex of 64 bytes each, in the order of what the request asks for; none where none are known. */
  readonly signatures: readonly { readonly signature: string; readonly recid?: number }[];
  /** Of a transfer or transaction: what the chain added (orders.md §1). */
  readonly completion?: JsonObject;
}

export interface EndLine {
  readonly line: 'end';
  /** Before this one. */
  readonly lines: number;
  /** base64url of 32 bytes. */
  readonly hash: string;
}

export type Line = ClusterLine | EntryLine | KeyLine | ActLine | SignatureLine | EndLine;

/** A payload of 512 KiB, escaped as text inside text, and a completion. */
export const LINE_CHARS_MAX = 4 * 1024 * 1024;
const LINE_DEPTH_MAX = 12;

/** The one text of a line, without its line feed. */
export function encodeLine(line: Line): string {
  switch (line.line) {
    case 'cluster': {
      const { v, org, epoch, identityKeys, successions } = line;
      return canonicalJson({ line: line.line, v, org, epoch, identityKeys, successions });
    }
    case 'entry':
      return canonicalJson({ line: line.line, entry: orderedEntry(line.entry), acks: line.acks.map(orderedSignature) });
    case 'key': {
      const { keyId, scheme, curve, publicKey, epoch, statements } = line;
      return canonicalJson({
        ...{ line: line.line, keyId, scheme, curve, publicKey, epoch },
        statements: statements.map(orderedSignature),
      });
    }
    case 'act':
      return canonicalJson({ line: line.line, act: orderedAct(line.act) });
    case 'signature': {
      const { completion, signatures } = line;
      return canonicalJson({
        line: line.line,
        act: orderedAct(line.act),
        signatures: signatures.map(({ signature, recid }) => ({
          signature,
          ...(recid === undefined ? {} : { recid }),
        })),
        ...(completion === undefined ? {} : { completion }),
      });
    }
    case 'end':
      return canonicalJson({ line: line.line, lines: line.lines, hash: line.hash });
    default:
      return line satisfies never;
  }
}

/**
 * The line of a text. Checks the members that this room reads; what acts, acknowledgements and statements say is for
 * those who verify them. Refuses E_LOG_FORM for every text but the one `encodeLine` writes.
 */
export function decodeLine(text: string): Line {
  try {
    const value = parseStrictJson(text, { bytesMax: LINE_CHARS_MAX, depthMax: LINE_DEPTH_MAX, name: 'line' });
    const line = read(asJsonObject(value, 'line'));
    return encodeLine(line) === text ? line : malformed('a line has another form than it should');
  } catch (error) {
    if (error instanceof WireError) return malformed(error.message);
    throw error;
  }
}

export function malformed(why: string): never {
  return refuse('E_LOG_FORM', `the log file is not in its form: ${why}`);
}

function read(o: JsonObject): Line {
  switch (o['line']) {
    case 'cluster':
      if (o['v'] !== 1) malformed('version is not 1');
      return {
        ...{ line: 'cluster', v: 1, org: text(o, 'org'), epoch: integer(o, 'epoch') },
        identityKeys: list(o, 'identityKeys').map((each) => (typeof each === 'string' ? each : malformed('a key'))),
        successions: text(o, 'successions'),
      };
    case 'entry':
      return { line: 'entry', entry: readEntry(object(o, 'entry')), acks: signatures(o, 'acks') };
    case 'key':
      return {
        ...{ line: 'key', keyId: text(o, 'keyId'), scheme: text(o, 'scheme'), curve: text(o, 'curve') },
        ...{ publicKey: text(o, 'publicKey'), epoch: text(o, 'epoch') },
        statements: signatures(o, 'statements'),
      };
    case 'act':
      return { line: 'act', act: readAct(object(o, 'act')) };
    case 'signature': {
      const raw = list(o, 'signatures').map((each) => {
        const one = asJsonObject(each, 'signature');
        const signature = text(one, 'signature');
        return one['recid'] === undefined ? { signature } : { signature, recid: integer(one, 'recid') };
      });
      const act = readAct(object(o, 'act'));
      if (o['completion'] === undefined) return { line: 'signature', act, signatures: raw };
      return { line: 'signature', act, signatures: raw, completion: object(o, 'completion') };
    }
    case 'end':
      return { line: 'end', lines: integer(o, 'lines'), hash: text(o, 'hash') };
    default:
      return malformed('a line of an unknown kind');
  }
}

/** Exact members come from the comparison of texts; what they hold, from the reducer. */
function readEntry(o: JsonObject): LogEntry {
  const height = integer(o, 'height');
  if (height === 0) {
    const entry = { v: integer(o, 'v'), height, genesis: text(o, 'genesis'), proof: readAssertion(object(o, 'proof')) };
    return entry as unknown as LogEntry;
  }
  const { request, assertion } = readAct(o);
  const entry = { v: integer(o, 'v'), org: text(o, 'org'), height, prev: text(o, 'prev'), request, assertion };
  return entry as unknown as LogEntry;
}

function readAct(o: JsonObject): LineAct {
  const request = object(o, 'request');
  const { method, path, payload } = {
    method: text(request, 'method'),
    path: text(request, 'path'),
    payload: text(request, 'payload'),
  };
  return {
    request: { method: method as SignedRequest['method'], path, payload },
    assertion: readAssertion(object(o, 'assertion')),
  };
}

const members: Readonly<Record<string, readonly string[]>> = {
  Key: ['credId', 'clientData', 'signature'],
  PasswordProtectedKey: ['credId', 'clientData', 'signature'],
  Fido2: ['credId', 'clientData', 'authenticatorData', 'signature'],
  RecoveryKey: ['credId'],
};

function readAssertion(o: JsonObject): Assertion {
  const needed = members[text(o, 'kind')] ?? malformed('an assertion of an unknown kind');
  for (const name of needed) text(o, name);
  if (o['second'] !== undefined) readAssertion(object(o, 'second'));
  return o as unknown as Assertion;
}

function text(o: JsonObject, name: string): string {
  const value = o[name];
  return typeof value === 'string' ? value : malformed(`${name} is not text`);
}

function integer(o: JsonObject, name: string): number {
  const value = o[name];
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
    ? value
    : malformed(`${name} is not a whole number`);
}

function object(o: JsonObject, name: string): JsonObject {
  const value = o[name];
  return value === undefined ? malformed(`${name} is missing`) : asJsonObject(value, name);
}

function list(o: JsonObject, name: string): readonly JsonValue[] {
  const value = o[name];
  return Array.isArray(value) ? (value as readonly JsonValue[]) : malformed(`${name} is not a list`);
}

function signatures(o: JsonObject, name: string): readonly LineSignature[] {
  return list(o, name).map((each) => {
    const one = asJsonObject(each, name);
    return { index: integer(one, 'index'), signature: text(one, 'signature') };
  });
}

const orderedAct = ({ request, assertion }: LineAct): LineAct => ({
  request: orderedRequest(request),
  assertion: orderedAssertion(assertion),
});

const orderedSignature = ({ index, signature }: LineSignature): LineSignature => ({ index, signature });
