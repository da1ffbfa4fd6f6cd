/**
 * bad-inputs F against real processes: kinds of keys, ids of the caller's own, and what chains are asked to sign. The
 * requests are properly signed by a user; only what they ask for is wrong.
 */
import { deepEqual, equal, notEqual, ok } from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Address, NETWORK, OutScript, SigHash, Transaction } from '@scure/btc-signer';
import { type AccountFile, Cluster } from '../harness/index.ts';
import { type Answer, Door, type Expected, good, refused } from './door.ts';

let cluster: Cluster;
let account: AccountFile;
let door: Door;
let admin: Door;
let masterId: string;
let atFirst: unknown;

interface Wallet {
  readonly id: string;
  readonly publicKey: Uint8Array;
  readonly keyId: string;
  readonly address: string;
}
const wallets = new Map<string, Wallet>();

before(async () => {
  cluster = await Cluster.start({ env: { HOLDFAST_RATE_LIMIT: '0' } });
  account = cluster.createOrg('Payloads');
  door = new Door(account);
  admin = new Door(account, account.admin);
  const { id: evmKey } = (await make('Ethereum')).signingKey;
  await make('EthereumSepolia', { id: evmKey });
  await make('Bitcoin', { id: evmKey });
  await make('KeyECDSA', { id: evmKey });
  await make('Litecoin', { scheme: 'Schnorr', curve: 'secp256k1' });
  await make('Solana');
  await make('Starknet');
  const master = await admin.act('POST', '/keys', { scheme: 'ECDSA', curve: 'secp256k1', masterKey: true });
  masterId = good(master).body.id;
  atFirst = await door.everything();
});
after(async () => {
  await cluster.stop();
  cluster.remove();
});

async function make(network: string, signingKey?: object) {
  const { body } = good(await door.act('POST', '/wallets', { network, ...(signingKey && { signingKey }) }));
  const { id, publicKey } = body.signingKey;
  wallets.set(network, { id: body.id, address: body.address, keyId: id, publicKey: Buffer.from(publicKey, 'hex') });
  return body;
}

function wallet(network: string): Wallet {
  const found = wallets.get(network);
  if (found === undefined) throw new Error(`no wallet on ${network}`);
  return found;
}

const hex = (bytes: Uint8Array) => `0x${Buffer.from(bytes).toString('hex')}`;
const path = (network: string) => `/wallets/${wallet(network).id}/signatures`;
const asks = (network: string, body: unknown) => door.act('POST', path(network), body);
/** 400 with this sentence. */
const wrong = (message: string | RegExp, code: string | string[] = 'E_BODY'): Expected => ({
  status: 400,
  code,
  message,
});

/** What the schema refuses is refused twice: before anybody signs, and when it is sent all the same. */
async function malformed(network: string, body: unknown, message: string): Promise<void> {
  const text = JSON.stringify(body);
  refused(
    await door.init('POST', path(network), text),
    wrong(`userActionPayload: ${message}`, 'E_USER_ACTION_PAYLOAD'),
  );
  refused(await door.json('POST', path(network), text), wrong(message));
}

test('[bad-input 108] networks that do not exist; schemes, curves and networks that do not go together', async () => {
  for (const network of ['Dogechain', 'ethereum', 'Ethereum ', '', 'constructor'])
    refused(
      await door.json('POST', '/wallets', JSON.stringify({ network })),
      wrong(/^body\.network must be one of .*Ethereum.*/),
    );
  for (const [body, message] of [
    [{ scheme: 'EdDSA', curve: 'stark' }, 'curve stark needs scheme ECDSA'],
    [{ scheme: 'Schnorr', curve: 'stark' }, 'curve stark needs scheme ECDSA'],
    [{ scheme: 'ECDSA', curve: 'ed25519' }, 'curve ed25519 needs scheme EdDSA'],
    [{ scheme: 'EdDSA', curve: 'secp256k1' }, /^curve secp256k1 needs scheme ECDSA/],
    [{ scheme: 'DH', curve: 'stark' }, 'curve stark needs scheme ECDSA'],
  ] as const)
    refused(await door.act('POST', '/keys', body), wrong(message, 'E_KEY_KIND'));
  refused(
    await door.json('POST', '/keys', '{"scheme":"RSA","curve":"secp256k1"}'),
    wrong(/^body\.scheme must be one of /),
  );
  refused(
    await door.json('POST', '/keys', '{"scheme":"ECDSA","curve":"P-256"}'),
    wrong(/^body\.curve must be one of /),
  );
  for (const signingKey of [
    { scheme: 'EdDSA', curve: 'ed25519' },
    { id: wallet('Solana').keyId },
    { id: wallet('Litecoin').keyId },
  ])
    refused(await door.act('POST', '/wallets', { network: 'Polygon', signingKey }), wrong(/Polygon/, 'E_KEY_NETWORK'));
  refused(await door.act('POST', '/wallets', { network: 'Ethereum', signingKey: { id: wallet('Ethereum').keyId } }), {
    status: 409,
    code: 'E_WALLET_EXISTS',
    message: 'a wallet of this key exists on this network already',
  });
});

