/** The contract of this release as this room's rules: which operations signers act on, and who may ask for them. */
import { effectOf, fullName, matchOperation, permissionsOf, problemOfParam } from '@holdfast/contract/operations';
import { grantsOf, isGrantable, managedPermissions } from '@holdfast/contract/permissions';
import { check } from '@holdfast/contract/schema';
import type { VerifyPort } from '../assertion/index.ts';
import type { AuthorityDeps, KnownOperation, Problem } from '../reduce/index.ts';
import type { Base64Url } from '../types/index.ts';

/**
 * Everything the reducer and `checkAct` need besides a state.
 *
 *     const deps = authorityDeps({ clusterFingerprint, verify: nodeVerify });
 */
export function authorityDeps(o: {
  readonly clusterFingerprint: Base64Url;
  readonly verify: VerifyPort;
}): AuthorityDeps {
  return { ...o, operation: signedOperation, managedPermissions, isGrantable, grantsOf };
}

/** The operation of a signed request; undefined where the api acts alone. */
export function signedOperation(method: string, path: string): KnownOperation | undefined {
  const match = matchOperation(method, path);
  if (match === undefined || match.operation.effect === 'none') return undefined;
  const { operation, params } = match;
  return {
    name: fullName(operation),
    params,
    effect: (body) => effectOf(operation, body),
    permissions: (body) => permissionsOf(operation, body),
    problem: (body) => problemOfParams(params) ?? problemOfBody(operation.request, body),
  };
}

function problemOfParams(params: Readonly<Record<string, string>>): Problem | undefined {
  for (const [name, value] of Object.entries(params)) {
    const message = problemOfParam(name, value);
    if (message !== undefined) return { code: 'E_PARAM', path: name, message };
  }
  return undefined;
}

function problemOfBody(schema: Parameters<typeof check>[0] | undefined, body: unknown): Problem | undefined {
  if (schema === undefined) {
    const [member] = Object.keys(body as object);
    return member === undefined ? undefined : { code: 'E_BODY', path: 'body', message: 'this operation has no body' };
  }
  const problem = check(schema, body, 'body');
  return problem === undefined ? undefined : { code: 'E_BODY', ...problem };
}
