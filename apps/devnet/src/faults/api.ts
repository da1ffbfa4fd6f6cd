/**
 * kill −9 of the api at every crash point of every kind of request. After each restart: what was acknowledged is
 * there, what was cut short does not show half-made, the same request goes through, and in the end everything signs.
 */
import { deepEqual, equal, ok, rejects } from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { newWalletExportContext } from '@holdfast/client/key-export';
import { type AccountFile, type Engine, until } from '../harness/index.ts';
import { type Passage, recordPassages, sitesOfPoints } from './api-points.ts';
import { type Answer, Caller, codeOf, good, Lost } from './caller.ts';
import { makeOffice, newEndUser } from './end-user.ts';
import { type NewGenesis, newGenesis } from './genesis.ts';
import { everyFolder, Pieces } from './pieces.ts';
import { askSignature, createWallet, importBody, kinds, newPrivateKey, signs, type Wallet } from './wallets.ts';

interface Point {
  readonly name: string;
  /** As HOLDFAST_CRASH_AT takes it. */
  readonly crashAt: string;
}

interface Step {
  /** As the contract names the operation. */
  readonly name: string;
  /** Makes what the kth request is about. */
  prepare?(k: number): Promise<void>;
  /** The same k is the same request again. */
  request(k: number): Promise<Answer>;
  /** What the kth request, once acknowledged, has to have made visible, beyond wallets and keys. */
  holds?(k: number): Promise<void>;
  /** The code of a refusal that says "it is there already", where the request cannot be repeated. */
  readonly there?: string;
}

/**
 * Which of the crash points are tried: every point of every request, or one for each place in the code, each of them on one of
 * the two engines. That every place is passed is tested on both.
 */
export type Extent = 'every point of every request' | 'one point for each place in the code';

