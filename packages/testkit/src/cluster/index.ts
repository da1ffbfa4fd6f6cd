/** A whole cluster in one process, and the least that can stand in for the api and its clients. */
export {
  type ActCommand,
  type ActOptions,
  acksOf,
  assertion,
  codesOf,
  createTestApi,
  everybody,
  type ImportBody,
  type KeyResult,
  keyResult,
  newUserKey,
  nullifierOf,
  type Reachable,
  type Replies,
  type TestApi,
  type TestOrganisation,
  type TestUser,
} from './api.ts';
export { keepTestAuxiliary, testAuxPrimes } from './auxiliary.ts';
export { createTestClock, type TestClock } from './clock.ts';
export { startTestCluster, type TestCluster, type TestClusterOptions, type TestSigner } from './cluster.ts';
export { createTestNet, type Tap, type TestNet } from './net.ts';
export { type ProcessCluster, type SignerProcess, startProcessCluster } from './processes.ts';