test('[bad-input 133] paths that are hardened, too long, over 2^31 or badly written', async () => {
  const secp = { scheme: 'ECDSA', curve: 'secp256k1' };
  const keyId = masterId;
  const says = 'must have 1 to 10 unhardened components below 2^31, such as m/44/0/7';
  for (const path of [
    "m/0'",
    'm/0h',
    'm//0',
    'm',
    'm/',
    '0/1',
    'M/0',
    ' m/0',
    'm/0 ',
    'm/00',
    'm/-1',
    'm/1.5',
    `m${'/0'.repeat(11)}`,
  ]) {
    const deriveFrom = { keyId, path };
    refused(
      await door.json('POST', '/keys', JSON.stringify({ ...secp, deriveFrom })),
      wrong(`body.deriveFrom.path ${says}`),
    );
    const inWallet = JSON.stringify({ network: 'Ethereum', signingKey: { deriveFrom } });
    refused(await door.json('POST', '/wallets', inWallet), wrong(`body.signingKey.deriveFrom.path ${says}`));
  }
  refused(
    await door.json('POST', '/keys', JSON.stringify({ ...secp, deriveFrom: { keyId, path: `m${'/0'.repeat(300)}` } })),
    wrong(`body.deriveFrom.path ${says}`),
  );
  refused(
    await admin.act('POST', '/keys', { ...secp, deriveFrom: { keyId, path: 'm/2147483648' } }),
    wrong(/below 2\^31/, 'E_HD_PATH'),
  );
});

test('[bad-input 134] children of a key that is no master, of nobody, and of what is no key', async () => {
  const secp = { scheme: 'ECDSA', curve: 'secp256k1' };
  const { keyId } = wallet('Ethereum');
  refused(
    await admin.act('POST', '/keys', { ...secp, deriveFrom: { keyId, path: 'm/0' } }),
    wrong(/master/, 'E_HD_MASTER'),
  );
  refused(
    await admin.act('POST', '/wallets', { network: 'Ethereum', signingKey: { deriveFrom: { keyId } } }),
    wrong(/master/, 'E_HD_MASTER'),
  );
  refused(await admin.act('POST', '/keys', { ...secp, deriveFrom: { keyId: 'key-00000-00000-0000000000000000' } }), {
    status: 404,
    code: 'E_NOT_FOUND',
    message: 'key not found',
  });
  refused(
    await door.json(
      'POST',
      '/keys',
      JSON.stringify({ ...secp, deriveFrom: { keyId: 'wa-00000-00000-0000000000000000' } }),
    ),
    wrong('body.deriveFrom.keyId is not a key id'),
  );
});

test('[bad-input 121] a hash of 31 or 33 bytes, with an odd digit, with junk, in upper case X', async () => {
  const message = 'body.hash must be 0x and 64 hex digits';
  for (const hash of [
    `0x${'ab'.repeat(31)}`,
    `0x${'ab'.repeat(33)}`,
    `0x${'ab'.repeat(31)}a`,
    `0X${'ab'.repeat(32)}`,
    `0x${'ab'.repeat(31)}zz`,
    ` 0x${'ab'.repeat(32)}`,
    `0x${'ab'.repeat(32)}\n`,
    `0x0x${'ab'.repeat(31)}`,
    '０'.repeat(64),
    '0x',
    '',
  ])
    await malformed('Ethereum', { kind: 'Hash', hash }, message);
  await malformed('Ethereum', { kind: 'Hash', hash: 5 }, 'body.hash must be a text');
  await malformed('Ethereum', { kind: 'Hash' }, 'body.hash is required');
  refused(
    await asks('Starknet', { kind: 'Hash', hash: `0x08${'00'.repeat(31)}` }),
    wrong('body.hash: must be below 2^251 for a stark key'),
  );
});

