/** Passwords, one-time codes and sealed secrets by themselves: published vectors, parameters, limits. */
import { equal, match, notEqual, rejects, throws } from 'node:assert/strict';
import { randomBytes, scryptSync } from 'node:crypto';
import { test } from 'node:test';
import { createLimits, guessesAt } from './limits.ts';
import { checkPassword, hashPassword, pretendPassword, verifyPassword } from './password.ts';
import { openSecret, sealSecret } from './seal.ts';
import { otpUrl, stepOf, totpCode } from './totp.ts';

const ctx = (passwordCost: number) =>
  ({
    env: { random: (n: number) => Uint8Array.from(randomBytes(n)) },
    config: { passwordCost },
  }) as unknown as Parameters<typeof hashPassword>[0];
const secrets = (fill: number) =>
  ({ ...ctx(10), secrets: { api: new Uint8Array(32).fill(fill) } }) as unknown as Parameters<typeof sealSecret>[0];

// RFC 6238, appendix B, SHA-1: the table has eight digits, of which six are the last.
for (const [time, code] of [
  [59, '287082'],
  [1111111109, '081804'],
  [1111111111, '050471'],
  [1234567890, '005924'],
  [2000000000, '279037'],
  [20000000000, '353130'],
] as const)
  test(`a one-time code is that of RFC 6238 at ${time} s`, () => {
    equal(totpCode(Buffer.from('12345678901234567890'), Math.floor(time / 30)), code);
  });

test('takes codes of one step before and after, and tells which step', () => {
  const secret = randomBytes(20);
  const now = 1_767_323_045_000;
  const step = Math.floor(now / 30_000);

  for (const drift of [-1, 0, 1]) equal(stepOf(secret, totpCode(secret, step + drift), now), step + drift);
  for (const drift of [-2, 2]) equal(stepOf(secret, totpCode(secret, step + drift), now), undefined);
  for (const junk of ['', '12345', '1234567', 'abcdef']) equal(stepOf(secret, junk, now), undefined);
});

test('shows the secret as authenticator applications read it', () => {
  // RFC 4648 §10: "foobar" is MZXW6YTBOI.
  const url = otpUrl({ issuer: 'Acme & Co', account: 'ann@acme.example', secret: Buffer.from('foobar') });

  equal(
    url,
    'otpauth://totp/Acme%20%26%20Co:ann%40acme.example?secret=MZXW6YTBOI&issuer=Acme%20%26%20Co&algorithm=SHA1&digits=6&period=30',
  );
});

test('hashes a password with the parameters beside it, as any scrypt does', async () => {
  const stored = await hashPassword(ctx(10), 'correct horse battery staple');
  const [, salt = '', hash] = /^\$scrypt\$ln=10,r=8,p=1\$([\w-]{22})\$([\w-]{43})$/.exec(stored) ?? [];
  const again = scryptSync('correct horse battery staple', Buffer.from(salt, 'base64url'), 32, { N: 1024, r: 8, p: 1 });

  equal(hash, again.toString('base64url'));
  notEqual(stored, await hashPassword(ctx(10), 'correct horse battery staple'));
});

test('knows a password again, however it was typed, and when its parameters are out of date', async () => {
  const stored = await hashPassword(ctx(10), 'ﬁne café at noon');

  equal((await verifyPassword(ctx(10), 'fine cafe\u0301 at noon', stored)).isRight, true);
  equal((await verifyPassword(ctx(10), 'fine cafe at noon', stored)).isRight, false);
  equal((await verifyPassword(ctx(10), 'fine café at noon', stored)).isOutdated, false);
  equal((await verifyPassword(ctx(11), 'fine café at noon', stored)).isOutdated, true);
});

test('refuses a password that is too short or too long, and a hash that is none', async () => {
  for (const bad of ['', 'eleven chars'.slice(0, 11), 'x'.repeat(257)])
    throws(() => checkPassword(bad), { code: 'E_PASSWORD' });
  checkPassword('x'.repeat(12));
  checkPassword('🙂'.repeat(256));
  for (const bad of ['', '$scrypt$ln=40,r=8,p=1$AAAA$AAAA', '$scrypt$ln=10,r=8,p=1$AAAA$AAAA'])
    await rejects(verifyPassword(ctx(10), 'anything at all', bad));
});

test('tells whoever comes when a whole queue of passwords waits to come back', async () => {
  const all = await Promise.allSettled(Array.from({ length: 40 }, () => pretendPassword(ctx(10), 'x')));

  equal(all.filter(({ status }) => status === 'fulfilled').length, 34);
  equal(all.filter((one) => one.status === 'rejected' && one.reason.code === 'E_RATE_LIMIT').length, 6);
  await pretendPassword(ctx(10), 'x');
});

test('opens a sealed secret at its own place and under its own key only', () => {
  const sealed = sealSecret(secrets(1), 'totp/cr-1', Buffer.from('a secret'));

  match(sealed, /^[\w-]+$/);
  equal(Buffer.from(openSecret(secrets(1), 'totp/cr-1', sealed) ?? []).toString(), 'a secret');
  equal(openSecret(secrets(1), 'totp/cr-2', sealed), undefined);
  equal(openSecret(secrets(2), 'totp/cr-1', sealed), undefined);
  const altered = Buffer.from(sealed, 'base64url');
  altered.writeUInt8(altered.readUInt8(14) ^ 1, 14);
  equal(openSecret(secrets(1), 'totp/cr-1', altered.toString('base64url')), undefined);
  throws(() => openSecret(secrets(1), 'totp/cr-1', 'AAAA'));
});

test('guesses at names that are nobody’s, however many, free nobody who has something to guess', () => {
  const limits = createLimits({ now: () => 0 }, { requestsPerMinuteMax: 0 });
  const guess = (name: string, hasSecret: boolean) => guessesAt(limits, hasSecret).take(name);
  for (let k = 0; k < 10; k += 1) equal(guess('member', true), 0);

  for (let k = 0; k <= 20_000; k += 1) guess(`nobody ${k}`, false);

  equal(guess('member', true) > 0, true);
  for (let k = 0; k < 10; k += 1) equal(guess('one more', false), 0);
  equal(guess('one more', false) > 0, true);
});
