/** Members of a body whose schema step 12 has checked. Asks again: what a chain holds must not depend on a schema file. */
import type { JsonObject } from '@holdfast/contract/wire';
import { refuse } from '../../errors/index.ts';

export function readText(body: JsonObject, member: string, charsMax: number): string {
  const value = body[member];
  if (typeof value !== 'string' || value.length < 1 || value.length > charsMax) {
    refuse('E_BODY', `body.${member} must be 1 to ${charsMax} characters`, { path: `body.${member}` });
  }
  return value;
}

export function readOptionalText(body: JsonObject, member: string, charsMax: number): string | undefined {
  return body[member] === undefined ? undefined : readText(body, member, charsMax);
}

export function readOptionalBoolean(body: JsonObject, member: string): boolean | undefined {
  const value = body[member];
  if (value !== undefined && typeof value !== 'boolean') {
    refuse('E_BODY', `body.${member} must be true or false`, { path: `body.${member}` });
  }
  return value;
}

export function readOptionalInteger(
  body: JsonObject,
  member: string,
  range: { readonly min: number; readonly max: number },
): number | undefined {
  const value = body[member];
  if (value === undefined) return undefined;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < range.min || value > range.max) {
    refuse('E_BODY', `body.${member} must be an integer between ${range.min} and ${range.max}`, {
      path: `body.${member}`,
    });
  }
  return value;
}

export function readObject(body: JsonObject, member: string): JsonObject {
  const value = body[member];
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    refuse('E_BODY', `body.${member} must be a JSON object`, { path: `body.${member}` });
  }
  return value as JsonObject;
}

export function readParam(params: Readonly<Record<string, string>>, name: string): string {
  return params[name] ?? refuse('E_PARAM', `${name} is missing`, { path: name });
}
