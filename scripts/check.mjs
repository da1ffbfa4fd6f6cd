// `npm run check`: everything that can be judged without running the product. Types are checked by the build that
// runs before; each line below is one judge, all of them run, any of them fails the check.
import { spawnSync } from 'node:child_process';

const judges = [
  ['lint', 'node_modules/@biomejs/biome/bin/biome', ['check', '--error-on-warnings', '.']],
  ['rooms', 'scripts/check-rooms.mjs', []],
  ['contract', 'scripts/check-contract.mjs', []],
  ['docs', 'scripts/check-docs.mjs', []],
  ['pages', 'scripts/check-pages.mjs', []],
];

let failed = 0;
for (const [name, script, args] of judges) {
  const { status } = spawnSync(process.execPath, [script, ...args], { stdio: 'inherit' });
  if (status !== 0) {
    failed += 1;
    console.error(`check: ${name} failed`);
  }
}
console.log(`${judges.length - failed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
