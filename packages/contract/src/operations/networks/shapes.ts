/** Shapes of Canton validators (reference/api/wallets.md §7). */
import { Type } from '../../schema/type.ts';
import { Closed, Name, Network, Reply, Text, Timestamp } from '../shapes.ts';

const Endpoint = Closed({
  url: Text(2_000, 1),
  oauth2: Closed({
    domain: Text(500, 1),
    tokenPath: Type.Optional(Text(500)),
    audience: Text(500, 1),
    clientId: Text(500, 1),
    clientSecret: Text(2_000, 1),
  }),
});

export const NewValidator = Type.Union([
  Closed({ kind: Type.Literal('Shared'), name: Type.Optional(Name) }),
  Closed({ kind: Type.Literal('Custom'), name: Type.Optional(Name), validator: Endpoint, ledger: Endpoint }),
]);
export const ValidatorChange = Closed({
  name: Type.Optional(Name),
  validator: Type.Optional(Endpoint),
  ledger: Type.Optional(Endpoint),
});

/** Without the secrets, which are never shown. */
export const Validator = Reply({
  id: Type.String(),
  orgId: Type.String(),
  network: Network,
  name: Type.Optional(Type.String()),
  kind: Type.Enum(['Shared', 'Custom']),
  dateCreated: Timestamp,
  partyHint: Type.String(),
});
