/** The part of a process's Env that this room uses. */
import type { Env } from '@holdfast/contract/types';

export type ClusterEnv = Pick<Env, 'now' | 'random' | 'setTimer' | 'log'>;
