import { faultsOfApi } from './api.ts';

faultsOfApi('postgres', 'one point for each place in the code');
