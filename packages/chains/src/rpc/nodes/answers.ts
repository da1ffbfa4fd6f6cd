/**
 * A node's bytes as a value. Unlike requests to us, answers follow nobody's strict rules: members may appear twice and
 * whole numbers may be larger than a double holds exactly (Solana's u64); the latter become text.
 */
import { NodeError } from '../errors.ts';

const utf8 = new TextDecoder('utf-8', { fatal: true });
/** A whole number of 16 digits or more behind a colon, comma or bracket; inside a text it only costs the slow way. */
const maybeLarge = /[:,[]\s*-?[0-9]{16}/;
const textOrNumber = /"(?:[^"\\]|\\.)*"|-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/gs;

/** Throws NodeError E_NODE_ANSWER. */
export function parseAnswer(bytes: Uint8Array): unknown {
  try {
    const text = utf8.decode(bytes);
    return JSON.parse(maybeLarge.test(text) ? quoteLarge(text) : text);
  } catch {
    throw new NodeError('E_NODE_ANSWER', 'the answer is not JSON');
  }
}

function quoteLarge(text: string): string {
  return text.replace(textOrNumber, (found) =>
    /^-?[0-9]{16,}$/.test(found) && !Number.isSafeInteger(Number(found)) ? `"${found}"` : found,
  );
}

const WORDS_MAX = 200;

/** A node's own words for people: one line, bounded, without anything that its address keeps secret. */
export function words(value: unknown, secrets: readonly string[]): string {
  let text = typeof value === 'string' ? value : '';
  for (const secret of secrets) text = text.replaceAll(secret, '…');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out.
  const line = text.replace(/[\u0000-\u001f\u007f-\u009f\s]+/g, ' ').trim();
  return line.length > WORDS_MAX ? `${line.slice(0, WORDS_MAX)}…` : line;
}

/** Members in order of name, for comparing what nodes of different make say. */
export function canonical(value: unknown, depth = 0): string {
  if (depth > DEPTH_MAX) throw new NodeError('E_NODE_ANSWER', 'the answer is nested too deep');
  if (Array.isArray(value)) return `[${value.map((each) => canonical(each, depth + 1)).join(',')}]`;
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const members = Object.entries(value)
    .filter(([, each]) => each !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([name, each]) => `${JSON.stringify(name)}:${canonical(each, depth + 1)}`).join(',')}}`;
}

const DEPTH_MAX = 64;
