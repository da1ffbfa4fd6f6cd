/** Every code has words and a next step; every request that is signed has a sentence. */
import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { test } from 'node:test';
import { ApiError } from '@holdfast/client/api';
import { errors } from '@holdfast/contract/errors';
import { operations } from '@holdfast/contract/operations';
import { described, describeRequest } from './actions.ts';
import { problemOf, toProblem } from './problems.ts';
import { wholeUnits } from './signing.ts';

const banned = /oops|please|simply|something went wrong|!/i;

test('every code of the contract says what happened and what to do next, without apologies', () => {
  for (const [code, { status, sentence }] of Object.entries(errors)) {
    const { what, why = '', next } = problemOf(code, { status, message: sentence });
    ok(what.length > 5 && next.length > 5, code);
    match(what, /^[A-Z0-9“]|^[a-z]+\./, code);
    equal(banned.test(`${what} ${why} ${next}`), false, `${code}: ${what} ${why} ${next}`);
  }
});

test('words of its own are kept for codes that exist', () => {
  const unknown = Object.keys(errors).filter((code) => problemOf(code, { message: 'probe' }).what === 'Probe');
  // Those without words of their own are the others: the table has no word for a code that nobody sends.
  ok(unknown.length < Object.keys(errors).length);
  for (const code of ['E_UNCONFIRMED', 'E_UNPINNED', 'E_OPERATOR_TOKEN', 'E_REGISTRATION_CODE', 'E_RECOVERY_CODE'])
    ok(Object.hasOwn(errors, code) && !unknown.includes(code), code);
});

test('a refusal keeps the request id for support, and an ended login says so', () => {
  const problem = toProblem(new ApiError(401, 'E_UNAUTHENTICATED', 'Not Authorized.', {}, 'req-1'), 10);

  deepEqual([problem.endsSession, problem.requestId, problem.code], [true, 'req-1', 'E_UNAUTHENTICATED']);
});

test('how long a passkey took decides which hint is the likelier one', () => {
  const refused = new DOMException('not allowed', 'NotAllowedError');

  match(toProblem(refused, 200).what, /did not offer a passkey/);
  match(toProblem(refused, 5_000).what, /closed or took too long/);
  match(toProblem(new DOMException('', 'InvalidStateError'), 5_000).what, /already has a passkey/);
});

test('requests that are signed have sentences of their own, and no sentence is for a request that is gone', (t) => {
  const patterns = new Set(described());
  const signed = operations
    .filter(({ userAction }) => userAction)
    .map(({ method, path }) => `${method} ${path.replaceAll(/:\w+/g, '*')}`);

  deepEqual(
    [...patterns].filter((pattern) => !signed.includes(pattern)),
    [],
  );
  // Shown whole and called unreadable until somebody writes the sentence.
  const without = signed.filter((pattern) => !patterns.has(pattern));
  t.diagnostic(`without a sentence: ${without.join(', ')}`);
  ok(without.length <= signed.length / 5, without.join(', '));
});

test('a sentence is made from the payload and from nothing else', () => {
  const payload = JSON.stringify({ credentialKind: 'Fido2', credentialName: 'phone', credentialInfo: {} });

  const { sentence, level } = describeRequest({ method: 'POST', path: '/auth/credentials', payload });

  deepEqual([sentence, level], ['Add the passkey “phone” to your account', 'described']);
});

test('a delegation names its new owner, whichever member says who', () => {
  for (const member of ['userId', 'delegateTo']) {
    const payload = JSON.stringify({ [member]: 'us-00000-00000-0000000000000000' });
    const { sentence } = describeRequest({
      method: 'POST',
      path: '/keys/key-00000-00000-0000000000000000/delegate',
      payload,
    });

    match(sentence, /to user us-00000-00000-0000000000000000$/);
  }
});

test('what nobody can read is called that', () => {
  const unknown = describeRequest({ method: 'POST', path: '/somewhere/new', payload: '{"a":1}' });
  const hash = describeRequest({
    method: 'POST',
    path: '/wallets/wa-00000-00000-0000000000000000/signatures',
    payload: '{"kind":"Hash","hash":"0x07"}',
  });

  deepEqual([unknown.level, unknown.rows], ['opaque', [{ label: 'a', value: '1' }]]);
  deepEqual([hash.level, hash.sentence], ['opaque', 'Sign a hash with wallet wa-00000-00000-0000000000000000']);
});

test('a payload that is no JSON object is shown as it is', () => {
  const { rows } = describeRequest({ method: 'POST', path: '/auth/users', payload: '{"email":1,"email":2}' });

  deepEqual(rows, [{ label: 'body', value: '{"email":1,"email":2}' }]);
});

test('amounts are exact, whatever their size', () => {
  equal(wholeUnits('1500000000000000000', 18), '1.5');
  equal(wholeUnits('1', 18), '0.000000000000000001');
  equal(wholeUnits('123456789012345678901234567890', 6), '123 456 789 012 345 678 901 234.56789');
  equal(wholeUnits('7', 0), '7');
});
