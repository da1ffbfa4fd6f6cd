/** A complete two-round protocol, there to be copied. */
export { CoinToss } from './coin-toss.ts';
