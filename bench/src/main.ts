/** `npm run bench [-- --json FILE] [-- --only protocols|product|auxiliary|…]`: the figures of performance.md, measured here. */
import { writeFileSync } from 'node:fs';
import { cpus, loadavg, release } from 'node:os';
import { parseArgs } from 'node:util';
import { logLoad, verification } from './authority.ts';
import { auxiliary } from './auxiliary.ts';
import { calibration, emptyRoute } from './calibration.ts';
import { chains } from './chains.ts';
import { print, printHead, type Row } from './measure.ts';
import { orders } from './orders.ts';
import { peers } from './peers.ts';
import { product } from './product.ts';
import { protocols } from './protocols.ts';
import { refreshUnderLoad } from './refresh.ts';
import { signatures } from './signatures.ts';
import { coldStart } from './start.ts';

const { values } = parseArgs({ options: { json: { type: 'string' }, only: { type: 'string' } } });

console.log(
  `${cpus().length} cores, ${cpus()[0]?.model.trim()}, Node ${process.versions.node}, ${process.platform} ${release()}`,
);
const [load] = loadavg();
console.log(`load before the run: ${load?.toFixed(1)} on ${cpus().length} cores; compare with the calibration rows\n`);
printHead();
const rows: Row[] = [];
const add = (more: readonly Row[]): void => {
  print(more);
  rows.push(...more);
};
add(calibration());
add(await emptyRoute());
const wants = (part: string): boolean => values.only === undefined || values.only === part;
if (wants('protocols')) for (const measure of protocols) add(measure());
if (wants('protocols') || wants('auxiliary')) for (const measure of auxiliary) add(measure());
if (wants('protocols') || wants('peers')) for (const measure of peers) add(await measure());
if (wants('protocols') || values.only === 'log') add(verification());
// A minute: only when asked for.
if (values.only === 'log') add(logLoad());
if (wants('product')) for (const engine of ['postgres', 'embedded'] as const) add(await product(engine));
if (wants('product') || wants('signatures')) add(await signatures('postgres'));
if (wants('product') || wants('orders'))
  for (const engine of ['postgres', 'embedded'] as const) add(await orders(engine));
if (wants('product') || wants('chains')) add(await chains());
// Minutes: only when asked for.
if (values.only === 'refresh') add(await refreshUnderLoad('postgres'));
if (values.only === 'start') add(await coldStart('postgres'));
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(rows, null, 2)}\n`);
