/**
 * OpenID Connect Core 1.0 as a relying party: what a provider says of itself, its keys, its ID tokens, and codes for them.
 * Everything fetched has a limit, and everything in a token is checked against what the operator wrote down.
 */
import type { Http } from '@holdfast/chains/rpc';
import { refuse } from '@holdfast/contract/errors';
import { asJsonObject, type JsonObject, parseStrictJsonBytes } from '@holdfast/contract/wire';
import { decodeProtectedHeader, errors, importJWK, type JWK, jwtVerify } from 'jose';
import type { Context } from '../context.ts';
import { type IdentityProvider, isSafeUrl } from './providers.ts';

export interface Identity {
  readonly provider: IdentityProvider;
  readonly subject: string;
  /** The address the provider vouches for; undefined: none it has verified. */
  readonly email: string | undefined;
  /** When the token ends, milliseconds since 1970. */
  readonly expiresAt: number;
}

export interface Oidc {
  readonly providers: () => readonly IdentityProvider[];
  /** Refuses E_ID_TOKEN for every fault of a token. `nonce` where we asked for it. */
  verify(provider: IdentityProvider, idToken: string, o?: { readonly nonce: string }): Promise<Identity>;
  authorizationEndpoint(provider: IdentityProvider): Promise<string>;
  /** Trades a code for an ID token (OpenID Connect Core §3.1.3). */
  redeem(provider: IdentityProvider, o: { code: string; redirectUri: string; verifier: string }): Promise<string>;
}

const TOKEN_CHARS_MAX = 16_384;
const DOCUMENT_BYTES_MAX = 64 * 1024;
const KEYS_MAX = 64;
const WAIT_MS = 5_000;
/** What a provider says of itself and its keys. */
const KEEP_MS = 10 * 60_000;
/** A key that is not there is looked for no more often, whoever sends tokens that name it. */
const MISS_MS = 60_000;
const TOLERANCE_S = 30;
/** A token that was given out longer ago is somebody's old one. */
const AGE_S_MAX = 600;

interface Known {
  readonly at: number;
  readonly configuration: {
    readonly authorizationEndpoint: string;
    readonly tokenEndpoint: string;
    readonly jwksUri: string;
  };
  readonly keys: readonly JWK[];
}

