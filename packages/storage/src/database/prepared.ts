/**
 * Queries that every request asks: built once, then run with other values. Building one costs the process about as
 * much as sending it.
 */
import type { CompiledQuery } from 'kysely';
import { shared } from './gathered.ts';
import type { Executor } from './transaction.ts';

interface Query<Row> {
  compile(): CompiledQuery<Row>;
}

/**
 * Calls with the same values share an answer where they wait at the same time (`shared`).
 *
 * `build` is called once, with a stand-in for each value; the values have to become parameters of the query, each of
 * them at least once, and nothing else in it may depend on them.
 *
 *     const findName = prepared((db, id) => db.selectFrom('users').select('name').where('id', '=', id), 1);
 *     const [row] = await findName(db, 'us-…');
 */
export function prepared<Row, const N extends number>(
  build: (db: Executor, ...values: string[]) => Query<Row>,
  count: N,
): (db: Executor, ...values: string[] & { readonly length: N }) => Promise<Row[]> {
  let made: { readonly query: CompiledQuery<Row>; readonly places: readonly number[] } | undefined;
  const inCommon = shared<Row[]>();
  return (db, ...values) =>
    inCommon(db, JSON.stringify(values), async () => {
      made ??= compile(db, build, count);
      const { query, places } = made;
      const { rows } = await db.executeQuery<Row>({ ...query, parameters: places.map((place) => values[place]) });
      return rows;
    });
}

function compile<Row>(db: Executor, build: (db: Executor, ...values: string[]) => Query<Row>, count: number) {
  const standIns = Array.from({ length: count }, (_, at) => `value ${at} of ${count}`);
  const query = build(db, ...standIns).compile();
  const places = query.parameters.map((parameter) => standIns.indexOf(String(parameter)));
  const isWhole = !places.includes(-1) && standIns.every((_, at) => places.includes(at));
  if (!isWhole) throw new Error('bug: a prepared query has values as parameters, all of them and nothing else');
  return { query, places };
}
