import { deepEqual, equal, throws } from 'node:assert/strict';
import { test } from 'node:test';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { keccak_256 } from '@noble/hashes/sha3.js';
import { authorization } from 'micro-eth-signer';
import { verifyRaw } from '../../schemes/index.ts';
import { toHex0x } from '../bytes.ts';
import { addressOf, assembleSignature, loadFamily, planSignature } from '../index.ts';
import type { PublicKeyRef, SigningItem } from '../types.ts';
import { typedDataDigest } from './typed-data.ts';

await Promise.all([loadFamily('pseudo'), loadFamily('evm')]);

// EIP-155's own example: private key 0x46…46.
const privateKey = new Uint8Array(32).fill(0x46);
const key: PublicKeyRef = { scheme: 'ECDSA', curve: 'secp256k1', publicKey: secp256k1.getPublicKey(privateKey, true) };
const eip155 = '0xec098504a817c800825208943535353535353535353535353535353535353535880de0b6b3a764000080018080';

function sign(item: SigningItem | undefined): { signature: Uint8Array; recid: number } {
  if (item?.algorithm !== 'ecdsa') throw new Error('expected a digest');
  const bytes = secp256k1.sign(item.digest, privateKey, { prehash: false, format: 'recovered' });
  return { signature: bytes.subarray(1), recid: bytes[0] ?? 0 };
}

function plan(body: Record<string, unknown>, network = 'Ethereum') {
  return planSignature({ key, network, body });
}

test('gives the address of the EIP-155 example key', () => {
  equal(addressOf('Ethereum', key), '0x9d8a62f656a8d1615c1294fd71e9cfb3e4855a4f');
});

test('hashes and assembles the EIP-155 example transaction to its published bytes', () => {
  const { items } = plan({ kind: 'Transaction', transaction: eip155 });
  const [item] = items;
  equal(
    item?.algorithm === 'ecdsa' && toHex0x(item.digest),
    '0xdaf5a779ae972f972197303d7b574746c7ef83eadac0f2791ad23db92e4c8e53',
  );

  const assembled = assembleSignature({
    key,
    network: 'Ethereum',
    body: { kind: 'Transaction', transaction: eip155 },
    signatures: [sign(item)],
  });

  equal(
    assembled.signedData,
    '0xf86c098504a817c800825208943535353535353535353535353535353535353535880de0b6b3a76400008025a028ef61340bd939bc2195fe537567866003e1a15d3c71ff63e1590620aa636276a067cbe9d8997f761aecb703304b3800ccf555c9f3dc64214b297fb1966a3b6d83',
  );
  equal(assembled.signature?.recid, 0);
});

test('[bad-input 123] refuses a transaction for another chain, with trailing bytes, already signed, or without a chain id', () => {
  const refuse = (transaction: string, message: RegExp, network = 'Ethereum') =>
    throws(() => plan({ kind: 'Transaction', transaction }, network), message);

  refuse(eip155, /chain id 1 does not match network EthereumSepolia \(11155111\)/, 'EthereumSepolia');
  refuse(`${eip155}00`, /not an unsigned EVM transaction|canonical/);
  refuse(
    '0xf86c098504a817c800825208943535353535353535353535353535353535353535880de0b6b3a76400008025a028ef61340bd939bc2195fe537567866003e1a15d3c71ff63e1590620aa636276a067cbe9d8997f761aecb703304b3800ccf555c9f3dc64214b297fb1966a3b6d83',
    /already signed/,
  );
  refuse('0xe9098504a817c800825208943535353535353535353535353535353535353535880de0b6b3a764000080', /no chain id/);
  refuse(eip155, /chain id of Adi is not configured/, 'Adi');
  refuse('0x7f01', /not an unsigned EVM transaction/);
});

test('hashes the personal message of EIP-191', () => {
  const { items } = plan({ kind: 'Eip191', message: toHex0x(new TextEncoder().encode('Hello World')) });

  // The digest the common wallets give for "Hello World".
  equal(
    items[0]?.algorithm === 'ecdsa' && toHex0x(items[0].digest),
    '0xa1de988600a42c4b4ab089b619297c17d53cffae5d5120d82d8a92d0bb3b78f2',
  );
});

