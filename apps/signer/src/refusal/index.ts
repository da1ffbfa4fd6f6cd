/**
 * How this process says no. A refusal reaches the api as a stable code and one sentence: never a secret, never a
 * digest, never a stack.
 */

export type RefusalDetails = Readonly<Record<string, string | number | boolean>>;

/** The command is not carried out; nothing was contributed. */
export class Refused extends Error {
  override readonly name = 'Refused';
  readonly code: string;
  readonly details: RefusalDetails | undefined;
  /** Roster indices where a protocol named somebody. */
  readonly culprits: readonly number[] | undefined;

  constructor(
    code: string,
    message: string,
    o: { details?: RefusalDetails; culprits?: readonly number[]; cause?: unknown } = {},
  ) {
    super(message, o.cause === undefined ? undefined : { cause: o.cause });
    this.code = code;
    this.details = o.details;
    this.culprits = o.culprits;
  }
}

/** Ends the current command. Every guard of this process is a call of `refuse` or `check` (rulings 29). */
export function refuse(code: string, message: string, details?: RefusalDetails): never {
  throw new Refused(code, message, details === undefined ? {} : { details });
}

/** Refuses unless the claim holds. */
export function check(claim: boolean, code: string, message: string, details?: RefusalDetails): asserts claim {
  if (!claim) refuse(code, message, details);
}
