import { equal, match, notEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { isSetupCode, SETUP_CODE_SECONDS, setupCode } from './index.ts';

const token = 'an operator token of at least thirty-two characters';
const now = 1_800_000_000;
const code = setupCode(token, now + SETUP_CODE_SECONDS);

test('a setup code stands for the token it was made with until it expires', () => {
  match(code, /^setup_[0-9a-z]+_[A-Za-z0-9_-]{22}$/);
  equal(isSetupCode(code, token, now), true);
  equal(isSetupCode(code, token, now + SETUP_CODE_SECONDS - 1), true);
  equal(isSetupCode(code, token, now + SETUP_CODE_SECONDS), false);
});

test('refuses a setup code of another token, and each altered character of a code', () => {
  equal(isSetupCode(setupCode(`${token}.`, now + 60), token, now), false);
  for (let at = 6; at < code.length; at += 1) {
    const altered = `${code.slice(0, at)}${code[at] === 'a' ? 'b' : 'a'}${code.slice(at + 1)}`;
    notEqual(altered, code);
    equal(isSetupCode(altered, token, now), false, altered);
  }
  for (const other of ['', 'setup', token, `${code}A`, code.toUpperCase()])
    equal(isSetupCode(other, token, now), false, other);
});

test('refuses a setup code made to last longer than an hour', () => {
  equal(isSetupCode(setupCode(token, now + SETUP_CODE_SECONDS + 61), token, now), false);
});
