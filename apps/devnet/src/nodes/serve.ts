/** A node of a test's own making on a real port: processes of the product ask it over HTTP as they would any other. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

// biome-ignore lint/suspicious/noExplicitAny: questions and answers of nodes.
type Any = any;

export interface Question {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly bytes: Buffer;
  /** Of a JSON body. */
  readonly json: () => Any;
}
export interface Reply {
  readonly status?: number;
  readonly json: unknown;
}
export type Answer = (question: Question) => Reply | Promise<Reply>;

/** JSON-RPC: a result, or an error thrown as {code, message}; with `rpcCode` on it, of that code. */
export const jsonRpc =
  (answer: (method: string, params: Any) => unknown): Answer =>
  async ({ json }) => {
    const { id, method, params } = json();
    try {
      return { json: { jsonrpc: '2.0', id, result: await answer(method, params) } };
    } catch (error) {
      const { message, rpcCode = -32000 } = error as Error & { rpcCode?: number };
      return { json: { jsonrpc: '2.0', id, error: { code: rpcCode, message } } };
    }
  };

export interface Served {
  readonly url: string;
  stop(): Promise<void>;
}

export async function serve(answer: Answer): Promise<Served> {
  const server = createServer((request, reply) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', async () => {
      const { pathname, searchParams } = new URL(request.url ?? '/', 'http://node.test');
      const bytes = Buffer.concat(parts);
      const { status, text } = await Promise.resolve({
        method: request.method ?? '',
        path: decodeURIComponent(pathname),
        query: searchParams,
        headers: request.headers,
        bytes,
        json: () => JSON.parse(bytes.toString()),
      })
        .then(answer)
        .then(({ status = 200, json }) => ({ status, text: JSON.stringify(json) }))
        .catch((error: Error) => ({ status: 500, text: JSON.stringify({ message: error.message }) }));
      reply.writeHead(status, { 'content-type': 'application/json' });
      reply.end(text);
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    async stop() {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}
