/** How the cluster stands, for health and for the page of a newcomer. */
import type { Context } from '../context.ts';

export type StateWord = 'ok' | 'degraded' | 'down';

export interface ClusterState {
  readonly word: StateWord;
  readonly online: number;
  readonly total: number;
  readonly signers: readonly { readonly index: number; readonly isOnline: boolean }[];
  /** What computes each curve at the signers; several where signers differ. */
  readonly backends: Readonly<Record<string, string>>;
}

/** Any three sign with FROST; everything else needs all five (rulings 22). */
export const SIGN_SIGNERS_MIN = 3;

export function stateWord(online: number, total: number): StateWord {
  if (online === total) return 'ok';
  return online >= SIGN_SIGNERS_MIN ? 'degraded' : 'down';
}

export async function clusterState(ctx: Pick<Context, 'signers'>): Promise<ClusterState> {
  const { roster } = ctx.signers;
  const online = new Set(ctx.signers.online());
  const total = roster.signers.length;
  const statuses = await ctx.signers.status();
  const all = statuses.flatMap(({ backends }) => Object.entries(backends));
  const found = new Map(
    all.map(([what]) => [what, new Set(all.filter(([each]) => each === what).map(([, which]) => which))]),
  );
  return {
    word: stateWord(online.size, total),
    online: online.size,
    total,
    signers: roster.signers.map(({ index }) => ({ index, isOnline: online.has(index) })),
    backends: Object.fromEntries([...found].map(([what, which]) => [what, [...which].sort().join(', ')])),
  };
}
