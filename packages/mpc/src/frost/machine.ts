/**
 * Two-round FROST without a coordinator (rulings 18): exactly t signers send their commitments to each other, each
 * builds the list itself, sends its share to the others, checks and aggregates. docs/specs/frost.md is normative.
 */
import { createHash } from 'node:crypto';
import type { Curve, Point, Scalar } from '@holdfast/crypto/curves';
import { enc, equalBytes, f, i } from '@holdfast/crypto/transcript';
import {
  abort,
  check,
  type Effect,
  format,
  hedgedRandom,
  type Inbox,
  type KeyShare,
  type Machine,
  RoundMachine,
  type RunContext,
  refuse,
  type Slot,
  type Stage,
} from '../runtime/index.ts';
import { aggregate, type Commitment, isValidShare, NoncePair, type Session, signShare } from './core.ts';
import type { FrostSuite, SigningKey } from './suite.ts';
import { bip340Suite } from './suites/bitcoin.ts';
import { ed25519Suite } from './suites/ed25519.ts';
import { requireUsableShare } from './usable-share.ts';

export interface FrostOut {
  /** 64 bytes, verified. */
  readonly signature: Uint8Array;
}

/** RFC 9591 FROST(Ed25519, SHA-512); the signature verifies as plain Ed25519 under the key's 32-byte encoding. */
export function createFrostEd25519(
  ctx: RunContext,
  o: { readonly share: KeyShare; readonly message: Uint8Array },
): Machine<FrostOut> {
  return new FrostMachine(ctx, { suite: ed25519Suite, share: o.share, message: o.message });
}

/**
 * BIP-340 under the key itself (`taprootMerkleRoot` absent), or under its BIP-341 output key for an empty script tree
 * (empty) or the tree with that root (32 bytes).
 */
export function createFrostBip340(
  ctx: RunContext,
  o: { readonly share: KeyShare; readonly message: Uint8Array; readonly taprootMerkleRoot?: Uint8Array },
): Machine<FrostOut> {
  return new FrostMachine(ctx, { suite: bip340Suite(o.taprootMerkleRoot), share: o.share, message: o.message });
}

class FrostMachine extends RoundMachine<FrostOut> {
  protected override readonly stages: readonly Stage[];
  readonly #suite: FrostSuite;
  readonly #key: SigningKey;
  readonly #message: Uint8Array;
  readonly #context: Uint8Array;
  readonly #round1: Slot<Round1>;
  #nonces: NoncePair | undefined;
  /** What this party answered in round 2. */
  #answer: Answer | undefined;

