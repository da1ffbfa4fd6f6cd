/** Test only: a chain as long as wanted, each entry signed, without running the reducer for every one of them. */
import { toBase64Url } from '@holdfast/contract/wire';
import { authorityDeps } from '../contract-rules/index.ts';
import { encodeGenesis } from '../genesis/index.ts';
import { type EntryAfterGenesis, headOf } from '../log/index.ts';
import { initialState } from '../reduce/index.ts';
import type { LogEntry } from '../types/index.ts';
import { nodeVerify } from '../verify-node/index.ts';
import { testKey } from './keys.ts';
import { ask, genesisOf, prove } from './world.ts';

export interface LongChain {
  readonly org: string;
  readonly genesis: string;
  entries(): Generator<{ readonly entry: LogEntry; readonly head: Uint8Array }>;
}

/** `users` people are made first; every other entry switches a setting. */
export function longChain(o: {
  readonly fingerprint: Uint8Array;
  readonly length: number;
  readonly users: number;
}): LongChain {
  const key = testKey('Ed25519');
  const c = toBase64Url(o.fingerprint);
  const genesis = encodeGenesis(genesisOf(key, { c }));
  const first: LogEntry = { v: 1, height: 0, genesis, proof: prove(genesis, key) };
  const state = initialState(first, authorityDeps({ clusterFingerprint: c, verify: nodeVerify }));
  const { org } = state;
  const admin = { kind: 'Key', userId: [...state.users.keys()][0] ?? '', credId: 'admin-credential', key } as const;
  return {
    ...{ org, genesis },
    *entries() {
      let head = headOf(first, undefined);
      yield { entry: first, head };
      for (let height = 1; height <= o.length; height += 1) {
        const asked =
          height <= o.users
            ? ({
                method: 'POST',
                path: '/auth/users',
                body: { email: `${height}@acme.example`, kind: 'CustomerEmployee' },
              } as const)
            : ({ method: 'PUT', path: `/orgs/${org}/settings`, body: { keyImport: height % 2 === 0 } } as const);
        const prev = toBase64Url(head);
        const { request, assertion } = ask({ ...state, head: prev }, admin, { ...asked, challenge: { c } });
        const entry: EntryAfterGenesis = { v: 1, org, height, prev, request, assertion };
        head = headOf(entry, head);
        yield { entry, head };
      }
    },
  };
}
