import { conformance } from '../../test/conformance.ts';
import { websocket } from '../../test/relays.ts';

conformance(websocket, { skip: false });
