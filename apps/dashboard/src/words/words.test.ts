/** Every code has words and a next step; every request that is signed has a sentence. */
import { deepEqual, doesNotMatch, doesNotThrow, equal, match, ok, throws } from 'node:assert/strict';
import { test } from 'node:test';
import { ApiError } from '@holdfast/client/api';
import { errors } from '@holdfast/contract/errors';
import { operations } from '@holdfast/contract/operations';
import { comparedKey, holdToPins } from '../account/accounts.ts';
import { kitProblem } from '../account/kit.ts';
import { described, describeRequest, shortened } from './actions.ts';
import { problemOf, toProblem } from './problems.ts';
import { cautionFor, describeSigning, type WalletClaim, wholeUnits } from './signing.ts';

const banned = /oops|please|simply|something went wrong|!/i;

test('every code of the contract says what happened and what to do next, without apologies', () => {
  for (const [code, { status, sentence }] of Object.entries(errors)) {
    const { what, why = '', next } = problemOf(code, { status, message: sentence });
    ok(what.length > 5 && next.length > 5, code);
    match(what, /^[A-Z0-9“]|^[a-z]+\./, code);
    equal(banned.test(`${what} ${why} ${next}`), false, `${code}: ${what} ${why} ${next}`);
  }
});

test('words of its own are kept for codes that exist', () => {
  const unknown = Object.keys(errors).filter((code) => problemOf(code, { message: 'probe' }).what === 'Probe');
  // Those without words of their own are the others: the table has no word for a code that nobody sends.
  ok(unknown.length < Object.keys(errors).length);
  for (const code of ['E_UNCONFIRMED', 'E_UNPINNED', 'E_OPERATOR_TOKEN', 'E_REGISTRATION_CODE', 'E_RECOVERY_CODE'])
    ok(Object.hasOwn(errors, code) && !unknown.includes(code), code);
});

test('a refusal keeps the request id for support, and an ended login says so', () => {
  const problem = toProblem(new ApiError(401, 'E_UNAUTHENTICATED', 'Not Authorized.', {}, 'req-1'), 10);

  deepEqual([problem.endsSession, problem.requestId, problem.code], [true, 'req-1', 'E_UNAUTHENTICATED']);
});

test('how long a passkey took decides which hint is the likelier one', () => {
  const refused = new DOMException('not allowed', 'NotAllowedError');

  match(toProblem(refused, 200).what, /did not offer a passkey/);
  match(toProblem(refused, 5_000).what, /closed or took too long/);
  match(toProblem(new DOMException('', 'InvalidStateError'), 5_000).what, /already has a passkey/);
});

test('requests that are signed have sentences of their own, and no sentence is for a request that is gone', (t) => {
  const patterns = new Set(described());
  const signed = operations
    .filter(({ userAction }) => userAction)
    .map(({ method, path }) => `${method} ${path.replaceAll(/:\w+/g, '*')}`);

  deepEqual(
    [...patterns].filter((pattern) => !signed.includes(pattern)),
    [],
  );
  // Shown whole and called unreadable until somebody writes the sentence.
  const without = signed.filter((pattern) => !patterns.has(pattern));
  t.diagnostic(`without a sentence: ${without.join(', ')}`);
  ok(without.length <= signed.length / 5, without.join(', '));
});

test('a sentence is made from the payload and from nothing else', () => {
  const payload = JSON.stringify({ credentialKind: 'Fido2', credentialName: 'phone', credentialInfo: {} });

  const { sentence, level } = describeRequest({ method: 'POST', path: '/auth/credentials', payload });

  deepEqual([sentence, level], ['Add the passkey “phone” to your account', 'described']);
});

test('a delegation names its new owner, whichever member says who', () => {
  for (const member of ['userId', 'delegateTo']) {
    const payload = JSON.stringify({ [member]: 'us-00000-00000-0000000000000000' });
    const { sentence } = describeRequest({
      method: 'POST',
      path: '/keys/key-00000-00000-0000000000000000/delegate',
      payload,
    });

    match(sentence, /to user us-00000-00000-0000000000000000$/);
  }
});

