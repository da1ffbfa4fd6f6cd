/** Completions come from the api, which is hostile: exactly the members a family names, each of its form. */
import { check, refuse } from '../errors/index.ts';
import type { Completion } from './types.ts';

/**
 * The members of a completion, read. `forms` are the sets of members that may stand together; `read` answers undefined
 * for a value that is not of its form. Throws ChainError E_COMPLETION.
 *
 *     completionOf({ nonce: '7' }, decimal, [['nonce']])  // { nonce: 7n }
 */
export function completionOf<T>(
  completion: Completion,
  read: (value: unknown) => T | undefined,
  forms: readonly (readonly string[])[],
): Readonly<Record<string, T>> {
  const given = Object.keys(completion);
  const fits = forms.some(
    (form) => form.length === given.length && form.every((name) => Object.hasOwn(completion, name)),
  );
  check(
    fits,
    '',
    `the completion must have ${forms.map((form) => form.join(', ') || 'no members').join('; or ')}`,
    'E_COMPLETION',
  );
  return Object.fromEntries(
    given.map((name) => [
      name,
      read(completion[name]) ?? refuse('', `${name} of the completion has a wrong form`, 'E_COMPLETION'),
    ]),
  );
}
