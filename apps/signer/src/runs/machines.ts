/**
 * Which machine runs which protocol. A port with one value: the protocols of `packages/mpc`. The cluster
 * simulation puts machines of the same message shapes in their place to run many thousand schedules; nothing of this
 * process chooses, no setting reaches it, and `npm run check` refuses a production file that gives another value.
 */
import { createCggmp24 } from '@holdfast/mpc/cggmp24';
import { createDkg } from '@holdfast/mpc/dkg';
import { createFrostBip340, createFrostEd25519 } from '@holdfast/mpc/frost';
import { createGlow20 } from '@holdfast/mpc/glow20';
import { createChildKey } from '@holdfast/mpc/hd';
import { createEcdsaH, createPrssSetup } from '@holdfast/mpc/honest-majority';
import { createImport } from '@holdfast/mpc/import';
import { createRefresh } from '@holdfast/mpc/refresh';

export interface Machines {
  readonly dkg: typeof createDkg;
  readonly import: typeof createImport;
  readonly refresh: typeof createRefresh;
  readonly prssSetup: typeof createPrssSetup;
  readonly ecdsaH: typeof createEcdsaH;
  readonly cggmp24: typeof createCggmp24;
  readonly frostEd25519: typeof createFrostEd25519;
  readonly frostBip340: typeof createFrostBip340;
  readonly childKey: typeof createChildKey;
  readonly glow20: typeof createGlow20;
}

export const machines: Machines = {
  dkg: createDkg,
  import: createImport,
  refresh: createRefresh,
  prssSetup: createPrssSetup,
  ecdsaH: createEcdsaH,
  cggmp24: createCggmp24,
  frostEd25519: createFrostEd25519,
  frostBip340: createFrostBip340,
  childKey: createChildKey,
  glow20: createGlow20,
};
