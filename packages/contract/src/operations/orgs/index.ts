/** Every operation of this domain; a test fails when the folder and this list disagree. */
export { createOrg } from './createOrg.ts';
export { getLog } from './getLog.ts';
export { getOrgSettings } from './getOrgSettings.ts';
export { listLogRecords } from './listLogRecords.ts';
export { updateOrgSettings } from './updateOrgSettings.ts';
