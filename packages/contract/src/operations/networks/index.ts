/** Every operation of this domain; a test fails when the folder and this list disagree. */
export { getNetworks } from './getNetworks.ts';
