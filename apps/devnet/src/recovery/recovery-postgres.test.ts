import { recoveryOfActs } from './recovery.ts';

recoveryOfActs('postgres');
