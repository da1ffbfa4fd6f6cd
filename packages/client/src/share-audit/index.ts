/**
 * Judges the answers to a share audit (docs/specs/share-audit.md): every proof, statement and page is checked here
 * against the roster that the asker pinned. Whoever carried the answers can withhold them, and nothing else.
 */
import { keyStatementBytes } from '@holdfast/authority/log';
import { auditPageBytes, shareProofContext } from '@holdfast/authority/share-audit';
import { fromBase64Url, fromHex, toHex, WireError } from '@holdfast/contract/wire';
import { CryptoError, type Curve, type CurveName, curve as curveOf, type Point } from '@holdfast/crypto/curves';
import { checkSharedKey, epochOf, verifyShareProof } from '@holdfast/crypto/sharing';
import { ed25519 } from '@noble/curves/ed25519.js';

export interface AuditedSigner {
  readonly index: number;
  readonly signerId: Uint8Array;
  readonly identityKey: Uint8Array;
}

export interface AuditPage {
  readonly items: readonly AuditItem[];
  readonly more: boolean;
  readonly signature: string;
}

export interface AuditItem {
  readonly keyId: string;
  readonly status: string;
  readonly problem?: string;
  readonly org?: string;
  readonly curve?: string;
  readonly publicKey?: string;
  readonly epoch?: string;
  readonly index?: number;
  readonly publicShares?: readonly string[];
  readonly statement?: string;
  readonly A?: string;
  readonly z?: string;
}

/** All pages of one signer in order, or why there are none. */
export type SignerAnswer = { readonly pages: readonly AuditPage[] } | { readonly unheard: string };

export interface ShareStatus {
  readonly signer: number;
  /** `proved` is good; `unheard` says nothing about the share; everything else is an alarm. */
  readonly status: 'proved' | 'damaged' | 'missing' | 'stale' | 'false' | 'unheard';
  readonly detail?: string;
}

export interface KeyAudit {
  readonly keyId: string;
  readonly org: string | undefined;
  /** One of every signer, in order of index. */
  readonly shares: readonly ShareStatus[];
}

export interface ShareAudit {
  readonly keys: readonly KeyAudit[];
  readonly proved: number;
  readonly unheard: number;
  /** Shares that raise the alarm. */
  readonly bad: number;
}

/** As many signers as a signature needs have to state a key before anything is measured against it. */
const VOUCHERS = 3;

export function judgeShares(o: {
  readonly fingerprint: Uint8Array;
  /** 32 bytes, drawn by the asker for this audit. */
  readonly nonce: Uint8Array;
  readonly signers: readonly AuditedSigner[];
  readonly answers: ReadonlyMap<number, SignerAnswer>;
}): ShareAudit {
  const heard = new Map(o.signers.map((signer) => [signer.index, readAnswer(o, signer)]));
  const keyIds = new Set([...heard.values()].flatMap((answer) => ('items' in answer ? [...answer.items.keys()] : [])));
  const keys = [...keyIds].sort().map((keyId) => judgeKey(o, keyId, heard));
  const count = (wanted: (share: ShareStatus) => boolean): number =>
    keys.reduce((sum, { shares }) => sum + shares.filter(wanted).length, 0);
  const proved = count(({ status }) => status === 'proved');
  const unheard = count(({ status }) => status === 'unheard');
  return { keys, proved, unheard, bad: count(() => true) - proved - unheard };
}

type Heard = { readonly items: ReadonlyMap<string, AuditItem> } | { readonly unheard: string };

/** Pages signed by the signer, for this nonce, each beginning where the one before ended. */
function readAnswer(
  o: {
    readonly fingerprint: Uint8Array;
    readonly nonce: Uint8Array;
    readonly answers: ReadonlyMap<number, SignerAnswer>;
  },
  signer: AuditedSigner,
): Heard {
  const answer = o.answers.get(signer.index);
  if (answer === undefined || !('pages' in answer)) return { unheard: answer?.unheard ?? 'not asked' };
  const items = new Map<string, AuditItem>();
  let after = '';
  for (const [at, page] of answer.pages.entries()) {
    const { fingerprint, nonce } = o;
    const bytes = auditPageBytes({ ...page, fingerprint, nonce, signerId: signer.signerId, after });
    if (!isSigned(signer.identityKey, bytes, page.signature)) return { unheard: 'its answer is not signed by it' };
    for (const item of page.items) {
      items.set(item.keyId, item);
      after = item.keyId;
    }
    if (page.more !== at < answer.pages.length - 1) return { unheard: 'its answer is not whole' };
  }
  return answer.pages.length === 0 ? { unheard: 'its answer is empty' } : { items };
}

/** The key as three or more signers state it. */
interface Stated {
  readonly org: string;
  readonly curve: Curve;
  readonly epoch: string;
  readonly publicKey: string;
  readonly publicShares: readonly Point[];
}

