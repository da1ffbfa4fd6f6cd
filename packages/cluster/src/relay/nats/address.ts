/** Where NATS is and how to get in, from the text of a setting. */
import { refuse } from '../../errors.ts';

export interface NatsAddress {
  /** host:port, tried in turn. */
  readonly servers: readonly string[];
  /** With tls:// the connection is refused unless it is encrypted; with nats:// the server decides. */
  readonly tls: boolean;
  readonly user?: string;
  readonly password?: string;
  readonly token?: string;
  /** Contents of a `.creds` file (JWT and seed). */
  readonly credentials?: Uint8Array;
  /** PEM of the authorities that may sign the server's certificate; the system's when absent. */
  readonly authorities?: string;
}

/** How a process finds its relay. */
export type RelayPlace =
  | { readonly kind: 'websocket'; readonly url: string }
  | { readonly kind: 'nats'; readonly address: NatsAddress };

const SERVERS_MAX = 16;
const DEFAULT_PORT = 4222;

export function isNatsUrl(text: string): boolean {
  return /^(nats|tls):\/\//.test(text);
}

/**
 * Reads `nats://user:password@host:4222`, several of them separated by commas. A name without a password is a token.
 * Throws ClusterError `E_RELAY_ADDRESS`, which never quotes what was given: it may hold a password.
 *
 *     parseNatsUrl('nats://10.0.0.5:4222').servers   // ['10.0.0.5:4222']
 */
export function parseNatsUrl(text: string): NatsAddress {
  const parts = text.split(',').map((part) => part.trim());
  if (parts.length > SERVERS_MAX) refuse('E_RELAY_ADDRESS', `NATS_URL names more than ${SERVERS_MAX} servers`);
  // Splitting a text gives one part at least.
  const urls = parts.map(readUrl) as [URL, ...URL[]];
  const [first] = urls;
  for (const { protocol, username, password } of urls) {
    const same = protocol === first.protocol && username === first.username && password === first.password;
    if (!same) refuse('E_RELAY_ADDRESS', 'the servers of NATS_URL must share scheme, user and password');
  }
  const name = decodeURIComponent(first.username);
  const password = decodeURIComponent(first.password);
  return {
    servers: urls.map(({ hostname, port }) => `${hostname}:${port === '' ? DEFAULT_PORT : port}`),
    tls: first.protocol === 'tls:',
    ...(password !== '' ? { user: name, password } : name !== '' ? { token: name } : {}),
  };
}

const MALFORMED = 'NATS_URL must be nats://host:4222 or tls://host:4222, with user:password@ where one is needed';

function readUrl(text: string): URL {
  const url = isNatsUrl(text) && URL.canParse(text) ? new URL(text) : undefined;
  const fits = url && url.hostname !== '' && (url.pathname === '' || url.pathname === '/') && !url.search && !url.hash;
  return fits ? url : refuse('E_RELAY_ADDRESS', MALFORMED);
}
