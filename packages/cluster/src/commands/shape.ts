/**
 * Strict shapes of JSON values: every member named, every text and list bounded, nothing else let through. A shape
 * returns a fresh value with its members in the shape's order, so that writing it gives one text only.
 */
import { fromBase64, fromBase64Url, isWellFormed, WireError } from '@holdfast/contract/wire';
import { type ClusterErrorCode, check, refuse } from '../errors.ts';

/** `at` names the place: `command.request.path`. */
export type Shape<T> = (value: unknown, at: string, code: ClusterErrorCode) => T;
export type Shaped<S> = S extends Shape<infer T> ? T : never;

type Members = Readonly<Record<string, Shape<unknown>>>;
type Required<M extends Members> = { readonly [K in keyof M]: Shaped<M[K]> };
type Optional<M extends Members> = { readonly [K in keyof M]?: Shaped<M[K]> };

/** Exactly these members; those of `optional` may be missing. */
export function object<R extends Members, O extends Members = Record<never, never>>(
  required: R,
  optional?: O,
): Shape<Required<R> & Optional<O>> {
  const shapes = { ...required, ...optional };
  const names = Object.keys(shapes);
  const needed = new Set(Object.keys(required));
  return (value, at, code) => {
    const given = asObject(value, at, code);
    for (const name of Object.keys(given)) {
      check(Object.hasOwn(shapes, name), code, `${at} has an unknown member ${JSON.stringify(name.slice(0, 64))}`);
    }
    const out: Record<string, unknown> = {};
    for (const name of names) {
      if (given[name] !== undefined) out[name] = (shapes[name] as Shape<unknown>)(given[name], `${at}.${name}`, code);
      else check(!needed.has(name), code, `${at}.${name} is missing`);
    }
    return out as Required<R> & Optional<O>;
  };
}

/** One of several objects, told apart by a member. */
export function choice<T>(member: string, shapes: Readonly<Record<string, Shape<T>>>): Shape<T> {
  return (value, at, code) => {
    const tag = asObject(value, at, code)[member];
    const known = (typeof tag === 'string' || typeof tag === 'boolean') && Object.hasOwn(shapes, String(tag));
    check(known, code, `${at}.${member} must be one of ${Object.keys(shapes).join(', ')}`);
    return (shapes[String(tag)] as Shape<T>)(value, at, code);
  };
}

export function literal<const T extends string | number | boolean>(wanted: T): Shape<T> {
  return (value, at, code) => {
    check(value === wanted, code, `${at} must be ${JSON.stringify(wanted)}`);
    return wanted;
  };
}

export function oneOf<const T extends string>(...wanted: readonly T[]): Shape<T> {
  return (value, at, code) => {
    check(wanted.includes(value as T), code, `${at} must be one of ${wanted.join(', ')}`);
    return value as T;
  };
}

/** Text of `min` to `max` UTF-16 units, optionally of a pattern. */
export function text(o: { readonly min?: number; readonly max: number; readonly pattern?: RegExp }): Shape<string> {
  const min = o.min ?? 0;
  return (value, at, code) => {
    check(typeof value === 'string', code, `${at} must be text`);
    check(value.length >= min && value.length <= o.max, code, `${at} must have ${min} to ${o.max} characters`);
    check(o.pattern === undefined || o.pattern.test(value), code, `${at} has a wrong form`);
    check(isWellFormed(value), code, `${at} contains an unpaired surrogate`);
    return value;
  };
}

/** base64url without padding of exactly `bytes` bytes, or of 1 to `max`. */
export function base64Url(size: number | { readonly max: number }): Shape<string> {
  return encoded(size, (value, bytes) => fromBase64Url(value, bytes));
}

/** base64 with padding. */
export function base64(size: number | { readonly max: number }): Shape<string> {
  return encoded(size, (value, bytes) => fromBase64(value, bytes));
}

function encoded(
  size: number | { readonly max: number },
  decode: (value: string, o: { readonly bytes?: number }) => Uint8Array,
): Shape<string> {
  const exact = typeof size === 'number';
  const bytesMax = exact ? size : size.max;
  const bounded = text({ min: 1, max: 4 * Math.ceil(bytesMax / 3) });
  return (value, at, code) => {
    const given = bounded(value, at, code);
    let length: number;
    try {
      ({ length } = decode(given, exact ? { bytes: size } : {}));
    } catch (cause) {
      if (cause instanceof WireError) refuse(code, cause.message.replace(/^value/, at), {}, cause);
      throw cause;
    }
    check(length <= bytesMax, code, `${at} has more than ${bytesMax} bytes`);
    return given;
  };
}

