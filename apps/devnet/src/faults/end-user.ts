/** An end user, registered by a service account and confirmed by it, as guides/end-user-wallets.md does it. */
import { randomBytes } from 'node:crypto';
import { keyAttestation, type TestKey, testKey } from '@holdfast/authority/testing';
import { type Caller, good } from './caller.ts';

export interface EndUser {
  readonly userId: string;
  readonly credentialId: string;
  readonly key: TestKey;
}

/** Lets the service account act for end users from now on. */
export async function makeOffice(admin: Caller, office: Caller): Promise<void> {
  const operations = ['Auth:Register:Delegated', 'Auth:Login:Delegated', 'Auth:Recover:Delegated'];
  const { id } = good(await admin.act('POST', '/permissions', { name: 'End user office', operations })).body;
  good(await admin.act('POST', `/permissions/${id}/assignments`, { identityId: office.who.userId }));
}

export async function newEndUser(office: Caller, email: string): Promise<EndUser> {
  const wish = { email, kind: 'EndUser' };
  const challenge = good(await office.act('POST', '/auth/registration/delegated', wish)).body;
  const key = testKey('P-256');
  const credentialId = randomBytes(16).toString('base64url');
  const credentialInfo = keyAttestation({ credId: credentialId, key, challenge: challenge.challenge });
  const firstFactorCredential = { credentialKind: 'Key', credentialInfo, credentialName: 'phone' };
  const reply = await fetch(new URL('/auth/registration/enduser', office.account.apiUrl), {
    method: 'POST',
    headers: {
      authorization: `Bearer ${challenge.temporaryAuthenticationToken}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify({ firstFactorCredential, wallets: [] }),
  });
  if (!reply.ok) throw new Error(`registration refused: ${await reply.text()}`);
  const userId: string = challenge.user.id;
  const credentials = [{ credentialId, kind: 'Key', publicKey: key.publicKey, name: 'phone' }];
  good(await office.act('POST', '/holdfast/registrations/confirm', { userId, credentials }));
  return { userId, credentialId, key };
}
