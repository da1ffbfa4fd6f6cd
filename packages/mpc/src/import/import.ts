/**
 * Import of an existing key: mpc-protocols §1.4 with rulings 14, docs/specs/import.md. The shares that came from
 * outside are checked, agreed on and replaced within one run by shares that no outsider has ever seen: every party
 * adds a sharing of zero. What the importer made is neither stored nor signed with.
 */
import type { CertifiedShare } from '../dkg/certificate.ts';
import { type SharingOptions, SharingRun, type Variant } from '../dkg/sharing-run.ts';
import type { Machine, RunContext } from '../runtime/index.ts';
import { checkImportShare, type ImportFacts } from './public-shares.ts';

export interface ImportOptions extends SharingOptions, ImportFacts {
  /** The decrypted share document. Read at start(); the caller overwrites it afterwards. */
  readonly plaintext: Uint8Array;
}

export const importCodes: Variant['codes'] = {
  mismatch: 'E_IMP_MISMATCH',
  size: 'E_IMP_SIZE',
  point: 'E_IMP_POINT',
  opening: 'E_IMP_OPENING',
  chainCode: 'E_IMP_CHAINCODE',
  feldman: 'E_IMP_FELDMAN',
  degenerate: 'E_IMP_DEGENERATE',
  schnorr: 'E_IMP_SCHNORR',
  ack: 'E_IMP_ACK',
};

/**
 * A machine that ends with this party's new share of the imported key and the acknowledgements of all n. A share
 * document that fails a check ends it at start() with an E_IMP_ code, before any message.
 *
 *     const machine = createImport(ctx, { protocol: 'FROST', n: 5, t: 3, plaintext, statement });
 */
export function createImport(ctx: RunContext, o: ImportOptions): Machine<CertifiedShare> {
  const { curve, self } = ctx;
  return new SharingRun(ctx, o, {
    run: 'import',
    constant: 'zero',
    codes: importCodes,
    base: () => checkImportShare(curve, o.plaintext, { ...o, self }),
  });
}
