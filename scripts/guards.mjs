// `npm run guards -- <room…> [--file part,part] [--tests part,part] [--fresh]`: removes one guard at a time from a
// private copy of the built rooms and expects a test to fail (rulings 29; scripts/guards/scan.mjs says what a guard
// is). A guard that nothing misses is either untested, and this fails, or stands in
// docs/security/guards-accepted.json with the reason why no input reaches it. Not part of `npm test`: it takes
// minutes. Build first. `--list` only names the guards; `--dry` says which no test makes say no, and removes none;
// `--trial` leaves no counts; `--kept` counts what earlier runs found; `--report` writes docs/security/guards.md from
// the counts.
//
// First every test file runs once on instrumented rooms, which shows which tests make which guard say no. Only these
// can notice its removal, so only these run without it: alone, the nearest and quickest first. What was learnt is
// kept in the system's folder for temporary files and holds as long as the code behind the test is the same, so a
// run that was stopped goes on where it was.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { SourceMap } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, dirname, join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { makeCopiedTree } from './guards/copied-tree.mjs';
import { makeHasher } from './guards/imports.mjs';
import { hasEffects, instrumented } from './guards/instrument.mjs';
import { countsFile, writeReport } from './guards/report.mjs';
import { runInstrumented, runTest } from './guards/run.mjs';
import { guardsOf, without } from './guards/scan.mjs';

const root = new URL('..', import.meta.url).pathname;
const acceptedFile = 'docs/security/guards-accepted.json';
/** Rooms whose guards are shown by the tests of others as well. */
const alsoTestedIn = { signer: ['packages/testkit'] };
const msMin = 20_000;
/** How many tests are tried one by one before those of a file run together. */
const SINGLES = 3;

const { rooms, parts, testParts, options } = readArguments(process.argv.slice(2));
const accepted = JSON.parse(readFileSync(join(root, acceptedFile), 'utf8'));
/** Where the checkout stood when it was copied. */
const commit = execFileSync('git', ['rev-parse', '--short=12', 'HEAD'], { cwd: root, encoding: 'utf8' }).trim();
const kept = openKept(join(tmpdir(), 'holdfast-guards'), options.has('--fresh'));

if (options.has('--report')) {
  writeReport(root);
} else if (options.has('--list')) {
  for (const room of rooms) for (const guard of guardsIn(root, room)) console.log(`${guard.where}  ${guard.says}`);
} else {
  const { place, remove } = await makeCopiedTree(root);
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(130));
  process.on('exit', remove);
  const hashOf = makeHasher(place);
  let survivors = 0;
  for (const room of rooms) survivors += await judge({ place, hashOf, room });
  process.exitCode = survivors === 0 ? 0 : 1;
}

