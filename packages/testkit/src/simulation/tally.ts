/** What many seeds came to: sums, crash points, refusals. */
import { censusOfPoints, pointsInCode } from './points.ts';
import type { Counts, SeedReport } from './run-seed.ts';

export interface Tally {
  seeds: number;
  real: number;
  frames: number;
  virtualMs: number;
  readonly counts: Counts;
  readonly passed: Set<string>;
  readonly diedAt: Set<string>;
  readonly refusals: Map<string, number>;
}

/** What a process may be made to die at: everything in the code, and what is named at run time. */
export async function allPoints(): Promise<readonly string[]> {
  return [...new Set([...(await censusOfPoints()), ...pointsInCode()])].sort();
}

export function newTally(): Tally {
  return {
    seeds: 0,
    real: 0,
    frames: 0,
    virtualMs: 0,
    counts: {} as Counts,
    passed: new Set(),
    diedAt: new Set(),
    refusals: new Map(),
  };
}

export function add(tally: Tally, report: SeedReport): void {
  tally.seeds += 1;
  tally.real += report.provider === 'real' ? 1 : 0;
  tally.frames += report.frames ? 1 : 0;
  tally.virtualMs += report.virtualMs;
  for (const [name, count] of Object.entries(report.counts) as [keyof Counts, number][])
    tally.counts[name] = (tally.counts[name] ?? 0) + count;
  for (const point of report.pointsPassed) tally.passed.add(point);
  for (const point of report.pointsDiedAt) tally.diedAt.add(point);
  for (const [code, count] of report.refusals) tally.refusals.set(code, (tally.refusals.get(code) ?? 0) + count);
}

/** What another process came to. */
export function merge(tally: Tally, other: Tally): void {
  tally.seeds += other.seeds;
  tally.real += other.real;
  tally.frames += other.frames;
  tally.virtualMs += other.virtualMs;
  for (const [name, count] of Object.entries(other.counts) as [keyof Counts, number][])
    tally.counts[name] = (tally.counts[name] ?? 0) + count;
  for (const point of other.passed) tally.passed.add(point);
  for (const point of other.diedAt) tally.diedAt.add(point);
  for (const [code, count] of other.refusals) tally.refusals.set(code, (tally.refusals.get(code) ?? 0) + count);
}

/** Lines for people. `began` is of performance.now(). */
export function summary(tally: Tally, points: readonly string[], began: number): string[] {
  const { seeds, real, frames, counts, passed, diedAt, refusals } = tally;
  const codes = [...refusals].sort((a, b) => b[1] - a[1]).map(([code, count]) => `${code} ${count}`);
  const never = points.filter((point) => !passed.has(point));
  const alive = points.filter((point) => passed.has(point) && !diedAt.has(point));
  return [
    `${seeds} seeds (${real} with the real protocols, ${frames} with the real sessions), ${rate(seeds, began)}, ${(tally.virtualMs / 3_600_000).toFixed(1)} hours of virtual time`,
    Object.entries(counts)
      .map(([name, count]) => `${name} ${count}`)
      .join(', '),
    `refusals: ${codes.join(', ')}`,
    `crash points: ${points.length} known, ${points.length - never.length} passed, ${diedAt.size} died at`,
    ...(alive.length > 0 ? [`  passed and never died at: ${alive.join(' ')}`] : []),
    ...(never.length > 0 ? [`  never passed: ${never.join(' ')}`] : []),
  ];
}

export function rate(seeds: number, began: number): string {
  return `${((seeds * 1_000) / (performance.now() - began)).toFixed(1)} seeds/s`;
}
