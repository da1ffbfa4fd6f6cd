/** Founds an organisation on a genesis that its first administrator signed. */
import { refuse } from '@holdfast/contract/errors';
import { orgs as contract } from '@holdfast/contract/operations';
import { readFactor } from '../../auth/assertions.ts';
import { foundOrganisation } from '../../governance/found.ts';
import { handler } from '../../pipeline/types.ts';

export const createOrg = handler(contract.createOrg, async (ctx, call) => {
  const { genesis, proof } = call.body;
  if (proof.kind === 'Password' || proof.kind === 'Totp') refuse('E_CREDENTIAL_KIND');
  return foundOrganisation(ctx, genesis, readFactor(proof));
});
