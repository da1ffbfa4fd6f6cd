/**
 * `npm run simulate`: many seeds, one after another, each five signers and an api under everything that can go wrong.
 *
 *     npm run simulate -- --seeds 20000            from seed 1; --from N, --provider real|fake|mixed, --minutes M
 *     npm run simulate -- --jobs 2 …               in so many processes at once
 *     npm run simulate -- --requests 1000 …        that many requests for signatures a seed: for N8 over many runs
 *     npm run simulate -- --seed 4711              that seed once more, with what happened line by line
 */
import { fork } from 'node:child_process';
import { rememberVerifications } from './memo.ts';
import { type Provider, runSeed } from './run-seed.ts';
import { add, allPoints, merge, newTally, rate, summary, type Tally } from './tally.ts';

interface Wanted {
  readonly seeds: number;
  readonly from: number;
  readonly seed: number | undefined;
  readonly provider: Provider;
  readonly minutes: number | undefined;
  readonly requests: number | undefined;
  readonly jobs: number;
}

/** What a process that was started by another one tells it at its end. */
interface Outcome {
  readonly tally: Tally;
  readonly failed: number;
}

const EVERY_MS = 10_000;

async function main(): Promise<number> {
  const wanted = readArguments(process.argv.slice(2));
  if (wanted === undefined) return 64;
  if (wanted.jobs > 1) return inProcesses(wanted);
  let bug: unknown;
  process.on('unhandledRejection', (error) => {
    bug ??= error;
  });
  rememberVerifications();
  const points = await allPoints();
  if (wanted.seed !== undefined) return replay(wanted.seed, wanted, points);

  const began = performance.now();
  const tally = newTally();
  let failed = 0;
  let spoke = began;
  let seed = wanted.from;
  const isOver = (): boolean =>
    seed >= wanted.from + wanted.seeds ||
    (wanted.minutes !== undefined && performance.now() - began > wanted.minutes * 60_000);
  for (; !isOver(); seed += 1) {
    const report = await runSeed({ seed, provider: wanted.provider, points, ...requestsOf(wanted) });
    const violations =
      bug === undefined ? report.violations : [...report.violations, `bug: nobody caught ${String(bug)}`];
    bug = undefined;
    add(tally, report);
    if (violations.length > 0) {
      failed += 1;
      console.log(`seed ${seed} (${report.provider}): ${violations.join('\n  ')}`);
      const options = [
        `--seed ${seed}`,
        ...(wanted.provider === 'mixed' ? [] : [`--provider ${wanted.provider}`]),
        ...(wanted.requests === undefined ? [] : [`--requests ${wanted.requests}`]),
      ];
      console.log(`  replay: npm run simulate -- ${options.join(' ')}`);
    }
    if (performance.now() - spoke > EVERY_MS) {
      spoke = performance.now();
      console.log(
        `${seed - wanted.from + 1} seeds, ${rate(tally.seeds, began)}, ${tally.counts.runs} signing runs, ${failed} failed`,
      );
    }
  }
  if (process.send !== undefined) {
    const outcome: Outcome = { tally, failed };
    process.send(outcome);
    return failed > 0 ? 1 : 0;
  }
  console.log(summary(tally, points, began).join('\n'));
  if (failed > 0) console.log(`${failed} of ${tally.seeds} seeds failed`);
  return failed > 0 ? 1 : 0;
}

/** The range in so many parts, each in a process of its own, because a seed keeps one processor busy. */
async function inProcesses(wanted: Wanted): Promise<number> {
  const began = performance.now();
  const { jobs, from, seeds, provider, minutes, requests } = wanted;
  const total = newTally();
  let failed = 0;
  const part = (k: number): readonly string[] => {
    const [first, next] = [k, k + 1].map((at) => from + Math.floor((seeds * at) / jobs)) as [number, number];
    return [
      ...['--from', String(first), '--seeds', String(next - first), '--provider', provider],
      ...(minutes === undefined ? [] : ['--minutes', String(minutes)]),
      ...(requests === undefined ? [] : ['--requests', String(requests)]),
    ];
  };
  const codes = await Promise.all(
    Array.from({ length: jobs }, (_, k) => {
      const child = fork(import.meta.filename, part(k), { serialization: 'advanced' });
      child.on('message', (message) => {
        const outcome = message as Outcome;
        merge(total, outcome.tally);
        failed += outcome.failed;
      });
      return new Promise<number>((resolve) => child.on('close', (code) => resolve(code ?? 1)));
    }),
  );
  console.log(summary(total, await allPoints(), began).join('\n'));
  if (failed > 0) console.log(`${failed} of ${total.seeds} seeds failed`);
  return Math.max(...codes);
}

const requestsOf = ({ requests }: Wanted) => (requests === undefined ? {} : { requests });

async function replay(seed: number, wanted: Wanted, points: readonly string[]): Promise<number> {
  const { provider } = wanted;
  const report = await runSeed({ seed, provider, points, keepLines: true, ...requestsOf(wanted) });
  console.log(report.lines.join('\n'));
  const sessions = report.frames ? 'their real sessions' : 'a promised channel';
  console.log(`seed ${seed}: ${report.provider} protocols, ${sessions}, trace ${report.traceHash}`);
  console.log(
    Object.entries(report.counts)
      .map(([name, count]) => `${name} ${count}`)
      .join(', '),
  );
  for (const violation of report.violations) console.log(`VIOLATION ${violation}`);
  if (report.violations.length === 0) console.log('everything holds');
  return report.violations.length > 0 ? 1 : 0;
}

function readArguments(words: readonly string[]): Wanted | undefined {
  const wanted = {
    seeds: 1_000,
    from: 1,
    seed: undefined,
    provider: 'mixed',
    minutes: undefined,
    requests: undefined,
    jobs: 1,
  } as {
    -readonly [K in keyof Wanted]: Wanted[K];
  };
  for (let k = 0; k < words.length; k += 2) {
    const [name, value = ''] = [words[k], words[k + 1]];
    const number = Number(value);
    const isCount = Number.isSafeInteger(number) && number >= 0 && value !== '';
    if (name === '--provider' && ['real', 'fake', 'mixed'].includes(value)) wanted.provider = value as Provider;
    else if (name === '--seeds' && isCount) wanted.seeds = number;
    else if (name === '--from' && isCount) wanted.from = number;
    else if (name === '--seed' && isCount) wanted.seed = number;
    else if (name === '--minutes' && number > 0) wanted.minutes = number;
    else if (name === '--requests' && isCount) wanted.requests = number;
    else if (name === '--jobs' && isCount && number > 0) wanted.jobs = number;
    else {
      console.error(
        'simulate [--seeds N] [--from N] [--minutes M] [--requests N] [--jobs N] [--provider real|fake|mixed] | --seed N',
      );
      return undefined;
    }
  }
  return wanted;
}

if (process.argv[1] === import.meta.filename) process.exitCode = await main();
