/** Enrols a further credential, signed by an existing one. */
import { auth } from '@holdfast/contract/operations';
import * as credentials from '../../auth/credentials.ts';
import { handler } from '../../pipeline/types.ts';

export const createCredential = handler(auth.createCredential, (ctx, call) =>
  credentials.createCredential(ctx, call, call.body),
);
