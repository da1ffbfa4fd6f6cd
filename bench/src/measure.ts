/** One row of the table: what was measured, how often, median and 95th percentile. A benchmark never asserts a time. */
import { readFileSync } from 'node:fs';

/** USER_HZ is 100 on every Linux in use. */
const MS_PER_TICK = 10;

export interface Row {
  readonly name: string;
  readonly unit: string;
  readonly median: number;
  readonly p95: number;
  readonly n: number;
}

export function row(name: string, unit: string, samples: readonly number[]): Row {
  const sorted = [...samples].sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
  return { name, unit, median: at(0.5), p95: at(0.95), n: sorted.length };
}

/**
 * CPU time of this process for one call, in milliseconds, after a warm-up. Reading the clock costs up to 0.1 ms where a
 * process has many threads, so short work is measured `per` calls at a time.
 */
export function cpuOf(times: number, work: () => void, per = 1): number[] {
  for (let i = 0; i < Math.ceil((times * per) / 5); i += 1) work();
  return Array.from({ length: times }, () => {
    const before = process.cpuUsage();
    for (let i = 0; i < per; i += 1) work();
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000 / per;
  });
}

/** Wall time of one call, in milliseconds; stops early when the time is over. */
export async function wallOf(
  times: number,
  work: () => Promise<unknown>,
  o: { readonly msMax: number; readonly warmUp: number },
): Promise<number[]> {
  for (let i = 0; i < o.warmUp; i += 1) await work();
  const samples: number[] = [];
  const deadline = performance.now() + o.msMax;
  while (samples.length < times && (samples.length === 0 || performance.now() < deadline)) {
    const start = performance.now();
    await work();
    samples.push(performance.now() - start);
  }
  return samples;
}

const NAME_CHARS = 84;

export function printHead(): void {
  console.log(`${'what'.padEnd(NAME_CHARS)}  ${'median'.padStart(10)}  ${'p95'.padStart(10)}  unit     n`);
}

/** One line per row; for a rate, p95 is the fast end. */
export function print(rows: readonly Row[]): void {
  for (const { name, unit, median, p95, n } of rows)
    console.log(
      `${name.padEnd(NAME_CHARS)}  ${figure(median).padStart(10)}  ${figure(p95).padStart(10)}  ${unit.padEnd(7)}  ${n}`,
    );
}

function figure(value: number): string {
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(3);
}

/** CPU time that other processes have used so far, in milliseconds, from proc(5): what they cost, whoever else is busy. */
export function cpuOfProcesses(pids: readonly number[]): number {
  const ticks = pids.map((pid) => {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // Fields 14 and 15, counted after the command name, which may itself contain spaces and parentheses.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return Number(fields[11]) + Number(fields[12]);
  });
  return ticks.reduce((sum, each) => sum + each, 0) * MS_PER_TICK;
}

/** What a process has in memory now, in MiB. */
export function memoryOf(pid: number): number {
  return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? Number.NaN) / 1024;
}
