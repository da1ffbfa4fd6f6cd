/** What consent needs to know of the public contract: which requests signers act on, and what each must look like. */
import type { AuthorityDeps, KnownOperation } from '@holdfast/authority/consent';
import { nodeVerify } from '@holdfast/authority/verify-node';
import { effectOf, fullName, matchOperation, permissionsOf, problemOfParam } from '@holdfast/contract/operations';
import { grantsOf, isGrantable, managedPermissions } from '@holdfast/contract/permissions';
import { check } from '@holdfast/contract/schema';
import { toBase64Url } from '@holdfast/contract/wire';

/** Everything `authority` does not know by itself, the same at the api and at every signer. */
export function authorityDeps(fingerprint: Uint8Array): AuthorityDeps {
  return {
    clusterFingerprint: toBase64Url(fingerprint),
    verify: nodeVerify,
    operation: knownOperation,
    managedPermissions,
    isGrantable,
    grantsOf,
  };
}

/** Undefined for what the api keeps for itself. */
export function knownOperation(method: string, path: string): KnownOperation | undefined {
  const match = matchOperation(method, path);
  if (match === undefined || match.operation.effect === 'none') return undefined;
  const { operation, params } = match;
  return {
    name: fullName(operation),
    params,
    effect: (body) => effectOf(operation, body),
    permissions: (body) => permissionsOf(operation, body),
    problem(body) {
      for (const [name, value] of Object.entries(params)) {
        const message = problemOfParam(name, value);
        if (message !== undefined) return { code: 'E_PARAM', path: name, message };
      }
      const problem = operation.request === undefined ? undefined : check(operation.request, body, 'body');
      return problem === undefined
        ? undefined
        : { code: 'E_BODY', path: problem.path, message: `${problem.path} ${problem.message}` };
    },
  };
}
