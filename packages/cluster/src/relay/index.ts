/** The untrusted relay: a hub inside the api, a link inside each signer, over WebSocket or over NATS. */

export type { ClusterEnv } from '../env.ts';
export { ClusterError, type ClusterErrorCode } from '../errors.ts';
export type { RelayHub, Traffic } from './hub.ts';
export type { RelayLink } from './link.ts';
export { isNatsUrl, type NatsAddress, parseNatsUrl, type RelayPlace } from './nats/address.ts';
export { createNatsHub, type NatsHubLimits, natsHubLimits } from './nats/hub.ts';
export { createNatsLink, type NatsLinkLimits, natsLinkLimits } from './nats/link.ts';
export { createRelayHub, type HubLimits, hubLimits, type WebSocketHub } from './websocket/hub.ts';
export { createRelayLink, type LinkLimits, linkLimits } from './websocket/link.ts';
export { MESSAGE_BYTES_MAX, PEER_BYTES_MAX, RELAY_PATH, RELAY_PROTOCOL, relayAuthBytes } from './wire.ts';
