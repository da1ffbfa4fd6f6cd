/** Where authority came from: for every assignment and credential of a chain, the entry that made it and by whom. */

import type { EntryAfterGenesis } from '../log/index.ts';
import { type Actor, operationsOf, type PermissionRecord, type State } from '../reduce/state.ts';
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
  readonly by?: Giver;
  /** Where the permission did not allow it yet when it was assigned: who made it do so, in which entry. */
  readonly widened?: Widening;
}

interface Giver {
  readonly userId: string;
  readonly credentialId: string;
}

interface Widening {
  readonly height: number;
  readonly by?: Giver;
}

/** What an actor acted on: an assignment, and what was needed of it. */
interface Ground {
  readonly assignmentId: string;
  readonly name: string;
  /** Of the state in which it counted. */
  readonly height: number;
}

interface Origin extends Grant {
  /** What its giver acted on. */
  readonly on: Ground | undefined;
}

export class Provenance {
  readonly #grants = new Map<string, Origin>();
  /** Since when a permission (its id, a space, an operation's name) allows an operation; the latest last. */
  readonly #allowed = new Map<string, Widening[]>();
  /** Credential id to the height of the entry that enrolled it. */
  readonly #enrolled = new Map<string, number>();

  constructor(first: State) {
    this.#note(undefined, first, undefined, 0);
  }

  /** `required` are the permissions that the entry's operation asks for. */
  add(before: State, after: State, entry: EntryAfterGenesis, required: readonly string[]): void {
    const by = actorOf(before, entry.assertion);
    const on = by === undefined ? undefined : required.map((name) => this.#groundOf(before, by, name)).at(-1);
    this.#note(before, after, by === undefined ? undefined : { ...by, on }, entry.height);
  }

  enrolledAt(credentialId: string): number | undefined {
    return this.#enrolled.get(credentialId);
  }

  /** From the actor's own assignment that allows the operation back to the genesis; empty where none allows it. */
  wayTo(state: State, actor: Actor, permission: string): readonly Grant[] {
    const way: Grant[] = [];
    let ground = this.#groundOf(state, actor, permission);
    while (ground !== undefined) {
      const { assignmentId } = ground;
      const origin = this.#grants.get(assignmentId);
      if (origin === undefined || way.some((each) => each.assignmentId === assignmentId)) break;
      const { on, ...grant } = origin;
      const widened = this.#widening(grant, ground);
      way.push(widened === undefined ? grant : { ...grant, widened });
      ground = on;
    }
    return way;
  }

  /** The last entry until then that made the permission allow it, if it is younger than the assignment. */
  #widening({ permissionId, height }: Grant, ground: Ground): Widening | undefined {
    const all = this.#allowed.get(`${permissionId} ${ground.name}`) ?? [];
    const last = all.findLast((each) => each.height <= ground.height);
    return last === undefined || last.height <= height ? undefined : last;
  }

  #note(
    before: State | undefined,
    after: State,
    by: (Giver & { readonly on: Ground | undefined }) | undefined,
    height: number,
  ): void {
    const giver = by === undefined ? {} : { by: { userId: by.userId, credentialId: by.credentialId } };
    if (before?.assignments !== after.assignments)
      for (const { id, permissionId } of after.assignments.values()) {
        if (before?.assignments.has(id) === true) continue;
        const permission = after.permissions.get(permissionId)?.name ?? '';
        this.#grants.set(id, { assignmentId: id, permissionId, permission, height, ...giver, on: by?.on });
      }
    if (before?.permissions !== after.permissions)
      for (const [id, permission] of after.permissions) {
        const known = allowedBy(before?.permissions.get(id));
        for (const name of allowedBy(permission))
          if (!known.has(name)) {
            const key = `${id} ${name}`;
            this.#allowed.set(key, [...(this.#allowed.get(key) ?? []), { height, ...giver }]);
          }
      }
    if (before?.credentials !== after.credentials)
      for (const id of after.credentials.keys())
        if (before?.credentials.has(id) !== true) this.#enrolled.set(id, height);
  }

  /** An assignment by which the actor has it: of its user, or of its restricted token, which is the narrower one. */
  #groundOf(state: State, { userId, tokenId }: Actor, name: string): Ground | undefined {
    const token = tokenId === undefined ? undefined : state.personalTokens.get(tokenId);
    const holder = token?.restricted === true ? token.tokenId : userId;
    if (!operationsOf(state, holder).has(name)) return undefined;
    for (const { id, identityId, permissionId } of state.assignments.values()) {
      const permission = state.permissions.get(permissionId);
      const isIt = identityId === holder && permission?.archived !== true && permission?.operations.has(name) === true;
      if (isIt) return { assignmentId: id, name, height: state.height };
    }
    return undefined;
  }
}

/** One that is archived allows nothing; brought back, it does so by whoever brought it back. */
const allowedBy = (permission: PermissionRecord | undefined): ReadonlySet<string> =>
  permission === undefined || permission.archived === true ? new Set() : permission.operations;

function actorOf(state: State, { credId }: Assertion) {
  const credential = state.credentials.get(credId);
  if (credential === undefined) return undefined;
  const { userId, tokenId } = credential;
  return { userId, credentialId: credId, ...(tokenId === undefined ? {} : { tokenId }) };
}
