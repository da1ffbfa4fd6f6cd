import { readArguments } from '../arguments.ts';
import { readSettings } from '../config.ts';
import { dataFolder, readOperatorToken } from '../start/founding.ts';
import { setupLink } from '../start/setup-link.ts';
import type { Command } from './index.ts';

export const orgSetupLink: Command = {
  name: 'org setup-link',
  usage: 'org setup-link',
  summary: 'prints a link that founds an organisation in a browser, with a passkey; valid for an hour',
  async run(args) {
    readArguments(args, {});
    const settings = readSettings(process.env);
    console.log(setupLink(settings.apiUrl, readOperatorToken(dataFolder(settings.data))));
  },
};
