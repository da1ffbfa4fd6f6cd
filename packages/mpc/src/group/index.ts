/** Many runs of one protocol in lockstep: one message per round for all of them, a fault stays with its element. */
export {
  type Cells,
  type ColumnElement,
  type ColumnGroupOptions,
  type ColumnMachine,
  type ColumnProtocol,
  type ColumnRun,
  createColumnGroup,
  type HeardCells,
} from './columns.ts';
export { createGroup, type GroupElement, type GroupOptions, type Settled } from './group.ts';
export { GROUP_MAX } from './places.ts';
