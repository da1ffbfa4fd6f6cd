import { relayFaults } from './relay.ts';

relayFaults('embedded');
