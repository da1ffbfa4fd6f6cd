/** Enrols a credential by code: it may log in, signers refuse it until it is confirmed. */
import { auth } from '@holdfast/contract/operations';
import * as credentials from '../../auth/credentials.ts';
import { handler } from '../../pipeline/types.ts';

export const createCredentialWithCode = handler(auth.createCredentialWithCode, (ctx, call) =>
  credentials.createCredentialWithCode(ctx, call.body),
);
