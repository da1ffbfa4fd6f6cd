/**
 * The builders of JSON Schemas that the contract uses, under the types of typebox. What they make is what typebox makes
 * (type.test.ts compares); its own builders stand in 370 files, and opening those was half of the start of every process.
 */
import type { Type as Typebox } from 'typebox';

type Builders = Pick<
  typeof Typebox,
  | 'Array'
  | 'Boolean'
  | 'Enum'
  | 'Integer'
  | 'Literal'
  | 'Null'
  | 'Number'
  | 'Object'
  | 'Optional'
  | 'Record'
  | 'String'
  | 'Union'
  | 'Unknown'
>;

type Schema = Readonly<Record<string, unknown>>;

/** A member that may be absent, told by a property that JSON does not show, as typebox does. */
const OPTIONAL = '~optional';

const optional = (schema: Schema): Schema => Object.defineProperty({ ...schema }, OPTIONAL, { value: true });

const object = (properties: Readonly<Record<string, Schema>>, options?: Schema): Schema => {
  const required = Object.keys(properties).filter((name) => !(OPTIONAL in (properties[name] ?? {})));
  return { type: 'object', ...(required.length > 0 ? { required } : {}), properties, ...options };
};

/** Keys are texts; a pattern of theirs becomes the pattern of the record. */
const record = (key: Schema, value: Schema, options?: Schema): Schema => ({
  type: 'object',
  patternProperties: { [typeof key['pattern'] === 'string' ? key['pattern'] : '^.*$']: value },
  ...options,
});

const builders = {
  Array: (items: Schema, options?: Schema) => ({ type: 'array', items, ...options }),
  Boolean: (options?: Schema) => ({ type: 'boolean', ...options }),
  Enum: (values: readonly unknown[], options?: Schema) => ({ enum: values, ...options }),
  Integer: (options?: Schema) => ({ type: 'integer', ...options }),
  Literal: (value: unknown, options?: Schema) => ({ type: typeof value, const: value, ...options }),
  Null: (options?: Schema) => ({ type: 'null', ...options }),
  Number: (options?: Schema) => ({ type: 'number', ...options }),
  Object: object,
  Optional: optional,
  Record: record,
  String: (options?: Schema) => ({ type: 'string', ...options }),
  Union: (anyOf: readonly Schema[], options?: Schema) => ({ anyOf, ...options }),
  Unknown: (options?: Schema) => ({ ...options }),
};

// The types say more of each schema than its value shows: what a value that fits it looks like.
export const Type = builders as unknown as Builders;
