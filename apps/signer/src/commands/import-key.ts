/** POST /keys/import and POST /wallets/import: opens this signer's parcel, checks it, agrees with the other four. */
import { checkOrgSettings } from '@holdfast/authority/consent';
import { deriveId } from '@holdfast/authority/ids';
import type { Command, Result } from '@holdfast/cluster/commands';
import { keyKindOfProtocol } from '@holdfast/contract/types';
import { fromBase64, fromHex, toBase64 } from '@holdfast/contract/wire';
import { curve as curveOf } from '@holdfast/crypto/curves';
import { enc, i as item, sha256 } from '@holdfast/crypto/transcript';
import { announcedPublicKey } from '@holdfast/mpc/import';
import { THRESHOLD } from '../cluster-view/index.ts';
import type { ConsentedAct } from '../consent/index.ts';
import { check } from '../refusal/index.ts';
import { requestHash, testAttempt } from './attempt.ts';
import type { Context } from './context.ts';
import { checkNetwork, supported } from './create-key.ts';
import { checkParticipants } from './participants.ts';
import { checkNew } from './records.ts';
import { runKey } from './run-key.ts';

type Act = Extract<Command, { kind: 'Act' }>;

interface ImportBody {
  readonly network?: string;
  readonly curve: string;
  readonly protocol: string;
  readonly minSigners: number;
  readonly masterKey?: boolean;
  readonly encryptedKeyShares: readonly { readonly signerId: string; readonly encryptedKeyShare: string }[];
}

/** The ephemeral point at a parcel's end (docs/specs/share-envelope.md): what makes two parcels the same one. */
const EPHEMERAL_BYTES = 33;
const PARCEL_BYTES_MAX = 3072;

export async function importKey(ctx: Context, act: ConsentedAct, command: Act): Promise<Result> {
  const body = act.body as unknown as ImportBody;
  checkOrgSettings(act.state, act.effect);
  check(ctx.settings.allowImport, 'E_IMPORT_DISABLED', "key import is switched off in this signer's settings.json");
  check(
    body.masterKey !== true,
    'E_MASTER_KEY',
    'masterKey is not available on import until its chain code is settled',
  );
  check(body.minSigners === THRESHOLD, 'E_MIN_SIGNERS', `body.minSigners must be ${THRESHOLD}`);
  const kind = supported(keyKindOfProtocol(body.protocol, body.curve));
  if (body.network !== undefined) checkNetwork(body.network, kind);
  checkParticipants(ctx, command.participants, ctx.cluster.roster.signers.length);

  const parcel = parcelFor(ctx, body);
  const point = parcel.subarray(-EPHEMERAL_BYTES);
  ctx.store.used.checkCiphertext(point, act.nullifier);
  const plaintext = ctx.importKeys.open(parcel);
  try {
    const publicKey = announcedPublicKey(curveOf(kind.curve), plaintext);
    const keyId = deriveId('key', act.nullifier);
    checkNew(ctx, act, { publicKey, keyId });
    const wallet =
      body.network === undefined ? undefined : { walletId: deriveId('wa', act.nullifier), network: body.network };
    const digest = sha256(
      enc(
        'holdfast/import/v1',
        item.text(keyId),
        item.text(kind.scheme),
        item.text(kind.curve),
        item.bytes(publicKey),
        item.text(wallet?.network ?? ''),
      ),
    );
    testAttempt(ctx, act, digest);
    return await runKey(ctx, {
      act,
      keyId,
      kind,
      digest,
      purpose: 'sign',
      imported: true,
      ...(wallet === undefined ? {} : { wallet }),
      protocol: 'import',
      requestHash: requestHash(act, { digest }),
      runNonce: fromHex(command.runNonce),
      alsoBurn: () => ctx.store.used.useCiphertext(point, act.nullifier, ctx.env.now()),
      machine: (run, statement) =>
        ctx.machines.import(run, {
          protocol: kind.protocol,
          n: ctx.cluster.roster.signers.length,
          t: THRESHOLD,
          minSigners: body.minSigners,
          expectedPublicKey: publicKey,
          plaintext,
          statement,
        }),
    });
  } finally {
    plaintext.fill(0);
  }
}

/** This signer's parcel; one for each signer of the roster, no other. */
function parcelFor(ctx: Context, body: ImportBody): Uint8Array {
  const { roster, signerId } = ctx.cluster;
  const ids = new Set(roster.signers.map((s) => toBase64(s.signerId)));
  const named = new Set(body.encryptedKeyShares.map((s) => s.signerId));
  const complete =
    body.encryptedKeyShares.length === ids.size && named.size === ids.size && [...ids].every((id) => named.has(id));
  check(complete, 'E_IMPORT_SHARES', `body.encryptedKeyShares must have one entry for each of the ${ids.size} signers`);
  const mine = body.encryptedKeyShares.find((s) => s.signerId === toBase64(signerId));
  check(
    mine !== undefined && mine.encryptedKeyShare.length <= (PARCEL_BYTES_MAX * 4) / 3,
    'E_IMPORT_SHARES',
    'a share is too large',
  );
  const parcel = fromBase64(mine.encryptedKeyShare);
  check(parcel.length > EPHEMERAL_BYTES, 'E_IMPORT_SHARES', 'a share is too short');
  return parcel;
}
