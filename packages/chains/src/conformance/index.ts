/**
 * The suite every family passes: the same checks, given what the chain's own SDK builds and how it judges. A test file
 * of a family calls `conformance(subject)` once, beside tests of its own (apps/devnet/src/chains/<family>.test.ts).
 */
import { deepEqual, equal, fail, notDeepEqual, ok, throws } from 'node:assert/strict';
import { before, test } from 'node:test';
import { ChainError } from '../errors/index.ts';
import { addressOf, assembleSignature, family, loadFamily, planSignature } from '../families/index.ts';
import type { AssembledSignature, Body, Completion, Construction, Order, SigningPlan } from '../families/types.ts';
import { network as findNetwork, networks } from '../networks/index.ts';
import { verifyRaw } from '../schemes/index.ts';
import type { Claims } from './claims.ts';
import { type LocalKey, localKey, signItem } from './keys.ts';
import { type Random, seededRandom } from './random.ts';

export type { Claims, Evidence } from './claims.ts';
export { type LocalKey, localKey, signItem } from './keys.ts';
export { type Random, seededRandom } from './random.ts';

export interface Signed {
  readonly key: LocalKey;
  readonly network: string;
  readonly body: Body;
  readonly plan: SigningPlan;
  readonly assembled: AssembledSignature;
}

/** A signature body that the chain's own SDK (or a published vector) made. */
export interface Case {
  readonly name: string;
  readonly network: string;
  readonly key: LocalKey;
  readonly body: Body | (() => Body | Promise<Body>);
  /** Decodes and verifies with the SDK; throws where it does not accept. */
  readonly accepted: (signed: Signed) => void | Promise<void>;
  /** Hex member that is corrupted byte by byte: each corruption must be refused or change what is signed. */
  readonly corrupt?: string;
}

export interface Refusal {
  readonly name: string;
  readonly network: string;
  readonly key: LocalKey;
  readonly body: Body | (() => Body | Promise<Body>);
  readonly code?: string;
  readonly message?: RegExp;
}

/** A random order with the completion of an honest api. */
export interface Drawn {
  readonly key: LocalKey;
  readonly network: string;
  readonly purpose?: Order['purpose'];
  readonly body: Body;
  readonly completion: Completion;
}

export interface Constructed extends Drawn, Signed {
  readonly construction: Construction;
  readonly order: Body;
}

export interface Subject {
  readonly claims: Claims;
  readonly seed: string;
  /** Published addresses, public keys in hex. */
  readonly addresses: readonly {
    readonly network: string;
    readonly scheme: LocalKey['scheme'];
    readonly curve: LocalKey['curve'];
    readonly publicKey: string;
    readonly address: string;
  }[];
  /** The SDK's own derivation, asked for random keys on every network. */
  readonly sdkAddress?: (key: LocalKey, network: string) => string | Promise<string>;
  readonly cases: readonly Case[];
  readonly refusals?: readonly Refusal[];
  /** For each constructed kind; `decoded` compares what the SDK reads in the signed result, member by member. */
  readonly transfers?: readonly {
    readonly kind: string;
    readonly draw: (random: Random) => Drawn;
    readonly decoded: (made: Constructed) => void | Promise<void>;
    /** At least 200 for a family in all. */
    readonly cases: number;
  }[];
  /** Orders and completions that must be refused. */
  readonly refusedOrders?: readonly (Drawn & {
    readonly name: string;
    readonly code: string;
    readonly message?: RegExp;
  })[];
}

/** Plans, signs with the local key, verifies with other code and assembles. */
export function sign(key: LocalKey, network: string, body: Body): Signed {
  const plan = planSignature({ key, network, body });
  const signatures = plan.items.map((item) => signItem(key, item));
  for (const [index, item] of plan.items.entries())
    ok(verifyRaw(item, key, signatures[index] ?? fail('a signature is missing')), `item ${index} does not verify`);
  return { key, network, body, plan, assembled: assembleSignature({ key, network, body, signatures }) };
}

