/** Passes a question to one signer: a page of proofs that it holds its shares. The asker checks them, not the api. */
import { Type } from '../../schema/type.ts';
import { operation } from '../operation.ts';
import { Closed, Curve, Reply } from '../shapes.ts';

const Item = Reply({
  keyId: Type.String(),
  status: Type.Enum(['proved', 'damaged']),
  problem: Type.Optional(Type.String()),
  org: Type.Optional(Type.String()),
  curve: Type.Optional(Curve),
  publicKey: Type.Optional(Type.String()),
  epoch: Type.Optional(Type.String()),
  index: Type.Optional(Type.Integer()),
  publicShares: Type.Optional(Type.Array(Type.String())),
  statement: Type.Optional(Type.String()),
  A: Type.Optional(Type.String()),
  z: Type.Optional(Type.String()),
});

export const auditShares = operation({
  name: 'auditShares',
  domain: 'cluster',
  method: 'POST',
  path: '/holdfast/cluster/audit',
  auth: 'operator',
  userAction: false,
  permissions: [],
  effect: 'none',
  request: Closed({
    signer: Type.Integer({ minimum: 1, maximum: 5 }),
    nonce: Type.String({ pattern: '^[0-9a-f]{64}$', says: 'must be 64 hexadecimal digits' }),
    after: Type.String({ pattern: '^([a-z]{2,8}(-[0-9a-z]{4,26}){1,3})?$', says: 'is not a key id' }),
  }),
  response: Reply({
    signer: Type.Integer(),
    /** Absent where the signer gave none. */
    page: Type.Optional(Reply({ items: Type.Array(Item), more: Type.Boolean(), signature: Type.String() })),
    /** Why not: a code of the signer, or that it was not reached. */
    refused: Type.Optional(Type.String()),
  }),
  summary: 'Asks one signer to prove its shares, a page at a time',
});
