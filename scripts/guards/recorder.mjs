// Copied beside the instrumented rooms, which import it: writes down once per test which guards were reached and
// which said no. Lines are appended at once, so that a process that is killed loses nothing.
import { appendFileSync } from 'node:fs';

const seenFile = new URL('./seen.jsonl', import.meta.url);
/** By test and guard: what is written already, and how often its arguments are being evaluated now. */
const tests = new Map();

export function note(what, value) {
  appendFileSync(seenFile, `${JSON.stringify([testNow(), what, value])}\n`);
}

export function at(id) {
  const entry = entryOf(id);
  entry.open += 1;
  return entry;
}

export function call(entry, check, ...args) {
  const result = bundle(entry, check, ...args);
  // A refusal that is returned instead of thrown.
  if (result !== undefined && typeof result?.then !== 'function') saysNo(entry);
  return result;
}

export function bundle(entry, check, ...args) {
  entry.open -= 1;
  try {
    const result = check(...args);
    if (typeof result?.then === 'function') result.then(undefined, () => saysNo(entry));
    return result;
  } catch (cause) {
    saysNo(entry);
    throw cause;
  }
}

export function says(id) {
  saysNo(entryOf(id));
}

// Where arguments are still being evaluated at the end, they have thrown.
process.on('exit', () => {
  for (const entries of tests.values()) for (const entry of entries.values()) if (entry.open > 0) saysNo(entry);
});

function entryOf(id) {
  const test = testNow();
  if (!tests.has(test)) tests.set(test, new Map());
  const entries = tests.get(test);
  let entry = entries.get(id);
  if (entry === undefined) {
    entry = { test, id, open: 0, hasSaidNo: false };
    entries.set(id, entry);
    note('reached', id);
  }
  return entry;
}

function saysNo(entry) {
  if (entry.hasSaidNo) return;
  entry.hasSaidNo = true;
  appendFileSync(seenFile, `${JSON.stringify([entry.test, 'no', entry.id])}\n`);
}

/** The name of the test on whose behalf this runs; '' in workers, in other processes, before and after. */
function testNow() {
  return globalThis[Symbol.for('holdfast.guards.test')]?.getStore() ?? '';
}
