// `npm run guards -- <room…> [--file part,part] [--tests part,part] [--list] [--all-tests]`: removes one guard at a
// time from a private copy of the built rooms and expects a test to fail (rulings 29; scripts/guards/scan.mjs says
// what a guard is). A guard that nothing misses is either untested, and this fails, or stands in
// docs/security/guards-accepted.json with the reason why no input reaches it. Not part of `npm test`: it takes
// minutes. Build first.
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { SourceMap } from 'node:module';
import { basename, dirname, join, relative } from 'node:path';
import { makeCopiedTree } from './guards/copied-tree.mjs';
import { ran, runTest, runWithCoverage } from './guards/run.mjs';
import { guardsOf, without } from './guards/scan.mjs';

const root = new URL('..', import.meta.url).pathname;
const acceptedFile = 'docs/security/guards-accepted.json';
/** Rooms whose guards are shown by the tests of others as well. */
const alsoTestedIn = { signer: ['packages/testkit'], authority: [], cluster: [], mpc: [], crypto: [] };
const msMin = 20_000;

const { rooms, parts, testParts, isList, isAllTests } = readArguments(process.argv.slice(2));
const accepted = JSON.parse(readFileSync(join(root, acceptedFile), 'utf8'));

if (isList) {
  for (const room of rooms) for (const guard of guardsIn(root, room)) console.log(`${guard.where}  ${guard.says}`);
} else {
  const { place, remove } = await makeCopiedTree(root);
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(130));
  process.on('exit', remove);
  let survivors = 0;
  for (const room of rooms) survivors += await judge(place, room);
  process.exitCode = survivors === 0 ? 0 : 1;
}

async function judge(place, room) {
  const guards = guardsIn(place, room);
  const tests = await baseline(place, room);
  let killed = 0;
  const unaccepted = [];
  const excused = [];
  for (const guard of guards) {
    const killer = await kills(place, guard, tests);
    const reason = reasonFor(guard, guards);
    if (killer.by !== undefined) {
      killed += 1;
      console.log(`killed    ${guard.where}  ${short(guard.says)}  [${basename(killer.by)}: ${short(killer.why)}]`);
    } else if (reason !== undefined) {
      excused.push(guard);
      console.log(`accepted  ${guard.where}  ${short(guard.says)}  [${reason}]`);
    } else {
      unaccepted.push(guard);
      console.log(`SURVIVED  ${guard.where}  ${guard.says}${killer.reached ? '' : '  [no test reaches it]'}`);
    }
  }
  console.log(
    `${room}: ${killed} of ${guards.length} guards missed by a test, ${excused.length} accepted, ${unaccepted.length} survived`,
  );
  return unaccepted.length;
}

/** Every test file of the room on the untouched copy: it must pass, and shows which guards it reaches. */
async function baseline(place, room) {
  const folders = [folderOf(place, room), ...(alsoTestedIn[room] ?? [])];
  const files = folders.flatMap((folder) =>
    [...walk(join(place, folder, 'dist'))].filter(
      (f) => f.endsWith('.test.js') && testParts.some((t) => f.includes(t)),
    ),
  );
  const tests = [];
  for (const file of files) {
    const { outcome, ms, why, reached } = await runWithCoverage({ place, file, msMax: 300_000 });
    if (outcome !== 'passed') {
      console.error(`${relative(place, file)} does not pass before anything is removed: ${why}; it is left out`);
      continue;
    }
    tests.push({ file, ms, reached });
  }
  console.log(`${room}: ${tests.length} test files, ${Math.round(tests.reduce((sum, t) => sum + t.ms, 0) / 1000)} s`);
  return tests;
}

async function kills(place, guard, tests) {
  const path = join(place, guard.file);
  const text = readFileSync(path, 'utf8');
  const reaching = tests.filter((t) => isAllTests || ran(t.reached.get(guard.file), guard.start));
  // The test beside the code first, then the quickest.
  const near = (t) => (dirname(t.file) === dirname(path) ? 0 : 1);
  reaching.sort((a, b) => near(a) - near(b) || a.ms - b.ms);
  writeFileSync(path, without(text, guard));
  try {
    for (const { file, ms } of reaching) {
      const { outcome, why } = await runTest({ place, file, msMax: Math.max(msMin, 4 * ms) });
      if (outcome !== 'passed') return { by: file, why, reached: true };
    }
  } finally {
    writeFileSync(path, text);
  }
  return { by: undefined, reached: reaching.length > 0 };
}

function guardsIn(place, room) {
  const folder = folderOf(place, room);
  const product = [...walk(join(place, folder, 'dist'))].filter(isProduct);
  const files = new Set(parts.flatMap((part) => product.filter((path) => relative(place, path).includes(part))));
  return [...files].flatMap((path) => {
    const file = relative(place, path);
    const text = readFileSync(path, 'utf8');
    const map = existsSync(`${path}.map`) ? new SourceMap(JSON.parse(readFileSync(`${path}.map`, 'utf8'))) : undefined;
    const source = file.replace('/dist/', '/src/').replace(/\.js$/, '.ts');
    return guardsOf(text).map((guard) => {
      const before = text.slice(0, guard.start).split('\n');
      const entry = map?.findEntry(before.length - 1, before.at(-1).length);
      return { ...guard, file, source, where: `${source}:${(entry?.originalLine ?? 0) + 1}` };
    });
  });
}

/**
 * Accepted by source file and by how the guard begins, line numbers moving too often to be named; `nth` tells apart
 * those that begin alike.
 */
function reasonFor(guard, guards) {
  const holds = ({ file, guard: begin, nth }) => {
    if (file !== guard.source || !guard.says.startsWith(begin)) return false;
    const alike = guards.filter(({ source, says }) => source === file && says.startsWith(begin));
    return nth === undefined || alike[nth - 1] === guard;
  };
  return accepted.find(holds)?.reason;
}

function isProduct(path) {
  return (
    path.endsWith('.js') &&
    !/\.(?:test|bench)\.js$/.test(path) &&
    !/\/(?:test|testing|simulator|example)\//.test(path.slice(path.lastIndexOf('/dist/')))
  );
}

function folderOf(place, room) {
  const top = ['packages', 'apps'].find((folder) => existsSync(join(place, folder, room)));
  if (top === undefined) throw new Error(`there is no room called ${room}`);
  return `${top}/${room}`;
}

function* walk(folder) {
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder).sort()) {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) yield* walk(path);
    else yield path;
  }
}

function readArguments(args) {
  const isValue = (at) => ['--file', '--tests'].includes(args[at - 1]);
  const listed = (name) => (args.includes(name) ? (args[args.indexOf(name) + 1] ?? '').split(',') : ['']);
  const rooms = args.filter((arg, at) => !arg.startsWith('--') && !isValue(at));
  if (rooms.length === 0) {
    console.error('usage: npm run guards -- <room…> [--file part,part] [--tests part,part] [--list] [--all-tests]');
    process.exit(64);
  }
  return {
    rooms,
    parts: listed('--file'),
    testParts: listed('--tests'),
    isList: args.includes('--list'),
    isAllTests: args.includes('--all-tests'),
  };
}

function short(text) {
  return text.length > 90 ? `${text.slice(0, 89)}…` : text;
}
