/**
 * Everything a user does, with secrets that are known to the test; then everything the system wrote, said and sent is
 * looked through for them. Once with `npm start` on PostgreSQL, once with an api that shows what passes its relay.
 */
import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createPrivateKey, randomBytes } from 'node:crypto';
import { appendFileSync, readdirSync, readFileSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { newWalletExportContext } from '@holdfast/client/key-export';
import { openStore } from '@holdfast/signer/store';
import { openDatabase } from '@holdfast/storage/database';
import { type Answer, Caller, errorBodies, good } from '../faults/caller.ts';
import { serveHere } from '../faults/here.ts';
import { everyFolder, Pieces } from '../faults/pieces.ts';
import { askSignature, createWallet, importBody, kindNames, newPrivateKey, walletIn } from '../faults/wallets.ts';
import { type Account, type AccountFile, Cluster } from '../harness/index.ts';
import { type Hit, Secrets } from './scan.ts';

/** Files that are there to hold a secret; everything else is looked through. */
const keepsSecret = (path: string): boolean =>
  /^(operator\.token|api\/secret|api\/outbox\/.*|signer-[1-5]\/unseal\.key)$/.test(path);

/** What a user does, and what a user does wrong; every secret in it is noted. */
async function everything(account: AccountFile, data: string, secrets: Secrets): Promise<void> {
  const [robot, admin] = [new Caller(account), new Caller(account, account.admin)];
  secrets.add('operator token', readFileSync(join(data, 'operator.token'), 'utf8').trim());
  secrets.add('api secret', Buffer.from(readFileSync(join(data, 'api', 'secret'), 'utf8').trim(), 'hex'));
  for (const n of everyFolder)
    secrets.add(
      `unseal key ${n}`,
      Buffer.from(readFileSync(join(data, `signer-${n}`, 'unseal.key'), 'utf8'), 'base64'),
    );
  noteAccount('admin', account.admin);
  noteAccount('service account', account.serviceAccount);

  for (const kind of kindNames) {
    const privateKey = newPrivateKey();
    secrets.add(`imported ${kind}`, privateKey);
    const body = await importBody(robot, kind, privateKey);
    const imported = walletIn(await robot.act('POST', '/wallets/import', body), kind);
    const made = await createWallet(robot, kind);
    for (const [what, wallet] of Object.entries({ imported, made })) {
      good(await askSignature(robot, wallet));
      const context = newWalletExportContext();
      const reply = good(await robot.act('POST', `/wallets/${wallet.id}/export`, context.getConf())).body;
      secrets.add(`${what} ${kind} as exported`, context.recoverSecretKey(reply));
    }
    // Wrong in many ways, with a secret as the value that is wrong. Names of members are quoted, to be found and mended.
    await robot.act('POST', '/wallets/import', body);
    await robot.act('POST', '/wallets/import', { ...body, privateKey: Buffer.from(privateKey).toString('hex') });
    for (const text of [Buffer.from(privateKey).toString('hex'), Buffer.from(privateKey).toString('base64url')]) {
      await robot.act('POST', '/wallets', { network: text });
      await robot.act('POST', '/wallets', { network: 'Solana', privateKey: text });
      await robot.act('POST', '/keys', { scheme: text, curve: text });
      await robot.send('PUT', `/wallets/${text}`, JSON.stringify({ name: text }));
      await robot.read(`/wallets?limit=${text}`);
      await robot.read(`/wallets?privateKey=${text}`);
      await robot.read(`/keys/${text}/signatures/${text}`);
      await robot.read(`/wallets?paginationToken=${text}`);
    }
  }

  const payload = JSON.stringify({ network: 'KeyEdDSA' });
  const token = await robot.approve('POST', '/wallets', payload);
  ok(typeof token === 'string');
  secrets.add('user action token', token);
  await admin.send('POST', '/wallets', payload, token);
  await robot.send('POST', '/wallets', `${payload} `.replace('EdDSA', 'ECDSA'), token);
  good(await robot.send('POST', '/wallets', payload, token));
  await robot.send('POST', '/wallets', payload, token);

  const email = 'person@acme.example';
  good(await admin.act('POST', '/auth/users', { email, kind: 'CustomerEmployee' }));
  const code = registrationCode(data);
  secrets.add('registration code', code);
  const register = (username: string) =>
    robot.send(
      'POST',
      '/auth/registration/init',
      JSON.stringify({ orgId: account.orgId, username, registrationCode: code }),
    );
  await register('somebody.else@acme.example');
  const begun = good(await register(email)).body as { temporaryAuthenticationToken: string };
  secrets.add('temporary token', begun.temporaryAuthenticationToken);
  const stranger = new Caller(account, { ...account.admin, authToken: begun.temporaryAuthenticationToken });
  await stranger.read('/wallets');
  await new Caller(account, { ...account.admin, authToken: `${account.admin.authToken}x` }).read('/wallets');
  await robot.send('POST', '/holdfast/orgs', JSON.stringify({ genesis: account.admin.authToken, proof: {} }));

  function noteAccount(name: string, { privateKey, authToken }: Account): void {
    secrets.add(
      `private key of ${name}`,
      createPrivateKey(privateKey).export({ type: 'pkcs8', format: 'der' }).subarray(-32),
    );
    secrets.add(`token of ${name}`, authToken);
  }
}

/** Codes wait in the outbox for whoever mails them: the newest one. */
function registrationCode(data: string): string {
  const folder = join(data, 'api', 'outbox');
  const [newest = ''] = readdirSync(folder).sort().reverse();
  equal(statSync(join(folder, newest)).mode & 0o777, 0o600);
  const [code] = /\b[A-Z0-9]{4,}(-[A-Z0-9]{4,})+\b/.exec(readFileSync(join(folder, newest), 'utf8')) ?? [];
  ok(code !== undefined, 'a mail has a code');
  return code;
}

/** Shares as a signer opens them, and the keys that seal them: only the signer's own code can. */
async function noteShares(data: string, secrets: Secrets): Promise<number> {
  const config = new URL('../../../signer/dist/config.js', import.meta.url).href;
  const { readConfig, openFolder } = await import(config);
  let shares = 0;
  for (const n of everyFolder) {
    const dir = join(data, `signer-${n}`);
    const folder = openFolder(readConfig({ HOLDFAST_SIGNER_DIR: dir, HOLDFAST_ROSTER: join(data, 'roster.json') }));
    secrets.add(`seal key ${n}`, folder.keys.sealKey);
    secrets.add(`mac key ${n}`, folder.keys.macKey);
    const store = openStore({
      file: folder.storeFile,
      signerId: folder.signerId,
      ...folder.keys,
      now: Date.now,
      random: (bytes) => new Uint8Array(randomBytes(bytes)),
      point: () => undefined,
    });
    try {
      for (const keyId of store.keys.keyIds()) {
        const epoch = store.keys.key(keyId)?.activeEpoch;
        if (epoch === undefined) continue;
        secrets.add(`share ${n} of ${keyId}`, Uint8Array.from(store.keys.open(keyId, epoch).share.x));
        shares += 1;
      }
    } finally {
      store.close();
    }
  }
  return shares;
}

/** Every row of every table as text. */
async function rowsOf(options: { readonly url?: string; readonly dataFolder: string }): Promise<string> {
  const db = await openDatabase(options);
  try {
    const { kysely } = db;
    const tables = await kysely.introspection.getTables({ withInternalKyselyTables: true });
    const texts: string[] = [];
    for (const { name } of tables) {
      const rows = await kysely
        .selectFrom(name as never)
        .selectAll()
        .execute();
      texts.push(
        ...rows.map((row) =>
          JSON.stringify(row, (_, value) => (value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value)),
        ),
      );
    }
    return texts.join('\n');
  } finally {
    await db.close();
  }
}

const none = (hits: readonly Hit[]): void => deepEqual(hits, []);

for (const path of ['api/secret', 'operator.token', 'signer-3/unseal.key'])
  test(`${path} is one of the places that keep a secret, a neighbour of it is not`, () => {
    equal(keepsSecret(path), true);
    equal(keepsSecret(`${path}.bak`), false);
  });

test('npm start on PostgreSQL: nothing secret in logs, output, database, error bodies and signers’ files', async (t) => {
  const secrets = new Secrets();
  const cluster = await Cluster.start({ engine: 'postgres', env: { HOLDFAST_RATE_LIMIT: '0' } });
  t.after(() => cluster.remove());
  const data = join(cluster.dir, 'data');
  const url = cluster.environment()['DATABASE_URL'] ?? '';
  errorBodies.length = 0;
  try {
    await everything(cluster.createOrg('Acme'), data, secrets);
  } finally {
    await cluster.stop();
  }
  const shares = await noteShares(data, secrets);
  equal(shares, 5 * 7);

  const dump = spawnSync('pg_dump', ['--inserts', url], { encoding: 'utf8', maxBuffer: 1 << 28 });
  equal(dump.status, 0, dump.stderr);
  match(dump.stdout, /INSERT INTO public\.acts/);
  none(secrets.find(dump.stdout, 'pg_dump'));
  none(secrets.findUnder(data, keepsSecret));
  none(secrets.find(cluster.output, 'output'));
  ok(errorBodies.length > 30, `${errorBodies.length} error bodies`);
  none(errorBodies.flatMap((body) => secrets.find(body, body)));
  const logs = readdirSync(join(data, 'logs'));
  equal(logs.length, 6);
  ok(logs.every((name) => statSync(join(data, 'logs', name)).size > 0));
  console.log(
    `npm start: ${secrets.count} secrets, ${errorBodies.length} error bodies, ${dump.stdout.length} bytes of dump`,
  );

  // The same scan finds what is planted: in a log, in a store, in the database.
  for (const file of ['logs/api.log', 'signer-2/store.sqlite', 'roster.json']) {
    const path = join(data, file);
    const { size } = statSync(path);
    appendFileSync(path, createPlant(secrets, file));
    equal(secrets.findUnder(data, keepsSecret)[0]?.where, file);
    truncateSync(path, size);
  }
  const plant = createPlant(secrets, 'database');
  spawnSync('psql', [url, '-q', '-c', `create table planted as select decode('${plant.toString('hex')}', 'hex') as x`]);
  const planted = spawnSync('pg_dump', ['--inserts', url], { encoding: 'utf8', maxBuffer: 1 << 28 });
  equal(secrets.find(planted.stdout, 'pg_dump')[0]?.secret, 'planted in database');
});

function createPlant(secrets: Secrets, where: string): Buffer {
  const plant = randomBytes(32);
  secrets.add(`planted in ${where}`, plant);
  return plant;
}

test('embedded: nothing secret passes the relay, in commands, replies, frames and pushes, or stays in the database', async (t) => {
  const secrets = new Secrets();
  const pieces = await Pieces.found();
  t.after(() => pieces.remove());
  const traffic: { what: string; bytes: Buffer }[] = [];
  const hear = (what: string, bytes: Uint8Array | string) => void traffic.push({ what, bytes: Buffer.from(bytes) });
  errorBodies.length = 0;
  let imported: Answer | undefined;
  try {
    await serveHere(
      pieces,
      { log: (event, facts) => hear('log', JSON.stringify({ event, ...facts })) },
      async (api) => {
        const { hub } = api;
        const send = hub.send.bind(hub);
        // The api asks through this one member: orders and answers pass here, what signers say to each other below.
        Object.assign(hub, {
          async send(...[index, command, options]: Parameters<typeof send>) {
            hear('command', typeof command === 'string' ? command : JSON.stringify(command));
            const reply = await send(index, command, options);
            hear('reply', JSON.stringify(reply));
            return reply;
          },
        });
        hub.onTraffic(({ message }) => hear('frame', message));
        // A signer pushes a token every ten seconds: on a fast machine the work above is done before the second.
        const pushed = new Promise<void>((resolve) => {
          hub.onPush((_, push) => {
            hear('push', JSON.stringify(push));
            if (traffic.filter(({ what }) => what === 'push').length === 6) resolve();
          });
        });
        const account = await pieces.createOrg('Acme');
        await everything(account, pieces.data, secrets);
        const caller = new Caller(account);
        imported = await caller.act('POST', '/wallets/import', await importBody(caller, 'ed25519', newPrivateKey()));
        await pushed;
      },
    );
  } finally {
    await pieces.stop();
  }
  equal(imported?.status, 200);
  ok((await noteShares(pieces.data, secrets)) > 30);

  const counts = new Map<string, number>();
  for (const { what } of traffic) counts.set(what, (counts.get(what) ?? 0) + 1);
  for (const what of ['log', 'command', 'reply', 'frame', 'push']) ok((counts.get(what) ?? 0) > 5, `heard no ${what}`);
  none(traffic.flatMap(({ what, bytes }) => secrets.find(bytes, what)));
  none(secrets.findUnder(pieces.data, keepsSecret));
  none(secrets.find(pieces.output, 'output'));
  none(errorBodies.flatMap((body) => secrets.find(body, body)));
  const rows = await rowsOf({ dataFolder: join(pieces.data, 'api') });
  match(rows, /Acme/);
  none(secrets.find(rows, 'rows'));
  console.log(
    `embedded: ${secrets.count} secrets; ${[...counts].map(([what, count]) => `${count} × ${what}`).join(', ')}`,
  );

  const plant = createPlant(secrets, 'a frame');
  const frame = traffic.findLast(({ what }) => what === 'frame')?.bytes ?? Buffer.alloc(0);
  equal(secrets.find(Buffer.concat([frame, plant, frame]), 'frame')[0]?.secret, 'planted in a frame');
});