test('[bad-input 122] a hash on an EdDSA key, a message where a hash is due, kinds of other networks', async () => {
  const hash = { kind: 'Hash', hash: '11'.repeat(32) };
  const { keyId } = wallet('Solana');
  refused(await asks('Solana', hash), wrong(/^body\.kind: .*accepted: Message, Transaction$/, 'E_KIND'));
  refused(
    await door.act('POST', `/keys/${keyId}/signatures`, hash),
    wrong('body.kind: EdDSA keys sign messages, not hashes; use kind Message', 'E_KIND'),
  );
  refused(await asks('KeyECDSA', { kind: 'Message', message: '0x01' }), wrong(/Hash/, 'E_KIND'));
  refused(await asks('Litecoin', { kind: 'Message', message: '0x01' }), wrong(/accepted: Hash, Psbt/, 'E_KIND'));
  refused(
    await asks('Solana', { kind: 'Psbt', psbt: '0x70736274ff' }),
    wrong(/accepted: Message, Transaction/, 'E_KIND'),
  );
  refused(
    await asks('Solana', { kind: 'Message', message: '0x01', network: 'Ethereum' }),
    wrong(/^body\.network must be Solana/),
  );
  for (const network of ['Starknet', 'Solana', 'Litecoin']) {
    const body = { kind: 'Eip191', message: '0x01', blockchainKind: 'Evm' };
    const answer = await door.act('POST', `/keys/${wallet(network).keyId}/signatures`, body);
    refused(answer, wrong(/^body\.blockchainKind: Evm does not take \w+ keys on \w+$/, 'E_SCHEME'));
  }
  await malformed(
    'Solana',
    { kind: 'Nonsense' },
    'body.kind must be one of Hash, Message, Eip191, Eip712, Transaction, Psbt, Eip7702, Snip12, Bip322, SignDocDirect, SignerPayload, Cip8',
  );
});

// EIP-155's own example, chain id 1.
const eip155 = '0xec098504a817c800825208943535353535353535353535353535353535353535880de0b6b3a764000080018080';
const signed =
  '0xf86c098504a817c800825208943535353535353535353535353535353535353535880de0b6b3a76400008025a028ef61340bd939bc2195fe537567866003e1a15d3c71ff63e1590620aa636276a067cbe9d8997f761aecb703304b3800ccf555c9f3dc64214b297fb1966a3b6d83';
const sends = (transaction: string) => ({ kind: 'Transaction', transaction });

test('[bad-input 123] EVM transactions: another chain, signed already, another type, other encodings', async () => {
  refused(
    await asks('EthereumSepolia', sends(eip155)),
    wrong('body.transaction: chain id 1 does not match network EthereumSepolia (11155111)'),
  );
  const unreadable = /^body\.transaction: is not (an unsigned EVM transaction|in canonical form)/;
  for (const [transaction, message] of [
    [`${eip155}00`, unreadable],
    [signed, 'body.transaction: is already signed'],
    ['0x7f01', unreadable],
    [`0x7f${eip155.slice(2)}`, unreadable],
    // The nonce as 0x0009, then as two bytes where one does.
    [eip155.replace('0xec09', '0xee820009'), unreadable],
    [eip155.replace('0xec09', '0xed8109'), unreadable],
    // The length of the list in its long form.
    [eip155.replace('0xec', '0xf82c'), unreadable],
    [eip155.slice(0, -2), unreadable],
    // Without chain id (before EIP-155).
    ['0xe9098504a817c800825208943535353535353535353535353535353535353535880de0b6b3a764000080', /carries no chain id/],
    // A recipient of 19 bytes.
    [eip155.replace('0xec', '0xeb').replace('9435', '93'), unreadable],
    [`0x${'ff'.repeat(2_000)}`, unreadable],
    ['0x', /^body\.transaction: (must be|is not)/],
  ] as const)
    refused(await asks('Ethereum', sends(transaction)), wrong(message));
  await malformed(
    'Ethereum',
    sends(`${eip155}0`),
    'body.transaction must be hex, two digits for each of at most 131072 bytes',
  );
  await malformed(
    'Ethereum',
    sends(`0x${'00'.repeat(131_073)}`),
    'body.transaction must be hex, two digits for each of at most 131072 bytes',
  );
});

