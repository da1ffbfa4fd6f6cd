/**
 * Distributed key generation, t of n, any curve: mpc-protocols §1.1, docs/specs/key-generation.md. All n parties take
 * part; nobody ever holds the key.
 */
import { type Machine, type RunContext, refuse } from '../runtime/index.ts';
import type { CertifiedShare } from './certificate.ts';
import { isSupported, isThreshold } from './parameters.ts';
import { type SharingOptions, SharingRun, type Variant } from './sharing-run.ts';

export interface DkgOptions extends SharingOptions {
  /** The key becomes the master of an HD tree: its share carries a joint chain code (docs/specs/hd.md §2). */
  readonly masterKey?: boolean;
}

export const dkgVariant: Variant = {
  run: 'dkg',
  constant: 'random',
  codes: {
    mismatch: 'E_DKG_MISMATCH',
    size: 'E_DKG_SIZE',
    point: 'E_DKG_POINT',
    opening: 'E_DKG_OPENING',
    chainCode: 'E_DKG_CHAINCODE',
    feldman: 'E_DKG_FELDMAN',
    degenerate: 'E_DKG_DEGENERATE',
    schnorr: 'E_DKG_SCHNORR',
    ack: 'E_DKG_ACK',
  },
  base: () => undefined,
};

/**
 * A machine that ends with this party's share of a new key and the acknowledgements of all n. Throws RefusedError
 * for parameters that no run could have.
 *
 *     const machine = createDkg(ctx, { protocol: 'CGGMP21', n: 5, t: 3, statement });
 */
export function createDkg(ctx: RunContext, o: DkgOptions): Machine<CertifiedShare> {
  if (!isThreshold(o)) refuse('E_THRESHOLD', 'A key needs 2 ≤ t ≤ n ≤ 32.');
  if (!isSupported(o.protocol, ctx.curve.name))
    refuse('E_PROTOCOL', `${o.protocol} keys do not exist on ${ctx.curve.name}.`);
  const { masterKey = false } = o;
  // Children sign; what this key answers must stay the only thing it does (attack row 52).
  if (masterKey && o.protocol === 'GLOW20_DH') refuse('E_PROTOCOL', 'A key for derivation has no children.');
  return new SharingRun(ctx, o, { ...dkgVariant, hd: masterKey });
}
