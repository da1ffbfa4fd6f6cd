/** A request of the past is read as it was then, whatever has ended since of what it was signed with. */
import { equal } from 'node:assert/strict';
import { test } from 'node:test';
import { encodeChallenge } from '@holdfast/authority/challenge';
import type { State } from '@holdfast/authority/reduce';
import {
  type Asked,
  added,
  ask,
  challengeFor,
  codeOf,
  deps,
  fido2Assertion,
  keyAssertion,
  step,
  testKey,
  world,
} from '@holdfast/authority/testing';
import type { Assertion } from '@holdfast/authority/types';
import type { ActEvidence } from '@holdfast/cluster/commands';
import type { Context } from '../commands/context.ts';
import { consentToPast } from './index.ts';

const { state: founded, admin } = world();
const vouch = (state: State, kind: string, { publicKey }: { readonly publicKey: string }) =>
  step(state, admin, {
    method: 'POST',
    path: '/holdfast/credentials/confirm',
    body: { userId: admin.userId, credentialId: kind, kind, publicKey, name: kind },
  });
const [protectedKey, passkey, script] = [testKey('P-256'), testKey('P-256'), testKey('Ed25519')];
const place = { origin: 'https://app.acme.example', rpId: 'acme.example' };
const enrolled = vouch(vouch(founded, 'PasswordProtectedKey', protectedKey), 'Fido2', passkey);
const withApp = step(enrolled, admin, {
  method: 'POST',
  path: '/auth/apps',
  body: { name: 'Shop', kind: 'ClientSideApplication', origin: place.origin, relyingPartyId: place.rpId },
});
const { appId } = added(enrolled.apps, withApp.apps);
const state = step(withApp, admin, {
  method: 'POST',
  path: '/auth/pats',
  body: { name: 'script', publicKey: script.publicKey },
});
const token = added(withApp.personalTokens, state.personalTokens);

const asked: Asked = { method: 'POST', path: '/wallets', body: { network: 'EthereumSepolia' } };
const request = { method: 'POST', path: '/wallets', payload: JSON.stringify(asked.body) } as const;
const challenge = encodeChallenge(challengeFor(state, admin.userId, asked));
const signed = (assertion: unknown): ActEvidence => ({ request, assertion: assertion as Assertion });
const off = (credentialId: string) => ({
  method: 'PUT' as const,
  path: '/auth/credentials/deactivate',
  body: { credentialUuid: state.credentials.get(credentialId)?.uuid },
});

/** Reads it where the organisation stands at `now`. */
const read = (act: ActEvidence, now: State) => {
  const organisations = { deps, statesWith: () => [now], state: () => now };
  return consentToPast({ organisations } as unknown as Context, act);
};

const { assertion: byAdmin } = ask(state, admin, asked);
for (const [what, act, end] of [
  [
    'a second factor that was switched off',
    signed({
      ...keyAssertion({ credId: admin.credId, key: admin.key, challenge }),
      second: {
        ...keyAssertion({ credId: 'PasswordProtectedKey', key: protectedKey, challenge }),
        kind: 'PasswordProtectedKey',
      },
    }),
    off('PasswordProtectedKey'),
  ],
  [
    'a passkey on the page of an application that is archived',
    signed(fido2Assertion({ credId: 'Fido2', key: passkey, challenge, ...place })),
    { method: 'DELETE' as const, path: `/auth/apps/${appId}` },
  ],
  [
    'a token that is archived',
    signed(keyAssertion({ credId: token.credentialId, key: script, challenge })),
    { method: 'DELETE' as const, path: `/auth/pats/${token.tokenId}` },
  ],
] as const)
  test(`reads what was signed with ${what} since`, () => {
    equal(read(act, state).userId, admin.userId);
    equal(read(act, step(state, admin, end)).effect, 'createKey');
  });

test('reads nothing that was not signed by who is named, for what is asked', () => {
  const other = keyAssertion({ credId: token.credentialId, key: testKey('Ed25519'), challenge });
  const elsewhere = fido2Assertion({
    credId: 'Fido2',
    key: passkey,
    challenge,
    ...place,
    origin: 'https://evil.example',
  });

  equal(
    codeOf(() => read(signed(other), state)),
    'E_ASSERTION',
  );
  equal(
    codeOf(() => read(signed(elsewhere), state)),
    'E_CLIENT_DATA_ORIGIN',
  );
  equal(
    codeOf(() => read({ request: { ...request, payload: '{"network":"Bitcoin"}' }, assertion: byAdmin }, state)),
    'E_CHALLENGE_REQUEST',
  );
});
