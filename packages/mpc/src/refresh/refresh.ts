/**
 * Proactive refresh: mpc-protocols §7.1, docs/specs/refresh.md §1. All n holders add a sharing of zero to the sharing
 * they have: the key stays, every share changes, and what was stolen before fits nothing that is left.
 */

import type { CertifiedShare, StatementOf } from '../dkg/certificate.ts';
import { SharingRun, type Variant } from '../dkg/sharing-run.ts';
import { isNamedShare } from '../dkg/usable.ts';
import { check, type KeyShare, type Machine, type RunContext, refuse } from '../runtime/index.ts';

export interface RefreshOptions {
  /** The share to replace. It stays as it is, and the caller's: the run works on a copy. */
  readonly share: KeyShare;
  readonly statement: StatementOf;
}

export const refreshCodes: Variant['codes'] = {
  mismatch: 'E_RF_MISMATCH',
  size: 'E_RF_SIZE',
  point: 'E_RF_POINT',
  opening: 'E_RF_OPENING',
  chainCode: 'E_RF_CHAINCODE',
  feldman: 'E_RF_FELDMAN',
  degenerate: 'E_RF_DEGENERATE',
  schnorr: 'E_RF_SCHNORR',
  ack: 'E_RF_ACK',
};

/**
 * A machine that ends with this party's share of the same key in a new epoch and the acknowledgements of all n.
 *
 *     const machine = createRefresh(ctx, { share, statement });
 */
export function createRefresh(ctx: RunContext, { share, statement }: RefreshOptions): Machine<CertifiedShare> {
  const { curve, self } = ctx;
  if (share.curve !== curve.name) refuse('E_PROTOCOL', `The share is not one on ${curve.name}.`);
  if (share.index !== self) refuse('E_PARTIES', 'The share belongs to another holder.');
  const { protocol, n, t, publicShares, publicKey, chainCode } = share;
  return new SharingRun(
    ctx,
    { protocol, n, t, statement },
    {
      run: 'refresh',
      constant: 'zero',
      codes: refreshCodes,
      base() {
        check(isNamedShare(curve, share), 'E_RF_SHARE');
        const x_i = share.x.slice() as KeyShare['x'];
        return { x_i, publicShares, publicKey, ...(chainCode === undefined ? {} : { chainCode: chainCode.slice() }) };
      },
    },
  );
}
