import { equal } from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { errors } from '@holdfast/contract/errors';
import { consentSteps } from '../consent/index.ts';
import { AuthorityError } from './index.ts';

const source = new URL('../../src/', import.meta.url);
const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter(
  (name) => name.endsWith('.ts') && !name.endsWith('.test.ts'),
);
const named = new Set(
  files.flatMap((name) =>
    [...readFileSync(new URL(name, source), 'utf8').matchAll(/'(E_[A-Z0-9_]+)'/g)].map(([, code]) => code ?? ''),
  ),
);

test('every code of this room has a status and a sentence in the contract', () => {
  equal(named.size > 40, true);
  for (const code of named) equal(Object.hasOwn(errors, code), true, code);
});

test('every code of the consent steps is one of the contract', () => {
  for (const code of consentSteps.flatMap(({ codes }) => codes)) equal(Object.hasOwn(errors, code), true, code);
});

test('an error carries its code, its facts and its cause', () => {
  const cause = new Error('inner');

  const error = new AuthorityError('E_ENTRY', 'entry is malformed', { height: 3 }, cause);

  equal(error.code, 'E_ENTRY');
  equal(error.details?.['height'], 3);
  equal(error.cause, cause);
});
