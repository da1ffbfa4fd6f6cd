/** The canonical order of members in what is hashed and written: absent ones are left out. */
import type { Assertion, FactorAssertion, LogEntry, SignedRequest } from '../types/index.ts';

export type EntryAfterGenesis = Extract<LogEntry, { readonly org: string }>;
export type GenesisEntry = Exclude<LogEntry, EntryAfterGenesis>;

export function orderedEntry(entry: LogEntry): LogEntry {
  if (entry.height === 0) {
    const { v, height, genesis, proof } = entry as GenesisEntry;
    return { v, height, genesis, proof: orderedAssertion(proof) };
  }
  const { v, org, height, prev, request, assertion } = entry as EntryAfterGenesis;
  return { v, org, height, prev, request: orderedRequest(request), assertion: orderedAssertion(assertion) };
}

export function orderedRequest({ method, path, payload }: SignedRequest): SignedRequest {
  return { method, path, payload };
}

export function orderedAssertion(a: Assertion): Assertion {
  if (a.kind === 'RecoveryKey') return { kind: a.kind, credId: a.credId };
  const second = a.second === undefined ? {} : { second: orderedFactor(a.second) };
  return { ...orderedFactor(a), ...second };
}

function orderedFactor(a: FactorAssertion): FactorAssertion {
  if (a.kind === 'Fido2') {
    const { kind, credId, clientData, authenticatorData, signature, userHandle } = a;
    return {
      kind,
      credId,
      clientData,
      authenticatorData,
      signature,
      ...(userHandle === undefined ? {} : { userHandle }),
    };
  }
  const { kind, credId, clientData, signature, algorithm } = a;
  return { kind, credId, clientData, signature, ...(algorithm === undefined ? {} : { algorithm }) };
}
