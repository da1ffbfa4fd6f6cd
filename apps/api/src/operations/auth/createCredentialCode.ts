/** Makes a one-minute code that enrols a credential on another device. */
import { auth } from '@holdfast/contract/operations';
import * as credentials from '../../auth/credentials.ts';
import { handler } from '../../pipeline/types.ts';

export const createCredentialCode = handler(auth.createCredentialCode, (ctx, call) =>
  credentials.createCredentialCode(ctx, call.principal, call.body),
);
