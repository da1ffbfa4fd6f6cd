/** Takes a permission away. The query member `force` is not signed and not heard. */
import { refuse } from '../../errors/index.ts';
import { withoutEntry } from '../state.ts';
import { readParam } from './fields.ts';
import type { Reducer } from './reducer.ts';

export const deleteAssignment: Reducer = (state, { operation }) => {
  const assignment = state.assignments.get(readParam(operation.params, 'assignmentId'));
  if (assignment === undefined || assignment.permissionId !== readParam(operation.params, 'permissionId')) {
    return refuse('E_NOT_FOUND', 'assignment not found');
  }
  return { ...state, assignments: withoutEntry(state.assignments, assignment.id) };
};