export function hex(bytes: number): Shape<string> {
  return text({ max: 2 * bytes, pattern: new RegExp(`^[0-9a-f]{${2 * bytes}}$`) });
}

export function integer(min: number, max: number): Shape<number> {
  return (value, at, code) => {
    const fits = Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max;
    check(fits && !Object.is(value, -0), code, `${at} must be a whole number from ${min} to ${max}`);
    return value as number;
  };
}

/** A finite number that JSON can carry exactly. */
export const number: Shape<number> = (value, at, code) => {
  const fits = typeof value === 'number' && Number.isFinite(value) && !Object.is(value, -0);
  check(fits && (!Number.isInteger(value) || Number.isSafeInteger(value)), code, `${at} must be a number`);
  return value as number;
};

export function list<T>(each: Shape<T>, o: { readonly max: number }): Shape<readonly T[]> {
  return (value, at, code) => {
    check(Array.isArray(value), code, `${at} must be a list`);
    check(value.length <= o.max, code, `${at} has more than ${o.max} entries`);
    return (value as readonly unknown[]).map((item, k) => each(item, `${at}[${k}]`, code));
  };
}

/** A list whose keys rise strictly, so that a set has one spelling. */
export function ascending<T>(
  each: Shape<T>,
  o: { readonly max: number; readonly key: (item: T) => number },
): Shape<readonly T[]> {
  const any = list(each, o);
  return (value, at, code) => {
    const items = any(value, at, code);
    const rises = items.every((item, k) => k === 0 || o.key(items[k - 1] as T) < o.key(item));
    check(rises, code, `${at} must be sorted without repetition`);
    return items;
  };
}

export function pair<A, B>(first: Shape<A>, second: Shape<B>): Shape<readonly [A, B]> {
  return (value, at, code) => {
    check(Array.isArray(value) && value.length === 2, code, `${at} must be a list of two`);
    const [a, b] = value as readonly unknown[];
    return [first(a, `${at}[0]`, code), second(b, `${at}[1]`, code)];
  };
}

/** An object used as a table: bounded names, one shape for every value. */
export function table<T>(
  each: Shape<T>,
  o: { readonly max: number; readonly name: RegExp },
): Shape<Readonly<Record<string, T>>> {
  return (value, at, code) => {
    const given = asObject(value, at, code);
    const names = Object.keys(given);
    check(names.length <= o.max, code, `${at} has more than ${o.max} members`);
    const out: Record<string, T> = {};
    for (const name of names) {
      check(o.name.test(name), code, `${at} has a member with a wrong name`);
      out[name] = each(given[name], `${at}.${name}`, code);
    }
    return out;
  };
}

export function either<A, B>(first: Shape<A>, isFirst: (value: unknown) => boolean, second: Shape<B>): Shape<A | B> {
  return (value, at, code) => (isFirst(value) ? first(value, at, code) : second(value, at, code));
}

export function nullable<T>(shape: Shape<T>): Shape<T | null> {
  return (value, at, code) => (value === null ? null : shape(value, at, code));
}

/** Any JSON object of bounded size: texts, whole numbers, booleans, lists and objects; no null, at most so deep. */
export function json(o: { readonly chars: number; readonly depth: number }): Shape<Readonly<Record<string, unknown>>> {
  const copy = (value: unknown, at: string, code: ClusterErrorCode, depth: number): unknown => {
    if (typeof value === 'boolean') return value;
    if (typeof value === 'number') return integer(-Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER)(value, at, code);
    if (typeof value === 'string') return text({ max: o.chars })(value, at, code);
    check(depth > 0, code, `${at} is nested too deeply`);
    if (Array.isArray(value)) return value.map((item, k) => copy(item, `${at}[${k}]`, code, depth - 1));
    const given = asObject(value, at, code);
    const names = Object.keys(given).filter((name) => given[name] !== undefined);
    for (const name of names) check(/^[A-Za-z][A-Za-z0-9_]{0,63}$/.test(name), code, `${at} has a wrong member`);
    return Object.fromEntries(names.map((name) => [name, copy(given[name], `${at}.${name}`, code, depth - 1)]));
  };
  return (value, at, code) => {
    const out = copy(asObject(value, at, code), at, code, o.depth) as Readonly<Record<string, unknown>>;
    check(JSON.stringify(out).length <= o.chars, code, `${at} has more than ${o.chars} characters`);
    return out;
  };
}

function asObject(value: unknown, at: string, code: ClusterErrorCode): Readonly<Record<string, unknown>> {
  const fits = value !== null && typeof value === 'object' && !Array.isArray(value);
  check(fits, code, `${at} must be an object`);
  return value as Readonly<Record<string, unknown>>;
}
