/** POST …/export: marks the key exported for ever and flushes; only then the share, sealed to the caller, leaves. */
import { checkOrgSettings } from '@holdfast/authority/consent';
import type { Result } from '@holdfast/cluster/commands';
import { isEcdsaLabel, staysHere } from '@holdfast/contract/types';
import { fromBase64, toBase64, toHex, WireError } from '@holdfast/contract/wire';
import { CryptoError, encodeExportShare, seal } from '@holdfast/crypto/envelope';
import { enc, i as item, sha256 } from '@holdfast/crypto/transcript';
import type { ConsentedAct } from '../consent/index.ts';
import { check, refuse } from '../refusal/index.ts';
import { wipeShare } from '../vault/index.ts';
import { burn, testAttempt } from './attempt.ts';
import type { Context } from './context.ts';
import { makeMark } from './marks.ts';
import { targetOf, type UsableKey } from './records.ts';

interface ExportBody {
  readonly encryptionKey: string;
  readonly supportedSchemes: readonly { readonly protocol: string; readonly curve: string }[];
}

const RECIPIENT_BYTES = 34;

export function exportKey(ctx: Context, act: ConsentedAct): Result {
  const body = act.body as unknown as ExportBody;
  checkOrgSettings(act.state, act.effect);
  check(ctx.settings.allowExport, 'E_EXPORT_DISABLED', "key export is switched off in this signer's settings.json");
  const { key } = targetOf(ctx, act);
  checkExportable(ctx, key);
  const family = (label: string): string => (isEcdsaLabel(label) ? 'CGGMP21' : label);
  const listed = body.supportedSchemes.some((s) => family(s.protocol) === key.protocol && s.curve === key.curve);
  check(listed, 'E_EXPORT_SCHEME', `key uses ${key.protocol}/${key.curve}, which supportedSchemes does not list`);
  const to = recipient(body.encryptionKey);
  const digest = sha256(enc('holdfast/export/v1', item.text(key.keyId), item.bytes(key.activeEpoch), item.bytes(to)));
  testAttempt(ctx, act, digest);

  // Sealed before the mark, so that a key of the caller that is no point on the curve costs nothing; the ciphertext
  // leaves this process only after the mark is on the disk. From then on this key never signs at this signer.
  const encryptedKeyShare = sealShare(ctx, { keyId: key.keyId, epoch: key.activeEpoch, to });
  ctx.store.transaction('export', () => {
    const attempt = burn(ctx, act, { digest, keyId: key.keyId });
    if (!key.exported) ctx.store.keys.mark(key.keyId, 'exported');
    ctx.store.journal.append('key.exported', {
      org: act.org,
      keyId: key.keyId,
      nullifier: toHex(act.nullifier),
      attempt,
    });
  });
  const mark = makeMark(ctx, { org: act.org, recordId: key.keyId, mark: 'exported', nullifier: act.nullifier });
  return { t: 'share', keyId: key.keyId, encryptedKeyShare, mark };
}

/**
 * docs/specs/hd.md §6: a child's private key and the chain code, which five signers hold, give the master's. The other way
 * round, an exported master and one chain code give every child, so the children have to be at their end.
 */
function checkExportable(ctx: Context, key: UsableKey): void {
  check(!staysHere(key.protocol), 'E_KEY_KIND', 'a key of scheme DH stays on the signers that made it');
  check(key.derivedFrom === undefined, 'E_HD_EXPORT', 'a derived key is not exported');
  const children = ctx.store.keys.childrenOf(key.keyId).filter((child) => !child.archived);
  check(children.length === 0, 'E_HD_EXPORT', 'this master key has active children; archive them first', {
    children: children.length,
  });
}

function sealShare(
  ctx: Context,
  o: { readonly keyId: string; readonly epoch: Uint8Array; readonly to: Uint8Array },
): string {
  const { share } = ctx.store.keys.open(o.keyId, o.epoch);
  const plaintext = encodeExportShare({ curve: share.curve, index: share.index, secretShare: share.x });
  try {
    return toBase64(seal({ to: o.to, plaintext, random: ctx.env.random }));
  } catch (error) {
    if (error instanceof CryptoError) refuse('E_ENCRYPTION_KEY', 'body.encryptionKey is not a valid key');
    throw error;
  } finally {
    plaintext.fill(0);
    wipeShare(share);
  }
}

function recipient(text: string): Uint8Array {
  try {
    return fromBase64(text, { bytes: RECIPIENT_BYTES });
  } catch (error) {
    if (error instanceof WireError) refuse('E_ENCRYPTION_KEY', 'body.encryptionKey is not a valid key');
    throw error;
  }
}