async function judge({ place, hashOf, room }) {
  const guards = guardsIn(place, room, ['']);
  const tests = await baseline({ place, hashOf, room });
  const counts = { guards: guards.length, killed: 0, byTime: 0, accepted: 0, survived: 0, notTried: 0 };
  const survivors = [];
  const untried = new Set();
  for (const guard of guards) {
    const reaching = candidates(guard, tests);
    if (options.has('--dry') && !parts.some((part) => guard.file.includes(part))) continue;
    const says = reaching.some(({ no }) => no.length > 0);
    if (options.has('--dry')) {
      if (!says) console.log(`${reaching.length === 0 ? 'unreached' : 'never no '}  ${guard.where}  ${guard.says}`);
      continue;
    }
    const known = remembered({ place, hashOf, guard, reaching });
    const isChosen = !options.has('--kept') && parts.some((part) => guard.file.includes(part));
    // Of a guard that none of some tests reaches, they say nothing.
    const isOutside = testParts[0] !== '' && reaching.length === 0;
    if (isOutside || (known === undefined && !isChosen)) {
      counts.notTried += 1;
      untried.add(dirname(guard.source));
      continue;
    }
    const killer = known ?? (await kills({ place, hashOf, guard, reaching }));
    const reason = reasonFor(guard, guards);
    const line = `${guard.where}  ${short(guard.says)}`;
    if (killer.by !== undefined) {
      counts.killed += 1;
      if (killer.isLate) counts.byTime += 1;
      const isKept = known === undefined ? '' : ' (kept)';
      console.log(`killed    ${line}  [${basename(killer.by)}: ${short(killer.why)}]${isKept}`);
    } else if (reason !== undefined) {
      counts.accepted += 1;
      console.log(`accepted  ${line}  [${reason}]`);
    } else {
      counts.survived += 1;
      survivors.push({ where: guard.where, says: short(guard.says) });
      const note = reaching.length === 0 ? '  [no test reaches it]' : says ? '' : '  [it never says no]';
      console.log(`SURVIVED  ${guard.where}  ${guard.says}${note}`);
    }
  }
  if (options.has('--dry')) return 0;
  console.log(
    `${room}: ${counts.killed} of ${counts.guards} guards missed by a test (${counts.byTime} by a time limit), ` +
      `${counts.accepted} accepted, ${counts.survived} survived, ${counts.notTried} not tried`,
  );
  if (!options.has('--trial'))
    keepCounts(room, {
      ...counts,
      tests: testParts[0] === '' ? 'all' : testParts.join(', '),
      untried: [...untried].join(', '),
      survivors,
    });
  return counts.survived;
}

/** Every test file of the room on the untouched copy: it must pass, and shows which guards each of its tests reaches. */
async function baseline({ place, hashOf, room }) {
  const folders = [folderOf(place, room), ...(alsoTestedIn[room] ?? [])];
  const files = folders.flatMap((folder) =>
    [...walk(join(place, folder, 'dist'))].filter(
      (f) => f.endsWith('.test.js') && testParts.some((t) => f.includes(t)),
    ),
  );
  const tests = [];
  const failed = [];
  const missing = options.has('--kept') ? [] : files.filter((file) => kept.get('tests', hashOf(file)) === undefined);
  const restore = missing.length === 0 ? () => {} : instrumentAll(place);
  try {
    for (const file of missing) {
      const { outcome, ms, why, seen } = await runInstrumented({ place, file, msMax: 600_000 });
      console.log(`${outcome}  ${relative(place, file)}  ${Math.round(ms / 1000)} s`);
      if (outcome === 'passed') kept.set('tests', hashOf(file), { ms, seen });
      else if (outcome === 'late')
        console.error(`${relative(place, file)} takes too long with instruments; it is left out`);
      else failed.push({ file, why });
    }
  } finally {
    restore();
  }
  // A test that reads the code itself may mind the instruments: what it reaches is not known then.
  for (const { file, why } of failed) {
    const { outcome, ms } = await runTest({ place, file, msMax: 600_000 });
    if (outcome === 'passed') kept.set('tests', hashOf(file), { ms, seen: [], isBlind: true });
    else console.error(`${relative(place, file)} does not pass before anything is removed: ${why}; it is left out`);
  }
  for (const file of files) {
    const known = kept.get('tests', hashOf(file));
    if (known !== undefined) tests.push({ file, ms: known.ms, isBlind: known.isBlind, ...sorted(known.seen) });
  }
  console.log(`${room}: ${tests.length} test files, ${Math.round(tests.reduce((sum, t) => sum + t.ms, 0) / 1000)} s`);
  return tests;
}

/** By guard, the tests in which it was reached and in which it said no; '' stands for what ran outside of any test. */
function sorted(seen) {
  const [reached, no, ms] = [new Map(), new Map(), new Map()];
  for (const [test, what, value] of seen) {
    if (what === 'ms') ms.set(test, value);
    else {
      const by = what === 'no' ? no : reached;
      by.set(value, [...(by.get(value) ?? []), test]);
    }
  }
  return { reached, no, msOf: ms };
}

