// What the public client was seen to do: docs/reference/compatibility.json is written by a run of it (HOLDFAST_WRITE_DOCS=1
// with apps/devnet's test compatibility), the page is made of that and of the contract, so that an operation which the run
// does not call has its row too.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';

export const page = 'docs/reference/compatibility.md';
const AREAS = ['auth', 'permissions'];

/** { text, faults }: the page, and operations that were seen and are no more. */
export async function compatibility(root) {
  const { operations, fullName } = await import(
    pathToFileURL(join(root, 'packages/contract/dist/operations/index.js')).href
  );
  const file = join(root, 'docs/reference/compatibility.json');
  const { clients, seen } = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : { clients: {}, seen: [] };
  const bySeen = new Map(seen.map((one) => [one.operation, one]));
  const rows = operations.filter(({ domain }) => AREAS.includes(domain));
  const names = new Set(rows.map(fullName));
  const faults = seen
    .filter(({ operation }) => !names.has(operation))
    .map(({ operation }) => `docs/reference/compatibility.json: there is no operation ${operation}`);
  const methods = new Map(AREAS.map((area) => [area, methodsOf(area)]));
  const lines = rows
    .sort((a, b) => (fullName(a) < fullName(b) ? -1 : 1))
    .map((of) => {
      const one = bySeen.get(fullName(of));
      const inClient = methods.get(of.domain).has(of.name);
      const status = (way) => one?.[way] ?? (inClient ? '**not called**' : 'not in the client');
      const reply = one?.reply ?? (inClient ? '' : '–');
      return `| \`${of.name}\` | \`${of.method} ${of.path}\` | ${status('direct')} | ${status('delegated')} | ${reply} |`;
    });
  const missing = AREAS.flatMap((area) =>
    [...methods.get(area)].filter((name) => !names.has(`${area}.${name}`)).map((name) => `\`${area}.${name}\``),
  );
  const versions = Object.entries(clients)
    .map(([name, version]) => `${name} ${version}`)
    .join(', ');
  const text = `# The public client, operation by operation

Written by \`npm run docs\` from [compatibility.json](compatibility.json), which a run of the unmodified client writes
(${versions}): \`apps/devnet/src/compatibility\`. Direct: the client that signs itself. Delegated: the client that splits what
is signed into \`…Init\` and \`…Complete\`; what needs no signature it calls like the other. The number is the HTTP status.
Reply: whether the contract's reply is assignable to the client's own type, as the compiler finds
(\`apps/devnet/src/compatibility/replies.ts\`).

| Operation | Endpoint | Direct | Delegated | Reply |
| --- | --- | --- | --- | --- |
${lines.join('\n')}

Methods of the client in these areas that this release does not serve: ${missing.length === 0 ? 'none' : missing.join(', ')}.
`;
  return { text, faults };
}

/** Names of what the direct client can call; older names of the same are left out. */
function methodsOf(area) {
  const sdk = dirname(createRequire(import.meta.url).resolve('@dfns/sdk/package.json'));
  const client = readFileSync(join(sdk, 'generated', area, 'client.js'), 'utf8');
  return new Set([...client.matchAll(/(?<!@deprecated[^\n]*\n) {4}async (\w+)\(/g)].map(([, name]) => name));
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const root = new URL('..', import.meta.url).pathname;
  const { text, faults } = await compatibility(root);
  writeFileSync(join(root, page), text);
  if (faults.length > 0) console.error(faults.join('\n'));
  process.exitCode = faults.length === 0 ? 0 : 1;
}
