/** Shapes of permissions (reference/api/permissions.md §1). */
import { Type } from '../../schema/type.ts';
import { Reply, Timestamp } from '../shapes.ts';

export const Permission = Reply({
  id: Type.String(),
  name: Type.String(),
  operations: Type.Array(Type.String()),
  status: Type.Enum(['Active']),
  isImmutable: Type.Boolean(),
  isArchived: Type.Boolean(),
  dateCreated: Timestamp,
  dateUpdated: Timestamp,
  /** Beyond the reference: roster indices of the signers that acknowledged the change just made. */
  acknowledgedBy: Type.Optional(Type.Array(Type.Integer())),
});

export const Assignment = Reply({
  id: Type.String(),
  permissionId: Type.String(),
  identityId: Type.String(),
  isImmutable: Type.Boolean(),
  dateCreated: Timestamp,
  dateUpdated: Timestamp,
});