function candidates(guard, tests) {
  return tests
    .filter(({ reached, isBlind }) => isBlind || reached.has(guard.id))
    .map(({ file, ms, no, msOf, isBlind }) => ({ file, ms, msOf, isBlind, no: no.get(guard.id) ?? [] }));
}

/** What an earlier run found, as long as the tests that it rests on are the same. */
function remembered({ place, hashOf, guard, reaching }) {
  const known = kept.get('removals', guard.key);
  if (known === undefined) return undefined;
  const hash = known.by === undefined ? hashOfAll(hashOf, reaching) : hashOf(join(place, known.by));
  return known.hash === hash ? known : undefined;
}

function hashOfAll(hashOf, tests) {
  const hashes = tests.map(({ file }) => hashOf(file)).sort();
  return createHash('sha256').update(hashes.join()).digest('hex');
}

async function kills({ place, hashOf, guard, reaching }) {
  const path = join(place, guard.file);
  const text = readFileSync(path, 'utf8');
  const notAlone = new Set();
  const runWithout = async (run) => {
    writeFileSync(path, without(text, guard));
    try {
      return await runTest(run);
    } finally {
      writeFileSync(path, text);
    }
  };
  for (const { file, names, ms } of steps({ guard, reaching, path, notAlone })) {
    const run = { place, file, names, msMax: Math.max(msMin, 4 * ms) };
    let result = await runWithout(run);
    if (result.outcome !== 'passed' && names !== undefined) {
      // Alone, a test may fail for want of those before it, or take longer; only against that does a failure count.
      const alone = await runAlone({ hashOf, run });
      if (alone.passes && result.outcome === 'late' && run.msMax < 4 * alone.ms)
        result = await runWithout({ ...run, msMax: 4 * alone.ms });
      if (!alone.passes) result = { outcome: 'passed', count: 0 };
    }
    if (result.outcome === 'passed') {
      if (result.count === 0) notAlone.add(file);
      continue;
    }
    const isLate = result.outcome === 'late';
    const killer = { by: relative(place, file), why: result.why, isLate, hash: hashOf(file) };
    kept.set('removals', guard.key, killer);
    return killer;
  }
  kept.set('removals', guard.key, { hash: hashOfAll(hashOf, reaching) });
  return { by: undefined };
}

/**
 * What to run without the guard, in order: single tests, all those of a file in which it says no, and whole files where
 * tests cannot run alone or none of them has it say no.
 */
function* steps({ guard, reaching, path, notAlone }) {
  const near = ({ file }) => (dirname(file) === dirname(path) ? 0 : 1);
  reaching.sort((a, b) => near(a) - near(b) || a.ms - b.ms);
  const saying = reaching.filter(({ no }) => no.length > 0);
  const named = saying.filter(({ no }) => !no.includes(''));
  const singles = named.flatMap(({ file, msOf, no }) =>
    no.map((name) => ({ file, names: [name], ms: msOf.get(name) ?? 0 })),
  );
  yield* singles.sort((a, b) => near(a) - near(b) || a.ms - b.ms).slice(0, SINGLES);
  for (const { file, no, ms } of named) if (singles.length > SINGLES || no.length > 1) yield { file, names: no, ms };
  for (const { file, no, ms } of saying) if (no.includes('') || notAlone.has(file)) yield { file, ms };
  const mayNotice = ({ no, isBlind }) => isBlind || (no.length === 0 && hasEffects(guard.says));
  yield* reaching.filter(mayNotice).map(({ file, ms }) => ({ file, ms }));
}

/** The same tests on untouched rooms. */
async function runAlone({ hashOf, run }) {
  const key = `${hashOf(run.file)} ${run.names.join('\n')}`;
  const known = kept.get('alone', key);
  if (known !== undefined) return known;
  const { outcome, count, ms } = await runTest({ ...run, msMax: 10 * msMin });
  const alone = { passes: outcome === 'passed' && count > 0, ms };
  kept.set('alone', key, alone);
  return alone;
}

