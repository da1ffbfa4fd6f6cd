/** The builders of the contract against typebox itself, member for member and in its order. */
import { equal } from 'node:assert/strict';
import { test } from 'node:test';
import { Type as Typebox } from 'typebox';
import { Type } from './type.ts';

const samples = (T: typeof Type): Readonly<Record<string, unknown>> => ({
  array: T.Array(T.String(), { minItems: 1, maxItems: 5 }),
  boolean: T.Boolean({ description: 'yes or no' }),
  enum: T.Enum(['a', 'b'], { description: 'which' }),
  integer: T.Integer({ minimum: 0 }),
  'a text that is fixed': T.Literal('Key'),
  'a number that is fixed': T.Literal(3, { description: 'three' }),
  'a truth that is fixed': T.Literal(true),
  null: T.Null(),
  number: T.Number({ maximum: 2 }),
  'an object with members that may be absent': T.Object(
    { must: T.String(), may: T.Optional(T.Integer({ minimum: 1 })), inner: T.Object({ deep: T.Optional(T.Null()) }) },
    { additionalProperties: false },
  ),
  'an object without members': T.Object({}),
  'an object that nobody has to fill': T.Object({ may: T.Optional(T.Object({ must: T.String() })) }),
  'a member that may be absent here and must be there': (() => {
    const shared = T.String({ maxLength: 3 });
    return T.Object({ may: T.Optional(shared), must: shared });
  })(),
  'a record under any name': T.Record(T.String(), T.Unknown()),
  'a record under names of a pattern': T.Record(T.String({ pattern: '^[a-z]+$' }), T.Integer(), { maxProperties: 4 }),
  string: T.String({ minLength: 1, maxLength: 9, pattern: '^x', says: 'must begin with x' } as never),
  union: T.Union([T.String(), T.Null()], { description: 'one of two' }),
  unknown: T.Unknown({ description: 'anything' }),
});

const ours = samples(Type);
const theirs = samples(Typebox as unknown as typeof Type);
for (const name of Object.keys(ours)) {
  test(`builds what typebox builds: ${name}`, () => {
    equal(JSON.stringify(ours[name]), JSON.stringify(theirs[name]));
  });
}
