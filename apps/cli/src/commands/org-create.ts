import { createHash, createPrivateKey, generateKeyPairSync, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { encodeGenesis, genesisChallenge, genesisHash, genesisIds } from '@holdfast/authority/genesis';
import { permissionIdOf } from '@holdfast/authority/ids';
import { ApiError, HoldfastApi } from '@holdfast/client/api';
import { signKey } from '@holdfast/client/key-signer';
import { toBase64Url, toHex } from '@holdfast/contract/wire';
import { type AccountFile, apiAs, writeAccountFile } from '../account-file.ts';
import { readArguments, UsageError } from '../arguments.ts';
import { readSettings } from '../config.ts';
import { readRoster } from '../roster.ts';
import { dataFolder, localSigners, readOperatorToken } from '../start/founding.ts';
import type { Command } from './index.ts';
import { trust } from './signer.ts';

interface CreatedOrg {
  readonly orgId: string;
  readonly appId: string;
  readonly genesisHash: string;
  readonly clusterFingerprint: string;
  readonly admin: {
    readonly username: string;
    readonly userId: string;
    readonly credentialId: string;
    readonly authToken: string;
  };
}

interface CreatedServiceAccount {
  readonly userInfo: { readonly userId: string };
  readonly accessTokens: readonly { readonly accessToken?: string; readonly credId: string }[];
}

const PIN_POLL_MS = 2_000;
const PIN_MS_MAX = 3_600_000;

export const createOrg: Command = {
  name: 'org create',
  usage: 'org create --name Acme --admin admin@acme.example --out acme.json [--allow-export]',
  summary:
    'makes an organisation, its administrator and a service account; keys are made here and written to the file (mode 0600)',
  async run(args) {
    const given = readArguments(args, {
      name: { type: 'string' },
      admin: { type: 'string' },
      out: { type: 'string' },
      'allow-export': { type: 'boolean' },
    });
    const [name, username, out] = [given.text('name'), given.text('admin'), given.text('out')];
    if (existsSync(out)) throw new UsageError(`${out} exists; it may hold keys, so it is not overwritten`);
    const settings = readSettings(process.env);
    const data = dataFolder(settings.data);
    const roster = readRoster(data.roster);
    const { origin } = roster;

    const adminKey = newKey();
    const genesis = encodeGenesis({
      v: 1,
      c: toBase64Url(origin),
      name,
      admin: {
        username,
        credential: { kind: 'Key', id: adminKey.credentialId, publicKey: adminKey.publicKey, algorithm: 'Ed25519' },
      },
      app: { origin: settings.apiUrl, rpId: new URL(settings.apiUrl).hostname },
      time: new Date().toISOString(),
      nonce: toBase64Url(randomBytes(16)),
    });
    const hash = genesisHash(genesis);
    const ids = genesisIds(hash);
    console.error(`genesis of ${name}: sha256 ${toHex(hash)}`);
    const numbers = localSigners(data);
    await trust(ids.org, toHex(hash), numbers);
    console.error(
      `pinned it at the ${numbers.length} signers of this machine; on a cluster of several machines each operator does that: holdfast signer trust ${ids.org} ${toHex(hash)}`,
    );

    const operator = new HoldfastApi({ baseUrl: settings.apiUrl, authToken: readOperatorToken(data) });
    const created = await oncePinned(() =>
      operator.plain<CreatedOrg>('POST', '/holdfast/orgs', {
        genesis,
        proof: { kind: 'Key', credentialAssertion: proofOf(genesisChallenge(genesis), adminKey) },
      }),
    );
    const admin = {
      username,
      userId: ids.adminUserId,
      credentialId: adminKey.credentialId,
      privateKey: adminKey.privateKey,
      authToken: created.admin.authToken,
    };
    const account = {
      apiUrl: settings.apiUrl,
      orgId: ids.org,
      genesisHash: toHex(hash),
      appId: ids.appId,
      clusterFingerprint: toBase64Url(origin),
      ...(roster.past.length === 0
        ? {}
        : { members: { epoch: roster.epoch, fingerprint: toBase64Url(roster.fingerprint) } }),
      admin,
    };

    const serviceAccount = await createServiceAccount(
      { ...account, serviceAccount: admin },
      { hash, allowExport: given.flag('allow-export') },
    );
    writeAccountFile(out, { ...account, serviceAccount });
    console.log(
      `made ${ids.org}; ${out} holds the keys of its administrator and of a service account${given.flag('allow-export') ? ' that may export keys' : ''}: keep it safe`,
    );
  },
};

/** On several machines other people pin the genesis, after they have compared its hash: that takes minutes. */
async function oncePinned<T>(attempt: () => Promise<T>): Promise<T> {
  const deadline = performance.now() + PIN_MS_MAX;
  for (let told = false; ; told = true) {
    try {
      return await attempt();
    } catch (cause) {
      const waits = cause instanceof ApiError && cause.code === 'E_UNPINNED' && performance.now() < deadline;
      if (!waits) throw cause;
      if (!told) console.error('waiting until the operators of three signers have done so');
      await new Promise((resolve) => setTimeout(resolve, PIN_POLL_MS));
    }
  }
}

/** No governance operation for the service account; export only when asked for (rulings 8). */
async function createServiceAccount(
  account: AccountFile,
  options: { readonly hash: Uint8Array; readonly allowExport: boolean },
): Promise<AccountFile['serviceAccount']> {
  const key = newKey();
  const api = apiAs(account, account.admin);
  const { result } = await api.signed<CreatedServiceAccount>('POST', '/auth/service-accounts', {
    name: 'default',
    publicKey: key.publicKey,
    permissionId: permissionIdOf(options.hash, 'ManagedKeyUser'),
  });
  const userId = result.userInfo.userId;
  const [token] = result.accessTokens;
  if (token?.accessToken === undefined) throw new Error('the api answered no access token for the service account');
  if (options.allowExport)
    await api.signed('POST', `/permissions/${permissionIdOf(options.hash, 'ManagedKeyExport')}/assignments`, {
      identityId: userId,
    });
  return { userId, credentialId: token.credId, privateKey: key.privateKey, authToken: token.accessToken };
}

function newKey(): { publicKey: string; privateKey: string; credentialId: string } {
  const pair = generateKeyPairSync('ed25519');
  return {
    publicKey: pair.publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    privateKey: pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    credentialId: toBase64Url(
      createHash('sha256')
        .update(pair.publicKey.export({ type: 'spki', format: 'der' }))
        .digest(),
    ),
  };
}

function proofOf(
  challenge: string,
  key: { credentialId: string; privateKey: string },
): { credId: string; clientData: string; signature: string } {
  const clientData = Buffer.from(JSON.stringify({ type: 'key.get', challenge }));
  return {
    credId: key.credentialId,
    clientData: toBase64Url(clientData),
    signature: toBase64Url(signKey(createPrivateKey(key.privateKey), clientData)),
  };
}
