/**
 * Acts begun whose end is not known: of an earlier process, or of a request that broke off. What is carried out at this
 * moment is not among them. The list is a memory of rows with status Started; a start reads it anew.
 */
import type { Context } from '../context.ts';

export interface OpenActs {
  add(nullifier: string, orgId: string): void;
  remove(nullifier: string): void;
  /** Nullifiers, in the order in which they were added. */
  list(): readonly string[];
  hasAny(orgId: string): boolean;
}

const byDatabase = new WeakMap<object, OpenActs>();

export function openActs(ctx: Pick<Context, 'db'>): OpenActs {
  const known = byDatabase.get(ctx.db) ?? newList();
  byDatabase.set(ctx.db, known);
  return known;
}

function newList(): OpenActs {
  const acts = new Map<string, string>();
  return {
    add: (nullifier, orgId) => void acts.set(nullifier, orgId),
    remove: (nullifier) => void acts.delete(nullifier),
    list: () => [...acts.keys()],
    hasAny: (orgId) => [...acts.values()].includes(orgId),
  };
}
