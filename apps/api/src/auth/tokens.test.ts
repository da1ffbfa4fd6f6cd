/** Bearer tokens are verified once and remembered: what must still be asked every time. */
import { deepEqual, equal, ok } from 'node:assert/strict';
import { test } from 'node:test';
import { issueToken, readToken } from './tokens.ts';

const claims = { id: 'to-1', orgId: 'or-1', userId: 'us-1', kind: 'Token' } as const;
const day = 86_400_000;

function context(secret = 1) {
  const clock = { now: 1_800_000_000_000 };
  const env = { now: () => clock.now, random: (n: number) => new Uint8Array(n) };
  const secrets = { api: new Uint8Array(32).fill(secret), operatorToken: '' };
  return { clock, ctx: { env, secrets } as unknown as Parameters<typeof readToken>[0] };
}

test('a token that was read before expires all the same', async () => {
  const { clock, ctx } = context();
  const token = await issueToken(ctx, 'bearer', claims, clock.now + day);
  deepEqual(await readToken(ctx, 'bearer', token), claims);
  deepEqual(await readToken(ctx, 'bearer', token), claims);

  clock.now += day - 1;
  deepEqual(await readToken(ctx, 'bearer', token), claims);
  clock.now += 1;
  equal(await readToken(ctx, 'bearer', token), undefined);
});

test('a token that was read before is no token after the clock was set back', async () => {
  const { clock, ctx } = context();
  const token = await issueToken(ctx, 'bearer', claims, clock.now + day);
  ok(await readToken(ctx, 'bearer', token));

  clock.now -= 60_000;

  equal(await readToken(ctx, 'bearer', token), undefined);
});

test('a token that was read before passes for no other use, secret or text', async () => {
  const { clock, ctx } = context();
  const token = await issueToken(ctx, 'bearer', claims, clock.now + day);
  ok(await readToken(ctx, 'bearer', token));

  equal(await readToken(ctx, 'challenge', token), undefined);
  equal(await readToken(ctx, 'user-action', token), undefined);
  equal(await readToken(context(2).ctx, 'bearer', token), undefined);
  for (const other of [`${token}=`, `${token} `, token.slice(0, -1), token.replace('.', '..'), token.toUpperCase()])
    equal(await readToken(ctx, 'bearer', other), undefined);
});

test('a text that is no token does not become one by being shown again', async () => {
  const { clock, ctx } = context();
  const [head, , signature] = (await issueToken(ctx, 'bearer', claims, clock.now + day)).split('.');
  const body = Buffer.from(JSON.stringify({ ...claims, exp: clock.now })).toString('base64url');
  const forged = `${head}.${body}.${signature}`;

  for (let time = 0; time < 3; time += 1) equal(await readToken(ctx, 'bearer', forged), undefined);
});
