// The import table of ARCHITECTURE.md, enforced. npm links every workspace, so an undeclared import would compile;
// here it fails. Also holds the allow-list of third-party packages of each room, one line each (rulings C 26).
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';

/** room → what of ours it may import: a room, or room/subfolder. `test` = additionally in its *.test.ts and *.bench.ts. */
export const table = {
  contract: { may: [], npm: ['typebox'], test: ['fast-check'] },
  crypto: {
    may: [],
    npm: ['@noble/curves', '@noble/hashes', '@noble/ciphers', 'secp256k1', 'sodium-native'],
    test: ['fast-check'],
  },
  mpc: { may: ['crypto'], npm: [], test: ['@noble/curves', '@noble/hashes'] },
  cluster: {
    may: ['contract/types', 'contract/wire', 'authority/types', 'authority/challenge', 'crypto/transcript'],
    npm: ['ws', '@nats-io/transport-node'],
  },
  chains: {
    may: ['contract/types', 'contract/wire'],
    npm: ['micro-eth-signer', '@scure/btc-signer', '@scure/base', '@scure/starknet', '@noble/curves', '@noble/hashes'],
  },
  authority: {
    may: [
      'contract/types',
      'contract/wire',
      'contract/permissions',
      'contract/operations',
      'contract/schema',
      'crypto/transcript',
    ],
    npm: [],
    test: ['fast-check', 'contract', '@noble/curves'],
  },
  storage: { may: ['contract'], npm: ['kysely', 'pg', '@electric-sql/pglite'] },
  client: { may: ['contract', 'crypto', 'authority'], npm: ['@noble/curves'], test: ['@dfns/sdk'] },
  testkit: {
    may: ['contract', 'crypto', 'mpc', 'cluster', 'authority', 'chains', 'storage', 'signer', 'api', 'client'],
    // Simulated disks and the simulated database of the api.
    npm: ['libsql', 'kysely'],
    test: ['@scure/btc-signer'],
  },
  api: {
    may: ['contract', 'cluster', 'authority', 'chains', 'storage', 'crypto/transcript'],
    npm: ['fastify', 'jose', 'nodemailer'],
    never: ['crypto/sharing', 'crypto/envelope', 'crypto/curves', 'mpc', 'client', 'signer'],
  },
  signer: {
    may: [
      'contract/types',
      'contract/wire',
      'contract/errors',
      'contract/operations',
      'contract/permissions',
      'contract/schema',
      'crypto',
      'mpc',
      'cluster',
      'authority',
      'chains/families',
      'chains/networks',
      'chains/schemes',
    ],
    npm: ['libsql'],
    never: ['storage', 'api', 'client', 'chains/rpc'],
    test: ['testkit', '@noble/curves', '@noble/hashes'],
  },
  cli: {
    may: [
      'contract',
      'client',
      'authority',
      'crypto/transcript',
      'cluster/roster',
      'chains/schemes',
      'chains/families',
      'chains/headers',
      'chains/networks',
    ],
    npm: ['@dfns/sdk', '@dfns/sdk-keysigner'],
  },
  // Runs in browsers: the user's side, and the pure code that says what a request does, so that nobody has to be believed.
  dashboard: {
    may: ['contract', 'client', 'authority', 'crypto/transcript', 'chains/families', 'chains/networks'],
    npm: ['preact'],
  },
  devnet: { may: ['*'], npm: ['*'] },
  bench: { may: ['*'], npm: ['*'] },
};

/**
 * The port of apps/signer/src/runs/machines.ts: nothing but the simulation gives a signer machines that are no
 * protocol, and nothing but the simulation has such machines.
 */
const givesMachines = (text) => /\bcreateSigner\b/.test(text) && /\bmachines\b/.test(text);
const mayGiveMachines = ['apps/signer/src/signer/index.ts', 'packages/testkit/src/simulation/'];
/** Rooms that never ship; every other one may import a folder of tests from its tests alone. */
const testRooms = ['testkit', 'devnet', 'bench'];
const isForTests = (path) => /(^|\/)(test|testing|every-protocol|conformance)(\/|$)/.test(path);

