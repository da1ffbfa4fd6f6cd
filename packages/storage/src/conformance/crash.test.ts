/** The embedded engine under kill −9: what was acknowledged is there, and a second process is kept out. */
import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { openDatabase } from '../database/index.ts';
import { listOrganisations } from '../records/index.ts';

const writer = `
  const { openDatabase, inTransaction } = await import(process.argv[1]);
  const { insertOrganisation } = await import(process.argv[2]);
  const db = await openDatabase({ dataFolder: process.argv[3] });
  for (let n = 0; ; n += 1) {
    const id = 'or-' + process.pid + '-' + n;
    const row = { id, name: id, genesis: '{}', state: {}, head: 'h', height: 0, dateCreated: new Date().toISOString() };
    await inTransaction(db, (tx) => insertOrganisation(tx, row));
    console.log(id);
  }
`;

function start(dataFolder: string) {
  const modules = ['../database/index.js', '../records/index.js'].map((path) => new URL(path, import.meta.url).href);
  const child = spawn(process.execPath, ['--input-type=module', '-e', writer, ...modules, dataFolder]);
  const ended = new Promise<number | null>((resolve) => child.on('exit', resolve));
  let errors = '';
  child.stderr.on('data', (text) => {
    errors += text;
  });
  return { child, ended, errors: () => errors };
}

test('keeps every acknowledged transaction when the process is killed, and takes over its lock', async () => {
  const dataFolder = mkdtempSync(join(tmpdir(), 'holdfast-crash-'));
  const acknowledged: string[] = [];
  try {
    for (let round = 0; round < 2; round += 1) {
      const { child, ended, errors } = start(dataFolder);
      let lines = 0;
      for await (const line of createInterface({ input: child.stdout })) {
        acknowledged.push(line);
        lines += 1;
        if (lines === 40) child.kill('SIGKILL');
      }
      await ended;
      ok(lines >= 40, errors());
    }

    const db = await openDatabase({ dataFolder });
    const kept = new Set((await listOrganisations(db.kysely)).map(({ id }) => id));
    await db.close();

    deepEqual(
      acknowledged.filter((id) => !kept.has(id)),
      [],
    );
  } finally {
    rmSync(dataFolder, { recursive: true, force: true });
  }
});

test('keeps a second process out of the folder', async () => {
  const dataFolder = mkdtempSync(join(tmpdir(), 'holdfast-crash-'));
  const db = await openDatabase({ dataFolder });
  try {
    const { ended, errors } = start(dataFolder);

    equal(await ended, 1);
    match(errors(), /E_STORAGE_LOCKED/);
    match(errors(), new RegExp(`in use by process ${process.pid}\\b`));
  } finally {
    await db.close();
    rmSync(dataFolder, { recursive: true, force: true });
  }
});