function instrumentAll(place) {
  const folder = join(place, 'guards');
  mkdirSync(folder, { recursive: true });
  for (const name of ['recorder.mjs', 'name-tests.mjs'])
    copyFileSync(join(root, 'scripts/guards', name), join(folder, name));
  const recorder = pathToFileURL(join(folder, 'recorder.mjs')).href;
  const before = new Map();
  for (const top of ['packages', 'apps']) {
    for (const room of readdirSync(join(place, top))) {
      for (const path of [...walk(join(place, top, room, 'dist'))].filter(isProduct)) {
        const text = readFileSync(path, 'utf8');
        before.set(path, text);
        writeFileSync(path, instrumented(text, { name: relative(place, path), recorder }));
      }
    }
  }
  return () => {
    for (const [path, text] of before) writeFileSync(path, text);
  };
}

function guardsIn(place, room, wanted = parts) {
  const folder = folderOf(place, room);
  const product = [...walk(join(place, folder, 'dist'))].filter(isProduct);
  const files = new Set(wanted.flatMap((part) => product.filter((path) => relative(place, path).includes(part))));
  return [...files].flatMap((path) => {
    const file = relative(place, path);
    const text = readFileSync(path, 'utf8');
    const hash = createHash('sha256').update(text).digest('hex').slice(0, 32);
    const map = existsSync(`${path}.map`) ? new SourceMap(JSON.parse(readFileSync(`${path}.map`, 'utf8'))) : undefined;
    const source = file.replace('/dist/', '/src/').replace(/\.js$/, '.ts');
    return guardsOf(text).map((guard, number) => {
      const before = text.slice(0, guard.start).split('\n');
      const entry = map?.findEntry(before.length - 1, before.at(-1).length);
      const where = `${source}:${(entry?.originalLine ?? 0) + 1}`;
      return { ...guard, id: `${file}#${number}`, key: `${file}#${number} ${hash}`, file, source, where };
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

/** The counts of a room, for the report. A run of parts that tried less than the one before stands beside it. */
function keepCounts(room, counts) {
  const path = join(root, countsFile);
  const all = existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : {};
  const isLess = parts[0] !== '' && all[room] !== undefined && all[room].notTried < counts.notTried;
  all[isLess ? `${room}: ${parts.join(', ')}` : room] = {
    date: new Date().toISOString().slice(0, 10),
    commit,
    ...counts,
  };
  const ordered = Object.fromEntries(Object.entries(all).sort(([a], [b]) => (a < b ? -1 : 1)));
  writeFileSync(path, `${JSON.stringify(ordered, null, 2)}\n`);
}

/** Small files by kind and key, each replaced as a whole. */
function openKept(folder, isFresh) {
  const pathOf = (kind, key) => join(folder, kind, createHash('sha256').update(key).digest('hex').slice(0, 40));
  return {
    get(kind, key) {
      const path = pathOf(kind, key);
      if ((isFresh && kind === 'removals') || !existsSync(path)) return undefined;
      return JSON.parse(readFileSync(path, 'utf8'));
    },
    set(kind, key, value) {
      mkdirSync(join(folder, kind), { recursive: true });
      writeFileSync(pathOf(kind, key), JSON.stringify(value));
    },
  };
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
  const named = args.filter((arg, at) => !arg.startsWith('--') && !isValue(at));
  if (named.length === 0 && !args.includes('--report')) {
    console.error(
      'usage: npm run guards -- <room…> [--file part,part] [--tests part,part] [--fresh] [--trial | --list | --dry | --kept]',
    );
    console.error('       npm run guards -- --report');
    process.exit(64);
  }
  return { rooms: named, parts: listed('--file'), testParts: listed('--tests'), options: new Set(args) };
}

function short(text) {
  return text.length > 90 ? `${text.slice(0, 89)}…` : text;
}