  constructor(ctx: RunContext, o: { suite: FrostSuite; share: KeyShare; message: Uint8Array }) {
    super(ctx, `frost/${o.suite.id}/1`);
    const { suite, share } = o;
    if (share.protocol !== suite.protocol) refuse('E_KEY_PROTOCOL', 'The key was made for another protocol.');
    if (share.curve !== suite.curve) refuse('E_KEY_PROTOCOL', 'The key is on another curve.');
    requireUsableShare(this.ctx, share);
    // Exactly t, not at least: the set is part of the execution id and every λ_j depends on it.
    if (this.ctx.parties.length !== share.t) refuse('E_PARTIES', 'FROST runs with exactly t signers.');
    this.#suite = suite;
    this.#message = Uint8Array.from(o.message);
    this.#key = suite.prepare(ctx.curve, share);
    this.#context = contextOf(this.ctx, { suite, share, key: this.#key, message: this.#message });
    this.#round1 = round1Slot(ctx.curve);
    this.stages = [
      { expect: [this.#round1], complete: (inbox) => this.#respond(inbox) },
      { expect: [round2Slot(ctx.curve)], complete: (inbox) => this.#conclude(inbox) },
    ];
  }

  protected override begin(): Effect[] {
    const { curve, self } = this.ctx;
    const random = hedgedRandom(this.ctx, { label: 'frost.nonce' });
    this.#nonces = NoncePair.draw(curve, this.#suite, { index: self, x: this.#key.x, random });
    const { D, encodedD, encodedE } = this.#nonces.commitment;
    return [this.broadcast(this.#round1, { context: this.#context, D, encodedD, encodedE })];
  }

  /** Round 2: the list from everybody's commitments, our own included; then the share. */
  #respond(inbox: Inbox): Effect[] {
    const { curve } = this.ctx;
    const nonces = this.#nonces as NoncePair; // Drawn by begin(), which comes before every stage.
    const list: Commitment[] = [nonces.commitment];
    for (const { from, value } of inbox.all(this.#round1)) {
      // Another message, key, tweak or set under the same execution id: no share of ours must meet theirs. Either
      // side may be the one deceived, so nobody is named.
      check(equalBytes(value.context, this.#context), 'E_F_CONTEXT');
      list.push({ index: from, D: value.D, encodedD: value.encodedD, encodedE: value.encodedE });
    }
    list.sort((a, b) => a.index - b.index);

    const { session, z } = signShare(curve, this.#suite, { key: this.#key, message: this.#message, list, nonces });
    const view = viewOf(this.execId, list);
    this.#answer = { session, view, z };
    return [this.broadcast(round2Slot(curve), { view, z })];
  }

  #conclude(inbox: Inbox): Effect[] {
    const { curve } = this.ctx;
    const { session, view, z } = this.#answer as Answer; // Stages run in order.
    const received = inbox.all(round2Slot(curve));
    // A party that told us and a peer different commitments makes the peer's share look wrong. The views tell that
    // case from a wrong share, so that the deceived peer is not named.
    for (const { value } of received) check(equalBytes(value.view, view), 'E_F_VIEW');

    // The sum verifies exactly when the signature does, at the price of one verification instead of t.
    const signature = aggregate(curve, this.#suite, session, [z, ...received.map(({ value }) => value.z)]);
    if (signature === undefined) {
      const culprits = received
        .filter(({ from, value }) => !isValidShare(curve, session, { index: from, z: value.z }))
        .map(({ from }) => from);
      abort(culprits.length > 0 ? 'E_F_SHARE' : 'E_F_SIG', culprits);
    }
    this.finish({ signature });
    return [];
  }

  protected override erase(): void {
    this.#nonces?.wipe();
    this.#key.x.fill(0);
  }
}

interface Answer {
  readonly session: Session;
  readonly view: Uint8Array;
  readonly z: Scalar;
}

interface Round1 {
  readonly context: Uint8Array;
  readonly D: Point;
  readonly encodedD: Uint8Array;
  readonly encodedE: Uint8Array;
}

interface Round2 {
  readonly view: Uint8Array;
  readonly z: Scalar;
}

function round1Slot(curve: Curve): Slot<Round1> {
  return {
    round: 1,
    kind: 'bcast',
    format: format({
      tag: 'mpc/frost/1/commitments/v1',
      fields: [f.bytes(32), f.point(curve.pointBytes), f.point(curve.pointBytes)],
      write: (m: Round1) => [i.bytes(m.context), i.point(m.encodedD), i.point(m.encodedE)],
      read: ([context, encodedD, encodedE]) => ({
        context,
        D: curve.decodePoint(encodedD),
        encodedD,
        encodedE,
      }),
    }),
  };
}

function round2Slot(curve: Curve): Slot<Round2> {
  return {
    round: 2,
    kind: 'bcast',
    format: format({
      tag: 'mpc/frost/2/share/v1',
      fields: [f.bytes(32), f.scalar()],
      write: (m: Round2) => [i.bytes(m.view), i.scalar(m.z)],
      read: ([view, z]) => ({ view, z: curve.scalar.decode(z) }),
    }),
  };
}

/** Everything the parties must agree on before a nonce of theirs is bound to it. */
function contextOf(
  ctx: RunContext,
  o: { suite: FrostSuite; share: KeyShare; key: SigningKey; message: Uint8Array },
): Uint8Array {
  return hash(
    enc(
      'mpc/frost/context/v1',
      i.bytes(ctx.execId),
      i.text(o.suite.id),
      i.bytes(o.share.epoch),
      i.bytes(o.suite.encodePublicKey(ctx.curve, o.key.publicKey)),
      i.list(ctx.parties.map((p) => i.uint(p))),
      i.bytes(hash(o.message)),
    ),
  );
}

function viewOf(execId: Uint8Array, list: readonly Commitment[]): Uint8Array {
  const entries = list.map((entry) => i.list([i.uint(entry.index), i.point(entry.encodedD), i.point(entry.encodedE)]));
  return hash(enc('mpc/frost/view/v1', i.bytes(execId), i.list(entries)));
}

/** SHA-512/256 by OpenSSL: these hashes are a noticeable part of a signature. */
function hash(bytes: Uint8Array): Uint8Array {
  return createHash('sha512-256').update(bytes).digest();
}
