/**
 * A hostile api against five real signer processes, about child keys and outputs: it asks for another place, another
 * input, once more or for somebody who may not, and no journal grows; and the relay carries no output.
 */
import { deepEqual, equal, ok } from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Command } from '@holdfast/cluster/commands';
import { type ActParts, everybody, HostileApi, type Org, refusalOf, resultOf } from './hostile-api.ts';

const ed = { scheme: 'EdDSA', curve: 'ed25519' };
const input = { domain: '0x6578616d706c65', seed: '0x616c696365' };

let api: HostileApi;
let org: Org;
let other: Org;
let master: string;
let dh: string;

before(async () => {
  api = await HostileApi.start();
  org = await api.found('Acme');
  other = await api.found('Other');
  master = await made({ ...ed, masterKey: true });
  dh = await made({ scheme: 'DH', curve: 'secp256k1' });
});
after(() => api.stop());

const signed = (path: string, body: object, by = org): ActParts =>
  api.sign(api.draft(by, 'POST', path, body), by.admin);
const made = async (body: object): Promise<string> =>
  (await api.finishKey(await api.act(everybody, signed('/keys', body)))).keyId;
const child = (path?: string) => ({ ...ed, deriveFrom: { keyId: master, ...(path === undefined ? {} : { path }) } });

/** Refused by all five with this code, and nobody did anything. */
async function refused(what: string, code: string, parts: ActParts, hint?: string): Promise<void> {
  const before = api.mark();
  const replies = await api.send(
    everybody,
    (id) =>
      ({
        v: 1,
        id,
        kind: 'Act',
        ...parts,
        runNonce: 'ab'.repeat(32),
        participants: everybody,
        ...(hint === undefined ? {} : { path: hint }),
      }) as Command,
  );
  deepEqual(
    replies.map((reply) => refusalOf(reply)?.code),
    everybody.map(() => code),
    what,
  );
  deepEqual(api.mark().journals, before.journals, `${what}: a journal grew`);
}
const withPayload = (parts: ActParts, body: object): ActParts => ({
  ...parts,
  request: { ...parts.request, payload: JSON.stringify(body) },
});

test('row 49: an api cannot move a child to another place, nor put one under a master of others', async () => {
  await refused('another place', 'E_CHALLENGE_REQUEST', withPayload(signed('/keys', child('m/1')), child('m/2')));
  await refused('no place', 'E_CHALLENGE_REQUEST', withPayload(signed('/keys', child('m/1')), child()), 'm/2');
  await refused('its own place beside the signed one', 'E_COMMAND', signed('/keys', child('m/1')), 'm/2');
  await refused('two steps where none was named', 'E_COMMAND', signed('/keys', child()), 'm/0/0');
  await refused('a hardened step', 'E_HD_PATH', signed('/keys', child()), 'm/2147483648');
  await refused('the master of another organisation', 'E_NOT_FOUND', signed('/keys', child('m/1'), other));
});

test('an output is had for what was signed, by who may, and not again for something else', async () => {
  const path = `/keys/${dh}/derive`;
  const parts = signed(path, input);
  const outputs = (await api.act(everybody, parts)).map((reply) => resultOf(reply, 'output').output);
  equal(new Set(outputs).size, 1);

  await refused('another seed', 'E_CHALLENGE_REQUEST', withPayload(parts, { ...input, seed: '0x00' }));
  await refused('another key', 'E_CHALLENGE_REQUEST', {
    ...parts,
    request: { ...parts.request, path: `/keys/${master}/derive` },
  });
  await refused('a signing key', 'E_KEY_KIND', signed(`/keys/${master}/derive`, input));
  await refused('the key of another organisation', 'E_NOT_FOUND', signed(path, input, other));
  await refused('a point of its own', 'E_BODY', signed(path, { ...input, point: `02${'11'.repeat(32)}` }));
  const hash = { kind: 'Hash', hash: '07'.repeat(32) };
  await refused('a signature by the DH key', 'E_KEY_KIND', signed(`/keys/${dh}/signatures`, hash));
  // What went from signer to signer is sealed: the relay has seen no output, nor an answer it could add up.
  const output = Buffer.from(outputs[0] ?? '', 'hex');
  ok(api.traffic.length > 0 && !api.traffic.some(({ message }) => Buffer.from(message).includes(output)));
});