test('what nobody can read is called that', () => {
  const unknown = describeRequest({ method: 'POST', path: '/somewhere/new', payload: '{"a":1}' });
  const hash = describeRequest({
    method: 'POST',
    path: '/wallets/wa-00000-00000-0000000000000000/signatures',
    payload: '{"kind":"Hash","hash":"0x07"}',
  });

  deepEqual([unknown.level, unknown.rows], ['opaque', [{ label: 'a', value: '1' }]]);
  deepEqual([hash.level, hash.sentence], ['opaque', 'Sign a hash with wallet wa-00000-00000-0000000000000000']);
});

test('a payload that is no JSON object is shown as it is', () => {
  const { rows } = describeRequest({ method: 'POST', path: '/auth/users', payload: '{"email":1,"email":2}' });

  deepEqual(rows, [{ label: 'body', value: '{"email":1,"email":2}' }]);
});

test('amounts are exact, whatever their size', () => {
  equal(wholeUnits('1500000000000000000', 18), '1.5');
  equal(wholeUnits('1', 18), '0.000000000000000001');
  equal(wholeUnits('123456789012345678901234567890', 6), '123 456 789 012 345 678 901 234.56789');
  equal(wholeUnits('7', 0), '7');
});

const walletId = 'wa-00000-00000-0000000000000000';
/** The key of one: a point of the curve that everybody knows. */
const claimed: WalletClaim = {
  network: 'Ethereum',
  name: 'Till',
  signingKey: {
    ...{ scheme: 'ECDSA', curve: 'secp256k1' },
    publicKey: '0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798',
  },
};
const read = (body: object, wallet = claimed) => {
  const path = `/wallets/${walletId}/signatures`;
  const request = { method: 'POST', path, payload: JSON.stringify(body) } as const;
  return describeSigning(request, describeRequest(request), wallet);
};
/** Type 2 on Ethereum, nonce 0, one wei to 0x35…35, with these RLP-encoded data. */
const transactionWith = (data: string): string => {
  const fields = `0180843b9aca00847735940082520894${'35'.repeat(20)}01${data}c0`;
  return `0x02${(0xc0 + fields.length / 2).toString(16)}${fields}`;
};

test('a plain transaction is described, and the wallet it is signed with is named by its id', async () => {
  const { sentence, level, caution, rows } = await read({ kind: 'Transaction', transaction: transactionWith('80') });

  deepEqual([sentence, level, caution], ['Sign on Ethereum: Transaction', 'described', undefined]);
  ok(rows.some(({ value }) => value === `${walletId}: “Till” on Ethereum, as the server has it`));
});

test('a call of a contract, a permit and a delegation of code are for those who know what they do', async () => {
  const call = await read({ kind: 'Transaction', transaction: transactionWith('8401020304') });
  const owner = `0x${'35'.repeat(20)}`;
  const permit = await read({
    kind: 'Eip712',
    types: {
      EIP712Domain: [{ name: 'name', type: 'string' }],
      Permit: ['owner', 'spender'].map((name) => ({ name, type: 'address' })),
    },
    domain: { name: 'USD Coin' },
    message: { owner, spender: owner },
  });
  const delegation = await read({ kind: 'Eip7702', address: owner, chainId: 1, nonce: 0 });

  for (const { level, rows } of [call, permit, delegation]) deepEqual([level, rows.length > 2], ['opaque', true]);
  match(call.caution ?? '', /data that this page cannot read/);
  match(permit.caution ?? '', /take what the wallet holds/);
  ok(permit.rows.some(({ label, value }) => label === 'message' && value.includes(owner)));
  match(delegation.caution ?? '', /can move everything/);
});

test('what a family reads and does not say in full has a caution; what it says in full has none', () => {
  const of = (kind: string, ...facts: readonly (readonly [label: string, value: string])[]) =>
    cautionFor({ interpreted: true, kind, summary: facts.map(([label, value]) => ({ label, value })) });

  equal(of('Transaction', ['Sends', '5 to UQ, mode 3'], ['Comment', 'rent']), undefined);
  match(of('Transaction', ['Sends', '0 to UQ, mode 128']) ?? '', /up to all that is there/);
  match(of('Transaction', ['Sends', '5 to UQ, mode 3'], ['Body', '0x07']) ?? '', /cannot read/);
  match(of('Transaction', ['Sends', '5 to UQ, mode 3'], ['Deploys', 'a contract']) ?? '', /cannot read/);
  equal(of('Psbt', ['Output 0', '5 to bc1q'], ['Fee', '1']), undefined);
  match(of('Psbt', ['Output 0', '5 to bc1q']) ?? '', /nobody knows its fee/);
  match(of('Psbt', ['Outputs', '21'], ['Fee', '1']) ?? '', /more outputs than are listed/);
});

