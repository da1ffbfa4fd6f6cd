/** From a request body to the bytes to sign, and from raw signatures to what the API answers. */
import { type BlockchainKind, blockchainKinds } from '@holdfast/contract/types';
import { check, refuse } from '../errors/index.ts';
import { accepts, network as findNetwork, isNetwork, networks } from '../networks/index.ts';
import type {
  AssembledSignature,
  Completion,
  Construction,
  Family,
  FamilyName,
  Network,
  Order,
  PublicKeyRef,
  RawSignature,
  SigningPlan,
} from './types.ts';

export { ChainError } from '../errors/index.ts';
export * from './types.ts';

/** A family's code and libraries load with the first wallet that needs them: all of them together take a second. */
const loaders: Readonly<Record<FamilyName, () => Promise<Family>>> = {
  algorand: async () => (await import('./algorand/index.ts')).algorand,
  aptos: async () => (await import('./aptos/index.ts')).aptos,
  bitcoin: async () => (await import('./bitcoin/index.ts')).bitcoin,
  concordium: async () => (await import('./concordium/index.ts')).concordium,
  cosmos: async () => (await import('./cosmos/index.ts')).cosmos,
  canton: async () => (await import('./canton/index.ts')).canton,
  cardano: async () => (await import('./cardano/index.ts')).cardano,
  'bitcoin-cash': async () => (await import('./bitcoin-cash/index.ts')).bitcoinCash,
  evm: async () => (await import('./evm/index.ts')).evm,
  hedera: async () => (await import('./hedera/index.ts')).hedera,
  icp: async () => (await import('./icp/index.ts')).icp,
  iota: async () => (await import('./iota/index.ts')).iota,
  near: async () => (await import('./near/index.ts')).near,
  kaspa: async () => (await import('./kaspa/index.ts')).kaspa,
  pseudo: async () => (await import('./pseudo/index.ts')).pseudo,
  solana: async () => (await import('./solana/index.ts')).solana,
  starknet: async () => (await import('./starknet/index.ts')).starknet,
  stellar: async () => (await import('./stellar/index.ts')).stellar,
  substrate: async () => (await import('./substrate/index.ts')).substrate,
  sui: async () => (await import('./sui/index.ts')).sui,
  tezos: async () => (await import('./tezos/index.ts')).tezos,
  xrpl: async () => (await import('./xrpl/index.ts')).xrpl,
  tron: async () => (await import('./tron/index.ts')).tron,
  ton: async () => (await import('./ton/index.ts')).ton,
};

const loaded = new Map<FamilyName, Family>();

export async function loadFamily(name: FamilyName): Promise<Family> {
  const known = loaded.get(name);
  if (known !== undefined) return known;
  const family = await loaders[name]();
  loaded.set(name, family);
  return family;
}

/**
 * Loads what a request needs; the functions below are synchronous and take it as loaded. Names that are unknown are
 * passed over: whoever uses them refuses them. Undefined where everything is there already.
 */
export function loadFor(of: {
  readonly network?: unknown;
  readonly blockchainKind?: unknown;
}): Promise<unknown> | undefined {
  const { network: name, blockchainKind: kind } = of;
  const ofNetwork = typeof name === 'string' && isNetwork(name) ? findNetwork(name).family : undefined;
  const wanted = ['pseudo', ofNetwork ?? (typeof kind === 'string' ? familyOfKind(kind) : undefined)] as const;
  const missing = wanted.filter((each) => each !== undefined && !loaded.has(each));
  return missing.length === 0 ? undefined : Promise.all(missing.map((each) => loadFamily(each as FamilyName)));
}

/** Stands for a key that is used without a network. */
const noNetwork: Network = { name: '', family: 'pseudo', kind: undefined, schemes: [], testnet: false };

/** Throws where `loadFamily` was forgotten. */
export function family(name: FamilyName): Family {
  const known = loaded.get(name);
  if (known === undefined) throw new Error(`bug: family ${name} is used before it is loaded`);
  return known;
}

