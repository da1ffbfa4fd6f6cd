/** Looks for secrets in bytes: raw, hex, base64 and base64url, also inside a longer text that was encoded as a whole. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';

export interface Hit {
  readonly secret: string;
  readonly form: string;
  readonly where: string;
}

interface Form {
  readonly secret: string;
  readonly form: string;
  readonly bytes: Buffer;
}

/** Fewer bytes could stand anywhere by chance. */
const SECRET_BYTES_MIN = 8;

export class Secrets {
  readonly #forms: Form[] = [];
  readonly #names = new Set<string>();

  get count(): number {
    return this.#names.size;
  }

  add(secret: string, value: Uint8Array | string): void {
    const bytes = Buffer.from(typeof value === 'string' ? Buffer.from(value, 'utf8') : value);
    if (bytes.length < SECRET_BYTES_MIN) throw new Error(`${secret} is too short to be looked for`);
    this.#names.add(secret);
    for (const [form, text] of forms(bytes)) this.#forms.push({ secret, form, bytes: text });
  }

  find(haystack: Uint8Array | string, where: string): readonly Hit[] {
    const bytes = typeof haystack === 'string' ? Buffer.from(haystack, 'utf8') : Buffer.from(haystack);
    return this.#forms
      .filter((each) => bytes.includes(each.bytes))
      .map(({ secret, form }) => ({ secret, form, where }));
  }

  /** Every file under a folder but those that are there to hold a secret. */
  findUnder(folder: string, except: (path: string) => boolean): readonly Hit[] {
    return filesUnder(folder)
      .map((path) => relative(folder, path))
      .filter((path) => !except(path))
      .flatMap((path) => this.find(readFileSync(join(folder, path)), path));
  }
}

export function filesUnder(folder: string): readonly string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? filesUnder(path) : [path];
  });
}

function forms(bytes: Buffer): readonly (readonly [string, Buffer])[] {
  const hex = bytes.toString('hex');
  return [
    ['raw', bytes],
    ['raw, reversed', Buffer.from(bytes).reverse()],
    ['hex', Buffer.from(hex)],
    ['HEX', Buffer.from(hex.toUpperCase())],
    ['JSON list of bytes', Buffer.from([...bytes].join(','))],
    ...[0, 1, 2].flatMap((shift): [string, Buffer][] => [
      [`base64 at ${shift}`, Buffer.from(base64At(bytes, shift, 'base64'))],
      [`base64url at ${shift}`, Buffer.from(base64At(bytes, shift, 'base64url'))],
    ]),
  ];
}

/** What stays the same of a base64 text whatever stands before and after: the digits that these bytes alone decide. */
function base64At(bytes: Buffer, shift: number, encoding: 'base64' | 'base64url'): string {
  const text = Buffer.concat([Buffer.alloc(shift), bytes])
    .toString(encoding)
    .replace(/=+$/, '');
  const first = Math.ceil((shift * 8) / 6);
  const last = Math.floor(((shift + bytes.length) * 8) / 6);
  return text.slice(first, last);
}