export function construct(drawn: Drawn): Construction {
  const network = findNetwork(drawn.network);
  const build = family(network.family).construct ?? fail(`${network.family} constructs nothing`);
  const { key, body, completion, purpose = 'transfer' } = drawn;
  const { scheme, curve, publicKey } = key;
  return build({ key: { scheme, curve, publicKey }, network, purpose, body, completion });
}

export function conformance(subject: Subject): void {
  const { claims, seed } = subject;
  const own = networks.filter((each) => each.family === claims.family);
  const random = (part: string) => seededRandom(`${seed} ${part}`);

  before(async () => {
    console.log(`seed of ${claims.family}: ${seed}`);
    await Promise.all([loadFamily('pseudo'), loadFamily(claims.family)]);
  });

  test(`${claims.family}: every claim is one the suite checks`, () => {
    const kinds = new Set(
      subject.cases.map((each) => (typeof each.body === 'function' ? each.name.split(' ')[0] : each.body['kind'])),
    );
    for (const [kind, evidence] of Object.entries(claims.signatures))
      if (evidence !== 'spec')
        ok(kinds.has(kind), `no case of kind ${kind}; names of lazily built cases begin with it`);
    const constructed = new Set(subject.transfers?.map((each) => each.kind));
    for (const kind of Object.keys(claims.constructs)) ok(constructed.has(kind), `no constructed ${kind}`);
    ok(subject.addresses.length > 0 || subject.sdkAddress !== undefined, 'nobody confirms addresses');
    if (constructed.size > 0) {
      const cases = (subject.transfers ?? []).reduce((sum, each) => sum + each.cases, 0);
      ok(cases >= 200, `${cases} random orders; 200 are asked for`);
    }
  });

  test(`${claims.family}: addresses are those published`, () => {
    for (const { network, scheme, curve, publicKey, address } of subject.addresses)
      equal(addressOf(network, { scheme, curve, publicKey: Buffer.from(publicKey, 'hex') }), address, network);
  });

  if (subject.sdkAddress !== undefined)
    test(`${claims.family}: the chain's own SDK gives random keys of every network the same address`, async () => {
      const draw = random('addresses');
      for (const network of own)
        for (const { scheme, curve } of network.schemes)
          for (let n = 0; n < 6; n += 1) {
            const key = localKey(scheme, curve, safeSecret(draw, curve));
            equal(addressOf(network.name, key), await subject.sdkAddress?.(key, network.name), network.name);
          }
    });

  for (const each of subject.cases)
    test(`${claims.family}: ${each.name} on ${each.network} (${each.key.scheme}) is signed and accepted`, async () => {
      const body = await bodyOf(each);
      const signed = sign(each.key, each.network, body);
      await each.accepted(signed);
      if (each.corrupt !== undefined) corruptions(signed, each.corrupt, random(each.name));
    });

  for (const each of subject.refusals ?? [])
    test(`${claims.family}: refuses ${each.name}`, async () => {
      const body = await bodyOf(each);
      throws(() => planSignature({ key: each.key, network: each.network, body }), refusal(each));
    });

  for (const { kind, draw, decoded, cases } of subject.transfers ?? [])
    test(`${claims.family}: ${cases} random orders of kind ${kind} are built as the chain's SDK reads them`, async () => {
      const source = random(`orders ${kind}`);
      for (let n = 0; n < cases; n += 1) {
        const drawn = draw(source);
        try {
          const construction = construct(drawn);
          deepEqual(construct(drawn), construction, 'the same order and completion give the same transaction');
          const signed = sign(drawn.key, drawn.network, construction.body);
          await decoded({ ...drawn, ...signed, order: drawn.body, construction });
          if (n === 0) strict(drawn);
        } catch (cause) {
          throw new Error(
            `${String(cause)} (case ${n}, seed ${seed}: ${JSON.stringify({ ...drawn, key: drawn.key.scheme })})`,
            { cause },
          );
        }
      }
    });

  for (const { kind, draw } of subject.transfers ?? [])
    test(`${claims.family}: an order of kind ${kind} with a malformed amount, recipient or memo is refused`, () => {
      const drawn = draw(random(`malformed ${kind}`));
      for (const [member, values] of Object.entries(malformed(drawn)))
        for (const value of values)
          throws(
            () => construct({ ...drawn, body: { ...drawn.body, [member]: value } }),
            refusal({ code: 'E_BODY' }),
            `${member} = ${JSON.stringify(value)?.slice(0, 64)}`,
          );
    });

  for (const each of subject.refusedOrders ?? [])
    test(`${claims.family}: refuses an order ${each.name}`, () => {
      throws(() => construct(each), refusal(each));
    });
}

