/**
 * A coin that nobody can bias: commit, then reveal. There to be copied: it shows everything a protocol needs,
 * which is formats, slots, stages and guards. Security: the coin is uniform if one party is honest; a party that
 * dislikes it can only abort.
 */
import { equalBytes, f, hashCommit, i } from '@holdfast/crypto/transcript';
import {
  check,
  type Effect,
  format,
  hedgedRandom,
  type Inbox,
  RoundMachine,
  type RunContext,
  type Slot,
  type Stage,
} from '../runtime/index.ts';

interface Opening {
  readonly coin: Uint8Array;
  readonly u: Uint8Array;
}

/** Round 1, to all and echoed: V_i. Everybody has seen the same commitments before anybody opens one. */
const commitment: Slot<Uint8Array> = {
  round: 1,
  kind: 'bcast',
  echo: true,
  format: format({
    tag: 'mpc/coin-toss/1/commitment/v1',
    fields: [f.bytes(64)],
    write: (v: Uint8Array) => [i.bytes(v)],
    read: ([v]) => v,
  }),
};

/** Round 2, to all: what V_i commits to. Needs no echo: V_i leaves only one opening. */
const opening: Slot<Opening> = {
  round: 2,
  kind: 'bcast',
  format: format({
    tag: 'mpc/coin-toss/2/opening/v1',
    fields: [f.bytes(32), f.bytes(32)],
    write: ({ coin, u }: Opening) => [i.bytes(coin), i.bytes(u)],
    read: ([coin, u]) => ({ coin, u }),
  }),
};

export class CoinToss extends RoundMachine<Uint8Array> {
  readonly #own: Opening = { coin: new Uint8Array(32), u: new Uint8Array(32) };
  #committed = new Map<number, Uint8Array>();

  protected override readonly stages: readonly Stage[] = [
    { expect: [commitment], complete: (inbox) => this.#reveal(inbox) },
    { expect: [opening], complete: (inbox) => this.#toss(inbox) },
  ];

  constructor(ctx: RunContext) {
    super(ctx, 'coin-toss/1');
  }

  protected override begin(): Effect[] {
    const random = hedgedRandom(this.ctx, { label: 'coin-toss' });
    this.#own.coin.set(random(32));
    this.#own.u.set(random(32));
    return [this.broadcast(commitment, commit(this.ctx, this.ctx.self, this.#own))];
  }

  #reveal(inbox: Inbox): Effect[] {
    for (const { from, value } of inbox.all(commitment)) this.#committed.set(from, value);
    return [this.broadcast(opening, this.#own)];
  }

  #toss(inbox: Inbox): Effect[] {
    const coin = this.#own.coin.slice();
    for (const { from, value } of inbox.all(opening)) {
      const committed = this.#committed.get(from);
      check(committed !== undefined && equalBytes(committed, commit(this.ctx, from, value)), 'E_COIN_OPENING', [from]);
      for (const [k, byte] of value.coin.entries()) coin[k] = (coin[k] ?? 0) ^ byte;
    }
    this.finish(coin);
    return [];
  }

  protected override erase(): void {
    this.#own.coin.fill(0);
    this.#own.u.fill(0);
  }
}

/** The index inside the hash stops a party from repeating another's commitment and opening. */
function commit(ctx: RunContext, index: number, { coin, u }: Opening): Uint8Array {
  return hashCommit('mpc/coin-toss/commit', ctx.execId, index, coin, u);
}
