import { equal, ok } from 'node:assert/strict';
import { test } from 'node:test';
import { withoutNats } from '@holdfast/cluster/test/nats';
import { relayFaults } from './relay.ts';

const scene = relayFaults('nats');

test('row 57: who listens at the NATS server learns nothing of shares, requests, organisations or tokens', {
  skip: withoutNats,
}, () => {
  const { pieces, account, wallets, captured } = scene();

  // It was there: founding, key generation and signatures, as frames and as commands.
  ok(captured.length > 50_000, `${captured.length} bytes`);
  for (const subject of ['frame.5.1', 'hub.', 'link.'])
    ok(captured.includes(`holdfast.v1.${pieces.roster.clusterId}.${subject}`), subject);
  const told: readonly (readonly [string, string | Buffer])[] = [
    ['the organisation', account.orgId],
    ['the user', account.admin.userId],
    ['a credential', account.serviceAccount.credentialId],
    ['an access token', account.serviceAccount.authToken.slice(-24)],
    ...wallets.flatMap(({ id, keyId, publicKey }): readonly (readonly [string, string | Buffer])[] => [
      ['a wallet', id],
      ['a key', keyId],
      ['a public key', publicKey],
      ['a public key', Buffer.from(publicKey, 'hex').subarray(1)],
    ]),
    ['what was signed', Buffer.alloc(32, 7).toString('hex')],
    ['a request', '/signatures'],
    ['a command', '"kind"'],
  ];
  for (const [what, bytes] of told) equal(captured.includes(bytes), false, `${what} was on the wire`);
});