test('no text of a request hides, turns around or pushes away what stands beside it', () => {
  const of = (body: object) => describeRequest({ method: 'POST', path: '/permissions', payload: JSON.stringify(body) });
  const { sentence, rows } = of({ name: 'a\u202Eb\u200Bc', 'opera\u2066tions': ['x\u009B'] });

  equal(sentence, 'Define the role “a⟨U+202E⟩b⟨U+200B⟩c”');
  deepEqual(rows.at(-1), { label: 'opera⟨U+2066⟩tions', value: '["x⟨U+009B⟩"]' });
  equal(of({ name: 'n'.repeat(5_000) }).sentence, `Define the role “${'n'.repeat(200)}…”`);
  doesNotMatch(of({ constructor: 1 }).rows[0]?.label ?? '', /function/);
  const kind = { credentialKind: 'constructor', credentialName: 'x' };
  const { sentence: added } = describeRequest({
    ...{ method: 'POST', path: '/auth/credentials', payload: JSON.stringify(kind) },
  });
  equal(added, 'Add the constructor “x” to your account');
});

test('a value is shown whole, and one too long for that says how long it is', () => {
  const operations = JSON.stringify(Array.from({ length: 60 }, (_, at) => `Wallets:Signatures:Create${at}`));

  equal(shortened(operations), operations);
  match(shortened('7'.repeat(100_000)), /^7{200}… \(100000 characters; the whole stands under/);
});

test('keys that sign alone from then on, and keys made for somebody else, are called that', () => {
  for (const path of ['/auth/pats', '/auth/service-accounts'])
    match(describeRequest({ method: 'POST', path, payload: '{"name":"n"}' }).caution ?? '', /nobody is asked again/);
  const user = 'us-00000-00000-0000000000000000';
  const payload = JSON.stringify({ network: 'Ethereum', delegateTo: user });
  for (const path of ['/wallets', '/keys'])
    match(describeRequest({ method: 'POST', path, payload }).sentence, new RegExp(`, for user ${user} alone$`));
});

const account = { orgId: 'or-1', orgName: 'Acme', username: 'ann', userId: 'us-1', clusterFingerprint: 'A' };

test('an organisation met on another cluster than before is refused, whichever way the page was reached', () => {
  throws(() => holdToPins({ orgId: 'or-1', clusterFingerprint: 'B' }, [account]), { name: 'ChallengeRefused' });
  doesNotThrow(() => holdToPins({ orgId: 'or-1', clusterFingerprint: 'A' }, [account]));
  doesNotThrow(() => holdToPins({ orgId: 'or-2', clusterFingerprint: 'B' }, [account]));
});

test('a passkey is compared with the key that this browser made, not with what the server lists', () => {
  const made = [['id', 'own']] as const;

  equal(comparedKey({ credentialId: 'id', publicKey: 'own' }, made), 'same');
  equal(comparedKey({ credentialId: 'id', publicKey: 'theirs' }, made), 'other');
  equal(comparedKey({ credentialId: 'another', publicKey: 'own' }, made), 'elsewhere');
});

test('a recovery kit is called valid only where signers will take it for this account', () => {
  const kit = {
    v: 1,
    kind: 'holdfast recovery kit',
    ...{ apiUrl: '', privateKey: '', publicKey: 'P', credentialId: 'c' },
    ...{ orgId: 'or-1', username: 'ann', clusterFingerprint: 'A' },
  } as const;
  const item = { credentialId: 'c', publicKey: 'P', isActive: true, isConfirmed: true };

  equal(kitProblem(kit, account, [item]), undefined);
  match(kitProblem({ ...kit, clusterFingerprint: 'B' }, account, [item]) ?? '', /other signers/);
  match(kitProblem({ ...kit, orgId: 'or-2' }, account, [item]) ?? '', /another organisation/);
  match(kitProblem(kit, account, [{ ...item, isConfirmed: false }]) ?? '', /signers do not know/);
  for (const each of [
    { ...item, isActive: false },
    { ...item, publicKey: 'Q' },
    { ...item, credentialId: 'd' },
  ])
    match(kitProblem(kit, account, [each]) ?? '', /not among your active/);
});
