/**
 * Peers that were shown to deviate in signing runs. A signer keeps its own count and believes nobody else's: what a peer
 * may learn from one failed run is negligible, from an unlimited number of them it is not (mpc-protocols §0.7, §10 row 39).
 */
import { toHex } from '@holdfast/contract/wire';
import { encodeEvidence, evidenceOf } from '@holdfast/mpc/evidence';
import type { Abort } from '@holdfast/mpc/runtime';
import type { Parties } from '../cluster-view/index.ts';
import { Refused } from '../refusal/index.ts';
import type { Context } from './context.ts';

/** Named so often, a peer gets no more runs of this signer's until its operator says so. Above the api's own measure. */
export const NAMED_MAX = 5;

/** Refuses E_PEER_NAMED for runs with such a peer, and says which. */
export function checkNotNamed(ctx: Context, participants: readonly number[]): void {
  const named = participants.filter((index) => {
    const signer = ctx.cluster.roster.signers[index - 1];
    return signer !== undefined && index !== ctx.cluster.index && ctx.store.named.times(signer.signerId) >= NAMED_MAX;
  });
  if (named.length === 0) return;
  throw new Refused(
    'E_PEER_NAMED',
    `this signer signs no more with signer ${named.join(', ')}, which deviated ${NAMED_MAX} times; its operator decides`,
    { culprits: named },
  );
}

/** What one run found out: counted, journalled and kept with its evidence before anything else happens. */
export function nameCulprits(
  ctx: Context,
  o: { readonly protocol: string; readonly execId: Uint8Array; readonly parties: Parties; readonly abort: Abort },
): void {
  const { protocol, execId, parties, abort } = o;
  for (const point of abort.culprits) {
    const index = parties.get(point);
    const signer = ctx.cluster.roster.signers.find((each) => each.index === index);
    if (signer === undefined || index === ctx.cluster.index) continue;
    const time = ctx.env.now();
    const facts = {
      peer: toHex(signer.signerId),
      protocol,
      code: abort.code,
      round: abort.round,
      execId: toHex(execId),
    };
    const times = ctx.store.transaction('named', () => {
      ctx.store.journal.append('peer.named', facts);
      return ctx.store.named.name({
        execId,
        signerId: signer.signerId,
        code: abort.code,
        time,
        record: recordOf(ctx, o),
      });
    });
    ctx.counters['peers_named'] = (ctx.counters['peers_named'] ?? 0) + 1;
    ctx.env.log('peer.named', { alert: true, signer: index, times, refused: times >= NAMED_MAX, ...facts });
  }
}

/**
 * The evidence of a run that ended before it made or changed a key. Nobody is counted for it: such a run leaks nothing of a
 * share in use, and all five are needed for the next one anyway.
 */
export function keepEvidence(
  ctx: Context,
  o: { readonly protocol: string; readonly execId: Uint8Array; readonly parties: Parties; readonly abort: Abort },
): void {
  const { execId, parties, abort } = o;
  for (const point of abort.culprits) {
    const signer = ctx.cluster.roster.signers.find(({ index }) => index === parties.get(point));
    if (signer === undefined || signer.index === ctx.cluster.index) continue;
    const { signerId } = signer;
    const facts = {
      peer: toHex(signerId),
      protocol: o.protocol,
      code: abort.code,
      round: abort.round,
      execId: toHex(execId),
    };
    ctx.store.transaction('evidence', () => {
      ctx.store.journal.append('evidence.kept', facts);
      ctx.store.named.keep({ execId, signerId, code: abort.code, time: ctx.env.now(), record: recordOf(ctx, o) });
    });
  }
}

/** Everything a third party needs to look at the messages: who took part by which point, and what was signed by whom. */
function recordOf(ctx: Context, { protocol, execId, parties, abort }: Parameters<typeof nameCulprits>[1]): string {
  const document = ctx.cluster.documentOf(execId);
  const evidence = document === undefined ? undefined : evidenceOf(abort, { document, protocol });
  return JSON.stringify({
    v: 1,
    protocol,
    execId: toHex(execId),
    code: abort.code,
    round: abort.round,
    culprits: abort.culprits,
    parties: [...parties].map(([point, index]) => ({
      point,
      identityKey: toHex(ctx.cluster.roster.signers[index - 1]?.identityKey ?? new Uint8Array()),
    })),
    messages: (abort.evidence ?? []).map(({ round, kind, from, to, body, sig }) => ({
      round,
      kind,
      from,
      to,
      body: toHex(body),
      ...(sig === undefined ? {} : { sig: toHex(sig) }),
    })),
    // For `verifyEvidence`: judged by anybody from nothing but itself (docs/specs/evidence.md).
    ...(evidence === undefined ? {} : { evidence: toHex(encodeEvidence(evidence)) }),
  });
}
