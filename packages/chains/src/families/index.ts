/** From a request body to the bytes to sign, and from raw signatures to what the API answers. */
import { check, refuse } from '../errors/index.ts';
import { accepts, network as findNetwork, networks } from '../networks/index.ts';
import { bitcoin } from './bitcoin/index.ts';
import { evm } from './evm/index.ts';
import { pseudo } from './pseudo/index.ts';
import { solana } from './solana/index.ts';
import { starknet } from './starknet/index.ts';
import type {
  AssembledSignature,
  Family,
  FamilyName,
  Network,
  PublicKeyRef,
  RawSignature,
  SigningPlan,
} from './types.ts';

export { ChainError } from '../errors/index.ts';
export * from './types.ts';

const families: Readonly<Record<FamilyName, Family>> = { evm, bitcoin, solana, starknet, pseudo };

/** Stands for a key that is used without a network. */
const noNetwork: Network = { name: '', family: 'pseudo', schemes: [], testnet: false };

/** A request may name a kind of chain instead of a network; then nothing of one network can be checked. */
const blockchainKinds: Readonly<Record<string, FamilyName>> = {
  Evm: 'evm',
  Bitcoin: 'bitcoin',
  Solana: 'solana',
  Starknet: 'starknet',
};

export function family(name: FamilyName): Family {
  return families[name];
}

/** Undefined for pseudo-networks. Throws ChainError E_NETWORK or E_SCHEME. */
export function addressOf(networkName: string, key: PublicKeyRef): string | undefined {
  const target = findNetwork(networkName);
  check(accepts(target, key), 'network', `${target.name} does not take ${key.scheme} keys on ${key.curve}`, 'E_SCHEME');
  return families[target.family].address(key, target);
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
  return families[target.family].plan({ key: input.key, network: target, body: input.body });
}

export function assembleSignature(
  input: SignatureInput & { readonly signatures: readonly RawSignature[] },
): AssembledSignature {
  const target = resolve(input);
  const assembled = families[target.family].assemble({
    key: input.key,
    network: target,
    body: input.body,
    signatures: input.signatures,
  });
  return target.name === '' ? assembled : { ...assembled, network: target.name };
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
    (typeof kind === 'string' ? blockchainKinds[kind] : undefined) ??
    refuse('blockchainKind', `must be one of ${Object.keys(blockchainKinds).join(', ')}`);
  check(
    networks.some((each) => each.family === familyName && accepts(each, key)),
    'blockchainKind',
    `${String(kind)} does not take ${key.scheme} keys on ${key.curve}`,
    'E_SCHEME',
  );
  return { name: '', family: familyName, schemes: [], testnet: false };
}
