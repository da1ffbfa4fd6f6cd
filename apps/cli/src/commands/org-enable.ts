import { apiAsAdmin, readAccountFile } from '../account-file.ts';
import { readArguments, UsageError } from '../arguments.ts';
import type { Command } from './index.ts';

export const enableOrg: Command = {
  name: 'org enable',
  usage: 'org enable import export --as acme.json [--off]',
  summary:
    'switches key import, key export or both on for an organisation (--off: off); signed by its administrator, checked by every signer',
  async run(args) {
    const given = readArguments(args, { as: { type: 'string' }, off: { type: 'boolean' } }, 2);
    const wanted = new Set(given.positionals);
    for (const word of wanted)
      if (word !== 'import' && word !== 'export')
        throw new UsageError(`"${word}" cannot be switched; import and export can`);
    if (wanted.size === 0) throw new UsageError('say what to switch on: import, export or both');

    const file = given.text('as');
    const account = readAccountFile(file);
    const on = !given.flag('off');
    const { result } = await apiAsAdmin(file, account).signed<{ keyImport: boolean; keyExport: boolean }>(
      'PUT',
      `/orgs/${account.orgId}/settings`,
      {
        ...(wanted.has('import') ? { keyImport: on } : {}),
        ...(wanted.has('export') ? { keyExport: on } : {}),
      },
    );
    console.log(
      `import ${result.keyImport ? 'on' : 'off'}, export ${result.keyExport ? 'on' : 'off'} for ${account.orgId}`,
    );
  },
};
