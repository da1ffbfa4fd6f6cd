/**
 * Identity providers that an operator has named: `<dataFolder>/api/identity-providers.json`, mode 0600. Each speaks for one
 * organisation, and for nobody's authority at signers (docs/specs/identity.md).
 */
import { asJsonObject, type JsonValue, parseStrictJson, WireError } from '@holdfast/contract/wire';

export interface IdentityProvider {
  readonly orgId: string;
  /** Exactly as the provider writes it in its tokens. */
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret?: string;
  /** Signatures that are believed; never HMAC, whose key both sides would know. */
  readonly algorithms: readonly string[];
  /** Pages that single sign-on may end at. */
  readonly redirectUris: readonly string[];
  readonly uses: readonly ('social' | 'sso')[];
}

export class ProvidersError extends Error {
  override readonly name = 'ProvidersError';
}

const PROVIDERS_MAX = 1000;
const BYTES_MAX = 1 << 20;
export const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'EdDSA'];
const members = ['orgId', 'issuer', 'clientId', 'clientSecret', 'algorithms', 'redirectUris', 'uses'];

/** `{"providers": [{"orgId", "issuer", "clientId", "clientSecret"?, "algorithms"?, "redirectUris"?, "uses"?}]}` */
export function parseProviders(text: string): readonly IdentityProvider[] {
  let list: JsonValue | undefined;
  try {
    list = asJsonObject(parseStrictJson(text, { bytesMax: BYTES_MAX }))['providers'];
  } catch (error) {
    if (error instanceof WireError) throw new ProvidersError(error.message);
    throw error;
  }
  if (!Array.isArray(list) || list.length > PROVIDERS_MAX)
    throw new ProvidersError(`providers must be a list of at most ${PROVIDERS_MAX}`);
  const providers = list.map(readProvider);
  const names = providers.map(({ issuer, clientId }) => `${issuer} ${clientId}`);
  // A token names issuer and client, and nothing else that tells the organisation.
  if (new Set(names).size !== names.length) throw new ProvidersError('two providers have the same issuer and clientId');
  return providers;
}

function readProvider(value: JsonValue, at: number): IdentityProvider {
  const fault = (what: string): never => {
    throw new ProvidersError(`providers[${at}].${what}`);
  };
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return fault(' must be an object');
  const given = value as Readonly<Record<string, JsonValue>>;
  for (const name of Object.keys(given))
    if (!members.includes(name)) fault(`${name.slice(0, 64)} is not a known field`);
  const text = (name: string): string => {
    const one = given[name];
    return typeof one === 'string' && one !== '' && one.length <= 2000 ? one : fault(`${name} must be a text`);
  };
  const texts = (name: string, unset: readonly string[]): readonly string[] => {
    const some = given[name];
    if (some === undefined) return unset;
    return Array.isArray(some) && some.every((one) => typeof one === 'string')
      ? (some as string[])
      : fault(`${name} must be a list of texts`);
  };
  const issuer = text('issuer');
  if (!isSafeUrl(issuer)) fault('issuer must be https, or http on this machine');
  const algorithms = texts('algorithms', ['RS256', 'ES256']);
  if (algorithms.length === 0 || !algorithms.every((one) => ALGORITHMS.includes(one)))
    fault(`algorithms must be some of ${ALGORITHMS.join(', ')}`);
  const redirectUris = texts('redirectUris', []);
  if (!redirectUris.every(isSafeUrl)) fault('redirectUris must be https, or http on this machine');
  const uses = texts('uses', ['social', 'sso']);
  if (!uses.every((one) => one === 'social' || one === 'sso')) fault('uses must be social, sso or both');
  return {
    orgId: text('orgId'),
    issuer,
    clientId: text('clientId'),
    ...(given['clientSecret'] === undefined ? {} : { clientSecret: text('clientSecret') }),
    algorithms,
    redirectUris,
    uses: uses as IdentityProvider['uses'],
  };
}

/** What a token or a code travels to must not be read on the way. */
export function isSafeUrl(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || url.username !== '' || url.hash !== '') return false;
  return url.protocol === 'https:' || (url.protocol === 'http:' && ['localhost', '127.0.0.1'].includes(url.hostname));
}
