/** Where authority came from: for every assignment and credential of a chain, the entry that made it and by whom. */

import type { EntryAfterGenesis } from '../log/index.ts';
import { type Actor, operationsOf, type State } from '../reduce/state.ts';
import type { Assertion } from '../types/index.ts';

/** One step of the way a permission came: who has it, since which entry, and who gave it. */
export interface Grant {
  readonly assignmentId: string;
  readonly permissionId: string;
  /** Name of the permission. */
  readonly permission: string;
  /** Of the entry that assigned it; 0: the genesis. */
  readonly height: number;
  /** Absent for the genesis. */
  readonly by?: { readonly userId: string; readonly credentialId: string };
}

interface Origin extends Grant {
  /** The grant that its giver acted on. */
  readonly on: string | undefined;
}

export class Provenance {
  readonly #grants = new Map<string, Origin>();
  /** Credential id to the height of the entry that enrolled it. */
  readonly #enrolled = new Map<string, number>();

  constructor(first: State) {
    this.#note(undefined, first, undefined, 0);
  }

  /** `required` are the permissions that the entry's operation asks for. */
  add(before: State, after: State, entry: EntryAfterGenesis, required: readonly string[]): void {
    const by = actorOf(before, entry.assertion);
    const on = by === undefined ? undefined : required.map((name) => this.#assignmentFor(before, by, name)).at(-1);
    this.#note(before, after, by === undefined ? undefined : { ...by, on }, entry.height);
  }

  enrolledAt(credentialId: string): number | undefined {
    return this.#enrolled.get(credentialId);
  }

  /** From the actor's own assignment that allows the operation back to the genesis; empty where none allows it. */
  wayTo(state: State, actor: Actor, permission: string): readonly Grant[] {
    const way: Grant[] = [];
    let at = this.#assignmentFor(state, actor, permission);
    while (at !== undefined) {
      const origin = this.#grants.get(at);
      if (origin === undefined || way.some(({ assignmentId }) => assignmentId === at)) break;
      const { on, ...grant } = origin;
      way.push(grant);
      at = on;
    }
    return way;
  }

  #note(
    before: State | undefined,
    after: State,
    by: { readonly userId: string; readonly credentialId: string; readonly on: string | undefined } | undefined,
    height: number,
  ): void {
    if (before?.assignments !== after.assignments)
      for (const { id, permissionId } of after.assignments.values()) {
        if (before?.assignments.has(id) === true) continue;
        const permission = after.permissions.get(permissionId)?.name ?? '';
        const giver = by === undefined ? {} : { by: { userId: by.userId, credentialId: by.credentialId } };
        this.#grants.set(id, { assignmentId: id, permissionId, permission, height, ...giver, on: by?.on });
      }
    if (before?.credentials !== after.credentials)
      for (const id of after.credentials.keys())
        if (before?.credentials.has(id) !== true) this.#enrolled.set(id, height);
  }

  /** An assignment by which the actor has it: of its user, or of its restricted token, which is the narrower one. */
  #assignmentFor(state: State, { userId, tokenId }: Actor, name: string): string | undefined {
    const token = tokenId === undefined ? undefined : state.personalTokens.get(tokenId);
    const holder = token?.restricted === true ? token.tokenId : userId;
    if (!operationsOf(state, holder).has(name)) return undefined;
    for (const { id, identityId, permissionId } of state.assignments.values()) {
      const permission = state.permissions.get(permissionId);
      const isIt = identityId === holder && permission?.archived !== true && permission?.operations.has(name) === true;
      if (isIt) return id;
    }
    return undefined;
  }
}

function actorOf(state: State, { credId }: Assertion) {
  const credential = state.credentials.get(credId);
  if (credential === undefined) return undefined;
  const { userId, tokenId } = credential;
  return { userId, credentialId: credId, ...(tokenId === undefined ? {} : { tokenId }) };
}
