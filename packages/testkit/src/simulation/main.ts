/**
 * `npm run simulate`: many seeds, one after another, each five signers and an api under everything that can go wrong.
 *
 *     npm run simulate -- --seeds 20000            from seed 1; --from N, --provider real|fake|mixed, --minutes M
 *     npm run simulate -- --requests 300 …         that many requests for signatures a seed: for N8 over many runs
 *     npm run simulate -- --seed 4711              that seed once more, with what happened line by line
 */
import { rememberVerifications } from './memo.ts';
import { type Provider, runSeed } from './run-seed.ts';
import { add, allPoints, newTally, rate, summary } from './tally.ts';

interface Wanted {
  readonly seeds: number;
  readonly from: number;
  readonly seed: number | undefined;
  readonly provider: Provider;
  readonly minutes: number | undefined;
  readonly requests: number | undefined;
}

const EVERY_MS = 10_000;

async function main(): Promise<number> {
  const wanted = readArguments(process.argv.slice(2));
  if (wanted === undefined) return 64;
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
  console.log(summary(tally, points, began).join('\n'));
  if (failed > 0) console.log(`${failed} of ${tally.seeds} seeds failed`);
  return failed > 0 ? 1 : 0;
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
    else {
      console.error(
        'simulate [--seeds N] [--from N] [--minutes M] [--requests N] [--provider real|fake|mixed] | --seed N',
      );
      return undefined;
    }
  }
  return wanted;
}

if (process.argv[1] === import.meta.filename) process.exitCode = await main();
