import { deepEqual, equal, notEqual, ok } from 'node:assert/strict';
import { test } from 'node:test';
import { errors } from '@holdfast/contract/errors';
import { operations } from '@holdfast/contract/operations';
import { openApiDocument, openApiText } from './document.ts';

type Node = { readonly [member: string]: Node } & { readonly [index: number]: Node };
const document = JSON.parse(
  JSON.stringify(openApiDocument({ publicUrl: 'http://localhost:8787', version: '0.1.0' })),
) as Node;
const described = Object.entries(document['paths'] ?? {}).flatMap(([path, item]) =>
  Object.entries(item).map(([method, of]) => ({ path, method, of: of as unknown as Described })),
);
interface Described {
  readonly operationId: string;
  readonly summary: string;
  readonly tags: readonly string[];
  readonly security: unknown;
  readonly parameters?: readonly { readonly name: string; readonly in: string }[];
  readonly responses: Readonly<Record<string, unknown>>;
}

test('describes every operation of the contract once, and nothing else', () => {
  const expected = operations.flatMap((of) =>
    [of.method, ...(of.alsoMethods ?? [])].map((method) => `${method} ${of.path}`),
  );
  const found = described.map(({ path, method }) => `${method.toUpperCase()} ${path.replaceAll(/\{(\w+)\}/g, ':$1')}`);

  deepEqual(found.sort(), expected.sort());
});

test('is OpenAPI 3.1 with what linters ask for', () => {
  equal(document['openapi'], '3.1.0');
  for (const member of ['title', 'version', 'license', 'description']) ok(document['info']?.[member], member);
  ok(document['servers']?.[0]?.['url']);
  const ids = described.map(({ of }) => of.operationId);
  equal(new Set(ids).size, ids.length);
  const tags = (document['tags'] as unknown as { name: string; description: string }[]).map(({ name }) => name);
  for (const { path, of } of described) {
    ok(of.summary && of.security && of.responses['400'], of.operationId);
    ok(
      of.tags.every((tag) => tags.includes(tag)),
      of.operationId,
    );
    const declared = (of.parameters ?? []).filter((each) => each.in === 'path').map(({ name }) => name);
    deepEqual(
      declared,
      [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name),
    );
  }
});

test('holds plain JSON Schema, and every reference leads somewhere', () => {
  const walk = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return;
    for (const [member, value] of Object.entries(node)) {
      ok(member !== 'says' && !member.startsWith('~'), member);
      if (member === '$ref') {
        const target = String(value)
          .slice(2)
          .split('/')
          .reduce<Node | undefined>((at, part) => at?.[part], document);
        ok(target, String(value));
      }
      walk(value);
    }
  };

  walk(document);
});

test('documents who may call: every scheme is declared, public operations name none', () => {
  const schemes = Object.keys(document['components']?.['securitySchemes'] ?? {});
  for (const { of, path, method } of described) {
    const required = (of.security as Record<string, unknown>[]).flatMap((each) => Object.keys(each));
    ok(
      required.every((scheme) => schemes.includes(scheme)),
      of.operationId,
    );
    const { auth, userAction } = operations.find(
      (each) =>
        each.path === path.replaceAll(/\{(\w+)\}/g, ':$1') &&
        [each.method, ...(each.alsoMethods ?? [])].includes(method.toUpperCase() as typeof each.method),
    ) ?? { auth: 'bearer', userAction: undefined };
    equal(required.length, auth === 'public' ? 0 : 1, of.operationId);
    const header = (of.parameters ?? []).some((each) => each.in === 'header' && each.name === 'x-dfns-useraction');
    if (userAction !== undefined) equal(header, userAction, of.operationId);
  }
});

test('documents every error: its shape, and each stable code of the contract under its status', () => {
  const responses = document['components']?.['responses'] as unknown as Record<string, { 'x-codes': object }>;
  const listed: [string, number][] = [];
  for (const [name, { 'x-codes': codes }] of Object.entries(responses)) {
    const status = Number(/^Error(\d+)$/.exec(name)?.[1]);
    for (const [code, sentence] of Object.entries(codes)) {
      equal(sentence, errors[code as keyof typeof errors].sentence);
      listed.push([code, status]);
    }
  }
  deepEqual(
    listed.sort(),
    Object.entries(errors)
      .map(([code, { status }]) => [code, status])
      .sort(),
  );

  const statuses = [...new Set(Object.values(errors).map(({ status }) => String(status)))];
  for (const { of } of described)
    for (const status of statuses)
      deepEqual(of.responses[status], { $ref: `#/components/responses/Error${status}` }, of.operationId);
});

test('is made once for its settings', () => {
  const settings = { publicUrl: 'http://localhost:8787', version: '0.1.0' };

  equal(openApiText(settings), openApiText(settings));
  notEqual(openApiText(settings).etag, openApiText({ ...settings, version: '0.1.1' }).etag);
  deepEqual(JSON.parse(openApiText(settings).text), document);
});
