/**
 * How a child key comes to be: all holders compute it, compare, and sign to each other what they agree on. Ends with the
 * same certificate as key generation, so a child is a key like any other (docs/specs/hd.md §4).
 */
import type { Curve } from '@holdfast/crypto/curves';
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

/** What a holder computed. */
interface Claim {
  readonly publicKey: Uint8Array;
  readonly epoch: Uint8Array;
}

class ChildKey extends RoundMachine<CertifiedShare> {
  protected override readonly stages: readonly Stage[];
  readonly #share: KeyShare;
  readonly #claim: Claim;
  readonly #statement: StatementOf;
  readonly #slots: Slots;
  #own: Acknowledgement | undefined;

  constructor(ctx: RunContext, { master, path, statement }: ChildKeyOptions) {
    super(ctx, 'hd/1');
    if (master.curve !== ctx.curve.name) refuse('E_KEY_PROTOCOL', 'The run is on another curve than the key.');
    if (master.index !== ctx.self) refuse('E_PARTIES', 'The share belongs to another party.');
    if (ctx.parties.length !== master.n) refuse('E_PARTIES', 'Every holder of the key takes part in making a child.');
    this.#share = childShare(ctx.curve, master, path);
    this.#claim = { publicKey: ctx.curve.encodePoint(this.#share.publicKey), epoch: this.#share.epoch };
    this.#statement = statement;
    this.#slots = slotsFor(ctx.curve);
    this.stages = [
      { expect: [this.#slots.claim], complete: (inbox) => this.#acknowledge(inbox) },
      { expect: [this.#slots.acknowledgement], complete: (inbox) => this.#certify(inbox) },
    ];
  }

  protected override begin(): Effect[] {
    return [this.broadcast(this.#slots.claim, this.#claim)];
  }

  /** Round 2, once all five computed the same: has the child written down, then acknowledges it. */
  #acknowledge(inbox: Inbox): Effect[] {
    const { curve, env } = this.ctx;
    for (const { value } of inbox.all(this.#slots.claim)) {
      // Another key or another sharing: a wrong chain code, share or epoch, here or there. Nobody is named.
      const agrees = equalBytes(value.publicKey, this.#claim.publicKey) && equalBytes(value.epoch, this.#claim.epoch);
      check(agrees, 'E_HD_MISMATCH');
    }
    this.#own = acknowledge({ curve, share: this.#share, statement: this.#statement, sign: env.sign });
    return [
      // Before the acknowledgement leaves: whoever holds all five statements may count on all five (rulings 15).
      { t: 'persist', tag: 'pending-share', share: this.#share },
      this.broadcast(this.#slots.acknowledgement, this.#own.signature),
    ];
  }

  #certify(inbox: Inbox): Effect[] {
    const { curve, env } = this.ctx;
    const stated = { curve, share: this.#share, statement: this.#statement, verify: env.verify };
    const statements = [this.#own as Acknowledgement]; // Made in the stage before.
    for (const { from, value } of inbox.all(this.#slots.acknowledgement)) {
      const acknowledgement = { index: from, signature: value };
      check(isAcknowledged(stated, acknowledgement), 'E_HD_ACK', [from]);
      statements.push(acknowledgement);
    }
    statements.sort((a, b) => a.index - b.index);
    this.finish({ share: this.#share, statements });
    return [];
  }

  /** Recomputed from the master whenever it is needed; nobody keeps it. */
  protected override erase(): void {
    this.#share.x.fill(0);
  }
}

interface Slots {
  readonly claim: Slot<Claim>;
  /** The identity signature over the key statement, 64 bytes. */
  readonly acknowledgement: Slot<Uint8Array>;
}

function slotsFor(curve: Curve): Slots {
  return {
    claim: {
      round: 1,
      kind: 'bcast',
      format: format({
        tag: 'mpc/hd/1/claim/v1',
        fields: [f.point(curve.pointBytes), f.bytes(32)],
        write: (m: Claim) => [i.point(m.publicKey), i.bytes(m.epoch)],
        read: ([publicKey, epoch]) => ({ publicKey, epoch }),
      }),
    },
    acknowledgement: {
      round: 2,
      kind: 'ack',
      format: format({
        tag: 'mpc/hd/2/acknowledgement/v1',
        fields: [f.bytes(64)],
        write: (signature: Uint8Array) => [i.bytes(signature)],
        read: ([signature]) => signature,
      }),
    },
  };
}