export function faultsOfApi(engine: Engine, extent: Extent): void {
  let pieces: Pieces;
  let account: AccountFile;
  let caller: Caller;
  let admin: Caller;
  const passages = new Map<string, readonly Passage[]>();
  /** Those to be tried: the kth one, from 1, is for the kth request of its step. */
  const points = new Map<string, readonly Point[]>();
  const sites = new Set<string>();

  // What was acknowledged, as it was acknowledged; what may be there without an answer.
  const acknowledged = new Map<string, Answer['body']>();
  let unanswered = 0;

  const steps = requests();

  before(async () => {
    pieces = await Pieces.found(engine);
    await recordPassages(pieces, async (during) => {
      account = await pieces.createOrg('Acme');
      caller = new Caller(account);
      admin = new Caller(account, account.admin);
      for (const step of steps) {
        await step.prepare?.(0);
        passages.set(step.name, await during(async () => note(good(await step.request(0)))));
      }
      for (const step of steps) {
        points.set(step.name, pointsOf(step.name));
        for (let k = 1; k <= (points.get(step.name)?.length ?? 0); k += 1) await step.prepare?.(k);
      }
    });
  });
  after(async () => {
    await pieces.stop();
    pieces.remove();
  });

  test(`${engine}: every crash point in the api's code is passed by one of the requests below`, () => {
    const passed = new Set([...passages.values()].flat().map(({ site }) => site));

    deepEqual(
      sitesOfPoints().filter((site) => !passed.has(site)),
      [],
    );
    for (const step of steps) ok((passages.get(step.name) ?? []).length > 0, `${step.name} passes no crash point`);
  });

  for (const step of steps)
    test(`${engine}: ${step.name}, killed at its crash points, leaves nothing half-made`, async () => {
      for (const [at, point] of (points.get(step.name) ?? []).entries()) {
        await untilKilled(step, at + 1, point);
        // Made by the signers: it shows when the api is back, though nobody was told of it.
        if (/\.(made|written)$/.test(point.name)) unanswered += 1;
      }
    });

  for (const step of steps)
    test(`${engine}: ${step.name}, cut short at each point, can be requested again`, async () => {
      if (!pieces.isApiRunning) await pieces.startApi();
      await consistent();
      for (const [at, { name }] of (points.get(step.name) ?? []).entries()) {
        const again = await step.request(at + 1);
        if (again.status === 200) note(again);
        else equal(codeOf(again), step.there, `${name}: ${again.text}`);
        await step.holds?.(at + 1);
      }
      await consistent();
    });

  test(`${engine}: after all that every wallet and key there is signs, and governance goes on`, async () => {
    await consistent();
    const wallets = (await list('/wallets')).filter((each) => each.status === 'Active');
    for (const { id, signingKey } of wallets) {
      const { items } = good(await caller.read(`/wallets/${id}/signatures`)).body as { items: { status: string }[] };
      ok(items.every(({ status }) => status === 'Signed' || status === 'Failed'));
      const wallet: Wallet = { id, keyId: signingKey.id, publicKey: signingKey.publicKey, kind: kindOf(signingKey) };
      if ((await caller.read(`/keys/${wallet.keyId}`)).body.exported === true)
        equal(codeOf(await askSignature(caller, wallet)), 'E_KEY_EXPORTED');
      else await untilSigns(wallet);
    }
    for (const key of (await list('/keys')).filter(
      // What is an end user's obeys nobody here.
      (each) => each.status === 'Active' && each.exported !== true && each.scheme !== 'DH' && each.custodial,
    ))
      good(await caller.act('POST', `/keys/${key.id}/signatures`, kinds[kindOf(key)].what));
    good(await admin.act('PUT', `/orgs/${account.orgId}/settings`, { keyImport: true, keyExport: true }));

    console.log(
      `${engine}: killed ${[...points.values()].flat().length} times (${extent}); ${acknowledged.size} acknowledged, ${wallets.length} wallets sign`,
    );
  });

  test(`${engine}: asked to stop, the api ends by itself, whoever is connected`, async () => {
    if (!pieces.isApiRunning) await pieces.startApi();
    const started = performance.now();

    const code = await pieces.stopApi();

    const ms = performance.now() - started;
    equal(code, 0);
    // It gives itself four seconds and cuts off what is left then.
    ok(ms < 3_500, `stopped after ${ms.toFixed(0)} ms`);
  });

  function pointsOf(step: string): readonly Point[] {
    const counts = new Map<string, number>();
    return (passages.get(step) ?? []).flatMap(({ name, site }) => {
      const nth = (counts.get(name) ?? 0) + 1;
      counts.set(name, nth);
      if (extent === 'one point for each place in the code' && sites.has(site)) return [];
      sites.add(site);
      const isHere = extent === 'every point of every request' || sites.size % 2 === (engine === 'embedded' ? 0 : 1);
      return isHere ? [{ name, crashAt: `${name}:${nth}` }] : [];
    });
  }

  /** Starts an api that dies of this point in the middle of the request, and not already while it recovers. */
  async function untilKilled(step: Step, k: number, { crashAt }: Point): Promise<void> {
    for (let starts = 1; starts <= 4; starts += 1) {
      const serves = await pieces.startApi({ crashAt });
      if (serves) {
        await consistent();
        await rejects(step.request(k), Lost, `${step.name} does not pass ${crashAt}`);
      }
      equal(await pieces.apiEnded(), 'SIGKILL');
      // Signers whose connection never lasts wait up to five seconds before they dial again. Where every point is tried
      // they are killed too, which is quicker and harder; elsewhere they outlive the api.
      if (extent === 'every point of every request') await pieces.restartSigners();
      if (serves) return;
    }
    throw new Error(`the api dies of ${crashAt} each time it starts`);
  }

  function note(answer: Answer): void {
    if (answer.body?.id !== undefined) acknowledged.set(answer.body.id, answer.body);
  }

  /** By reading alone: nothing here passes a crash point. */
  async function consistent(): Promise<void> {
    const [wallets, keys] = [await list('/wallets'), await list('/keys')];
    const shown = new Map([...wallets, ...keys].map((each) => [each.id, each]));
    for (const [id, body] of acknowledged) {
      if (!/^(wa|key)-/.test(id)) continue;
      const now = shown.get(id);
      deepEqual(immutable(now), immutable(body), `${id} is as it was acknowledged`);
    }
    // A key of its own, or the one behind a wallet that was acknowledged.
    const owned = new Set(wallets.map((each) => each.signingKey.id));
    const unknown = [...wallets, ...keys.filter((each) => !owned.has(each.id))].filter(
      ({ id }) => !acknowledged.has(id),
    );
    ok(unknown.length <= unanswered, `${unknown.length} show that nobody was told of, ${unanswered} may`);
    for (const wallet of wallets) {
      const key = keys.find((each) => each.id === wallet.signingKey.id);
      equal(key?.publicKey, wallet.signingKey.publicKey, `${wallet.id} has its key`);
    }
  }

  /** Every page: the requests of a run make more than one. */
  async function list(path: string): Promise<readonly Answer['body'][]> {
    const items: Answer['body'][] = [];
    for (let page = ''; ; ) {
      const { body } = good(await caller.read(`${path}?limit=100${page}`));
      items.push(...body.items);
      if (body.nextPageToken === undefined) return items;
      page = `&paginationToken=${encodeURIComponent(body.nextPageToken)}`;
    }
  }

  async function untilSigns(wallet: Wallet): Promise<void> {
    // A signer that missed the last word on a key is told it when it connects to the api that was started again.
    await until(
      `${wallet.id} is known to the signers`,
      async () => codeOf(await askSignature(caller, wallet)) === undefined,
      10_000,
    );
    await signs(caller, wallet);
  }

  // ── the requests ──────────────────────────────────────────────────────────────────────────────────────────────

  function requests(): readonly Step[] {
    const wallets = new Map<string, Wallet>();
    const preparing = (what: string) => async (k: number) => {
      const wallet = await createWallet(caller, 'ed25519');
      wallets.set(`${what} ${k}`, wallet);
      acknowledged.set(wallet.id, good(await caller.read(`/wallets/${wallet.id}`)).body);
    };
    const about = (what: string, k: number): Wallet => {
      const wallet = wallets.get(`${what} ${k}`);
      if (wallet === undefined) throw new Error(`nothing was prepared: ${what} ${k}`);
      return wallet;
    };
    const conf = newWalletExportContext().getConf();
    const refusesToSign = async (wallet: Wallet, code: string) =>
      equal(codeOf(await askSignature(caller, wallet)), code);
    const secrets = new Map<string, Uint8Array>();
    const secretOf = (what: string): Uint8Array => {
      const secret = secrets.get(what) ?? newPrivateKey();
      secrets.set(what, secret);
      return secret;
    };
    const geneses = new Map<number, NewGenesis>();
    const operator = () => new Caller(account, { ...account.admin, authToken: pieces.operatorToken });
    let master: Answer['body'] | undefined;
    let dh: Answer['body'] | undefined;
    let output: string | undefined;
    const delegated = new Map<number, string>();
    let owner: string | undefined;
    return [
      {
        name: 'orgs.createOrg',
        async prepare(k) {
          const genesis = newGenesis(`Later ${k}`, pieces.roster);
          geneses.set(k, genesis);
          for (const n of everyFolder)
            writeFileSync(join(pieces.folder(n), 'pins', genesis.orgId), `${genesis.hash}\n`, { mode: 0o600 });
        },
        request: (k) => {
          return operator().send('POST', '/holdfast/orgs', JSON.stringify(geneses.get(k)?.request));
        },
        there: 'E_CONFLICT',
      },
      {
        name: 'orgs.updateOrgSettings',
        request: () => admin.act('PUT', `/orgs/${account.orgId}/settings`, { keyImport: true, keyExport: true }),
        holds: async () => {
          const { body } = good(await admin.read(`/orgs/${account.orgId}/settings`));
          deepEqual(body, { keyImport: true, keyExport: true });
        },
      },
      {
        name: 'auth.createServiceAccount',
        request: (k) => {
          const { publicKey } = generateKeyPairSync('ed25519');
          const pem = publicKey.export({ type: 'spki', format: 'pem' });
          return admin.act('POST', '/auth/service-accounts', { name: `robot ${k}`, publicKey: pem });
        },
        async holds() {
          const { items } = good(await admin.read('/auth/service-accounts')).body;
          for (const { userInfo } of items) {
            const one = good(await admin.read(`/auth/service-accounts/${userInfo.userId}`)).body;
            equal(one.userInfo.isActive, true);
          }
        },
      },
      {
        name: 'wallets.createWallet',
        request: (k) => caller.act('POST', '/wallets', { network: 'Solana', externalId: `wallet ${k}` }),
      },
      {
        name: 'wallets.createWallet of a key',
        prepare: preparing('further'),
        request: (k) => {
          const signingKey = { id: about('further', k).keyId };
          return caller.act('POST', '/wallets', { network: 'KeyEdDSA', signingKey, externalId: `further ${k}` });
        },
      },
      { name: 'keys.createKey', request: () => caller.act('POST', '/keys', { scheme: 'ECDSA', curve: 'secp256k1' }) },
      {
        name: 'keys.createKey of a child',
        async prepare() {
          master ??= good(
            await admin.act('POST', '/keys', { scheme: 'EdDSA', curve: 'ed25519', masterKey: true }),
          ).body;
          note({ ...good(await admin.read(`/keys/${master.id}`)) });
        },
        request: (k) => {
          const deriveFrom = { keyId: master?.id, path: `m/${k}` };
          return admin.act('POST', '/keys', { scheme: 'EdDSA', curve: 'ed25519', deriveFrom });
        },
        there: 'E_KEY_EXISTS',
        async holds(k) {
          const { items } = good(await caller.read('/keys?limit=100')).body;
          const places = (items as { derivedFrom?: { path: string } }[]).filter(
            ({ derivedFrom }) => derivedFrom?.path === `m/${k}`,
          );
          ok(places.length <= 1, `one key at m/${k}`);
        },
      },
      {
        name: 'keys.deriveKey',
        async prepare() {
          dh ??= good(await admin.act('POST', '/keys', { scheme: 'DH', curve: 'secp256k1' })).body;
          note({ ...good(await admin.read(`/keys/${dh.id}`)) });
        },
        async request() {
          const answer = await admin.act('POST', `/keys/${dh?.id}/derive`, { domain: '0x01', seed: '0x02' });
          output ??= answer.body?.output;
          if (answer.status === 200) equal(answer.body.output, output);
          return answer;
        },
      },
      {
        name: 'wallets.importWallet',
        request: async (k) =>
          caller.act('POST', '/wallets/import', await importBody(caller, 'ed25519', secretOf(`wallet ${k}`))),
        there: 'E_KEY_EXISTS',
      },
      {
        name: 'keys.importKey',
        async request(k) {
          const { network: _, ...body } = await importBody(caller, 'bip340', secretOf(`key ${k}`));
          return caller.act('POST', '/keys/import', body);
        },
        there: 'E_KEY_EXISTS',
      },
      {
        name: 'wallets.generateSignature',
        prepare: preparing('signing'),
        request: (k) => askSignature(caller, about('signing', k)),
      },
      {
        name: 'keys.generateSignature',
        request: () => caller.act('POST', `/keys/${about('signing', 0).keyId}/signatures`, kinds.ed25519.what),
      },
      {
        name: 'wallets.exportWallet',
        prepare: preparing('leaving'),
        request: (k) => caller.act('POST', `/wallets/${about('leaving', k).id}/export`, conf),
        holds: (k) => refusesToSign(about('leaving', k), 'E_KEY_EXPORTED'),
      },
      {
        name: 'keys.exportKey',
        prepare: preparing('leaving too'),
        request: (k) => caller.act('POST', `/keys/${about('leaving too', k).keyId}/export`, conf),
        holds: (k) => refusesToSign(about('leaving too', k), 'E_KEY_EXPORTED'),
      },
      {
        name: 'wallets.deleteWallet',
        prepare: preparing('ending'),
        request: (k) => admin.act('DELETE', `/wallets/${about('ending', k).id}`),
        holds: (k) => refusesToSign(about('ending', k), 'E_WALLET_INACTIVE'),
      },
      {
        name: 'keys.deleteKey',
        prepare: preparing('ending too'),
        request: (k) => admin.act('DELETE', `/keys/${about('ending too', k).keyId}`),
        holds: (k) => refusesToSign(about('ending too', k), 'E_KEY_INACTIVE'),
      },
      {
        name: 'keys.delegateKey',
        async prepare(k) {
          if (owner === undefined) {
            await makeOffice(admin, caller);
            owner = (await newEndUser(caller, 'erin@users.example')).userId;
          }
          const body = { scheme: 'EdDSA', curve: 'ed25519', delayDelegation: true };
          const key = good(await admin.act('POST', '/keys', body));
          note(key);
          delegated.set(k, key.body.id);
        },
        request: (k) => admin.act('POST', `/keys/${delegated.get(k)}/delegate`, { delegateTo: owner }),
        async holds(k) {
          const path = `/keys/${delegated.get(k)}/signatures`;
          equal(codeOf(await admin.act('POST', path, kinds.ed25519.what)), 'E_DELEGATED');
        },
      },
      {
        // Answered when the first key has new shares: it is the api that is killed between a key and its row, or after it.
        name: 'cluster.startRefresh',
        async request() {
          const answer = good(await operator().send('POST', '/holdfast/cluster/refresh', undefined));
          await until(
            'a key has new shares',
            async () => good(await operator().read('/holdfast/cluster/refresh')).body.refreshed > 0,
            60_000,
          );
          good(await operator().send('DELETE', '/holdfast/cluster/refresh', undefined));
          return answer;
        },
      },
    ];
  }
}

/** What never changes about a wallet or a key. */
function immutable(body: Answer['body']): unknown {
  const { id, network, address, signingKey, scheme, curve, publicKey, imported, masterKey, derivedFrom, dateCreated } =
    body ?? {};
  const key = signingKey === undefined ? undefined : { id: signingKey.id, publicKey: signingKey.publicKey };
  return {
    id,
    network,
    address,
    signingKey: key,
    scheme,
    curve,
    publicKey,
    imported,
    masterKey,
    derivedFrom,
    dateCreated,
  };
}

function kindOf(key: { scheme: string; curve: string }): Wallet['kind'] {
  if (key.curve === 'ed25519') return 'ed25519';
  return key.scheme === 'Schnorr' ? 'bip340' : 'ecdsa';
}
