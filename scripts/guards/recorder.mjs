// Copied beside the instrumented rooms, which import it: writes down once per test which guards were reached and
// which said no. Lines are appended at once, so that a process that is killed loses nothing.
import { appendFileSync } from 'node:fs';

const seenFile = new URL('./seen.jsonl', import.meta.url);
const written = new Set();
/** Guards whose arguments are being evaluated, by line; what is left at the end has thrown meanwhile. */
const open = new Map();

export function note(what, id) {
  const line = lineOf(what, id);
  if (written.has(line)) return;
  written.add(line);
  appendFileSync(seenFile, line);
}

export function at(id) {
  note('reached', id);
  const line = lineOf('no', id);
  open.set(line, (open.get(line) ?? 0) + 1);
  return { id, line };
}

export function call(guard, check, ...args) {
  const result = bundle(guard, check, ...args);
  // A refusal that is returned instead of thrown.
  if (result !== undefined && typeof result?.then !== 'function') note('no', guard.id);
  return result;
}

export function bundle({ id, line }, check, ...args) {
  open.set(line, open.get(line) - 1);
  try {
    const result = check(...args);
    if (typeof result?.then === 'function') result.then(undefined, () => note('no', id));
    return result;
  } catch (cause) {
    note('no', id);
    throw cause;
  }
}

export function says(id) {
  note('reached', id);
  note('no', id);
}

process.on('exit', () => {
  for (const [line, count] of open) if (count > 0 && !written.has(line)) appendFileSync(seenFile, line);
});

function lineOf(what, id) {
  const test = globalThis[Symbol.for('holdfast.guards.test')]?.getStore() ?? '';
  return `${JSON.stringify([test, what, id])}\n`;
}
