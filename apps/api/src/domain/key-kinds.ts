/** Which kind of key a request means, and what of the reference this release refuses by name. */
import type { Scheme } from '@holdfast/chains/families';
import { accepts, network as networkOf } from '@holdfast/chains/networks';
import { refuse } from '@holdfast/contract/errors';
import { type CurveName, type KeyKind, keyKindOf, keyKindOfProtocol, keyKinds } from '@holdfast/contract/types';

export interface KeyOptions {
  readonly storeId?: string;
}

export function refuseUnsupported(options: KeyOptions): void {
  if (options.storeId !== undefined) refuse('E_KEY_STORE');
}

export function kindOf({ scheme, curve }: { readonly scheme: string; readonly curve: string }): KeyKind {
  const kind = keyKindOf(scheme, curve);
  if (kind) return kind;
  const fitting = keyKinds.filter((each) => each.curve === curve).map((each) => each.scheme);
  return refuse('E_KEY_KIND', `curve ${curve} needs scheme ${fitting.join(' or ')}`, { path: 'body.scheme' });
}

export function kindOfProtocol({ protocol, curve }: { readonly protocol: string; readonly curve: string }): KeyKind {
  const kind = keyKindOfProtocol(protocol, curve);
  if (kind) return kind;
  const fitting = keyKinds.filter((each) => each.curve === curve).map((each) => each.protocol);
  return refuse('E_KEY_KIND', `curve ${curve} needs protocol ${fitting.join(' or ')}`, { path: 'body.protocol' });
}

/** The network's first pair that the caller's wishes allow: the signers choose the same one. */
export function kindForNetwork(
  network: string,
  wish: { readonly scheme?: string | undefined; readonly curve?: string | undefined },
): KeyKind {
  const { schemes } = networkOf(network);
  const fitting = schemes.find(
    (each) => (wish.scheme ?? each.scheme) === each.scheme && (wish.curve ?? each.curve) === each.curve,
  );
  if (fitting) return kindOf(fitting);
  const accepted = schemes.map(({ scheme, curve }) => `${scheme} on ${curve}`).join(', ');
  return refuse('E_KEY_NETWORK', `${network} takes ${accepted}`, { path: 'body.signingKey' });
}

/** What this scheme signs with, if it signs. */
export function refuseUnsigning({ scheme }: { readonly scheme: string }): void {
  if (scheme === 'DH') refuse('E_KEY_KIND', 'a key of scheme DH derives outputs and signs nothing');
}

export function requireFit(network: string, key: { readonly scheme: string; readonly curve: string }): void {
  const kind = kindOf(key);
  const target = networkOf(network);
  if (accepts(target, { scheme: kind.scheme as Scheme, curve: kind.curve })) return;
  const accepted = target.schemes.map(({ scheme, curve }) => `${scheme} on ${curve}`).join(', ');
  refuse('E_KEY_NETWORK', `${network} takes ${accepted}, the key is ${kind.scheme} on ${kind.curve}`, {
    path: 'body.network',
  });
}

export const curveNameOf = (kind: KeyKind): CurveName => kind.curve;
