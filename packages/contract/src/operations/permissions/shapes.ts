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
});

export const Assignment = Reply({
  id: Type.String(),
  permissionId: Type.String(),
  identityId: Type.String(),
  isImmutable: Type.Boolean(),
  dateCreated: Timestamp,
  dateUpdated: Timestamp,
});
