/** Everything a command may use, in one type. */
import type { Env } from '@holdfast/contract/types';
import type { Auxiliary } from '../auxiliary/index.ts';
import type { ClusterView } from '../cluster-view/index.ts';
import type { Freshness } from '../consent/freshness.ts';
import type { Organisations } from '../consent/organisations.ts';
import type { Machines, Peers, Runs, Sessions } from '../runs/index.ts';
import type { Store } from '../store/index.ts';
import type { AuditBudget } from './audit.ts';
import type { ImportKeys } from './import-keys.ts';

/** What this signer's operator allows. */
export interface SignerSettings {
  readonly allowImport: boolean;
  readonly allowExport: boolean;
  /** By network: the highest fee, decimal in the smallest unit, that this signer adds to a transfer. */
  readonly feeMax?: Readonly<Record<string, string>>;
  /** Engines of ECDSA it takes part in; both where it does not say. */
  readonly ecdsaEngines?: readonly EcdsaEngine[];
}

/** H: honest majority, all five. C: CGGMP24, any three (docs/specs/engine-controller.md). */
export type EcdsaEngine = 'H' | 'C';

export interface Context {
  readonly env: Env;
  readonly store: Store;
  readonly cluster: ClusterView;
  readonly organisations: Organisations;
  readonly freshness: Freshness;
  readonly importKeys: ImportKeys;
  readonly peers: Peers;
  readonly runs: Runs;
  readonly machines: Machines;
  readonly sessions: Sessions;
  /** The cluster's auxiliary set-up as this signer holds it. */
  readonly auxiliary: Auxiliary;
  readonly settings: SignerSettings;
  /** Keys whose run is under way: whether this signer holds a share of one is not known yet. */
  readonly making: Set<string>;
  /** Keys whose shares are being changed, and when that was last begun (docs/specs/refresh.md §3). */
  readonly refreshing: Set<string>;
  readonly refreshedAt: Map<string, number>;
  /** Whether erased shares are still to be overwritten in the store's log. */
  readonly scrubbing: { due: boolean; cancel: () => void };
  /** Pages of share audits answered lately. */
  readonly audits: AuditBudget;
  isFrozen(): boolean;
  /** Restored from a backup, and not yet told by the others what it has forgotten. */
  isRejoining(): boolean;
  /** Counters since the start, by name (rulings 36). */
  readonly counters: Record<string, number>;
}
