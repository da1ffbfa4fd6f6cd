/** Every handler of the api. Explicit: an operation is served because it is named here and in its domain's list. */
import type { Handler } from '../pipeline/types.ts';
import { authHandlers } from './auth/index.ts';
import { clusterHandlers } from './cluster/index.ts';
import { healthHandlers } from './health/index.ts';
import { keysHandlers } from './keys/index.ts';
import { networksHandlers } from './networks/index.ts';
import { orgsHandlers } from './orgs/index.ts';
import { permissionsHandlers } from './permissions/index.ts';
import { signersHandlers } from './signers/index.ts';
import { walletsHandlers } from './wallets/index.ts';

export const handlers: readonly Handler[] = [
  ...authHandlers,
  ...clusterHandlers,
  ...healthHandlers,
  ...keysHandlers,
  ...networksHandlers,
  ...orgsHandlers,
  ...permissionsHandlers,
  ...signersHandlers,
  ...walletsHandlers,
];
