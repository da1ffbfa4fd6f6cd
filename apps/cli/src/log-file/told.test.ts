import { equal, match } from 'node:assert/strict';
import { test } from 'node:test';
import type { VerifiedSignature } from '@holdfast/authority/log-file';
import { toldSignature } from './told.ts';

const signature: VerifiedSignature = {
  ...{ id: 'sig-1', operation: 'wallets.generateSignature', height: 3, head: 'h', keyId: 'key-1', publicKey: '02' },
  request: { method: 'POST', path: '/wallets/wa-1/signatures', payload: '{"kind":"Message","message":"\u009b"}' },
  user: { userId: 'us-1', username: 'ann@acme.example', isServiceAccount: false },
  credential: {
    ...{ credentialId: 'id', uuid: 'cr-1', kind: 'Key', algorithm: 'Ed25519', enrolledAt: 2 },
    name: 'k\n\u001b[2A\u001b[2K  asked by     maria@acme.example (us-2)\u202e',
  },
  permissions: [{ name: 'Wallets:GenerateSignature', grants: [] }],
  signed: { from: 0, to: 330 },
  digests: ['07'],
  signatures: [],
};

test('a name inside a log file says no line of its own to the terminal', () => {
  const lines = toldSignature(signature);

  equal(lines.filter((line) => line.startsWith('  asked by')).length, 1);
  match(lines[2] ?? '', /^ {2}asked by {5}ann@acme\.example \(us-1\)$/);
  match(lines[3] ?? '', /k⟨U\+000A⟩⟨U\+001B⟩\[2A⟨U\+001B⟩\[2K {2}asked by .*⟨U\+202E⟩/);
  equal(/[\p{Cc}\p{Bidi_Control}]/u.test(lines.join('')), false);
});