const order = {
  kind: 'Eip712',
  types: {
    Order: [
      { name: 'to', type: 'address' },
      { name: 'items', type: 'Item[]' },
    ],
    Item: [{ name: 'id', type: 'uint64' }],
  } as Record<string, { name: string; type: string }[]>,
  domain: { name: 'Shop', chainId: 1 } as Record<string, unknown>,
  message: { to: `0x${'35'.repeat(20)}`, items: [{ id: 1 }] } as Record<string, unknown>,
};

test('[bad-input 124] typed data that contradicts itself', async () => {
  const { Item: _, ...withoutItem } = order.types;
  const types = (fields: object[]) => ({ ...order, types: { T: fields }, message: {} });
  const chain = Array.from({ length: 100 }, (_, n) => [
    `T${n}`,
    [{ name: 'next', type: n === 99 ? 'bool' : `T${n + 1}` }],
  ]);
  for (const [body, message] of [
    [{ ...order, types: withoutItem }, 'body.types.Order.items: type Item is not declared'],
    [types([{ name: 'a', type: 'T' }]), 'body.types.T: refers to itself: T → T'],
    [types([{ name: 'a', type: 'uint257' }]), 'body.types.T.a: type uint257 is not declared'],
    [types([{ name: 'a', type: 'bytes33' }]), 'body.types.T.a: type bytes33 is not declared'],
    [
      types([
        { name: 'a', type: 'bool' },
        { name: 'a', type: 'bool' },
      ]),
      'body.types.T.a: is declared twice',
    ],
    [types([{ name: '', type: 'bool' }]), 'body.types.T: has a field without a valid name'],
    [types([{ name: 'a', type: `bool${'[]'.repeat(100)}` }]), /is not a type$/],
    [{ ...order, types: Object.fromEntries(chain) }, /^body\.types\.T\d+: is nested deeper than 32$/],
    [{ ...order, types: {} }, 'body.types: must declare 1 to 128 types'],
    [
      { ...order, domain: { ...order.domain, chainId: 5 } },
      'body.domain.chainId: 5 does not match network Ethereum (1)',
    ],
    [{ ...order, message: { ...order.message, more: 1 } }, 'body.message.more: is not a member of Order'],
    [
      { ...order, message: { ...order.message, items: [{ id: '18446744073709551616' }] } },
      'body.message.items[0].id: does not fit uint64',
    ],
    [{ ...order, message: { ...order.message, items: [{ id: -1 }] } }, 'body.message.items[0].id: does not fit uint64'],
    [
      { ...order, message: { ...order.message, to: `0x${'35'.repeat(19)}` } },
      'body.message.to: must be a 20-byte address',
    ],
    [
      { ...order, message: { ...order.message, items: new Array(20_000).fill({ id: 1 }) } },
      /^body\.message\.items\[\d+\].*more than 10000 values$/,
    ],
    [
      { ...order, types: { ...order.types, ['X'.repeat(100)]: [{ name: 'Y'.repeat(100), type: 'Z'.repeat(100) }] } },
      /is not declared$/,
    ],
  ] as const)
    refused(await asks('Ethereum', body), wrong(message));
  const deep = `{"kind":"Eip712","types":{},"domain":{},"message":${'{"a":'.repeat(1000)}1${'}'.repeat(1000)}}`;
  refused(await door.json('POST', path('Ethereum'), deep), wrong('body is nested deeper than 32', 'E_JSON_DEPTH'));
});

interface Shape {
  readonly network: 'Bitcoin' | 'Litecoin';
  readonly sighash?: number;
  readonly foreign?: boolean;
  readonly inputs?: number;
  /** The first input without what it spends. */
  readonly bare?: boolean;
  /** The amount claimed beside a previous transaction that says 10,000. */
  readonly claimed?: bigint;
  /** The input names another transaction than the one that comes with it. */
  readonly misnamed?: boolean;
}

