/** What the outside learns of an error. */
import type { Refusal } from '@holdfast/cluster/commands';
import { Refused } from '../refusal/index.ts';
import type { Context } from './context.ts';

const MESSAGE_CHARS_MAX = 512;

/**
 * Errors of the rooms carry a stable code and a sentence without secrets. Anything else is a bug here: the api learns
 * nothing but that, and the log gets the kind and the place of it.
 */
export function asRefusal(ctx: Context, error: unknown): Refusal {
  if (error instanceof Refused) {
    const { code, message, details, culprits } = error;
    return {
      code,
      message: message.slice(0, MESSAGE_CHARS_MAX),
      ...(culprits === undefined || culprits.length === 0
        ? {}
        : { culprits: [...new Set(culprits)].filter((c) => c > 0).sort((a, b) => a - b) }),
      ...(details === undefined ? {} : { details }),
    };
  }
  if (error instanceof Error && 'code' in error && typeof error.code === 'string' && KNOWN.has(error.name)) {
    return { code: error.code, message: error.message.slice(0, MESSAGE_CHARS_MAX) };
  }
  const place = error instanceof Error ? (error.stack?.split('\n')[1]?.trim() ?? '') : '';
  ctx.env.log('command.bug', { error: error instanceof Error ? error.name : typeof error, place });
  return { code: 'E_INTERNAL', message: 'this signer met a bug; its log names the place' };
}

/** Error classes of the rooms whose messages are written for the outside. */
const KNOWN = new Set([
  'AuthorityError',
  'ChainError',
  'ClusterError',
  'CryptoError',
  'RefusedError',
  'AbortError',
  'WireError',
]);
