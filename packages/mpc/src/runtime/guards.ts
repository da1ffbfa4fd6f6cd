/**
 * The three ways a protocol says no. Every call below is a guard: the guard-removal test deletes one call at a
 * time from the built code and expects some test to fail, so keep them as plain statements of this exact form.
 */
import type { Index, Message } from './types.ts';

/** The caller's fault: wrong parameters, found before anything is sent. */
export class RefusedError extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.name = 'RefusedError';
    this.code = code;
  }
}

/** Ends a run. `culprits` names only parties shown to have deviated. */
export class AbortError extends Error {
  readonly code: string;
  readonly culprits: readonly Index[];
  readonly evidence: readonly Message[];

  constructor(code: string, culprits: readonly Index[] = [], evidence: readonly Message[] = []) {
    super(culprits.length === 0 ? code : `${code}, culprits ${culprits.join(', ')}`);
    this.name = 'AbortError';
    this.code = code;
    this.culprits = culprits;
    this.evidence = evidence;
  }
}

export function refuse(code: string, message: string): never {
  throw new RefusedError(code, message);
}

export function abort(code: string, culprits: readonly Index[] = [], evidence: readonly Message[] = []): never {
  throw new AbortError(code, culprits, evidence);
}

/** Goes on only if `condition` holds; otherwise aborts the run. */
export function check(
  condition: unknown,
  code: string,
  culprits: readonly Index[] = [],
  evidence: readonly Message[] = [],
): asserts condition {
  if (!condition) throw new AbortError(code, culprits, evidence);
}

/**
 * The result of a decoder, or undefined where it throws. For values whose refusal has a code of its own:
 * `const point = attempt(() => curve.decodePoint(bytes)); check(point !== undefined, 'E_…', [sender]);`
 */
export function attempt<T>(decoder: () => T): T | undefined {
  try {
    return decoder();
  } catch {
    return undefined; // The caller turns undefined into an abort with the right code and culprit.
  }
}
