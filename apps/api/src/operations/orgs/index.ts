/** Every handler of this domain; a test fails when the folder, this list and the contract disagree. */
import { createOrg } from './createOrg.ts';
import { getLog } from './getLog.ts';
import { getOrgSettings } from './getOrgSettings.ts';
import { listLogRecords } from './listLogRecords.ts';
import { updateOrgSettings } from './updateOrgSettings.ts';

export const orgsHandlers = [createOrg, getLog, getOrgSettings, listLogRecords, updateOrgSettings];
