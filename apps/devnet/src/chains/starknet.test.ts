/** Starknet, judged by starknet.js: account addresses, typed data of both revisions, signatures. */
import { equal, ok, throws } from 'node:assert/strict';
import { test } from 'node:test';
import { type Case, conformance, localKey, type Random, type Signed, seededRandom } from '@holdfast/chains/conformance';
import { claims } from '@holdfast/chains/conformance/claims/starknet';
import { addressOf, type Body, loadFamily, planSignature } from '@holdfast/chains/families';
import { oracle } from '../oracles.ts';
import { filled, hex } from './published.ts';

const { ec, hash, typedData } = await oracle('starknet');
await loadFamily('starknet');

/** OpenZeppelin, AccountUpgradeable 1.0.0. */
const accountClass = '0x05b4b537eaa2399e3aa99c4e2e0208ebd6c71bc1467938cd52c798c601e43564';
const key = localKey('ECDSA', 'stark', filled(0x03));
type Key = typeof key;
const x = (of: Key) => `0x${hex(of.publicKey.subarray(1))}`;
const sdkAddress = (of: Key): string =>
  `0x${BigInt(hash.calculateContractAddressFromHash(x(of), accountClass, [x(of)], 0))
    .toString(16)
    .padStart(64, '0')}`;

interface TypedData {
  readonly types: Record<string, { name: string; type: string; contains?: string }[]>;
  readonly primaryType: string;
  readonly domain: Record<string, unknown>;
  readonly message: Record<string, unknown>;
}
const digestOf = ({ plan }: Pick<Signed, 'plan'>): bigint => {
  const [item] = plan.items;
  ok(item?.algorithm === 'ecdsa');
  return BigInt(`0x${hex(item.digest)}`);
};
const asBody = (data: TypedData): Body => ({ kind: 'Snip12', ...data });

function accepted(signed: Signed): void {
  const { kind: _, ...data } = signed.body as unknown as TypedData & { kind: string };
  const expected = typedData.getMessageHash(data, sdkAddress(key));
  equal(digestOf(signed), BigInt(expected));
  const { r, s } = signed.assembled.signature ?? {};
  const signature = new ec.starkCurve.Signature(BigInt(r ?? 0), BigInt(s ?? 0));
  ok(ec.starkCurve.verify(signature, expected, hex(key.publicKey)));
}

const felts = (...names: string[]) => names.map((name) => ({ name, type: 'felt' }));
/** The example of the standard's revision 0. */
const mail: TypedData = {
  types: {
    StarkNetDomain: felts('name', 'version', 'chainId'),
    Person: felts('name', 'wallet'),
    Mail: [{ name: 'from', type: 'Person' }, { name: 'to', type: 'Person' }, ...felts('contents')],
  },
  primaryType: 'Mail',
  domain: { name: 'StarkNet Mail', version: '1', chainId: 'SN_MAIN' },
  message: {
    from: { name: 'Cow', wallet: '0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826' },
    to: { name: 'Bob', wallet: '0xbBbBBBBbbBBBbbbBbbBbbbbBBbBbbbbBbBbbBBbB' },
    contents: 'Hello, Bob!',
  },
};
const old: TypedData = {
  types: {
    StarkNetDomain: felts('name', 'version', 'chainId'),
    Call: [
      { name: 'to', type: 'felt' },
      { name: 'selector', type: 'selector' },
      { name: 'data', type: 'felt*' },
      { name: 'note', type: 'string' },
    ],
    Session: [
      { name: 'key', type: 'felt' },
      { name: 'calls', type: 'Call*' },
      { name: 'root', type: 'merkletree', contains: 'Call' },
    ],
  },
  primaryType: 'Session',
  domain: { name: 'A session', version: '0x1', chainId: 'SN_MAIN' },
  message: {
    key: '0x0',
    calls: [{ to: '0x1', selector: 'transfer', data: [1, '2', '0x3'], note: 'a note' }],
    root: [1, 2, 3].map((to) => ({ to, selector: '0x42', data: [], note: 'leaf' })),
  },
};
const domainTypes = [
  { name: 'name', type: 'shortstring' },
  { name: 'version', type: 'shortstring' },
  { name: 'chainId', type: 'shortstring' },
  { name: 'revision', type: 'shortstring' },
];
const of = (...pairs: [string, string, string?][]) =>
  pairs.map(([name, type, contains]) => ({ name, type, ...(contains === undefined ? {} : { contains }) }));
