/** Every refusal of this folder. `path` names the place in the text, `body.items[2].name`; never a value. */

export type WireCode =
  | 'E_JSON_EMPTY'
  | 'E_JSON_SYNTAX'
  | 'E_JSON_DUPLICATE_KEY'
  | 'E_JSON_FORBIDDEN_KEY'
  | 'E_JSON_SURROGATE'
  | 'E_JSON_NUL'
  | 'E_JSON_NUMBER'
  | 'E_JSON_DEPTH'
  | 'E_JSON_SIZE'
  | 'E_JSON_TYPE'
  | 'E_UTF8'
  | 'E_UTF8_BOM'
  | 'E_HEX'
  | 'E_BASE64'
  | 'E_BASE64URL';

export class WireError extends Error {
  override readonly name = 'WireError';
  readonly code: WireCode;
  readonly path: string | undefined;
  /** All of them are the caller's fault. */
  readonly status = 400;

  constructor(code: WireCode, message: string, path?: string) {
    super(message);
    this.code = code;
    this.path = path;
  }
}

/** Ends the current parse: every refusal of this folder goes through here. */
export function refuse(code: WireCode, message: string, path?: string): never {
  throw new WireError(code, message, path);
}
