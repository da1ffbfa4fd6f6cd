/**
 * What every protocol and everything that drives one agree on. A machine is pure: no socket, clock, disk or
 * ambient randomness, so the same object runs under the simulator and under the real transport.
 */
import type { Curve, CurveName, Point, Scalar } from '@holdfast/crypto/curves';

/** Evaluation point of a party within one key, 1…n. Never zero, never taken from a message body. */
export type Index = number;

export type MessageKind = 'bcast' | 'p2p' | 'echo' | 'ack';

/** What transports carry; the execution id and the sender are authenticated by the channel, not by the body. */
export interface Message {
  readonly round: number;
  readonly kind: MessageKind;
  readonly from: Index;
  /** 0 = every other party. */
  readonly to: Index | 0;
  /** Canonical encoding of the round's schema. */
  readonly body: Uint8Array;
  /** Identity signature of the sender where evidence is needed (rulings 19); bytes signed: signedBytes(). */
  readonly sig?: Uint8Array;
}

export type Effect =
  | { readonly t: 'send'; readonly message: Message }
  /** Write-ahead: the driver flushes `share` to disk before it carries out any later effect. */
  | { readonly t: 'persist'; readonly tag: 'pending-share'; readonly share: KeyShare }
  /** Heavy arithmetic, off the event loop where there is one: answered by `computed` or `computeFailed`, once. */
  | { readonly t: 'compute'; readonly id: number; readonly job: Job };

/**
 * A call of a pure function that the driver looks up by name. The input survives a structured clone; it belongs to
 * whoever carries the job out, who overwrites every byte array in it afterwards (wipeBytes).
 */
export interface Job {
  readonly name: string;
  readonly input: unknown;
}

/** One such function and its name. Deterministic: randomness is part of the input. Never throws on hostile values. */
export interface JobKind<I, O> {
  readonly name: string;
  readonly run: (input: I) => O;
}

export type ProtocolName = 'CGGMP21' | 'FROST' | 'FROST_BITCOIN' | 'GLOW20_DH';

/** One signer's part of one key. `x` is secret to this signer, `chainCode` to the five of the cluster. */
export interface KeyShare {
  readonly protocol: ProtocolName;
  readonly curve: CurveName;
  readonly index: Index;
  readonly t: number;
  readonly n: number;
  readonly x: Scalar;
  /** X_1…X_n in order of evaluation point. */
  readonly publicShares: readonly Point[];
  readonly publicKey: Point;
  /** SHA-512/256 of the public shares (rulings 15): names the sharing. 32 bytes. */
  readonly epoch: Uint8Array;
  /** 32 bytes, the same at every holder: present on the master of an HD tree and on nothing else (docs/specs/hd.md). */
  readonly chainCode?: Uint8Array;
}

export interface Abort {
  /** Stable, `E_…`. */
  readonly code: string;
  readonly round: number;
  /** Parties shown to have misbehaved; empty where nobody can be named. */
  readonly culprits: readonly Index[];
  readonly evidence?: readonly Message[];
  /** Public inputs of the run without which the evidence cannot be judged, where a protocol has such. */
  readonly publics?: Uint8Array;
}

export type Status<Out> =
  | { readonly s: 'running'; readonly waitingFor: readonly Index[] }
  | { readonly s: 'done'; readonly out: Out }
  | { readonly s: 'aborted'; readonly abort: Abort };

export interface Machine<Out> {
  readonly protocol: string;
  readonly execId: Uint8Array;
  /** First messages. Called once. */
  start(): Effect[];
  /** Total: never throws on hostile input. `m.from` is the authenticated sender. */
  receive(m: Message): Effect[];
  /** The result of the job that a `compute` effect of this machine handed over; unknown and repeated ids are dropped. */
  computed(id: number, result: unknown): Effect[];
  /** The job will never have a result: its worker died, or it threw. Ends the run with E_COMPUTE. */
  computeFailed(id: number, cause: unknown): Effect[];
  /** The driver's decision that a party will not answer; aborts with E_PEER_GONE where it is needed. */
  peerGone(i: Index): Effect[];
  status(): Status<Out>;
  /** Erases what can be erased of the run's secrets; idempotent; called by the driver at the end, always. */
  wipe(): void;
}

/** Injected by the driver. */
export interface MpcEnv {
  random(n: number): Uint8Array;
  /** Ed25519 by this signer's identity key; 64 bytes. */
  sign(bytes: Uint8Array): Uint8Array;
  verify(party: Index, bytes: Uint8Array, sig: Uint8Array): boolean;
}

/** The frame of one run, the same for every protocol. */
export interface RunContext {
  readonly execId: Uint8Array;
  readonly self: Index;
  /** Sorted, distinct, `self` included: the participants of this run. */
  readonly parties: readonly Index[];
  readonly curve: Curve;
  readonly env: MpcEnv;
}
