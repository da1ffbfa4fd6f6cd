/**
 * The jobs that machines hand to their driver (docs/specs/runtime.md §8): by name, so that a worker thread which loads
 * this file can carry them out. Machines import a kind of job from where it is written, not from here.
 */
import { auxJobs } from '../aux-setup/index.ts';
import { cggmp24Jobs } from '../cggmp24/jobs.ts';
import type { Job, JobKind } from '../runtime/index.ts';

// Each kind checks nothing about its input: it comes from a machine of the same build in the same process.
const kinds: readonly JobKind<never, unknown>[] = [...auxJobs, ...cggmp24Jobs];

const byName = new Map(kinds.map((kind) => [kind.name, kind]));
if (byName.size !== kinds.length) throw new Error('bug: two jobs of one name');

/** Carries a job out here and now. Throws for an unknown name, and whatever the job throws: bugs both. */
export function runJob({ name, input }: Job): unknown {
  const kind = byName.get(name);
  if (kind === undefined) throw new Error(`bug: no job ${name}`);
  return kind.run(input as never);
}
