import { conformance } from '../../test/conformance.ts';
import { withoutNats } from '../../test/nats/index.ts';
import { nats } from '../../test/relays.ts';

conformance(nats, { skip: withoutNats });