const prefixes = { Bitcoin: 'bc', Litecoin: 'ltc' };
const script = (network: Shape['network']) =>
  OutScript.encode(Address({ ...NETWORK, bech32: prefixes[network] }).decode(wallet(network).address));

function psbt({ network, sighash, foreign, inputs = 1, bare, claimed, misnamed }: Shape): Uint8Array {
  const out = foreign ? Buffer.from(`0014${'22'.repeat(20)}`, 'hex') : script(network);
  const previous = new Transaction({ allowUnknownOutputs: true, allowUnknownInputs: true });
  for (let n = 0; n < inputs; n += 1) previous.addOutput({ script: out, amount: 10_000n });
  previous.addInput({ txid: '01'.repeat(32), index: 0, finalScriptSig: Uint8Array.of(0x51) });
  const transaction = new Transaction({ allowUnknownOutputs: true, allowUnknownInputs: true });
  for (let index = 0; index < inputs; index += 1) {
    const withWitness = !(bare && index === 0);
    transaction.addInput(
      {
        txid: misnamed ? '02'.repeat(32) : previous.id,
        index,
        ...(withWitness && { witnessUtxo: { script: out, amount: claimed ?? 10_000n } }),
        ...(sighash !== undefined && { sighashType: sighash }),
      },
      true,
    );
  }
  transaction.addOutput({ script: Buffer.from(`0014${'33'.repeat(20)}`, 'hex'), amount: 9_000n });
  const bytes = transaction.toPSBT();
  if (claimed === undefined && !misnamed) return bytes;
  // The library refuses to write a contradiction: the previous transaction is put in by hand (BIP-174, key 0x00).
  const whole = previous.toBytes(true, true);
  return insertIntoFirstInput(bytes, Buffer.concat([Uint8Array.of(1, 0), compact(whole.length), whole]));
}

const compact = (n: number) => (n < 253 ? Uint8Array.of(n) : Uint8Array.of(253, n & 0xff, n >> 8));

/** Behind the global map and its zero byte begin the records of the first input. */
function insertIntoFirstInput(bytes: Uint8Array, record: Uint8Array): Uint8Array {
  let at = 5;
  while (bytes[at] !== 0) {
    at += 1 + (bytes[at] ?? 0);
    const first = bytes[at] ?? 0;
    at += first < 253 ? 1 + first : 3 + (bytes[at + 1] ?? 0) + 256 * (bytes[at + 2] ?? 0);
  }
  return Buffer.concat([bytes.subarray(0, at + 1), record, bytes.subarray(at + 1)]);
}

const spends = (bytes: Uint8Array) => ({ kind: 'Psbt', psbt: hex(bytes) });

test('[bad-input 126] PSBTs without an input of ours, without amounts, with another sighash, with an input twice, too large', async () => {
  for (const network of ['Bitcoin', 'Litecoin'] as const) {
    refused(
      await asks(network, spends(psbt({ network, foreign: true }))),
      wrong('body.psbt: no input belongs to this key'),
    );
    for (const [sighash, name] of [
      [SigHash.NONE, 'NONE'],
      [SigHash.SINGLE, 'SINGLE'],
      [SigHash.ALL_ANYONECANPAY, 'ALL\\|ANYONECANPAY'],
      [SigHash.NONE_ANYONECANPAY, 'NONE\\|ANYONECANPAY'],
    ] as const)
      refused(
        await asks(network, spends(psbt({ network, sighash }))),
        wrong(new RegExp(`^body\\.psbt: input 0 asks for sighash ${name}, which is not allowed$`)),
      );
    refused(
      await asks(network, spends(psbt({ network, bare: true }))),
      wrong('body.psbt: no input belongs to this key'),
    );
    refused(
      await asks(network, spends(psbt({ network, inputs: 101 }))),
      wrong(/^body\.psbt: 101 inputs belong to this key; at most 100/),
    );
  }
  refused(
    await asks('Litecoin', spends(psbt({ network: 'Litecoin', bare: true, inputs: 2 }))),
    wrong('body.psbt: input 0 lacks its amount and script, which taproot signs over'),
  );
  const whole = psbt({ network: 'Bitcoin', inputs: 2 });
  for (const bytes of [
    whole.subarray(0, -1),
    whole.subarray(0, 40),
    Buffer.concat([whole, Uint8Array.of(1, 2, 3)]),
    Buffer.from('70736274ff00', 'hex'),
  ])
    refused(await asks('Bitcoin', spends(bytes)), wrong(/^body\.psbt: (is not a PSBT|must be|input)/));
  // Both inputs name output 0.
  const twice = Buffer.from(
    Buffer.from(whole)
      .toString('hex')
      .replace(/01000000(00)?(ffffffff)/, '00000000$1$2'),
    'hex',
  );
  notEqual(hex(twice), hex(whole));
  refused(await asks('Bitcoin', spends(twice)), wrong(/^body\.psbt: (input 1 appears twice|is not a PSBT)/));
  await malformed('Bitcoin', { kind: 'Psbt', psbt: 'ab'.repeat(205_000) }, 'body.psbt must be 1 to 380000 characters');
});

