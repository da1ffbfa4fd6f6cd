import { relayFaults } from './relay.ts';

relayFaults('nats');
