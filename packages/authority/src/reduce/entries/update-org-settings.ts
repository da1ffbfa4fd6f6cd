/** Switches key import and export on or off; a member left out stays as it is. */
import { refuse } from '../../errors/index.ts';
import { readOptionalBoolean, readParam } from './fields.ts';
import type { Reducer } from './reducer.ts';

export const updateOrgSettings: Reducer = (state, { operation, body }) => {
  if (readParam(operation.params, 'orgId') !== state.org) refuse('E_NOT_FOUND', 'organisation not found');
  const keyImport = readOptionalBoolean(body, 'keyImport') ?? state.settings.keyImport;
  const keyExport = readOptionalBoolean(body, 'keyExport') ?? state.settings.keyExport;
  return { ...state, settings: { keyImport, keyExport } };
};
