/** New shares of a key that stays: refresh among its holders, resharing to another committee. */
export { createRefresh, type RefreshOptions } from './refresh.ts';
export { createResharing, type Reshared, type ReshareOptions, type Role, type SharedKey } from './resharing.ts';
