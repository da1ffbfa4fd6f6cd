/** `@dfns/sdk` with `@dfns/sdk-browser`, unmodified, in the browser: bundled here as an application would bundle them. */
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

interface Place {
  readonly baseUrl: string;
  readonly orgId: string;
}

interface Listed {
  readonly credentialId: string;
  readonly kind: string;
  readonly publicKey: string;
}

/** No such file: what it would hold is below. Beside this one, so that packages are found from it. */
const ENTRY = fileURLToPath(new URL('entry-of-the-bundle.js', import.meta.url));
const code = `
import { DfnsApiClient, DfnsAuthenticator } from '@dfns/sdk';
import { WebAuthnSigner } from '@dfns/sdk-browser';
globalThis.dfns = { DfnsApiClient, DfnsAuthenticator, WebAuthnSigner };
`;

/** One script that leaves its classes in `globalThis.dfns`. */
export async function bundledSdk(): Promise<string> {
  const made = await build({
    root: fileURLToPath(new URL('../../../..', import.meta.url)),
    configFile: false,
    logLevel: 'silent',
    define: { 'process.env': '{}', global: 'globalThis' },
    plugins: [
      {
        name: 'entry',
        resolveId: (id) => (id === ENTRY ? id : undefined),
        load: (id) => (id === ENTRY ? code : undefined),
      },
    ],
    build: { write: false, minify: false, lib: { entry: ENTRY, formats: ['iife'], name: 'bundle' } },
  });
  const [output] = Array.isArray(made) ? made : [made];
  if (output === undefined || !('output' in output)) throw new Error('nothing was bundled');
  return output.output.map((part) => (part.type === 'chunk' ? part.code : '')).join('');
}

// The functions below are sent to the browser as their text: they can use nothing from around them.

export async function registerAndLogIn(
  place: Place,
  o: { readonly username: string; readonly registrationCode: string },
): Promise<{ token: string; items: Listed[] }> {
  // biome-ignore lint/suspicious/noExplicitAny: what the bundle left there.
  const { DfnsApiClient, DfnsAuthenticator, WebAuthnSigner } = (globalThis as any).dfns;
  const signer = new WebAuthnSigner({ relyingParty: { id: 'localhost', name: 'Acme' } });
  const authenticator = new DfnsAuthenticator({ ...place, signer });
  await authenticator.register({ orgId: place.orgId, ...o });
  const { token } = await authenticator.login({ orgId: place.orgId, username: o.username });
  const { items } = await new DfnsApiClient({ ...place, authToken: token, signer }).auth.listCredentials();
  return { token, items };
}

export async function makeWallet(place: Place, authToken: string): Promise<{ id: string; address?: string }> {
  // biome-ignore lint/suspicious/noExplicitAny: what the bundle left there.
  const { DfnsApiClient, WebAuthnSigner } = (globalThis as any).dfns;
  const signer = new WebAuthnSigner({ relyingParty: { id: 'localhost', name: 'Acme' } });
  return new DfnsApiClient({ ...place, authToken, signer }).wallets.createWallet({
    body: { network: 'EthereumSepolia' },
  });
}