const every: TypedData = {
  types: {
    StarknetDomain: domainTypes,
    Choice: of(['Nothing', '()'], ['One', '(u128)'], ['Two', '(felt,Leaf*)']),
    Leaf: of(['amount', 'u128']),
    Example: of(
      ['felt', 'felt'],
      ['short', 'shortstring'],
      ['text', 'string'],
      ['flag', 'bool'],
      ['call', 'selector'],
      ['small', 'u128'],
      ['signed', 'i128'],
      ['at', 'timestamp'],
      ['contract', 'ContractAddress'],
      ['class', 'ClassHash'],
      ['big', 'u256'],
      ['token', 'TokenAmount'],
      ['nft', 'NftId'],
      ['many', 'u128*'],
      ['leaves', 'Leaf*'],
      ['choice', 'enum', 'Choice'],
      ['tree', 'merkletree', 'Leaf'],
    ),
  },
  primaryType: 'Example',
  domain: { name: 'Everything', version: '1', chainId: 'SN_MAIN', revision: '1' },
  message: {},
};
const felt = (random: Random) => String(random.amount(2n ** 251n - 1n, 0n));
const text = (random: Random, max: number) =>
  `t${Array.from({ length: random.int(max) }, () => String.fromCharCode(0x20 + random.int(95))).join('')}`;
const leaf = (random: Random) => ({ amount: String(random.amount(2n ** 128n - 1n, 0n)) });
const u256 = (random: Random) => ({ low: leaf(random).amount, high: leaf(random).amount });
const some = <T>(random: Random, min: number, make: (random: Random) => T): T[] =>
  Array.from({ length: min + random.int(5) }, () => make(random));
const filledIn = (random: Random): TypedData => ({
  ...every,
  message: {
    felt: random.chance(3) ? text(random, 30) : felt(random),
    short: text(random, 30),
    text: text(random, 100),
    flag: random.chance(2),
    call: random.chance(2) ? 'transfer' : '0x1f',
    small: leaf(random).amount,
    signed: `${random.chance(2) ? '-' : ''}${random.amount(2n ** 127n - 1n)}`,
    at: random.int(2 ** 31),
    contract: `0x${BigInt(felt(random)).toString(16)}`,
    class: felt(random),
    big: u256(random),
    token: { token_address: felt(random), amount: u256(random) },
    nft: { collection_address: felt(random), token_id: u256(random) },
    many: some(random, 0, (each) => leaf(each).amount),
    leaves: some(random, 0, leaf),
    choice: random.pick([{ One: [leaf(random).amount] }, { Two: [felt(random), some(random, 0, leaf)] }]),
    tree: some(random, 1, leaf),
  },
});
const seed = process.env['HOLDFAST_SEED'] ?? 'starknet 1';

const asCase = (name: string, data: TypedData): Case => ({
  name: `Snip12 ${name}`,
  network: 'Starknet',
  key,
  body: asBody(data),
  accepted,
});
const change = (data: TypedData, changed: Partial<TypedData>): Body => asBody({ ...data, ...changed });
const withMessage = (more: Record<string, unknown>) => {
  const made = filledIn(seededRandom('refusals'));
  return change(made, { message: { ...made.message, ...more } });
};
const refusal = (name: string, body: Body, message: RegExp) => ({ name, network: 'Starknet', key, body, message });

