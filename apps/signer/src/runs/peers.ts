/** What runs need of the other signers; the transport behind it authenticates and encrypts, and may lose anything. */

export interface PeerMessage {
  readonly execId: Uint8Array;
  readonly round: number;
  readonly kind: 'bcast' | 'p2p' | 'echo' | 'ack';
  /** Roster index of the addressee; 0 = the same message goes to every participant. */
  readonly to: number;
  readonly body: Uint8Array;
  readonly sig?: Uint8Array;
}

/** Duties of an implementation: `from` is who the channel authenticated; messages between two signers keep their order. */
export interface Peers {
  /** Roster indices of the others with a live session, sorted. */
  online(): readonly number[];
  /** Never throws: what cannot be sent is lost, and the run's deadline tells. */
  send(to: number, message: PeerMessage): void;
  onMessage(heard: (from: number, message: PeerMessage) => void): void;
  /** Called after every change of `online`, and when a peer came back as a new process (`restarted`). */
  onPresence(changed: (change: { readonly online: readonly number[]; readonly restarted?: number }) => void): void;
}
