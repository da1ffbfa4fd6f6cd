/** Canton, judged by the hashing of its own wallet kit: parties, and hashes of prepared transactions. */
import { equal, ok } from 'node:assert/strict';
import { test } from 'node:test';
import { type Case, conformance, localKey, type Signed, seededRandom } from '@holdfast/chains/conformance';
import { claims } from '@holdfast/chains/conformance/claims/canton';
import { family, loadFamily, planSignature } from '@holdfast/chains/families';
import { ed25519 } from '@noble/curves/ed25519.js';
import { oracle } from '../oracles.ts';
import { filled, hex, unhex } from './published.ts';

const { computeMultiHashForTopology, computeSha256CantonHash } = await oracle('@canton-network/core-tx-visualizer');
await loadFamily('canton');

const key = localKey('EdDSA', 'ed25519', filled(0x71));
/** Purposes that the kit hashes under: 11 topology transactions, 12 fingerprints, 55 several of the former. */
const hashed = async (purpose: number, bytes: Uint8Array): Promise<Uint8Array> =>
  computeSha256CantonHash(purpose, bytes);

function accepted({ body, assembled }: Signed): void {
  const { r = '', s = '', encoded, recid } = assembled.signature ?? {};
  equal(encoded, `0x${r.slice(2)}${s.slice(2)}`);
  equal(recid, undefined);
  ok(ed25519.verify(unhex(encoded ?? ''), unhex(String(body['transaction'] ?? body['message'])), key.publicKey));
  equal(assembled.signedData, undefined);
}
const asCase = (name: string, transaction: () => Promise<Uint8Array>, network: string): Case => ({
  name: `Transaction ${name}`,
  network,
  key,
  body: async () => ({ kind: 'Transaction', transaction: hex(await transaction()) }),
  accepted,
  corrupt: 'transaction',
});
const refusal = (name: string, transaction: string, message: RegExp) => ({
  name,
  network: 'Canton',
  key,
  body: { kind: 'Transaction', transaction },
  message,
});

conformance({
  claims,
  seed: process.env['HOLDFAST_SEED'] ?? 'canton 1',
  addresses: [],
  sdkAddress: async (of) => `wallet::${hex(await hashed(12, of.publicKey))}`,
  cases: [
    asCase('that a participant has prepared', async () => (await hashed(48, filled(1))).subarray(2), 'Canton'),
    asCase('of a party’s topology', () => hashed(11, filled(2)), 'CantonTestnet'),
    asCase(
      'of several changes of the topology',
      async () =>
        hashed(55, await computeMultiHashForTopology([await hashed(11, filled(3)), await hashed(11, filled(4))])),
      'CantonDevnet',
    ),
    { name: 'Message', network: 'Canton', key, body: { kind: 'Message', message: '0x4e' }, accepted },
  ],
  refusals: [
    refusal('a hash of 31 bytes', '07'.repeat(31), /32 to 34/),
    refusal('a hash of 33 bytes', '07'.repeat(33), /hash of a prepared/),
    refusal('34 bytes that are no multihash', '07'.repeat(34), /hash of a prepared/),
    refusal('a transaction in place of its hash', '07'.repeat(200), /at most 34/),
    { name: 'a hash', network: 'Canton', key, body: { kind: 'Hash', hash: '07'.repeat(32) }, code: 'E_KIND' },
    {
      name: 'a transaction in members',
      network: 'Canton',
      key,
      body: { kind: 'Transaction', transaction: { commands: [] } },
      code: 'E_BODY',
    },
  ],
});

test('Canton: 200 random hashes are signed as they are and said not to be understood', () => {
  const seed = process.env['HOLDFAST_SEED'] ?? 'canton hashes 1';
  const random = seededRandom(seed);
  for (let n = 0; n < 200; n += 1) {
    const hash = random.chance(2) ? random.bytes(32) : Uint8Array.of(0x12, 0x20, ...random.bytes(32));
    const body = { kind: 'Transaction', transaction: hex(hash) };
    const { items, facts } = planSignature({ key, network: 'Canton', body });
    equal(facts.interpreted, false, `case ${n} of seed ${seed}`);
    ok(items.length === 1 && items[0]?.algorithm === 'eddsa' && hex(items[0].message) === hex(hash));
  }
  equal(family('canton').construct, undefined);
});
