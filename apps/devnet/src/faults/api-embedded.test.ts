import { faultsOfApi } from './api.ts';

faultsOfApi('embedded', 'one point for each place in the code');
