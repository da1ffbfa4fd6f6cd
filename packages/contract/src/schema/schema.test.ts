import { deepEqual, equal, ok, throws } from 'node:assert/strict';
import { test } from 'node:test';
import { operations } from '../operations/index.ts';
import { check, pick } from './index.ts';
import { Type } from './type.ts';

const closed = Type.Object(
  {
    name: Type.Optional(Type.String({ minLength: 1, maxLength: 100 })),
    count: Type.Optional(Type.Integer({ minimum: 1, maximum: 730 })),
    list: Type.Optional(
      Type.Array(Type.Object({ id: Type.String() }, { additionalProperties: false }), { maxItems: 2 }),
    ),
    kind: Type.Optional(Type.Enum(['a', 'b'])),
    three: Type.Optional(Type.Literal(3)),
    nullable: Type.Optional(Type.Union([Type.String({ maxLength: 3 }), Type.Null()])),
    factor: Type.Optional(
      Type.Union([
        Type.Object({ kind: Type.Literal('Key'), key: Type.String() }, { additionalProperties: false }),
        Type.Object({ kind: Type.Literal('Word'), word: Type.String() }, { additionalProperties: false }),
      ]),
    ),
  },
  { additionalProperties: false },
);

const cases: readonly [value: unknown, message: string | undefined][] = [
  [{}, undefined],
  [[], 'body must be a JSON object'],
  [{ name: '' }, 'body.name must be 1 to 100 characters'],
  [{ name: 5 }, 'body.name must be a text'],
  [{ count: 1.5 }, 'body.count must be an integer between 1 and 730'],
  [{ count: '1' }, 'body.count must be an integer between 1 and 730'],
  [{ count: 731 }, 'body.count must be an integer between 1 and 730'],
  [{ list: [{ id: 'a' }, {}] }, 'body.list[1].id is required'],
  [{ list: [{ id: 'a', x: 1 }] }, 'body.list[0].x is not a known field'],
  [{ list: [{}, {}, {}] }, 'body.list must have 0 to 2 entries'],
  [{ kind: 'c' }, 'body.kind must be one of a, b'],
  [{ three: 4 }, 'body.three must be 3'],
  [{ three: '3' }, 'body.three must be 3'],
  [{ nullable: null }, undefined],
  [{ nullable: 'long' }, 'body.nullable must be 0 to 3 characters'],
  [{ factor: { kind: 'Key', key: 'k' } }, undefined],
  [{ factor: { kind: 'Key', word: 'w' } }, 'body.factor.word is not a known field'],
  [{ factor: { kind: 'Other' } }, 'body.factor.kind must be one of Key, Word'],
  [{ factor: {} }, 'body.factor.kind is required'],
  [{ toString: 1 }, 'body.toString is not a known field'],
  [{ ['x'.repeat(1000)]: 1 }, `body.${'x'.repeat(63)}… is not a known field`],
];
for (const [value, message] of cases) {
  test('a reply that may be anything is passed on as it is', () => {
    for (const value of [[1, ['a']], { a: [1] }, 'text', 5, null]) deepEqual(pick(Type.Unknown(), value), value);
  });

  test(`${JSON.stringify(value).slice(0, 60)}: ${message ?? 'accepted'}`, () => {
    equal(check(closed, value, 'body')?.message, message);
  });
}

test('a reply keeps what is declared, at every depth, and nothing else', () => {
  const schema = Type.Object({
    id: Type.String(),
    inner: Type.Array(Type.Object({ a: Type.Number() })),
    open: Type.Record(Type.String(), Type.Unknown()),
    maybe: Type.Optional(Type.String()),
  });
  const value = { id: 'x', secret: 1, inner: [{ a: 1, secret: 2 }], open: { any: { deep: [1] } }, maybe: undefined };

  deepEqual(pick(schema, value), { id: 'x', inner: [{ a: 1 }], open: { any: { deep: [1] } } });
});

test('a reply that lacks something, or has it in another form, is a bug that is noticed', () => {
  const schema = Type.Object({ id: Type.String() });
  throws(() => pick(schema, {}), /reply.id is missing/);
  throws(() => pick(schema, { id: 5 }), /reply.id must be a text/);
  throws(() => pick(schema, { id: {} }), TypeError);
});

test('every object of every request is closed', () => {
  const open: string[] = [];
  const walk = (node: Readonly<Record<string, unknown>>, at: string): void => {
    if (node['type'] === 'object' && node['patternProperties'] === undefined && node['additionalProperties'] !== false)
      open.push(at);
    for (const [member, value] of Object.entries(node)) {
      if (typeof value === 'object' && value !== null)
        walk(value as Readonly<Record<string, unknown>>, `${at}.${member}`);
    }
  };
  for (const of of operations) {
    if (of.request) walk(of.request as unknown as Readonly<Record<string, unknown>>, of.name);
    if (of.query) walk(of.query as unknown as Readonly<Record<string, unknown>>, of.name);
  }
  deepEqual(open, []);
  ok(operations.length > 50);
});
