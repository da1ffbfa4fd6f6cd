/** What the gate asks of this folder (`AuthPorts`). */
import { authorize } from '../governance/authorize.ts';
import type { AuthPorts } from '../pipeline/types.ts';
import { authenticate, authenticateOperator } from './authenticate.ts';
import { checkClient } from './clients.ts';
import { consumeUserAction } from './user-actions.ts';

export { createOidc } from '../identity/oidc.ts';
export { createLimits } from './limits.ts';

export const authPorts: AuthPorts = { authenticate, authenticateOperator, authorize, consumeUserAction, checkClient };
