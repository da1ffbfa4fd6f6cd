/** The untrusted relay: a hub inside the api, a link inside each signer. */

export type { ClusterEnv } from '../env.ts';
export { ClusterError, type ClusterErrorCode } from '../errors.ts';
export { createRelayHub, type HubLimits, hubLimits, type RelayHub, type Traffic } from './hub.ts';
export { createRelayLink, type LinkLimits, linkLimits, type RelayLink } from './link.ts';
export { MESSAGE_BYTES_MAX, PEER_BYTES_MAX, RELAY_PATH, RELAY_PROTOCOL, relayAuthBytes } from './wire.ts';
