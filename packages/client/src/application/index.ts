/**
 * Signs the requests of a server-signed application (docs/specs/api-signature.md): on the application's own server, which
 * alone has the key.
 */
import { createPrivateKey } from 'node:crypto';
import { apiSignatureBytes } from '@holdfast/authority/api-signature';
import { toBase64Url, toHex, utf8 } from '@holdfast/contract/wire';
import { signKey } from '../key-signer/index.ts';
import { randomBytes } from '../random.ts';

export interface ServerApplication {
  readonly appId: string;
  /** `accessTokens[0].accessToken` of the reply that created the application. */
  readonly accessToken: string;
  /** PEM; its public half is what the application was created with. */
  readonly privateKey: string;
}

/**
 * The headers that one request carries beside its others. They serve for that request, once.
 *
 *     const body = JSON.stringify({ orgId, username });
 *     const headers = signedHeaders(application, { method: 'POST', target: '/auth/login/init', body, date: new Date() });
 */
export function signedHeaders(
  application: ServerApplication,
  request: {
    readonly method: string;
    /** Path and query as sent. */
    readonly target: string;
    /** The exact text of the body; absent when there is none. */
    readonly body?: string;
    /** Value of `authorization`; absent when there is none. */
    readonly authorization?: string;
    /** Now: the api takes a nonce for five minutes. */
    readonly date: Date;
  },
): Readonly<Record<string, string>> {
  const { appId, accessToken, privateKey } = application;
  const { method, target, body = '', authorization = '', date } = request;
  const nonce = toBase64Url(utf8(JSON.stringify({ uuid: toHex(randomBytes(16)), date: date.toISOString() })));
  const message = apiSignatureBytes({ method, target, body: utf8(body), authorization, appId, nonce });
  return {
    'x-dfns-appid': appId,
    'x-dfns-appsecret': accessToken,
    'x-dfns-nonce': nonce,
    'x-dfns-apisignature': signKey(createPrivateKey(privateKey), message).toString('base64url'),
  };
}
