/** The cluster as the page meets it for the first time: its fingerprint is recomputed from the signers' keys. */
import { clusterFingerprint } from '@holdfast/authority/challenge';
import { fromBase64, toBase64Url } from '@holdfast/contract/wire';
import { type ClusterReply, publicApi } from './api.ts';

export interface SeenCluster {
  /** How challenges name the cluster: the fingerprint of its founding, base64url. */
  readonly fingerprint: string;
  readonly online: number;
}

/**
 * @throws ClusterRefused, by name, where the signers listed are not those the fingerprint belongs to.
 */
export async function seeCluster(): Promise<SeenCluster> {
  const reply = await publicApi().plain<ClusterReply>('GET', '/holdfast/cluster');
  const identities = reply.signers.map(({ identityKey }) => fromBase64(identityKey, { bytes: 32 }));
  const today = toBase64Url(clusterFingerprint(reply.epoch, identities));
  const online = reply.signers.filter((signer) => signer.online).length;
  if (reply.epoch === 0 && today === reply.origin) return { fingerprint: today, online };
  // Only where a signer was replaced: the steps since the founding, each signed by those that stayed.
  const { followSuccessions, ClusterRefused } = await import('@holdfast/client/cluster');
  const members = followSuccessions(reply.successions, { clusterFingerprint: reply.origin });
  if (members.epoch === reply.epoch && members.fingerprint === today) return { fingerprint: reply.origin, online };
  throw new ClusterRefused('the signers that the server lists are not those of its fingerprint');
}
