/** Paths of child keys as bodies write them: `m/44/0/7`, unhardened steps only (reference/api/keys.md §2). */

/** What a schema can say; the bound of a step is below. */
export const DERIVATION_PATH = '^m(/(0|[1-9][0-9]{0,9})){1,10}$';

const STEP_MAX = 2 ** 31 - 1;
const form = new RegExp(DERIVATION_PATH);

/** The steps of a path, or undefined where it is none: one path has one text and the other way round. */
export function parseDerivationPath(text: string): readonly number[] | undefined {
  if (!form.test(text)) return undefined;
  const steps = text.split('/').slice(1).map(Number);
  return steps.every((step) => step <= STEP_MAX) ? steps : undefined;
}

/** The same for a path that was checked when it was written down. */
export function readDerivationPath(text: string): readonly number[] {
  const steps = parseDerivationPath(text);
  if (steps === undefined) throw new TypeError('not a derivation path');
  return steps;
}