const mail = {
  types: {
    Person: [
      { name: 'name', type: 'string' },
      { name: 'wallet', type: 'address' },
    ],
    Mail: [
      { name: 'from', type: 'Person' },
      { name: 'to', type: 'Person' },
      { name: 'contents', type: 'string' },
    ],
  },
  domain: {
    name: 'Ether Mail',
    version: '1',
    chainId: 1,
    verifyingContract: '0xCcCCccccCCCCcCCCCCCcCcCccCcCCCcCcccccccC',
  },
  message: {
    from: { name: 'Cow', wallet: '0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826' },
    to: { name: 'Bob', wallet: '0xbBbBBBBbbBBBbbbBbbBbbbbBBbBbbbbBbBbbBBbB' },
    contents: 'Hello, Bob!',
  },
};

test('gives the digest of the EIP-712 example', () => {
  const { digest, primaryType } = typedDataDigest(mail);

  equal(toHex0x(digest), '0xbe609aee343fb3c4b28e1df9e632fca64fcfaede20f02e86244efddf30957bd2');
  equal(primaryType, 'Mail');
});

const wrongTypedData: readonly (readonly [string, unknown, RegExp])[] = [
  [
    'an undeclared type',
    { ...mail, types: { ...mail.types, Mail: [{ name: 'from', type: 'Persona' }] } },
    /type Persona is not declared/,
  ],
  ['a cycle', { ...mail, types: { Mail: [{ name: 'next', type: 'Mail' }] } }, /refers to itself/],
  [
    'an impossible integer width',
    { ...mail, types: { Mail: [{ name: 'n', type: 'uint257' }] } },
    /uint257 is not declared/,
  ],
  [
    'a field declared twice',
    {
      ...mail,
      types: {
        Mail: [
          { name: 'n', type: 'bool' },
          { name: 'n', type: 'bool' },
        ],
      },
    },
    /declared twice/,
  ],
  ['a member nobody declared', { ...mail, message: { ...mail.message, extra: 1 } }, /not a member of Mail/],
  ['a missing member', { ...mail, message: { from: mail.message.from, to: mail.message.to } }, /contents: is required/],
  [
    'an integer that does not fit',
    { ...mail, types: { T: [{ name: 'n', type: 'uint8' }] }, message: { n: 256 } },
    /does not fit uint8/,
  ],
  [
    'two primary types',
    { ...mail, types: { ...mail.types, Other: [{ name: 'n', type: 'bool' }] } },
    /primary type is not clear/,
  ],
  ['an unknown domain member', { ...mail, domain: { ...mail.domain, more: 1 } }, /not a domain member/],
];

for (const [name, input, message] of wrongTypedData)
  test(`[bad-input 124] refuses typed data with ${name}`, () => {
    throws(() => typedDataDigest(input as typeof mail), message);
  });

/** Each type has two fields of the next one: as many paths as leaves of a binary tree. */
function ladder(levels: number): Record<string, { name: string; type: string }[]> {
  const below = (n: number) => (n + 1 === levels ? 'bool' : `T${n + 1}`);
  return Object.fromEntries(
    Array.from({ length: levels }, (_, n) => [
      `T${n}`,
      [
        { name: 'a', type: below(n) },
        { name: 'b', type: below(n) },
      ],
    ]),
  );
}

test('[bad-input 124] types that branch 32 levels deep are read at once, and one level more is refused', () => {
  const started = performance.now();
  throws(() => typedDataDigest({ types: ladder(32), domain: {}, message: {} }), /body\.message\.a: is required/);
  throws(() => typedDataDigest({ types: ladder(33), domain: {}, message: {} }), /is nested deeper than 32/);
  throws(() => typedDataDigest({ types: ladder(120), domain: {}, message: {} }), /is nested deeper than 32/);
  equal(performance.now() - started < 1_000, true);
});

