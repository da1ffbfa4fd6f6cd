/** The text format of Prometheus, version 0.0.4: one family after another, each series once. */

export type Labels = Readonly<Record<string, string | number>>;

export interface Family {
  /** `holdfast_…`, in the characters the format allows; ours are constants. */
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'summary';
  readonly help: string;
  readonly series: readonly Series[];
}

export interface Series {
  /** `_sum` and `_count` of a summary. */
  readonly suffix?: '_sum' | '_count';
  readonly labels?: Labels;
  readonly value: number;
}

/** Families without a series are left out. */
export function writeFamilies(families: readonly Family[]): string {
  return families
    .filter(({ series }) => series.length > 0)
    .map(({ name, type, help, series }) => {
      const lines = series.map(({ suffix = '', labels = {}, value }) => `${name}${suffix}${write(labels)} ${value}\n`);
      return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join('')}`;
    })
    .join('');
}

function write(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(String(value))}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

function escaped(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
