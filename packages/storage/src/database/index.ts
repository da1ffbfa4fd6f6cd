export { conflictOf, type StorageCode, StorageError } from './errors.ts';
export { lockFolder } from './folder-lock.ts';
export { type Database, type Locks, type OpenOptions, openDatabase } from './open.ts';
export { prepared } from './prepared.ts';
export { type Executor, inTransaction } from './transaction.ts';
