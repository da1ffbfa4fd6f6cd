/**
 * kill −9 of the api between the signers' work and its own rows. What the signers made appears after the restart by
 * itself, signs, and can be taken out; what they did not make can be made again. `HOLDFAST_RECOVERY=full` runs every
 * scenario on both engines.
 */
import { deepEqual, equal, match, rejects } from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { newWalletExportContext } from '@holdfast/client/key-export';
import { toHex } from '@holdfast/contract/wire';
import { type Answer, Caller, codeOf, good, Lost, messageOf } from '../faults/caller.ts';
import { Pieces } from '../faults/pieces.ts';
import {
  askSignature,
  createWallet,
  importBody,
  kinds,
  newPrivateKey,
  signs,
  verifySignature,
  type Wallet,
  walletIn,
} from '../faults/wallets.ts';
import { type AccountFile, type Engine, until } from '../harness/index.ts';

const SETTLED_MS_MAX = 20_000;

/** Each scenario restarts the api several times: the engines share them out, the other way round every other day. */
const isFull = process.env['HOLDFAST_RECOVERY'] === 'full';
const day = Math.floor(Date.now() / 86_400_000);

export function recoveryOfActs(engine: Engine): void {
  let turn = day + (engine === 'embedded' ? 0 : 1);
  const scenario = (name: string, run: () => Promise<void>): void => {
    if (isFull || turn++ % 2 === 0) test(name, run);
  };
  let pieces: Pieces;
  let account: AccountFile;
  let caller: Caller;
  let admin: Caller;
  let names = 0;
  const fresh = (): string => `lost ${engine} ${++names}`;

  before(async () => {
    pieces = await Pieces.found(engine);
    await pieces.startApi();
    account = await pieces.createOrg('Acme');
    caller = new Caller(account);
    admin = new Caller(account, account.admin);
    await pieces.killApi();
  });
  after(async () => {
    await pieces.stop();
    pieces.remove();
  });

  /** Kills the api in the middle of one request, at this point. */
  async function cutAt(crashAt: string, request: () => Promise<Answer>): Promise<void> {
    await pieces.killApi();
    equal(await pieces.startApi({ crashAt: `${crashAt}:1` }), true);
    await rejects(request(), Lost, `the request does not pass ${crashAt}`);
    equal(await pieces.apiEnded(), 'SIGKILL');
  }
  type Shown = { readonly id: string; readonly name?: string; readonly imported?: boolean };
  const list = async (path: string): Promise<readonly Shown[]> =>
    good(await caller.read(`${path}?limit=100`)).body.items;
  const appears = async (path: string, name: string): Promise<Shown> => {
    let found: Shown | undefined;
    await until(
      `${name} appears`,
      async () => {
        found = (await list(path)).find((each) => each.name === name);
        return found !== undefined;
      },
      SETTLED_MS_MAX,
    );
    if (found === undefined) throw new Error('unreachable');
    return found;
  };
  const walletOf = async (id: string, kind: Wallet['kind']): Promise<Wallet> =>
    walletIn(await caller.read(`/wallets/${id}`), kind);
  scenario(`${engine}: a created wallet appears after the restart, with its name and tags, and signs`, async () => {
    const name = fresh();
    const body = { ...kinds.ed25519.create, name, tags: ['a'], externalId: name };
    await cutAt('wallets.createWallet.made', () => caller.act('POST', '/wallets', body));

    await pieces.startApi();

    const { id } = await appears('/wallets', name);
    const wallet = await walletOf(id, 'ed25519');
    const { attestations } = good(await caller.read(`/keys/${wallet.keyId}`)).body;
    equal(attestations.length, 5);
    deepEqual(good(await caller.read(`/wallets/${id}`)).body.tags, ['a']);
    await signs(caller, wallet);
    // Who repeats the request is given this wallet, and there is one.
    equal(good(await caller.act('POST', '/wallets', body)).body.id, id);
    equal((await list('/wallets')).filter((each) => each.name === name).length, 1);
  });

  scenario(`${engine}: whoever repeats the request at once meets the wallet as well`, async () => {
    const name = fresh();
    const body = { ...kinds.ed25519.create, name, externalId: name };
    await cutAt('wallets.createWallet.made', () => caller.act('POST', '/wallets', body));

    await pieces.startApi();
    const again = walletIn(await caller.act('POST', '/wallets', body), 'ed25519');

    await signs(caller, again);
    equal((await list('/wallets')).filter((each) => each.name === name).length, 1);
  });

  scenario(`${engine}: an imported key appears, a second import names it, and it comes out as it went in`, async () => {
    const secret = newPrivateKey();
    const name = fresh();
    const importing = async () =>
      caller.act('POST', '/wallets/import', { ...(await importBody(caller, 'bip340', secret)), name });
    await cutAt('wallets.importWallet.made', importing);
    await pieces.startApi();

    const again = await importing();

    const { id, imported } = await appears('/wallets', name);
    equal(imported, true);
    const wallet = await walletOf(id, 'bip340');
    deepEqual([again.status, codeOf(again)], [409, 'E_KEY_EXISTS']);
    match(messageOf(again) ?? '', new RegExp(`wallet ${id}$`));
    deepEqual(again.body.error.details.duplicate, { keyId: wallet.keyId, id });
    await signs(caller, wallet);

    const { getConf, recoverSecretKey } = newWalletExportContext();
    await cutAt('wallets.exportWallet.made', () => caller.act('POST', `/wallets/${id}/export`, getConf()));
    await pieces.startApi();
    await until(
      'the export shows',
      async () => good(await caller.read(`/wallets/${id}`)).body.exported === true,
      SETTLED_MS_MAX,
    );
    equal(codeOf(await askSignature(caller, wallet)), 'E_KEY_EXPORTED');
    const { body } = good(await caller.act('POST', `/wallets/${id}/export`, getConf()));
    equal(toHex(recoverSecretKey(body)), toHex(secret));
  });

  scenario(`${engine}: keys without wallets appear like wallets`, async () => {
    const created = fresh();
    await cutAt('keys.createKey.made', () =>
      caller.act('POST', '/keys', { scheme: 'EdDSA', curve: 'ed25519', name: created }),
    );
    await pieces.startApi();
    const made = await appears('/keys', created);
    const signature = good(await caller.act('POST', `/keys/${made.id}/signatures`, kinds.ed25519.what));
    const { publicKey } = good(await caller.read(`/keys/${made.id}`)).body;
    verifySignature({ publicKey, kind: 'ed25519' }, signature);

    const imported = fresh();
    await cutAt('keys.importKey.made', async () => {
      const { network: _, ...body } = (await importBody(caller, 'bip340', newPrivateKey())) as { network: string };
      return caller.act('POST', '/keys/import', { ...body, name: imported });
    });
    await pieces.startApi();
    equal((await appears('/keys', imported)).imported, true);
  });

  scenario(
    `${engine}: cut off before any signer heard of it, nothing appears and it can be asked for again`,
    async () => {
      const name = fresh();
      const body = { ...kinds.ed25519.create, name, externalId: name };
      await cutAt('wallets.createWallet.begun', () => caller.act('POST', '/wallets', body));

      await pieces.startApi();
      const wallet = walletIn(await caller.act('POST', '/wallets', body), 'ed25519');

      await signs(caller, wallet);
      equal((await list('/wallets')).filter((each) => each.name === name).length, 1);
    },
  );

  scenario(`${engine}: with a signer away nothing appears by half; when it comes the wallet is there`, async () => {
    const name = fresh();
    await cutAt('wallets.createWallet.made', () => caller.act('POST', '/wallets', { ...kinds.ed25519.create, name }));
    await pieces.killSigner(5);
    await pieces.startApi({ online: 4 });
    // A request of this organisation looks first at what was lost: that look has found no certificate.
    equal((await caller.act('POST', '/wallets', kinds.ed25519.create)).status, 503);
    equal(
      (await list('/wallets')).find((each) => each.name === name),
      undefined,
    );

    pieces.startSigner(5);
    await pieces.untilOnline(5);

    await signs(caller, await walletOf((await appears('/wallets', name)).id, 'ed25519'));
  });

  scenario(`${engine}: archiving and a further wallet are written down`, async () => {
    await pieces.killApi();
    await pieces.startApi();
    const wallet = await createWallet(caller, 'ed25519');
    const name = fresh();
    await cutAt('wallets.createWallet.made', () =>
      caller.act('POST', '/wallets', { network: 'KeyEdDSA', signingKey: { id: wallet.keyId }, name }),
    );
    await pieces.startApi();
    const further = await walletOf((await appears('/wallets', name)).id, 'ed25519');
    equal(further.keyId, wallet.keyId);
    await signs(caller, further);

    const archived = async (path: string) => {
      await until(
        `${path} is archived`,
        async () => good(await caller.read(path)).body.status === 'Archived',
        SETTLED_MS_MAX,
      );
    };
    await cutAt('wallets.deleteWallet.made', () => admin.act('DELETE', `/wallets/${further.id}`));
    await pieces.startApi();
    await archived(`/wallets/${further.id}`);
    await signs(caller, wallet);
    await cutAt('keys.deleteKey.made', () => admin.act('DELETE', `/keys/${wallet.keyId}`));
    await pieces.startApi();
    await archived(`/keys/${wallet.keyId}`);
    await archived(`/wallets/${wallet.id}`);
  });

  scenario(`${engine}: a signature that was cut off has failed and says that one may exist`, async () => {
    await pieces.killApi();
    await pieces.startApi();
    const wallet = await createWallet(caller, 'ed25519');
    await cutAt('wallets.generateSignature.made', () => askSignature(caller, wallet));

    await pieces.startApi();

    const [row] = good(await caller.read(`/wallets/${wallet.id}/signatures`)).body.items;
    equal(row.status, 'Failed');
    match(row.reason, /a signature may exist/);
    await signs(caller, wallet);
  });
}
