// What works on each network: the tables of networks and families, and the claims that the conformance suite holds each
// family to. Writes docs/guides/networks.md. `npm run docs` runs it; `npm run check` compares.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

export const page = 'docs/guides/networks.md';

const words = {
  sdk: "the chain's own SDK",
  node: 'a node',
  vectors: 'published examples',
  spec: 'its description only',
};
const orders = {
  node: 'a node of the chain',
  machine: "the chain's virtual machine",
  fake: 'a fake of its node that verifies with the judge',
};

/** { text, faults }: the page, and families whose claims are missing. */
export async function networksPage(root) {
  const dist = (path) => import(pathToFileURL(join(root, 'packages/chains/dist', path)).href);
  const [{ networks }, { loadClient }, { familyNames }] = await Promise.all([
    dist('networks/index.js'),
    dist('rpc/index.js'),
    dist('families/types.js'),
  ]);
  const faults = [];
  const served = [...new Set(networks.map(({ family }) => family))].filter((name) => name !== 'pseudo').sort();
  const families = new Map();
  for (const name of served) {
    const file = `conformance/claims/${name}.js`;
    if (!existsSync(join(root, 'packages/chains/dist', file))) {
      faults.push(`packages/chains/src/conformance/claims/${name}.ts is missing: what is claimed of the family?`);
      continue;
    }
    const { claims } = await dist(file);
    const client = await loadClient(name);
    const [example] = networks.filter(({ family }) => family === name);
    families.set(name, { claims, hasClient: client !== undefined, isIndexed: client?.blocks?.(example) !== undefined });
  }
  const missing = familyNames.filter((name) => name !== 'pseudo' && !served.includes(name));
  const libraries = JSON.parse(readFileSync(join(root, 'docs/guides/client-libraries.json'), 'utf8'));

  const text = `# Networks

Written by \`npm run docs\` from the tables of networks (\`packages/chains/src/networks\`), the claims of the families
(\`packages/chains/src/conformance/claims\`) and what the code has; edit those. The conformance suite fails for a claim without a case, and
\`npm run check\` when this page is out of date. How to add [a network](add-a-network.md) or [a family](add-a-family.md).

Who confirmed what a cell says stands behind it: ${Object.entries(words)
    .map(([mark, sense]) => `*${mark}* ${sense}`)
    .join(', ')}.

## Families

| Family | Networks | Addresses | Signs | Builds and broadcasts | Broadcasts as written | Asks nodes | Transfer end to end | History |
| --- | --- | --- | --- | --- | --- | --- | --- | --- |
${[...families].map(([name, each]) => familyRow(name, each, networks)).join('\n')}

*Transfer end to end*: from the request through the public client, five signers and a node to its confirmation, with kill −9 of api and
signers in between. Where a family has no client for nodes, signing works and broadcasting answers 400 \`E_UNSUPPORTED\`.
${missing.length === 0 ? '' : `\nFamilies of the public API that are not here yet: ${missing.join(', ')}.\n`}
## What to know of each

${[...families].map(([name, { claims }]) => notesOf(name, claims)).join('\n\n')}

## Every network

A network works as its family does. Tier 1: the public API shows balances, tokens and history; 2: native balance. Here history is as the last
column says, balance of the native coin wherever nodes are asked. Nodes are yours: \`holdfast networks set\`.

| Network | Family | Test network | Coin | Tier | Confirmed after | Transfers | Balance | History |
| --- | --- | --- | --- | --- | --- | --- | --- | --- |
${networks
  .filter(({ family }) => families.has(family))
  .map((network) => networkRow(network, families.get(network.family)))
  .join('\n')}

## Client libraries

The vendor's public packages over this API. *Not verified*: not on the public registry when this was written, so nothing was run.

| Package | Version | What was shown |
| --- | --- | --- |
${libraries.map((each) => `| \`${each.package}\` | ${each.version ?? ''} | ${each.shows ?? 'not verified'} |`).join('\n')}
`;
  return { text, faults };
}

const evidence = (kinds) =>
  Object.entries(kinds)
    .map(([kind, mark]) => `${kind} *${mark}*`)
    .join(', ');

function familyRow(name, { claims, hasClient, isIndexed }, networks) {
  const own = networks.filter(({ family }) => family === name).length;
  const cells = [
    name,
    String(own),
    `*${claims.address}*`,
    evidence(claims.signatures),
    evidence(claims.constructs) || 'nothing',
    claims.broadcasts.join(', ') || 'nothing',
    hasClient ? `*${claims.nodes ?? 'spec'}*` : 'no',
    claims.orders === undefined ? 'not shown' : orders[claims.orders],
    isIndexed ? 'yes' : 'no',
  ];
  return `| ${cells.join(' | ')} |`;
}

const notesOf = (name, { judge, notes = [] }) =>
  [`**${name}** (judged by ${judge})`, ...(notes.length === 0 ? [] : ['']), ...notes.map((note) => `- ${note}`)].join(
    '\n',
  );

function networkRow(network, { claims, hasClient, isIndexed }) {
  const { name, family, testnet, native, tier, confirmations = 0 } = network;
  const needsId = family === 'evm' && network.chainId === undefined;
  const isBuilt = hasClient && Object.keys(claims.constructs).length > 0;
  const cells = [
    needsId ? `${name} (set its chain id)` : name,
    family,
    testnet ? 'yes' : '',
    native?.symbol ?? '',
    tier ?? '',
    confirmations === 0 ? 'inclusion' : `${confirmations} blocks`,
    isBuilt ? 'yes' : 'no',
    hasClient ? 'yes' : 'no',
    isIndexed ? 'yes' : 'no',
  ];
  return `| ${cells.join(' | ')} |`;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const root = new URL('..', import.meta.url).pathname;
  const { text, faults } = await networksPage(root);
  writeFileSync(join(root, page), text);
  if (faults.length > 0) console.error(faults.join('\n'));
  process.exitCode = faults.length === 0 ? 0 : 1;
}
