/** What reports over a span of time have in common: the span, and the table as text (conventions.md §10). */
import { refuse } from '@holdfast/contract/errors';

/** `startTime` and `endTime` of a query as ISO text. */
export function timeSpanOf(query: { readonly startTime: string; readonly endTime: string }) {
  const [from, to] = [timeOf(query.startTime, 'startTime'), timeOf(query.endTime, 'endTime')];
  if (from >= to) refuse('E_QUERY', 'query.endTime must be after query.startTime', { path: 'query.endTime' });
  return { from, to };
}

/** RFC 4180. A cell that a spreadsheet would take for a formula begins with an apostrophe: names are foreign text. */
export function csv(columns: readonly string[], rows: readonly (readonly string[])[]): string {
  const cell = (text: string): string => {
    const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
    return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  };
  return [columns, ...rows].map((row) => `${row.map(cell).join(',')}\r\n`).join('');
}

/** Only where the accept header names it: the public client parses every reply as JSON. */
export function asksForCsv(accept: string | undefined): boolean {
  return accept?.split(',').some((type) => type.trim().split(';')[0] === 'text/csv') === true;
}

const timeForm =
  /^[0-9]{4}-[0-9]{2}-[0-9]{2}(?:T[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,9})?)?(?:Z|[+-][0-9]{2}:[0-9]{2}))?$/;

/** ISO 8601; a date alone is its midnight, UTC. */
function timeOf(text: string, name: string): string {
  const time = timeForm.test(text) ? new Date(text) : undefined;
  if (time === undefined || Number.isNaN(time.getTime()))
    return refuse('E_QUERY', `query.${name} must be a time such as 2026-01-31T00:00:00.000Z`, {
      path: `query.${name}`,
    });
  return time.toISOString();
}
