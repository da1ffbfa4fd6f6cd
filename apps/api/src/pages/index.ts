/**
 * The browser's pages (apps/dashboard), as files: one document for every address below /app/, and its parts under names that
 * hold their own hash. This room knows nothing of what they do; it says how far a browser may trust what it is given.
 */
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { refuse } from '@holdfast/contract/errors';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Settings } from '../settings.ts';

/** Path below the folder the pages were built into (`assets/index-1a2b.js`) → content. */
export type PageFiles = ReadonlyMap<string, Uint8Array>;

interface Served {
  readonly type: string;
  readonly plain: Buffer;
  readonly packed: Buffer;
}

export interface Pages {
  /** Whether a request for this path is answered here. */
  has(path: string): boolean;
  answer(request: FastifyRequest, reply: FastifyReply, path: string): FastifyReply;
}

const types: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
};

/** No inline script or style, nothing from elsewhere, no markup from text, in nobody's frame. */
const documentHeaders = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; frame-src 'none'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
  'permissions-policy':
    'publickey-credentials-get=(self), publickey-credentials-create=(self), clipboard-write=(self), camera=(), microphone=(), geolocation=(), usb=()',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-cache',
} as const;

const partHeaders = {
  'cross-origin-resource-policy': 'same-origin',
  'x-content-type-options': 'nosniff',
  // The name holds the hash of the content.
  'cache-control': 'public, max-age=31536000, immutable',
} as const;

/** Undefined where the pages were not built: the api works without them. */
export function createPages(files: PageFiles, config: Pick<Settings, 'publicUrl'>): Pages | undefined {
  const served = new Map([...files].map(([name, content]) => [name, pack(name, content)]));
  const document = served.get('index.html');
  if (document === undefined) return undefined;
  const etag = `"${createHash('sha256').update(document.plain).digest('base64url').slice(0, 22)}"`;
  const { publicUrl } = config;

  return {
    has: (path) => path === '/app' || path.startsWith('/app/') || path === '/setup',
    answer(request, reply, path) {
      // These answers are for the person in front of the browser, not for pages of other origins.
      for (const name of Object.keys(reply.getHeaders()))
        if (name.startsWith('access-control-')) reply.removeHeader(name);
      if (path === '/app' || path === '/setup')
        return reply
          .code(307)
          .header('location', path === '/app' ? '/app/' : '/app/setup')
          .send();
      if (isAddress(request.hostname) && new URL(publicUrl).hostname === 'localhost')
        return reply.code(307).header('location', `${publicUrl}${path}`).send();
      const name = path.slice('/app/'.length);
      const part = name.includes('.') ? served.get(name) : document;
      if (part === undefined || name === 'index.html') refuse('E_NO_ENDPOINT');
      const isDocument = part === document;
      reply.headers(isDocument ? { ...documentHeaders, etag } : partHeaders).header('vary', 'accept-encoding');
      if (isDocument && request.headers['if-none-match'] === etag) return reply.code(304).send();
      const takesGzip = /\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''));
      if (takesGzip) reply.header('content-encoding', 'gzip');
      return reply.type(part.type).send(takesGzip ? part.packed : part.plain);
    },
  };
}

/** Passkeys need a name. */
const isAddress = (hostname: string): boolean => ['127.0.0.1', '[::1]'].includes(hostname);

/** Packed once: they are few and small. */
function pack(name: string, content: Uint8Array): Served {
  const type = types[name.split('.').at(-1) ?? ''] ?? 'application/octet-stream';
  return { type, plain: Buffer.from(content), packed: gzipSync(content, { level: 9 }) };
}
