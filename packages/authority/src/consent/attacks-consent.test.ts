/** What a payload that cannot be read is called by those who ask this room: its own error, not that of the parser. */
import { throws } from 'node:assert/strict';
import { test } from 'node:test';
import { AuthorityError } from '../errors/index.ts';
import { actDeps, ask, NOW, testKey, world } from '../testing/index.ts';
import { checkAct } from './index.ts';

const { state, admin } = world(testKey('Ed25519'));

test('a payload that is no JSON is refused by this room, with the place and the cause kept', () => {
  const act = ask(state, admin, { method: 'POST', path: '/wallets', payload: '{"name":"a","name":"b"}' });

  throws(
    () => checkAct(state, act, NOW, actDeps),
    (error: unknown) =>
      error instanceof AuthorityError && error.code === 'E_JSON_DUPLICATE_KEY' && error.cause instanceof Error,
  );
});
