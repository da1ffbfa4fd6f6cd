/** Shapes that several operations share (reference/api). Requests are closed; replies hold what is written here only. */
import type { TProperties, TSchema } from 'typebox';
import { Type } from '../schema/type.ts';
import { type IdPrefix, idKinds, idPattern } from '../types/ids.ts';
import { curves, protocols } from '../types/keys.ts';
import { blockchainKinds, networkNames } from '../types/networks.ts';

/** An object of a request: unknown members are refused. */
export const Closed = <P extends TProperties>(properties: P) =>
  Type.Object(properties, { additionalProperties: false });
/** An object of a reply: `pick` copies what is declared and nothing else. */
export const Reply = <P extends TProperties>(properties: P) => Type.Object(properties);

export const Id = (prefix: IdPrefix) =>
  Type.String({ pattern: idPattern(prefix), says: `is not a ${idKinds[prefix]} id` });

export const Text = (most: number, least = 0) => Type.String({ minLength: least, maxLength: most });
export const Name = Text(100, 1);
export const ExternalId = Text(256, 1);
export const Timestamp = Type.String({ description: 'ISO 8601, UTC, milliseconds' });
export const Tags = Type.Array(Text(100, 1), { maxItems: 100 });

export const Scheme = Type.Enum(['DH', 'ECDSA', 'EdDSA', 'Schnorr']);
export const Curve = Type.Enum([...curves]);
export const Protocol = Type.Enum([...protocols]);
export const Network = Type.Enum([...networkNames]);
export const BlockchainKind = Type.Enum([...blockchainKinds]);

export const Empty = Closed({});
export const Message = Reply({ message: Type.String() });
/** Beyond the reference: roster indices of the signers that acknowledged the change just made. */
export const AcknowledgedBy = Type.Optional(Type.Array(Type.Integer()));

export const Page = Closed({
  limit: Type.Optional(
    Type.String({ pattern: '^([1-9]|[1-9][0-9]|100)$', says: 'must be an integer between 1 and 100' }),
  ),
  paginationToken: Type.Optional(Text(2000, 1)),
});
export const pageMembers = Page.properties;

export const listOf = <S extends TSchema>(item: S) =>
  Reply({ items: Type.Array(item), nextPageToken: Type.Optional(Type.String()) });

/** `?force=true` of the public client: taken, never signed, never obeyed by signers. */
export const Force = Closed({ force: Type.Optional(Text(5)) });
