/** Test only: an identity provider on this machine, which signs what it is told to and can be made to misbehave. */
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';

export interface TestProvider {
  readonly issuer: string;
  readonly requests: string[];
  /** Replaces a document, by path. */
  readonly answers: Map<string, { status?: number; body: string }>;
  /** What the code of a sign-on is traded for, by code. */
  readonly codes: Map<string, { idToken: string; challenge: string; redirectUri: string }>;
  /** An ID token; undefined leaves a claim out. */
  token(
    claims?: Readonly<Record<string, unknown>>,
    o?: { key?: string; header?: Record<string, unknown> },
  ): Promise<string>;
  /** A further key, published from now on unless told. */
  addKey(kid: string, o?: { alg?: string; isHidden?: boolean }): Promise<void>;
  readonly publicKeys: JWK[];
  close(): Promise<void>;
}

const algorithmOf = new Map<string, string>();

export async function testProvider(o: { clientId: string; secret: string; now(): number }): Promise<TestProvider> {
  const keys = new Map<string, CryptoKey>();
  const publicKeys: JWK[] = [];
  const requests: string[] = [];
  const answers: TestProvider['answers'] = new Map();
  const codes: TestProvider['codes'] = new Map();
  let issuer = '';

  const server = createServer((request, reply) => void answer(request, reply));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  issuer = `http://127.0.0.1:${(server.address() as { port: number }).port}`;

  async function answer(request: IncomingMessage, reply: ServerResponse): Promise<void> {
    const path = request.url ?? '';
    requests.push(`${request.method} ${path}`);
    const instead = answers.get(path);
    const send = (status: number, body: string) =>
      reply.writeHead(status, { 'content-type': 'application/json' }).end(body);
    if (instead !== undefined) return void send(instead.status ?? 200, instead.body);
    if (path === '/.well-known/openid-configuration') {
      const body = {
        issuer,
        jwks_uri: `${issuer}/keys`,
        authorization_endpoint: `${issuer}/authorize?tenant=1`,
        token_endpoint: `${issuer}/token`,
      };
      return void send(200, JSON.stringify(body));
    }
    if (path === '/keys') return void send(200, JSON.stringify({ keys: publicKeys }));
    if (path !== '/token') return void send(404, '{}');
    let text = '';
    for await (const part of request) text += part;
    const form = new URLSearchParams(text);
    const known = codes.get(form.get('code') ?? '');
    const credentials = Buffer.from((request.headers.authorization ?? '').replace(/^Basic /, ''), 'base64').toString();
    const [name, password] = credentials.split(':').map((part) => decodeURIComponent(part.replaceAll('+', ' ')));
    const verifier = createHash('sha256')
      .update(form.get('code_verifier') ?? '')
      .digest('base64url');
    const isRight =
      known !== undefined &&
      name === o.clientId &&
      password === o.secret &&
      form.get('grant_type') === 'authorization_code' &&
      form.get('redirect_uri') === known.redirectUri &&
      verifier === known.challenge;
    codes.delete(form.get('code') ?? '');
    send(isRight ? 200 : 400, JSON.stringify(isRight ? { id_token: known.idToken } : { error: 'invalid_grant' }));
  }

  const addKey: TestProvider['addKey'] = async (kid, { alg = 'RS256', isHidden = false } = {}) => {
    const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
    keys.set(kid, privateKey);
    algorithmOf.set(kid, alg);
    if (!isHidden) publicKeys.push({ ...(await exportJWK(publicKey)), kid, alg, use: 'sig' });
  };
  await addKey('first');

  return {
    issuer,
    requests,
    answers,
    codes,
    publicKeys,
    addKey,
    async token(claims = {}, { key = 'first', header = {} } = {}) {
      const now = Math.floor(o.now() / 1000);
      const payload = { iss: issuer, aud: o.clientId, sub: 'subject-1', iat: now, exp: now + 300, ...claims };
      const signingKey = keys.get(key);
      if (signingKey === undefined) throw new Error(`no key ${key}`);
      return new SignJWT(JSON.parse(JSON.stringify(payload)))
        .setProtectedHeader({ alg: algorithmOf.get(key) ?? 'RS256', kid: key, ...header })
        .sign(signingKey);
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
