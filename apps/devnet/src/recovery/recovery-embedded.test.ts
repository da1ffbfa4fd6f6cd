import { recoveryOfActs } from './recovery.ts';

recoveryOfActs('embedded');
