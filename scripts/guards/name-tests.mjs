// Loaded before a test file (`--import`) when guards are instrumented: code that runs for a test knows its name.
import { AsyncLocalStorage } from 'node:async_hooks';
import { createRequire, syncBuiltinESMExports } from 'node:module';
import { note } from './recorder.mjs';

const current = new AsyncLocalStorage();
globalThis[Symbol.for('holdfast.guards.test')] = current;

const runner = createRequire(import.meta.url)('node:test');
for (const word of ['test', 'it']) runner[word] = Object.assign(named(runner[word]), runner[word]);
syncBuiltinESMExports();

function named(declare) {
  return (...args) => {
    const at = args.findLastIndex((arg) => typeof arg === 'function');
    const body = args[at];
    // A body with two parameters ends by a callback; none of ours does.
    if (typeof args[0] !== 'string' || body === undefined || body.length > 1) return declare(...args);
    args[at] = (context) =>
      current.run(args[0], async () => {
        const started = performance.now();
        try {
          return await body(context);
        } finally {
          note('ms', performance.now() - started);
        }
      });
    return declare(...args);
  };
}