export function createOidc(o: {
  readonly env: Pick<Context['env'], 'now' | 'log'>;
  readonly http: Http | undefined;
  readonly providers: () => readonly IdentityProvider[];
}): Oidc {
  const { env } = o;
  const known = new Map<string, Known>();
  const underWay = new Map<string, Promise<Known>>();

  async function ask(
    url: string,
    request: { method: 'GET' | 'POST'; headers?: Record<string, string>; body?: string },
  ): Promise<JsonObject> {
    if (o.http === undefined) return refuse('E_IDENTITY_PROVIDER');
    const reply = await o
      .http({ url, ...request, timeoutMs: WAIT_MS, bytesMax: DOCUMENT_BYTES_MAX })
      .catch((error: Error) => {
        env.log('identity.unreachable', { kind: error.name });
        return refuse('E_IDENTITY_PROVIDER');
      });
    // RFC 6749 §5.2: a code that is none. A redirection leads wherever a provider, or who answers for it, likes.
    if (request.method === 'POST' && reply.status === 400) refuse('E_ID_TOKEN');
    if (reply.status !== 200) refuse('E_IDENTITY_PROVIDER');
    try {
      return asJsonObject(parseStrictJsonBytes(reply.body, { bytesMax: DOCUMENT_BYTES_MAX }));
    } catch {
      return refuse('E_IDENTITY_PROVIDER');
    }
  }

  async function fetchKnown({ issuer }: IdentityProvider): Promise<Known> {
    const configuration = await ask(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`, { method: 'GET' });
    // OpenID Connect Discovery §4.3: whoever answers for another issuer answers for nobody.
    if (configuration['issuer'] !== issuer) refuse('E_IDENTITY_PROVIDER');
    const url = (name: string): string => {
      const text = configuration[name];
      return typeof text === 'string' && isSafeUrl(text) ? text : refuse('E_IDENTITY_PROVIDER');
    };
    const jwksUri = url('jwks_uri');
    const { keys } = await ask(jwksUri, { method: 'GET' });
    if (!Array.isArray(keys) || keys.length > KEYS_MAX) return refuse('E_IDENTITY_PROVIDER');
    return {
      at: env.now(),
      configuration: {
        authorizationEndpoint: url('authorization_endpoint'),
        tokenEndpoint: url('token_endpoint'),
        jwksUri,
      },
      keys: keys.filter((key) => typeof key === 'object' && key !== null) as unknown as JWK[],
    };
  }

  /** Asked once by however many wait for it; what was known before stays while the provider does not answer. */
  async function read(provider: IdentityProvider, ageMsMax: number): Promise<Known> {
    const { issuer } = provider;
    const before = known.get(issuer);
    if (before !== undefined && env.now() - before.at < ageMsMax) return before;
    const asked = underWay.get(issuer) ?? fetchKnown(provider).finally(() => underWay.delete(issuer));
    underWay.set(issuer, asked);
    try {
      const fresh = await asked;
      known.set(issuer, fresh);
      return fresh;
    } catch (error) {
      if (before === undefined || env.now() - before.at > 2 * KEEP_MS) throw error;
      return before;
    }
  }

  async function keyOf(provider: IdentityProvider, header: { alg: string; kid: string | undefined }): Promise<JWK> {
    const fits = (key: JWK): boolean =>
      (header.kid === undefined || key.kid === header.kid) &&
      (key.alg === undefined || key.alg === header.alg) &&
      (key.use === undefined || key.use === 'sig') &&
      key.kty !== 'oct';
    const find = ({ keys }: Known): JWK | undefined => {
      const some = keys.filter(fits);
      // Without a name any of several would have to be tried; a provider with more than one names them (§10.1).
      return header.kid === undefined && some.length > 1 ? undefined : some[0];
    };
    return find(await read(provider, KEEP_MS)) ?? find(await read(provider, MISS_MS)) ?? refuse('E_ID_TOKEN');
  }

  return {
    providers: o.providers,
    async verify(provider, idToken, asked) {
      const header = readHeader(idToken);
      if (!provider.algorithms.includes(header.alg)) refuse('E_ID_TOKEN');
      const key = await keyOf(provider, header);
      const payload = await verified(idToken, key, provider, env.now());
      const { sub, aud, azp, nonce, email, exp } = payload;
      // §3.1.3.7: of several audiences one is the party that the token was given to.
      const isOurs = azp === undefined ? !Array.isArray(aud) || aud.length === 1 : azp === provider.clientId;
      if (!isOurs || typeof sub !== 'string' || sub === '' || sub.length > 255) refuse('E_ID_TOKEN');
      if (asked !== undefined && nonce !== asked.nonce) refuse('E_ID_TOKEN');
      // OpenID Connect Back-Channel Logout §2.4: what ends a login opens none, whatever its header says.
      if (payload['events'] !== undefined) refuse('E_ID_TOKEN');
      const isVouchedFor = payload['email_verified'] === true && typeof email === 'string' && email.length <= 256;
      return { provider, subject: sub, email: isVouchedFor ? email : undefined, expiresAt: (exp ?? 0) * 1000 };
    },
    async authorizationEndpoint(provider) {
      return (await read(provider, KEEP_MS)).configuration.authorizationEndpoint;
    },
    async redeem(provider, { code, redirectUri, verifier }) {
      const { clientId, clientSecret } = provider;
      const { configuration } = await read(provider, KEEP_MS);
      const form = new URLSearchParams({
        grant_type: 'authorization_code',
        code,
        redirect_uri: redirectUri,
        code_verifier: verifier,
        ...(clientSecret === undefined ? { client_id: clientId } : {}),
      });
      const basic = [clientId, clientSecret ?? ''].map(formEncoded).join(':');
      const reply = await ask(configuration.tokenEndpoint, {
        method: 'POST',
        headers: {
          'content-type': 'application/x-www-form-urlencoded',
          accept: 'application/json',
          ...(clientSecret === undefined ? {} : { authorization: `Basic ${Buffer.from(basic).toString('base64')}` }),
        },
        body: form.toString(),
      });
      const idToken = reply['id_token'];
      return typeof idToken === 'string' ? idToken : refuse('E_ID_TOKEN');
    },
  };
}

/** RFC 6749 §2.3.1: name and secret are encoded as in a form before they are joined. */
const formEncoded = (text: string): string => new URLSearchParams({ '': text }).toString().slice(1);

/** Which issuer and client a token says it is of: good for finding the provider and for nothing else. */
export function claimedProvider(idToken: string, providers: readonly IdentityProvider[]): IdentityProvider | undefined {
  const [, part = ''] = idToken.length > TOKEN_CHARS_MAX ? [] : idToken.split('.');
  let claims: JsonObject;
  try {
    claims = asJsonObject(parseStrictJsonBytes(Buffer.from(part, 'base64url'), { bytesMax: TOKEN_CHARS_MAX }));
  } catch {
    // What cannot be read names nobody.
    return undefined;
  }
  const { iss, aud } = claims;
  const audiences: readonly unknown[] = Array.isArray(aud) ? aud : [aud];
  return providers.find(({ issuer, clientId }) => issuer === iss && audiences.includes(clientId));
}

function readHeader(idToken: string): { alg: string; kid: string | undefined } {
  if (idToken.length > TOKEN_CHARS_MAX) refuse('E_ID_TOKEN');
  try {
    const { alg, kid, crit, b64, typ = 'JWT' } = decodeProtectedHeader(idToken);
    if (crit !== undefined || b64 !== undefined || typeof alg !== 'string') return refuse('E_ID_TOKEN');
    // An access token (RFC 9068) or a logout token may have our client for its audience as well (RFC 8725 §3.11).
    if (typeof typ !== 'string' || typ.toUpperCase() !== 'JWT') return refuse('E_ID_TOKEN');
    return { alg, kid };
  } catch {
    return refuse('E_ID_TOKEN');
  }
}

async function verified(idToken: string, key: JWK, { issuer, clientId }: IdentityProvider, now: number) {
  const { alg } = readHeader(idToken);
  try {
    const { payload } = await jwtVerify(idToken, await importJWK(key, alg), {
      algorithms: [alg],
      issuer,
      audience: clientId,
      requiredClaims: ['iss', 'aud', 'sub', 'iat', 'exp'],
      clockTolerance: TOLERANCE_S,
      maxTokenAge: AGE_S_MAX,
      currentDate: new Date(now),
    });
    return payload;
  } catch (error) {
    // A key that is none, or a token that is none: one answer.
    if (error instanceof errors.JOSEError || error instanceof TypeError || error instanceof DOMException)
      return refuse('E_ID_TOKEN');
    throw error;
  }
}
