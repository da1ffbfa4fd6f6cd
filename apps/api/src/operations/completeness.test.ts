/** Contract, handlers, folders and the public client agree with each other. */
import { deepEqual, equal, ok } from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fullName, operations } from '@holdfast/contract/operations';
import { createRegistry } from '../pipeline/index.ts';
import { handlers } from './index.ts';

/** Sources stand beside the build. */
const source = join(import.meta.dirname, '..', '..', 'src', 'operations');
const contract = join(import.meta.dirname, '..', '..', '..', '..', 'packages', 'contract', 'src', 'operations');
const domains = [...new Set(operations.map(({ domain }) => domain))];
const filesOf = (folder: string) =>
  readdirSync(folder)
    .map((file) => file.replace(/\.ts$/, ''))
    .filter((name) => !['index', 'shapes', 'orders'].includes(name) && !name.includes('.'))
    .sort();

test('every operation has one handler', () => {
  equal(createRegistry(handlers, operations).size, operations.length);
});

for (const domain of domains) {
  test(`${domain}: contract, handlers and both folders name the same operations`, () => {
    const names = operations
      .filter((of) => of.domain === domain)
      .map(({ name }) => name)
      .sort();

    deepEqual(filesOf(join(contract, domain)), names);
    deepEqual(filesOf(join(source, domain)), names);
  });
}

test('paths and methods are those of the public client, which signs what needs a user action', () => {
  const sdk = dirname(createRequire(import.meta.url).resolve('@dfns/sdk/package.json'));
  let compared = 0;
  for (const of of operations) {
    if (!['auth', 'keys', 'wallets', 'permissions', 'signers'].includes(of.domain)) continue;
    const client = readFileSync(join(sdk, 'generated', of.domain, 'client.js'), 'utf8');
    const body = new RegExp(`async ${of.name}\\(.*?\\) \\{\\n([\\s\\S]*?)\\n    \\}`).exec(client)?.[1];
    // Not in the client: deleteWallet, and what is ours (rulings 35).
    if (body === undefined) continue;
    compared += 1;
    const path = /buildPathAndQuery\)\('([^']+)'/.exec(body)?.[1];
    const method = /method: '([A-Z]+)'/.exec(body)?.[1];
    // What a parameter is called is each side's own affair.
    const shape = (text = '') => text.replaceAll(/:\w+/g, ':');
    deepEqual([fullName(of), method, shape(path)], [fullName(of), of.method, shape(of.path)]);
    equal(body.includes('userActionFetch') && method !== 'GET', of.userAction, fullName(of));
  }
  ok(compared >= 50, `only ${compared} operations compared`);
});