test('[bad-input 127] a PSBT whose amount, or whose input, its previous transaction contradicts', async () => {
  refused(
    await asks('Bitcoin', spends(psbt({ network: 'Bitcoin', claimed: 9_999n }))),
    wrong(/^body\.psbt: (input 0 amount does not match its previous transaction|is not a PSBT: )/),
  );
  refused(
    await asks('Bitcoin', spends(psbt({ network: 'Bitcoin', misnamed: true }))),
    wrong(/^body\.psbt: (input 0 |is not a PSBT: )/),
  );
  const { body } = good(await asks('Bitcoin', spends(psbt({ network: 'Bitcoin', claimed: 10_000n }))));
  equal(body.status, 'Signed', 'what agrees is signed');
  atFirst = await door.everything();
});

/** A transfer of 5 lamports, built by hand from the format's description. */
function transfer(
  o: {
    payer?: Uint8Array;
    accounts?: readonly Uint8Array[];
    program?: number;
    version?: number;
    tail?: Uint8Array;
    to?: number;
  } = {},
): Uint8Array {
  const own = wallet('Solana').publicKey;
  const accounts = o.accounts ?? [o.payer ?? own, new Uint8Array(32).fill(7), new Uint8Array(32)];
  return Buffer.concat([
    Uint8Array.of(1),
    new Uint8Array(64),
    o.version === undefined ? new Uint8Array(0) : Uint8Array.of(0x80 | o.version),
    Uint8Array.of(1, 0, 1, accounts.length),
    ...accounts,
    new Uint8Array(32).fill(9),
    Uint8Array.of(1, o.program ?? 2, 2, 0, o.to ?? 1, 12, 2, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0),
    o.version === 0 ? Uint8Array.of(0) : new Uint8Array(0),
    o.tail ?? new Uint8Array(0),
  ]);
}

test('[bad-input 128] Solana transactions paid by another, with an account twice, too big, naming accounts of no table', async () => {
  const own = wallet('Solana').publicKey;
  const other = new Uint8Array(32).fill(3);
  for (const [bytes, message] of [
    [transfer({ payer: other }), 'body.transaction: is not to be signed by this wallet'],
    [transfer({ accounts: [own, other, other] }), 'body.transaction: an account appears twice'],
    [transfer({ to: 5 }), 'body.transaction: an instruction names an account that is not listed'],
    [transfer({ to: 5, version: 0 }), 'body.transaction: an instruction names an account that is not listed'],
    [transfer({ version: 1 }), 'body.transaction: message version 1 is not known; legacy and 0 are'],
    [transfer({ program: 0 }), /^body\.transaction: instruction 0 names program account 0/],
    [transfer({ tail: new Uint8Array(3) }), 'body.transaction: 3 bytes follow the transaction'],
    [transfer().subarray(0, 150), /^body\.transaction: ends at byte 150/],
    [transfer({ tail: new Uint8Array(1233) }), /^body\.transaction: must be at most 1232 bytes/],
    [new Uint8Array(0), /^body\.transaction: must be 1 to 1232 bytes/],
  ] as const)
    refused(await asks('Solana', sends(hex(bytes))), wrong(message));
  equal(good(await asks('Solana', sends(hex(transfer())))).body.status, 'Signed');
  atFirst = await door.everything();
});