conformance({
  claims,
  seed,
  addresses: [],
  sdkAddress: (each) => sdkAddress(each as Key),
  cases: [
    asCase('revision 0: the mail of the standard', mail),
    asCase('revision 0: lists, selectors and a tree', old),
    asCase('revision 1: every type', filledIn(seededRandom('case'))),
    {
      ...asCase('revision 1 on the test network', {
        ...filledIn(seededRandom('test')),
        domain: { ...every.domain, chainId: 'SN_SEPOLIA' },
      }),
      network: 'StarknetSepolia',
    },
    ...['', 'a', 'b'.repeat(31), 'c'.repeat(62)].map((value) => {
      const made = filledIn(seededRandom('text'));
      return asCase(`revision 1: text of ${value.length} characters`, {
        ...made,
        message: { ...made.message, text: value },
      });
    }),
    {
      name: 'Hash',
      network: 'Starknet',
      key,
      body: { kind: 'Hash', hash: `0x${'07'.repeat(32)}` },
      accepted: ({ assembled }) => {
        const { r = 0, s = 0, encoded } = assembled.signature ?? {};
        equal(encoded, undefined);
        const signature = new ec.starkCurve.Signature(BigInt(r), BigInt(s));
        ok(ec.starkCurve.verify(signature, '07'.repeat(32), hex(key.publicKey)));
      },
    },
  ],
  refusals: [
    refusal(
      'the chain id of another network',
      change(mail, { domain: { ...mail.domain, chainId: 'SN_SEPOLIA' } }),
      /chainId.*does not match/,
    ),
    refusal('an unknown revision', change(mail, { domain: { ...mail.domain, revision: 2 } }), /revision/),
    refusal(
      'the domain of another revision',
      change(mail, { domain: { ...mail.domain, revision: 1 } }),
      /StarknetDomain/,
    ),
    refusal(
      'a domain member that is not declared',
      change(mail, { domain: { ...mail.domain, salt: '1' } }),
      /not declared/,
    ),
    refusal(
      'a domain without a declared member',
      change(mail, { domain: { name: 'StarkNet Mail', version: '1' } }),
      /chainId.*missing/,
    ),
    refusal('no message', change(mail, { message: undefined as never }), /must be an object/),
    refusal('an unknown primary type', change(mail, { primaryType: 'Letter' }), /declared type/),
    refusal('the domain as primary type', change(mail, { primaryType: 'StarkNetDomain' }), /not be the domain/),
    refusal('a member that is not declared', change(mail, { message: { ...mail.message, cc: '1' } }), /not declared/),
    refusal(
      'a member that is missing',
      change(mail, { message: { from: mail.message['from'], to: mail.message['to'] } }),
      /missing/,
    ),
    refusal(
      'a type that refers to itself',
      change(mail, { types: { ...mail.types, Person: of(['friends', 'Person*']) } }),
      /itself/,
    ),
    refusal(
      'a type of the other revision',
      change(mail, { types: { ...mail.types, Person: of(['name', 'u128'], ['wallet', 'felt']) } }),
      /not declared/,
    ),
    refusal(
      'a type of the standard declared anew',
      change(every, { types: { ...every.types, u256: felts('low') } }),
      /type of the standard/,
    ),
    refusal(
      'a field declared twice',
      change(mail, { types: { ...mail.types, Person: felts('name', 'name') } }),
      /twice/,
    ),
    refusal(
      'a type name that would break the encoding',
      change(mail, { types: { ...mail.types, 'A(': felts('a') } }),
      /valid type name/,
    ),
    refusal(
      'too many types',
      change(mail, { types: Object.fromEntries(Array.from({ length: 65 }, (_, n) => [`T${n}`, felts('a')])) }),
      /at most 64/,
    ),
    refusal(
      'text that is too long',
      change(mail, { message: { ...mail.message, contents: 'x'.repeat(32) } }),
      /31 characters/,
    ),
    refusal(
      'a number beyond the field',
      change(mail, { message: { ...mail.message, contents: String(2n ** 252n) } }),
      /out of range/,
    ),
    refusal('a number with zeros in front', change(mail, { message: { ...mail.message, contents: '007' } }), /plain/),
    refusal('a fraction', change(mail, { message: { ...mail.message, contents: 1.5 } }), /integer/),
    refusal('a number below zero', withMessage({ small: '-1' }), /out of range/),
    refusal('a number of 129 bits', withMessage({ small: String(2n ** 128n) }), /out of range/),
    refusal('a signed number of 129 bits', withMessage({ signed: String(2n ** 127n) }), /out of range/),
    refusal('text as an address', withMessage({ contract: 'treasury' }), /integer/),
    refusal('one as true', withMessage({ flag: 1 }), /true or false/),
    refusal('text that is not ASCII', withMessage({ text: 'naïve' }), /ASCII/),
    refusal('an unknown variant', withMessage({ choice: { Three: [] } }), /one variant/),
    refusal('two variants', withMessage({ choice: { One: ['1'], Nothing: [] } }), /one variant/),
    refusal('a variant with too few values', withMessage({ choice: { Two: ['1'] } }), /2 values/),
    refusal('a tree without leaves', withMessage({ tree: [] }), /without leaves/),
    refusal('too many values', withMessage({ many: Array.from({ length: 512 }, () => '1') }), /beyond 512/),
    refusal('a list that is none', withMessage({ many: '1' }), /must be a list/),
    { name: 'a message', network: 'Starknet', key, body: { kind: 'Message', message: '00' }, code: 'E_KIND' },
    {
      name: 'a hash above 2^251',
      network: 'Starknet',
      key,
      body: { kind: 'Hash', hash: `0x08${'00'.repeat(31)}` },
      code: 'E_BODY',
    },
  ],
});

test('Starknet: 40 random messages of every type of revision 1 have the digest starknet.js gives them', () => {
  const random = seededRandom(`${seed} digests`);
  for (let n = 0; n < 40; n += 1) {
    const data = filledIn(random);
    const plan = planSignature({ key, network: 'Starknet', body: asBody(data) });
    equal(digestOf({ plan }), BigInt(typedData.getMessageHash(data, sdkAddress(key))), `case ${n} of seed ${seed}`);
  }
});

test('Starknet: a revision and a chain id are the same as number and as text', () => {
  const made = filledIn(seededRandom('forms'));
  const digest = (domain: object) =>
    digestOf({
      plan: planSignature({ key, network: 'Starknet', body: change(made, { domain: { ...made.domain, ...domain } }) }),
    });
  equal(digest({ revision: 1 }), digest({}));
  equal(digest({ chainId: `0x${Buffer.from('SN_MAIN').toString('hex')}` }), digest({}));
  throws(() => digest({ revision: '01' }), { code: 'E_BODY' });
});

test('Starknet: the account signs for itself alone: another key has another digest', () => {
  const other = localKey('ECDSA', 'stark', filled(0x04));
  const digests = [key, other].map((each) =>
    digestOf({ plan: planSignature({ key: each, network: 'Starknet', body: asBody(mail) }) }),
  );
  ok(digests[0] !== digests[1]);
  equal(addressOf('Starknet', key), addressOf('StarknetSepolia', key));
});
