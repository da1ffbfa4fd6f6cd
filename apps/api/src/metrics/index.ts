/**
 * What the api counts of itself, and what it shows of the cluster, for operators (docs/specs/metrics.md). Counts only: no
 * label carries an id, a name or an address, and how many series there are is bounded by tables of ours.
 */
import { signerFigures } from '@holdfast/cluster/commands';
import { isKnownCode } from '@holdfast/contract/errors';
import type { Env } from '@holdfast/contract/types';
import type { Context } from '../context.ts';
import { openActs } from '../domain/open-acts.ts';
import { type Family, writeFamilies } from './text.ts';

export interface Metrics {
  /** One request came to its end. `operation`: `keys.createKey`, or nothing where none was found. */
  answered(o: {
    readonly operation: string | undefined;
    readonly status: number;
    readonly code: string;
    ms: number;
  }): void;
  requests(): readonly Family[];
}

/** Codes that signers make up would each be a series for ever. */
const OTHER = 'other';
const NO_OPERATION = 'none';

export function createMetrics(): Metrics {
  const answers = new Map<string, { labels: Readonly<Record<string, string | number>>; value: number }>();
  const durations = new Map<string, { count: number; ms: number }>();
  return {
    answered({ operation = NO_OPERATION, status, code: given, ms }) {
      const code = given === 'ok' || isKnownCode(given) ? given : OTHER;
      const key = `${operation} ${status} ${code}`;
      const known = answers.get(key) ?? { labels: { operation, status, code }, value: 0 };
      answers.set(key, { ...known, value: known.value + 1 });
      const { count, ms: sum } = durations.get(operation) ?? { count: 0, ms: 0 };
      durations.set(operation, { count: count + 1, ms: sum + ms });
    },
    requests: () => [
      {
        name: 'holdfast_http_requests_total',
        type: 'counter',
        help: 'Requests answered, by operation, status and code; ok where nothing was refused',
        series: [...answers.values()],
      },
      {
        name: 'holdfast_http_request_seconds',
        type: 'summary',
        help: 'Time from the request to its answer',
        series: [...durations].flatMap(([operation, { count, ms }]) => [
          { suffix: '_sum' as const, labels: { operation }, value: ms / 1000 },
          { suffix: '_count' as const, labels: { operation }, value: count },
        ]),
      },
    ],
  };
}

/** Everything there is, as Prometheus reads it. */
export function metricsText(ctx: Pick<Context, 'config' | 'db' | 'env' | 'metrics' | 'signers'>): string {
  const { signers } = ctx;
  const { figures } = signers.signing();
  const engines = [
    ['H', 'signed', figures['h_signed']],
    ['H', 'failed', figures['h_failed']],
    ['C', 'signed', figures['c_signed']],
    ['C', 'failed', figures['c_failed']],
  ] as const;
  return writeFamilies([
    gauge('build_info', 'The release', [{ labels: { version: ctx.config.version }, value: 1 }]),
    ...ctx.metrics.requests(),
    gauge('acts_open', 'Signed requests begun whose end is not known yet', [{ value: openActs(ctx).list().length }]),
    gauge('sign_requests', 'Requests for signatures in the queue, and in runs', [
      { labels: { state: 'waiting' }, value: figures['waiting'] ?? 0 },
      { labels: { state: 'running' }, value: figures['running'] ?? 0 },
    ]),
    {
      name: 'holdfast_ecdsa_attempts_total',
      type: 'counter',
      help: 'Attempts at ECDSA, by engine',
      series: engines.map(([engine, result, value = 0]) => ({ labels: { engine, result }, value })),
    },
    {
      name: 'holdfast_alerts_total',
      type: 'counter',
      help: 'Lines of the log that ask for an operator',
      series: [{ value: figures['alerts'] ?? 0 }],
    },
    ...clusterFamilies(ctx.env, signers),
  ]);
}

function clusterFamilies(env: Pick<Env, 'now'>, signers: Context['signers']): readonly Family[] {
  const { roster } = signers;
  const online = new Set(signers.online());
  const aside = new Set(signers.signing().quarantined);
  const reported = [...signers.figures()];
  return [
    gauge('signers_total', 'Signers of the cluster', [{ value: roster.signers.length }]),
    gauge('signers_online', 'Signers with a connection to the relay', [{ value: online.size }]),
    gauge(
      'signer_up',
      'Whether the signer has a connection to the relay',
      roster.signers.map(({ index }) => ({ labels: { signer: index }, value: online.has(index) ? 1 : 0 })),
    ),
    gauge(
      'signer_quarantined',
      'Whether the signer comes last, because engine C named it again and again',
      roster.signers.map(({ index }) => ({ labels: { signer: index }, value: aside.has(index) ? 1 : 0 })),
    ),
    gauge(
      'signer_figures_age_seconds',
      'How old the figures are that the signer reported last',
      reported.map(([signer, { at }]) => ({ labels: { signer }, value: Math.max(0, env.now() - at) / 1000 })),
    ),
    ...Object.entries(signerFigures).map(
      ([name, { type, help }]): Family => ({
        name: `holdfast_signer_${name}${type === 'counter' ? '_total' : ''}`,
        type,
        help: `${help}; as the signer says`,
        series: reported.flatMap(([signer, { figures }]) => {
          const value = figures[name];
          return value === undefined ? [] : [{ labels: { signer }, value }];
        }),
      }),
    ),
  ];
}

const gauge = (name: string, help: string, series: Family['series']): Family => ({
  name: `holdfast_${name}`,
  type: 'gauge',
  help,
  series,
});
