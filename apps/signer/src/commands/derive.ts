/** POST …/derive: hashes the signed input to the curve itself and answers with its share of the product. Signs nothing. */
import type { Command, Result } from '@holdfast/cluster/commands';
import { fromHex, toHex } from '@holdfast/contract/wire';
import { curve as curveOf } from '@holdfast/crypto/curves';
import { enc, i as item, sha256 } from '@holdfast/crypto/transcript';
import type { DvrfInput } from '@holdfast/mpc/glow20';
import type { ConsentedAct } from '../consent/index.ts';
import { check } from '../refusal/index.ts';
import { wipeShare } from '../vault/index.ts';
import { burn, requestHash, testAttempt } from './attempt.ts';
import type { Context } from './context.ts';
import { checkQuorum, partiesOf } from './participants.ts';
import { targetOf } from './records.ts';

/** Below the api's deadline for a derivation, so that its answer is the signers' and not a timeout. */
export const DERIVE_DEADLINE_MS = 3_000;

export async function derive(
  ctx: Context,
  act: ConsentedAct,
  command: Extract<Command, { kind: 'Act' }>,
): Promise<Result> {
  const { key } = targetOf(ctx, act);
  // The purpose is under the seal of the share; the machine compares the protocol once more (attack row 52).
  check(key.purpose === 'derive', 'E_KEY_KIND', 'the key was made for signing; derivation needs a key of scheme DH');
  check(!key.archived, 'E_KEY_INACTIVE', 'key is archived and derives no more');
  const input = inputOf(act);
  const digest = sha256(
    enc('holdfast/derive/v1', item.text(key.keyId), item.bytes(input.domain), item.bytes(input.seed)),
  );
  const attempt = testAttempt(ctx, act, digest);
  checkQuorum(ctx, command.participants);

  const { share, record } = ctx.store.keys.open(key.keyId, key.activeEpoch);
  const release = ctx.runs.reserve(1);
  try {
    const parties = partiesOf(ctx, { points: record.points, participants: command.participants });
    const execId = ctx.cluster.execId({
      protocol: 'glow20',
      keyId: key.keyId,
      curve: key.curve,
      parties,
      key: { epoch: share.epoch, publicKey: key.publicKey },
      requestHash: requestHash(act, { digest }),
      runNonce: fromHex(command.runNonce),
    });
    const machine = ctx.machines.glow20(
      {
        execId,
        self: share.index,
        parties: [...parties.keys()],
        curve: curveOf(key.curve),
        env: ctx.cluster.mpcEnv(parties),
      },
      { share, input },
    );
    // Step 17, as for a signature: the assertion is spent on this input before anything about it leaves.
    ctx.store.transaction('derive', () => {
      burn(ctx, act, { digest, execIds: [execId], keyId: key.keyId });
      ctx.store.journal.append('derive.started', {
        org: act.org,
        keyId: key.keyId,
        nullifier: toHex(act.nullifier),
        attempt,
        execId: toHex(execId),
      });
    });
    const { output, culprits } = await ctx.runs.run({
      machine,
      self: share.index,
      parties,
      deadlineMs: DERIVE_DEADLINE_MS,
    });
    const named = culprits.flatMap((point) => parties.get(point) ?? []).sort((a, b) => a - b);
    if (named.length > 0) ctx.env.log('derive.culprits', { keyId: key.keyId, signers: named.join(',') });
    return { t: 'output', output: toHex(output), culprits: named };
  } finally {
    wipeShare(share);
    release();
  }
}

/** From the bytes the user signed; no command has a field for a point. */
function inputOf(act: ConsentedAct): DvrfInput {
  const { domain, seed } = act.body as { readonly domain: string; readonly seed: string };
  return { domain: bytesOf(domain), seed: bytesOf(seed) };
}

const bytesOf = (hex: string): Uint8Array => fromHex(hex.startsWith('0x') ? hex.slice(2) : hex);