const root = new URL('..', import.meta.url).pathname;
const rooms = [
  ...['packages', 'apps'].flatMap((top) => list(join(root, top)).map((path) => [path.split('/').pop(), path])),
  ['bench', join(root, 'bench')],
];
const faults = [];

for (const [room, path] of rooms) {
  const rule = table[room];
  if (!rule) {
    faults.push(`${relative(root, path)}: no row in scripts/check-rooms.mjs`);
    continue;
  }
  const manifest = JSON.parse(read(join(path, 'package.json')) ?? '{}');
  const declared = { ...manifest.dependencies, ...manifest.optionalDependencies, ...manifest.devDependencies };
  for (const file of sources(join(path, 'src'))) check(room, rule, declared, file);
}

if (faults.length > 0) {
  console.error(faults.join('\n'));
  console.error(`${faults.length} import(s) the table in scripts/check-rooms.mjs does not allow`);
  process.exit(1);
}
console.log(`rooms: ${rooms.length} rooms keep the import table`);

function check(room, rule, declared, file) {
  const isTest = /\.(test|bench)\.ts$/.test(file) || isForTests(file.slice(root.length));
  const text = readFileSync(file, 'utf8').replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '');
  const path = relative(root, file);
  if (givesMachines(text) && !mayGiveMachines.some((allowed) => path.startsWith(allowed)))
    faults.push(`${path}: only the simulation gives a signer other machines`);
  const found = [...text.matchAll(/(?<![.'\w-])(?:from|import)\s*\(?\s*'([^'\s]+)'|require\w*\(\s*'([^']+)'\s*\)/g)];
  for (const [, viaImport, viaRequire] of found) {
    const name = viaImport ?? viaRequire;
    // Published secrets and chosen nonces live there; a path built at run time would be found in review, not here.
    if (isForTests(name) && !isTest && !testRooms.includes(room))
      faults.push(`${relative(root, file)}: ${name} is for tests only`);
    if (name.startsWith('.')) {
      if (
        relative(root, join(file, '..', name))
          .split('/')
          .slice(0, 2)
          .join('/') !== relative(root, file).split('/').slice(0, 2).join('/') &&
        room !== 'bench'
      )
        faults.push(`${relative(root, file)}: ${name} leaves the room`);
      continue;
    }
    if (name.startsWith('node:')) continue;
    const parts = name.split('/');
    const packageName = name.startsWith('@') ? parts.slice(0, 2).join('/') : parts[0];
    if (packageName.startsWith('@holdfast/')) {
      const target = parts[1];
      const sub = `${target}/${parts[2] ?? ''}`;
      if (target === room) continue;
      const allowed = [...rule.may, ...(isTest ? (rule.test ?? []) : [])];
      const ok = allowed.some((entry) => entry === '*' || entry === target || entry === sub);
      const never = !isTest && (rule.never ?? []).some((entry) => entry === target || entry === sub);
      if (!ok || never) faults.push(`${relative(root, file)}: ${room} may not import ${sub}`);
      else if (!declared[packageName] && room !== 'bench')
        faults.push(`${relative(root, file)}: ${packageName} is not declared in package.json`);
    } else {
      const allowed = [...rule.npm, ...(isTest ? (rule.test ?? []) : [])];
      if (!allowed.includes('*') && !allowed.includes(packageName))
        faults.push(`${relative(root, file)}: ${room} may not use the package ${packageName}`);
    }
  }
}

function list(folder) {
  return readdirSync(folder)
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isDirectory());
}

function* sources(folder) {
  let names;
  try {
    names = readdirSync(folder);
  } catch {
    return;
  }
  for (const name of names) {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) yield* sources(path);
    else if (name.endsWith('.ts') || name.endsWith('.tsx')) yield path;
  }
}

function read(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
