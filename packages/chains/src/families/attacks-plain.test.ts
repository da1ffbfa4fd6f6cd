/** Messages at their limits, whatever the network. */
import { equal, throws } from 'node:assert/strict';
import { test } from 'node:test';
import { loadFamily, planSignature } from './index.ts';

await loadFamily('pseudo');

const key = { scheme: 'EdDSA', curve: 'ed25519', publicKey: new Uint8Array(32).fill(1) } as const;
const plan = (bytes: number) => planSignature({ key, body: { kind: 'Message', message: `0x${'61'.repeat(bytes)}` } });

test('[bad-input 132] a message has 1 to 65,536 bytes', () => {
  equal(plan(1).items.length, 1);
  equal(plan(65_536).items.length, 1);
  for (const bytes of [0, 65_537, 1 << 20]) throws(() => plan(bytes), { code: 'E_BODY' });
});