/** Members nobody knows are refused on both sides, and so is a kind the family lacks. */
function strict(drawn: Drawn): void {
  throws(() => construct({ ...drawn, completion: { ...drawn.completion, unheardOf: '1' } }), { code: 'E_COMPLETION' });
  throws(() => construct({ ...drawn, completion: {} }), { code: 'E_COMPLETION' });
  throws(() => construct({ ...drawn, body: { ...drawn.body, kind: 'Unheard' } }), { code: 'E_KIND' });
}

const ofNoType = [undefined, null, 7, true, [], {}];

/** What no family takes for the members that this order has; a memo is tried on every transfer (bad inputs 109 to 116). */
function malformed({ purpose, body }: Drawn): Readonly<Record<string, readonly unknown[]>> {
  const { amount, to } = body;
  const amounts = ['', ' ', '0', '00', '-1', '+1', ' 1', '1 ', '1\n', '1.5', '1e3', '0x10', '1_000', '1n', '１', 'x'];
  const recipients = ['', ' ', `${to} `, ` ${to}`, `${to}\n`, `${to}\u0000`, `${to}\u200b`, `${to}${to}`, `0X${to}`];
  return {
    ...(typeof amount === 'string' && {
      amount: [...amounts, String(2n ** 256n), '9'.repeat(79), '9'.repeat(10_000), ...ofNoType],
    }),
    ...(typeof to === 'string' && {
      // A transaction without a recipient creates a contract.
      to: [...recipients, 'a'.repeat(10_000), ...ofNoType.slice(purpose === 'transaction' ? 1 : 0)],
    }),
    ...(purpose !== 'transaction' && { memo: ['x'.repeat(10_000), ...ofNoType.slice(1)] }),
  };
}

/** Changed, missing and additional bytes: refused with a ChainError, or what is signed changes with them. */
function corruptions({ key, network, body, plan }: Signed, member: string, draw: Random): void {
  const bytes = Buffer.from(String(body[member]).replace(/^0x/, ''), 'hex');
  for (let n = 0; n < 100; n += 1) {
    const at = draw.int(bytes.length);
    const changed =
      n % 10 === 0
        ? bytes.subarray(0, at)
        : n % 10 === 1
          ? Buffer.concat([bytes, draw.bytes(1 + draw.int(4))])
          : Buffer.from(bytes.map((byte, index) => (index === at ? byte ^ (1 + draw.int(255)) : byte)));
    let other: SigningPlan;
    try {
      other = planSignature({ key, network, body: { ...body, [member]: `0x${changed.toString('hex')}` } });
    } catch (error) {
      if (error instanceof ChainError) continue;
      throw new Error(`byte ${at} of ${bytes.length} (${n})`, { cause: error });
    }
    notDeepEqual(other, plan, `byte ${at} of ${bytes.length} (${n}) is signed as if it were not there`);
  }
}

/** A scalar that every curve takes. */
function safeSecret(draw: Random, curve: LocalKey['curve']): Uint8Array {
  const secret = draw.bytes(32);
  if (curve !== 'ed25519') secret[0] = curve === 'stark' ? 1 : 0x7f;
  return secret;
}

async function bodyOf(each: { readonly body: Case['body'] }): Promise<Body> {
  return typeof each.body === 'function' ? each.body() : each.body;
}

const refusal =
  ({ code, message }: { readonly code?: string; readonly message?: RegExp }) =>
  (error: unknown) => {
    ok(error instanceof ChainError, `not a ChainError: ${String(error)}`);
    if (code !== undefined) equal(error.code, code, error.message);
    if (message !== undefined) ok(message.test(error.message), error.message);
    return true;
  };