function judgeKey(
  o: { readonly fingerprint: Uint8Array; readonly nonce: Uint8Array; readonly signers: readonly AuditedSigner[] },
  keyId: string,
  heard: ReadonlyMap<number, Heard>,
): KeyAudit {
  const vouched = new Map<string, { stated: Stated; by: Set<number> }>();
  for (const signer of o.signers) {
    const item = itemOf(heard.get(signer.index), keyId);
    const stated = item === undefined ? undefined : readStated(signer, item);
    if (stated === undefined) continue;
    const name = [stated.org, stated.curve.name, stated.publicKey, stated.epoch].join('/');
    const known = vouched.get(name) ?? { stated, by: new Set<number>() };
    vouched.set(name, { ...known, by: known.by.add(signer.index) });
  }
  const stated = [...vouched.values()].find(({ by }) => by.size >= VOUCHERS)?.stated;
  const shares = o.signers.map((signer): ShareStatus => {
    const answer = heard.get(signer.index);
    if (answer === undefined || 'unheard' in answer)
      return { signer: signer.index, status: 'unheard', detail: answer?.unheard ?? 'not asked' };
    const item = answer.items.get(keyId);
    return { signer: signer.index, ...judgeShare(o, { signer, item, stated }) };
  });
  const placeOf = (signer: number): number | undefined => itemOf(heard.get(signer), keyId)?.index;
  const isProvedTwice = ({ signer }: ShareStatus): boolean =>
    shares.some(
      (each) => each.status === 'proved' && each.signer !== signer && placeOf(each.signer) === placeOf(signer),
    );
  return {
    keyId,
    org: stated?.org,
    // Both hold the share of one place, so one was given it by the other: which, nobody can tell.
    shares: shares.map((share) =>
      share.status === 'proved' && isProvedTwice(share)
        ? { signer: share.signer, status: 'false', detail: 'another signer proves the same place' }
        : share,
    ),
  };
}

function judgeShare(
  o: { readonly fingerprint: Uint8Array; readonly nonce: Uint8Array },
  of: { signer: AuditedSigner; item: AuditItem | undefined; stated: Stated | undefined },
): Omit<ShareStatus, 'signer'> {
  const { signer, item, stated } = of;
  if (item === undefined) return { status: 'missing' };
  if (item.problem === 'E_NO_SHARE') return { status: 'missing', detail: 'its record is there, its share is not' };
  if (item.status !== 'proved') return { status: 'damaged', detail: item.problem ?? 'no reason given' };
  if (stated === undefined) return { status: 'false', detail: 'no three signers state this key alike' };
  if (item.epoch !== stated.epoch)
    return { status: 'stale', detail: `holds epoch ${item.epoch?.slice(0, 16)}, not ${stated.epoch.slice(0, 16)}` };
  const { index, org, publicKey } = item;
  if (org !== stated.org || publicKey !== stated.publicKey || item.curve !== stated.curve.name)
    return { status: 'false', detail: 'states another key under this id' };
  const publicShare = stated.publicShares[(index ?? 0) - 1];
  if (index === undefined || publicShare === undefined) return { status: 'false', detail: 'names no place in the key' };
  const proof = readProof(item);
  const context = shareProofContext({
    fingerprint: o.fingerprint,
    nonce: o.nonce,
    signerId: signer.signerId,
    org: stated.org,
    keyId: item.keyId,
    epoch: fromHex(stated.epoch),
    index,
  });
  if (proof === undefined || !verifyShareProof(stated.curve, { publicShare, context, proof }))
    return { status: 'false', detail: 'its proof does not verify' };
  return { status: 'proved' };
}

/** The item's key, where the signer signed for it and its public shares are those that the epoch names. */
function readStated(signer: AuditedSigner, item: AuditItem): Stated | undefined {
  const { keyId, org, curve: name, publicKey, epoch, publicShares, statement } = item;
  if (item.status !== 'proved' || org === undefined || publicKey === undefined || epoch === undefined) return undefined;
  if (publicShares === undefined || statement === undefined || !isCurve(name)) return undefined;
  try {
    const curve = curveOf(name);
    const X = fromHex(publicKey);
    const epochBytes = fromHex(epoch, { bytes: 32 });
    if (!isSigned(signer.identityKey, keyStatementBytes(org, keyId, name, X, epochBytes), statement)) return undefined;
    const points = publicShares.map((text) => curve.decodePoint(fromHex(text)));
    if (toHex(epochOf(curve, points)) !== epoch) return undefined;
    checkSharedKey(curve, { t: VOUCHERS, n: points.length, publicShares: points, publicKey: curve.decodePoint(X) });
    return { org, curve, epoch, publicKey, publicShares: points };
  } catch (cause) {
    // Not points, not hex, not a sharing: this signer states nothing.
    if (cause instanceof WireError || cause instanceof CryptoError) return undefined;
    throw cause;
  }
}

function readProof({ A, z }: AuditItem): { A: Uint8Array; z: Uint8Array } | undefined {
  if (A === undefined || z === undefined) return undefined;
  try {
    return { A: fromHex(A), z: fromHex(z, { bytes: 32 }) };
  } catch (cause) {
    if (cause instanceof WireError) return undefined;
    throw cause;
  }
}

function itemOf(heard: Heard | undefined, keyId: string): AuditItem | undefined {
  return heard !== undefined && 'items' in heard ? heard.items.get(keyId) : undefined;
}

function isCurve(name: string | undefined): name is CurveName {
  return name === 'secp256k1' || name === 'ed25519' || name === 'stark';
}

function isSigned(identityKey: Uint8Array, bytes: Uint8Array, signature: string): boolean {
  try {
    return ed25519.verify(fromBase64Url(signature, { bytes: 64 }), bytes, identityKey, { zip215: false });
  } catch {
    // Undecodable key or signature: not a signature of this signer.
    return false;
  }
}