test('[bad-input 132] a message of no bytes, or of a megabyte', async () => {
  for (const message of ['', '0x'])
    refused(await asks('Solana', { kind: 'Message', message }), wrong(/^body\.message: must be 1 to 65536 bytes/));
  const sentence = 'body.message must be hex, two digits for each of at most 65536 bytes';
  refused(
    await asks('Solana', { kind: 'Message', message: '00'.repeat(65_537) }),
    wrong('body.message: must be 1 to 65536 bytes'),
  );
  for (const message of ['00'.repeat(65_538), '00'.repeat(500_000), '0x0', 'xyz'])
    await malformed('Solana', { kind: 'Message', message }, sentence);
  for (const kind of ['Message', 'Hash'])
    refused(
      await asks('Litecoin', { kind, message: '' }),
      wrong(/userActionPayload|kind/, ['E_KIND', 'E_USER_ACTION_PAYLOAD']),
    );
});

test('[bad-input 118] [bad-input 119] an externalId again: the same request answers the same, another one is a conflict', async () => {
  const body = { kind: 'Message', message: '0x0118', externalId: 'payment 118' };
  const first = good(await asks('Solana', body)).body;
  deepEqual(good(await asks('Solana', body)).body, first);
  deepEqual(good(await asks('Solana', { externalId: 'payment 118', message: '0x0118', kind: 'Message' })).body, first);
  const expected = { status: 409, code: 'E_EXTERNAL_ID', message: 'Conflicting signature with same externalId' };
  for (const answer of [
    await asks('Solana', { ...body, message: '0x0119' }),
    await asks('Ethereum', body),
    await door.act('POST', `/keys/${wallet('Solana').keyId}/signatures`, body),
  ]) {
    refused(answer, expected);
    deepEqual(answer.body.error.details.duplicate, { id: first.id, externalId: 'payment 118' });
  }

  const made = good(await door.act('POST', '/wallets', { network: 'KeyEdDSA', externalId: 'wallet 118' })).body;
  equal(good(await door.act('POST', '/wallets', { network: 'KeyEdDSA', externalId: 'wallet 118' })).body.id, made.id);
  const other = await door.act('POST', '/wallets', { network: 'Solana', externalId: 'wallet 118' });
  refused(other, { ...expected, message: 'Conflicting wallet with same externalId' });
  deepEqual(other.body.error.details.duplicate, { id: made.id, externalId: 'wallet 118' });
  atFirst = await door.everything();
});

test('[bad-input 119] an externalId twenty times at once: one signature, and everybody is answered with it', async () => {
  const body = { kind: 'Message', message: '0x0120', externalId: 'at once' };

  const answers = await Promise.all(Array.from({ length: 20 }, () => asks('Solana', body)));

  equal(new Set(answers.map((answer) => good(answer).body.id)).size, 1);
  const { items } = good(await door.read(`${path('Solana')}?limit=100`)).body;
  const [made, ...more] = items.filter((each: { externalId?: string }) => each.externalId === 'at once');
  deepEqual([made.status, more], ['Signed', []]);
  atFirst = await door.everything();
});

test('[bad-input 119] a wallet’s externalId five times at once: one wallet', async () => {
  const before = good(await door.read('/wallets?limit=100')).body.items.length;

  const answers: Answer[] = await Promise.all(
    Array.from({ length: 5 }, () => door.act('POST', '/wallets', { network: 'KeyEdDSA', externalId: 'five' })),
  );

  const ids = new Set(answers.filter(({ status }) => status === 200).map(({ body }) => body.id));
  equal(ids.size, 1, answers.map(({ text }) => text).join('\n'));
  for (const answer of answers)
    if (answer.status !== 200)
      refused(answer, { status: 409, code: 'E_EXTERNAL_ID', message: 'Conflicting wallet with same externalId' });
  equal(good(await door.read('/wallets?limit=100')).body.items.length, before + 1);
  atFirst = await door.everything();
});

test('none of what was refused left anything behind, and proper requests work', async () => {
  deepEqual(await door.everything(), atFirst);
  for (const [network, body] of [
    ['Ethereum', sends(eip155)],
    ['Ethereum', order],
    ['Litecoin', { kind: 'Hash', hash: 'ab'.repeat(32) }],
    ['Solana', { kind: 'Message', message: 'ff'.repeat(65_536) }],
  ] as const) {
    const { body: made } = good(await asks(network, body));
    ok(made.status === 'Signed', network);
  }
});