test('refuses a kind of chain that takes no key of this scheme and curve', () => {
  const body = { kind: 'Eip191', message: '0x01', blockchainKind: 'Evm' };
  equal(planSignature({ key, body }).items.length, 1);
  for (const other of [
    { scheme: 'ECDSA', curve: 'stark' },
    { scheme: 'EdDSA', curve: 'ed25519' },
    { scheme: 'Schnorr', curve: 'secp256k1' },
  ] as const)
    throws(() => planSignature({ key: { ...other, publicKey: new Uint8Array(33) }, body }), {
      code: 'E_SCHEME',
      message: `body.blockchainKind: Evm does not take ${other.scheme} keys on ${other.curve}`,
    });
  for (const blockchainKind of ['Solana', 'Starknet'])
    throws(() => planSignature({ key, body: { kind: 'Hash', hash: '00'.repeat(32), blockchainKind } }), {
      code: 'E_SCHEME',
    });
});

test('[bad-input 124] refuses typed data for another chain', () => {
  throws(() => plan({ kind: 'Eip712', ...mail }, 'EthereumSepolia'), /does not match network EthereumSepolia/);
});

test('signs what it planned: the verifier accepts it and refuses a flipped bit, a high s and a wrong parity', () => {
  const [item] = plan({ kind: 'Eip712', ...mail }).items;
  if (item === undefined) throw new Error('no item');
  const raw = sign(item);
  const flipped = Uint8Array.from(raw.signature);
  flipped[40] = (flipped[40] ?? 0) ^ 1;
  const order = secp256k1.Point.Fn.ORDER;
  const high = (order - BigInt(toHex0x(raw.signature.subarray(32)))).toString(16).padStart(64, '0');
  const malleated = Uint8Array.from([...raw.signature.subarray(0, 32), ...Buffer.from(high, 'hex')]);

  equal(verifyRaw(item, key, raw), true);
  equal(verifyRaw(item, key, { ...raw, signature: flipped }), false);
  equal(verifyRaw(item, key, { signature: malleated }), false);
  equal(verifyRaw(item, key, { ...raw, recid: raw.recid ^ 1 }), false);
});

test('encodes v as 27 + recid behind r and s', () => {
  const body = { kind: 'Hash', hash: toHex0x(keccak_256(new Uint8Array(1))) };
  const [item] = plan(body).items;
  const raw = sign(item);
  const { signature, network } = assembleSignature({ key, network: 'Ethereum', body, signatures: [raw] });

  deepEqual(signature?.encoded, toHex0x(Uint8Array.from([...raw.signature, 27 + raw.recid])));
  equal(network, 'Ethereum');
});

for (const hash of [
  '0x1234',
  `0x${'ab'.repeat(31)}`,
  `0x${'ab'.repeat(33)}`,
  `0x${'ab'.repeat(31)}a`,
  `0X${'ab'.repeat(32)}`,
  5,
])
  test(`refuses the hash ${String(hash).slice(0, 10)}… of ${String(hash).length} characters`, () => {
    throws(() => plan({ kind: 'Hash', hash }), /body\.hash/);
  });

test('signs an EIP-7702 authorisation whose authority is the key', () => {
  const address = `0x${'5f'.repeat(20)}`;
  const body = { kind: 'Eip7702', address, nonce: 7, chainId: 1 };

  const raw = sign(plan(body).items[0]);

  const item = { chainId: 1n, address, nonce: 7n };
  const authority = authorization.getAuthority({
    ...item,
    yParity: raw.recid,
    r: BigInt(toHex0x(raw.signature.subarray(0, 32))),
    s: BigInt(toHex0x(raw.signature.subarray(32))),
  });
  equal(authority.toLowerCase(), addressOf('Ethereum', key));
});

test('refuses an authorisation for another chain, for every chain, and for an address with a wrong checksum', () => {
  const body = { kind: 'Eip7702', address: `0x${'5f'.repeat(20)}`, nonce: 7, chainId: 1 };

  throws(() => plan(body, 'EthereumSepolia'), /chainId: 1 does not match network EthereumSepolia/);
  throws(() => plan({ ...body, chainId: 0 }), /chainId: 0 does not match/);
  throws(() => plan({ ...body, nonce: 1.5 }), /nonce: must be a whole number/);
  throws(
    () => plan({ ...body, address: '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeE' }),
    /address: has a wrong checksum/,
  );
  // EIP-55's own first example, one letter away.
  equal(plan({ ...body, address: '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed' }).items.length, 1);
});
