/** Founds an organisation on a genesis that its first administrator signed. */
import { orgs as contract } from '@holdfast/contract/operations';
import { readFactor } from '../../auth/assertions.ts';
import { foundOrganisation } from '../../governance/found.ts';
import { handler } from '../../pipeline/types.ts';

export const createOrg = handler(contract.createOrg, (ctx, call) =>
  foundOrganisation(ctx, call.body.genesis, readFactor(call.body.proof)),
);
