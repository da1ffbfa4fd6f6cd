/** What a family is said to do, and by whom it was shown: the rows of docs/guides/networks.md. The suite holds them true. */
import type { FamilyName } from '../families/types.ts';

/**
 * sdk: the chain's own SDK built, decoded and verified it. node: a node of the chain accepted it. vectors: equal to
 * published examples. spec: written from the published description, confirmed by nothing else.
 */
export type Evidence = 'sdk' | 'node' | 'vectors' | 'spec';

export interface Claims {
  readonly family: FamilyName;
  /** Who judged, with versions. */
  readonly judge: string;
  readonly address: Evidence;
  /** By `kind` of the signature body (keys.md §3). */
  readonly signatures: Readonly<Record<string, Evidence>>;
  /** By `kind` of the transfer, or of the transaction the platform completes (wallets.md §4–5). */
  readonly constructs: Readonly<Record<string, Evidence>>;
  /** Broadcast kinds (wallets.md §5) beside the constructed ones. */
  readonly broadcasts: readonly string[];
  /** How the client of the chain's nodes was shown; absent: there is none. */
  readonly nodes?: Evidence;
  /**
   * How transfers were shown from the request to their confirmation, kill −9 included. node: a node of the chain; machine: its
   * virtual machine behind a node of ours; fake: a fake of its node that verifies with the judge. Absent: they were not.
   */
  readonly orders?: 'node' | 'machine' | 'fake';
  /** What a user has to know, a sentence each. */
  readonly notes?: readonly string[];
}
