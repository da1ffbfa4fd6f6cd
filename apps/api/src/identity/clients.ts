/** Which single sign-on an organisation has. */
import type { Context } from '../context.ts';

/** The client that serves it; undefined: none is configured. */
export function ssoClientOf(ctx: Pick<Context, 'identity'>, orgId: string): string | undefined {
  return ctx.identity.providers().find((one) => one.orgId === orgId && one.uses.includes('sso'))?.clientId;
}
