/** Test only: every place of a JSON value, each with a change of it. */
import type { JsonObject, JsonValue } from '@holdfast/contract/wire';

export function* changes(value: JsonValue): Generator<JsonValue> {
  if (typeof value === 'string') {
    if (value === '') yield 'A';
    const middle = value.length >> 1;
    if (value !== '') yield value.slice(0, middle) + (value[middle] === 'b' ? 'c' : 'b') + value.slice(middle + 1);
  } else if (typeof value === 'number') {
    yield value + 1;
  } else if (typeof value === 'boolean') {
    yield !value;
  } else if (Array.isArray(value)) {
    for (const [k, each] of value.entries()) {
      yield value.filter((_, at) => at !== k);
      yield [...value, each];
      for (const changed of changes(each)) yield value.with(k, changed);
    }
    if (value.length > 1) yield [...value].reverse();
  } else if (value !== null && typeof value === 'object') {
    const object = value as JsonObject;
    yield { ...object, extra: 1 };
    for (const [name, member] of Object.entries(object)) {
      yield Object.fromEntries(Object.entries(object).filter(([each]) => each !== name));
      for (const changed of changes(member as JsonValue)) yield { ...object, [name]: changed };
    }
  }
}
