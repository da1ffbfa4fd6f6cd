/** What a chain family refuses, with the path of the member that is wrong; the api and the signers pass it on as is. */
export class ChainError extends Error {
  readonly code: string;
  /** Dotted path inside the request body, e.g. `transaction`; empty for the body as a whole. */
  readonly path: string;

  constructor(code: string, path: string, message: string) {
    super(path === '' ? message : `body.${path}: ${message}`);
    this.name = 'ChainError';
    this.code = code;
    this.path = path;
  }
}

export function refuse(path: string, message: string, code = 'E_BODY'): never {
  throw new ChainError(code, path, message);
}

/** Guard form: refuses unless the claim holds. */
export function check(claim: boolean, path: string, message: string, code = 'E_BODY'): asserts claim {
  if (!claim) refuse(path, message, code);
}
