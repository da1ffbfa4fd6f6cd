/** Stands between the public client and the api, changes nothing, and writes down which operation was called and how it ended. */
import { request as ask, createServer, type Server } from 'node:http';
import { fullName, matchOperation } from '@holdfast/contract/operations';

/** Clients that called an operation with success, by its full name, with the status they got. */
export type Called = Map<string, Map<string, number>>;

export interface Recorder {
  readonly url: string;
  readonly called: Called;
  /** Which client is at work. */
  as: string;
  close(): Promise<void>;
}

export async function recordingProxy(target: string): Promise<Recorder> {
  const { hostname, port } = new URL(target);
  const called: Called = new Map();
  const server: Server = createServer((incoming, outgoing) => {
    const { method = 'GET', url = '/', headers } = incoming;
    const onward = ask({ hostname, port, method, path: url, headers }, (answer) => {
      const operation = matchOperation(method, url.split('?')[0] ?? '')?.operation;
      const status = answer.statusCode ?? 0;
      // The header is the client's own: what a test sends by itself does not count.
      if (operation !== undefined && status < 300 && headers['x-dfns-sdk-version'] !== undefined) {
        const ways = called.get(fullName(operation)) ?? new Map<string, number>();
        called.set(fullName(operation), ways.set(proxy.as, status));
      }
      outgoing.writeHead(status, answer.headers);
      answer.pipe(outgoing);
    });
    onward.on('error', () => outgoing.destroy());
    incoming.pipe(onward);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const proxy: Recorder = {
    url: `http://127.0.0.1:${(server.address() as { port: number }).port}`,
    called,
    as: '',
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return proxy;
}
