/**
 * How a child key comes to be: all holders compute it, and each signs to the others what it computed. One round; ends
 * with the same certificate as key generation, so a child is a key like any other (docs/specs/hd.md §4).
 */
import { equalBytes, f, i } from '@holdfast/crypto/transcript';
import {
  type Acknowledgement,
  acknowledge,
  type CertifiedShare,
  isAcknowledged,
  type StatementOf,
} from '../dkg/certificate.ts';
import {
  check,
  type Effect,
  format,
  type Inbox,
  type KeyShare,
  type Machine,
  RoundMachine,
  type RunContext,
  refuse,
  type Slot,
  type Stage,
} from '../runtime/index.ts';
import { childShare } from './child-share.ts';

export interface ChildKeyOptions {
  /** This party's share of the master; not needed any more once this returns. */
  readonly master: KeyShare;
  readonly path: readonly number[];
  readonly statement: StatementOf;
}

/** A machine that ends with this party's share of the child and the acknowledgements of all n. */
export function createChildKey(ctx: RunContext, o: ChildKeyOptions): Machine<CertifiedShare> {
  return new ChildKey(ctx, o);
}

interface Claim {
  readonly publicKey: Uint8Array;
  readonly epoch: Uint8Array;
  readonly signature: Uint8Array;
}

class ChildKey extends RoundMachine<CertifiedShare> {
  protected override readonly stages: readonly Stage[];
  readonly #share: KeyShare;
  readonly #statement: StatementOf;
  readonly #slot: Slot<Claim>;
  #own: Acknowledgement | undefined;

  constructor(ctx: RunContext, { master, path, statement }: ChildKeyOptions) {
    super(ctx, 'hd/1');
    if (master.curve !== ctx.curve.name) refuse('E_KEY_PROTOCOL', 'The run is on another curve than the key.');
    if (master.index !== ctx.self) refuse('E_PARTIES', 'The share belongs to another party.');
    if (ctx.parties.length !== master.n) refuse('E_PARTIES', 'Every holder of the key takes part in making a child.');
    this.#share = childShare(ctx.curve, master, path);
    this.#statement = statement;
    this.#slot = {
      round: 1,
      kind: 'ack',
      format: format({
        tag: 'mpc/hd/1/claim/v1',
        fields: [f.point(ctx.curve.pointBytes), f.bytes(32), f.bytes(64)],
        write: (m: Claim) => [i.point(m.publicKey), i.bytes(m.epoch), i.bytes(m.signature)],
        read: ([publicKey, epoch, signature]) => ({ publicKey, epoch, signature }),
      }),
    };
    this.stages = [{ expect: [this.#slot], complete: (inbox) => this.#certify(inbox) }];
  }

  protected override begin(): Effect[] {
    const { curve, env } = this.ctx;
    this.#own = acknowledge({ curve, share: this.#share, statement: this.#statement, sign: env.sign });
    const claim = { publicKey: this.#publicKey(), epoch: this.#share.epoch, signature: this.#own.signature };
    // Written before it is acknowledged: whoever holds all five statements may count on all five (rulings 15).
    return [{ t: 'persist', tag: 'pending-share', share: this.#share }, this.broadcast(this.#slot, claim)];
  }

  #certify(inbox: Inbox): Effect[] {
    const { curve, env } = this.ctx;
    const statements = [this.#own as Acknowledgement]; // Made by begin(), which comes before every stage.
    for (const { from, value } of inbox.all(this.#slot)) {
      // Another key or another sharing: a wrong chain code, share or epoch, here or there. Nobody is named.
      const agrees = equalBytes(value.publicKey, this.#publicKey()) && equalBytes(value.epoch, this.#share.epoch);
      check(agrees, 'E_HD_MISMATCH');
      const acknowledgement = { index: from, signature: value.signature };
      const stated = { curve, share: this.#share, statement: this.#statement, verify: env.verify };
      check(isAcknowledged(stated, acknowledgement), 'E_HD_ACK', [from]);
      statements.push(acknowledgement);
    }
    statements.sort((a, b) => a.index - b.index);
    this.finish({ share: this.#share, statements });
    return [];
  }

  #publicKey(): Uint8Array {
    return this.ctx.curve.encodePoint(this.#share.publicKey);
  }

  /** Recomputed from the master whenever it is needed; nobody keeps it. */
  protected override erase(): void {
    this.#share.x.fill(0);
  }
}