/** Undefined for pseudo-networks. Throws ChainError E_NETWORK or E_SCHEME. */
export function addressOf(networkName: string, key: PublicKeyRef): string | undefined {
  const target = findNetwork(networkName);
  check(accepts(target, key), 'network', `${target.name} does not take ${key.scheme} keys on ${key.curve}`, 'E_SCHEME');
  return family(target.family).address(key, target);
}

export interface SignatureInput {
  readonly key: PublicKeyRef;
  /** The wallet's network; at key level the body may name one. */
  readonly network?: string | undefined;
  readonly body: Readonly<Record<string, unknown>>;
}

/** What has to be signed for this body. The api and every signer call this with the same signed bytes. */
export function planSignature(input: SignatureInput): SigningPlan {
  const target = resolve(input);
  return family(target.family).plan({ key: input.key, network: target, body: input.body });
}

export function assembleSignature(
  input: SignatureInput & { readonly signatures: readonly RawSignature[] },
): AssembledSignature {
  const target = resolve(input);
  const assembled = family(target.family).assemble({
    key: input.key,
    network: target,
    body: input.body,
    signatures: input.signatures,
  });
  return target.name === '' ? assembled : { ...assembled, network: target.name };
}

/** Kinds of broadcast that the user writes whole: nothing is left for a completion. */
const wholeMembers: Readonly<Record<string, string>> = {
  Transaction: 'transaction',
  Psbt: 'psbt',
  SignDocDirect: 'signDoc',
};

/** Whether the user wrote all of the transaction. */
export const isWhole = ({ purpose, body }: Pick<Order, 'purpose' | 'body'>): boolean =>
  purpose === 'transaction' && Object.hasOwn(wholeMembers, String(body['kind']));

/**
 * The transaction of an order, as the api and every signer build it: the user's own as it is, everything else by the
 * family's `construct`. Throws ChainError.
 */
export function constructOrder(order: Order & { readonly completion: Completion }): Construction {
  const { key, network: target, body, completion } = order;
  const of = family(target.family);
  if (!isWhole(order)) {
    check(of.construct !== undefined, 'kind', `no transactions are built for ${target.name}`, 'E_KIND');
    return of.construct(order);
  }
  check(Object.keys(completion).length === 0, '', 'the user wrote the transaction whole', 'E_COMPLETION');
  const kind = String(body['kind']);
  const member = wholeMembers[kind] ?? '';
  const own = { kind, [member]: body[member] };
  const { facts } = of.plan({ key, network: target, body: own });
  return { body: own, facts, exclusion: { kind: 'digest' } };
}

function resolve({ key, network, body }: SignatureInput): Network {
  const named = network ?? body['network'];
  const kind = body['blockchainKind'];
  if (named !== undefined) {
    check(typeof named === 'string', 'network', 'must be the name of a network');
    const target = findNetwork(named);
    check(
      accepts(target, key),
      'network',
      `${target.name} does not take ${key.scheme} keys on ${key.curve}`,
      'E_SCHEME',
    );
    return target;
  }
  if (kind === undefined) return noNetwork;
  const familyName =
    (typeof kind === 'string' ? familyOfKind(kind) : undefined) ??
    refuse('blockchainKind', `must be one of ${blockchainKinds.join(', ')}`);
  check(
    networks.some((each) => each.kind === kind && accepts(each, key)),
    'blockchainKind',
    `${String(kind)} does not take ${key.scheme} keys on ${key.curve}`,
    'E_SCHEME',
  );
  return { name: '', family: familyName, kind: kind as BlockchainKind, schemes: [], testnet: false };
}

/** A request may name a kind of chain instead of a network; then nothing of one network can be checked. */
function familyOfKind(kind: string): FamilyName | undefined {
  return networks.find((each) => each.kind === kind)?.family;
}
