/** What operations of the cluster answer alike. */
import { Type } from '../../schema/type.ts';
import { Reply } from '../shapes.ts';

/** A round of refresh: counts are of the keys that were there when it began and are not exported. */
export const RefreshReply = Reply({
  state: Type.String(),
  cause: Type.Optional(Type.String()),
  dateStarted: Type.Optional(Type.String()),
  dateEnded: Type.Optional(Type.String()),
  keys: Type.Integer(),
  refreshed: Type.Integer(),
  failed: Type.Integer(),
  reasons: Type.Array(Type.String()),
});
