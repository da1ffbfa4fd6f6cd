/** A reduced state as text, so that a long chain is not run through the reducer at every start: authority-log.md §8. */
import { permissionNames } from '@holdfast/contract/permissions';
import { parseStrictJson, utf8 } from '@holdfast/contract/wire';
import { enc, i, sha256 } from '@holdfast/crypto/transcript';
import { reducers } from './entries/index.ts';
import type { AuthorityDeps, State } from './state.ts';

/** Raised with every change of what an old entry does: a snapshot of other rules is never used. */
const RULES = 2;

/** Entries between two snapshots. Running so many takes tenths of a second. */
export const SNAPSHOT_STEP = 256;

const MAP = '#map';
const SET = '#set';
/** A hundred thousand users and their credentials. */
const TEXT_BYTES_MAX = 256 * 1024 * 1024;

export interface Snapshot {
  readonly org: string;
  readonly height: number;
  /** 32 bytes each. */
  readonly head: Uint8Array;
  readonly rules: Uint8Array;
  readonly text: string;
}

export function snapshotOf(state: State, head: Uint8Array, deps: AuthorityDeps): Snapshot {
  return { org: state.org, height: state.height, head, rules: rulesOf(deps), text: stateText(state) };
}

/** What a signer signs about a snapshot of its own. */
export function snapshotBytes({ org, height, head, rules, text }: Snapshot): Uint8Array {
  const parts = [i.text(org), i.uint(height), i.bytes(head), i.bytes(rules), i.bytes(sha256(utf8(text)))];
  return enc('holdfast/snapshot/v1', ...parts);
}

/** JSON in which a map is {"#map": pairs} and a set is {"#set": values}; equal states of equal chains give equal texts. */
export function stateText(state: State): string {
  return JSON.stringify(state, (_name, value: unknown) => {
    if (value instanceof Map) return { [MAP]: [...value] };
    if (value instanceof Set) return { [SET]: [...value] };
    return value;
  });
}

/** The state of a text that `stateText` wrote. The caller has made sure that it did. */
export function readState(text: string): State {
  return reviveState(parseStrictJson(text, { bytesMax: TEXT_BYTES_MAX, depthMax: 32, name: 'snapshot' }));
}

/** Of what a JSON parser made of such a text. */
export function reviveState(json: unknown): State {
  return revive(json) as State;
}

/** Names the code that reduced: entry kinds, permissions and what comes with the platform. */
export function rulesOf(deps: Pick<AuthorityDeps, 'managedPermissions' | 'clusterFingerprint'>): Uint8Array {
  const texts = (list: readonly string[]) => i.list(list.map((each) => i.text(each)));
  const managed = deps.managedPermissions.flatMap(({ name, operations }) => [name, '=', ...operations]);
  const parts = [texts([...reducers.keys()]), texts([...permissionNames]), texts(managed)];
  return sha256(enc('holdfast/rules/v1', i.uint(RULES), i.text(deps.clusterFingerprint), ...parts));
}

function revive(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(revive);
  const object = value as Record<string, unknown>;
  if (Object.hasOwn(object, MAP)) return new Map((object[MAP] as [unknown, unknown][]).map(([k, v]) => [k, revive(v)]));
  if (Object.hasOwn(object, SET)) return new Set(object[SET] as unknown[]);
  return Object.fromEntries(Object.entries(object).map(([name, member]) => [name, revive(member)]));
}
