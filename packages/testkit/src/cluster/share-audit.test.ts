/** The share audit over five signers: every share proves itself; one damaged bit names its key, and nothing else. */
import { deepEqual, notEqual } from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type AuditPage, judgeShares, type ShareAudit, type SignerAnswer } from '@holdfast/client/share-audit';
import { toHex } from '@holdfast/contract/wire';
import Database from 'libsql';
import { createTestApi, everybody, startTestCluster, type TestApi, type TestCluster } from './index.ts';

const seed = process.env['HOLDFAST_TEST_SEED'] ?? 'share-audit 1';
console.log(`seed: ${seed}`);

let api: TestApi<TestCluster>;
const keyIds: string[] = [];
before(async () => {
  api = createTestApi(await startTestCluster(seed));
  const org = await api.found('Acme');
  for (const body of [
    { scheme: 'EdDSA', curve: 'ed25519' },
    { scheme: 'ECDSA', curve: 'secp256k1' },
    { scheme: 'ECDSA', curve: 'stark' },
  ])
    keyIds.push((await api.createKey({ org, user: org.admin, body })).keyId);
});
after(() => api.cluster.stop());

async function pagesOf(index: number, nonce: Uint8Array): Promise<SignerAnswer> {
  const pages: AuditPage[] = [];
  for (let from = ''; ; ) {
    const command = { v: 1, id: 'a', kind: 'Audit', nonce: toHex(nonce), after: from } as const;
    const reply = await api.cluster.send(index, command);
    if (reply?.ok !== true || reply.result.t !== 'audit')
      return { unheard: reply?.ok === false ? reply.error.code : '' };
    pages.push(reply.result.page);
    from = reply.result.page.items.at(-1)?.keyId ?? from;
    if (!reply.result.page.more) return { pages };
  }
}
type Answers = Map<number, SignerAnswer>;
async function audit(o: { meddle?: (answers: Answers) => unknown; nonce?: Uint8Array } = {}): Promise<ShareAudit> {
  const nonce = o.nonce ?? api.cluster.random(32);
  const answers: Answers = new Map();
  for (const index of everybody) answers.set(index, await pagesOf(index, nonce));
  o.meddle?.(answers);
  const { fingerprint, signers } = api.cluster.roster;
  return judgeShares({ fingerprint, nonce, signers, answers });
}
const alarms = (a: ShareAudit): string[] =>
  a.keys.flatMap(({ keyId, shares }) =>
    shares.filter(({ status }) => status !== 'proved').map(({ signer, status }) => `${keyId} ${signer} ${status}`),
  );
/** Changes the file of a signer behind its back, between two starts. */
async function meddle(index: number, sql: string, ...cells: unknown[]): Promise<void> {
  api.cluster.kill(index);
  await api.cluster.clock.settle();
  const db = new Database(join(api.cluster.signers[index - 1]?.dir ?? '', 'store.sqlite'));
  db.pragma('foreign_keys = off');
  db.prepare(sql).run(cells);
  db.close();
  await api.cluster.start(index);
  await api.cluster.clock.settle();
}
const pageOf = (answers: Answers, index: number): AuditPage => {
  const answer = answers.get(index);
  const page = answer !== undefined && 'pages' in answer ? answer.pages[0] : undefined;
  if (page === undefined) throw new Error('no page');
  return page;
};

test('every share of every key proves itself, on every curve', async () => {
  const { keys, proved, bad, unheard } = await audit();

  deepEqual(keys.map(({ keyId }) => keyId).sort(), [...keyIds].sort());
  deepEqual([proved, bad, unheard], [15, 0, 0]);
});

test('a page that was altered, taken from another signer or from another audit counts for nothing', async () => {
  const old = api.cluster.random(32);
  const earlier = await pagesOf(2, old);
  const meddlers: ((answers: Answers) => unknown)[] = [
    (answers) => answers.set(2, earlier),
    (answers) => answers.set(2, answers.get(3) ?? { unheard: '' }),
    (answers) => answers.set(2, { pages: [{ ...pageOf(answers, 2), items: pageOf(answers, 2).items.slice(1) }] }),
    (answers) => answers.set(2, { pages: [{ ...pageOf(answers, 2), more: true }] }),
    (answers) => answers.set(2, { pages: [pageOf(answers, 2), pageOf(answers, 2)] }),
    (answers) => answers.set(2, { pages: [] }),
    (answers) => answers.delete(2),
  ];

  for (const meddler of meddlers) {
    const { proved, bad, unheard } = await audit({ meddle: meddler });
    deepEqual([proved, bad, unheard], [12, 0, 3]);
  }
});

test('a signer that is gone is not heard, and the rest is proved', async () => {
  api.cluster.kill(4);

  const { proved, bad, unheard } = await audit();
  await api.cluster.start(4);
  await api.cluster.clock.settle();

  deepEqual([proved, bad, unheard], [12, 0, 3]);
});

test('a frozen signer proves nothing', async () => {
  const signer = api.cluster.signers[0];
  if (signer === undefined) throw new Error('five signers');
  signer.frozen = true;

  const answer = await pagesOf(1, api.cluster.random(32));
  signer.frozen = false;

  deepEqual(answer, { unheard: 'E_SEALED' });
});

test('one bit flipped in the store of one signer names that key at that signer, and nothing else', async () => {
  const [victim] = keyIds;
  const file = join(api.cluster.signers[1]?.dir ?? '', 'store.sqlite');

  for (const column of ['sealed', 'nonce', 'record', 'mac']) {
    api.cluster.kill(2);
    await api.cluster.clock.settle();
    const db = new Database(file);
    const [row] = db.prepare(`select ${column} from vault where keyId = ?`).raw(true).all([victim]) as unknown as [
      Buffer,
    ][];
    const honest = Buffer.from(row?.[0] ?? []);
    const flipped = Buffer.from(honest);
    flipped[7] = (flipped[7] as number) ^ 4;
    notEqual(Buffer.compare(honest, flipped), 0);
    db.prepare(`update vault set ${column} = ? where keyId = ?`).run([flipped, victim]);
    db.close();
    await api.cluster.start(2);
    await api.cluster.clock.settle();

    deepEqual(alarms(await audit()), [`${victim} 2 damaged`], column);
    await meddle(2, `update vault set ${column} = ? where keyId = ?`, honest, victim);
  }
  deepEqual(alarms(await audit()), []);
});

test('a key that one signer has lost, and a file with an unreadable key, are named', async () => {
  const [, victim, other] = keyIds;
  await meddle(5, 'delete from vault where keyId = ?', victim);
  deepEqual(alarms(await audit()), [`${victim} 5 missing`]);

  await meddle(5, 'delete from wallets where keyId = ?', victim);
  await meddle(5, 'delete from keys where keyId = ?', victim);
  deepEqual(alarms(await audit()), [`${victim} 5 missing`]);

  await meddle(5, 'update keys set keyId = upper(keyId) where keyId = ?', other);
  deepEqual(
    alarms(await audit())
      .filter((each) => each.includes(' 5 ') || each.startsWith('key-unreadable 5'))
      .sort(),
    [`${victim} 5 missing`, `${other} 5 missing`, 'key-unreadable 5 damaged'].sort(),
  );
});
