/** The `Http` port on fetch: connections are kept open, redirects are not followed, answers are cut at a size. */
import type { Http } from '../types.ts';

export class HttpError extends Error {
  override readonly name = 'HttpError';
  /** `size`: the answer is larger than was allowed. */
  readonly kind: 'unreachable' | 'late' | 'size';

  constructor(kind: HttpError['kind'], message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.kind = kind;
  }
}

export function createHttp(o: {
  readonly fetch: typeof globalThis.fetch;
  setTimer(ms: number, fn: () => void): () => void;
}): Http {
  return async ({ method, url, headers, body, timeoutMs, bytesMax }) => {
    const abort = new AbortController();
    let isLate = false;
    const cancel = o.setTimer(timeoutMs, () => {
      isLate = true;
      abort.abort();
    });
    try {
      const reply = await o.fetch(url, {
        method,
        redirect: 'manual',
        signal: abort.signal,
        ...(headers === undefined ? {} : { headers }),
        ...(body === undefined ? {} : { body }),
      });
      return { status: reply.status, body: await readBody(reply, bytesMax) };
    } catch (cause) {
      if (cause instanceof HttpError) throw cause;
      if (isLate) throw new HttpError('late', `no answer within ${timeoutMs} ms`, cause);
      throw new HttpError('unreachable', reasonOf(cause), cause);
    } finally {
      cancel();
      // A body that was not read to its end would keep its connection busy.
      abort.abort();
    }
  };
}

async function readBody(reply: Response, bytesMax: number): Promise<Uint8Array> {
  const tooLarge = () => new HttpError('size', `the answer is larger than ${bytesMax} bytes`);
  if (Number(reply.headers.get('content-length') ?? 0) > bytesMax) throw tooLarge();
  if (reply.body === null) return new Uint8Array();
  const parts: Uint8Array[] = [];
  let length = 0;
  const reader = reply.body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    length += value.length;
    // Counted after decompression, so that a small bomb is no way round the limit.
    if (length > bytesMax) throw tooLarge();
    parts.push(value);
  }
  const [only] = parts;
  if (parts.length === 1 && only !== undefined) return only;
  const out = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** The system's word for it, which names no address: `ECONNREFUSED`. fetch wraps it as its cause. */
function reasonOf(cause: unknown): string {
  for (let each: unknown = cause; each instanceof Error; each = each.cause) {
    const { code } = each as { code?: unknown };
    if (typeof code === 'string' && /^[A-Z][A-Z0-9_]{2,40}$/.test(code)) return code;
  }
  return 'the connection failed';
}
