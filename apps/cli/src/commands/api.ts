/** The api alone, for clusters whose signers are on other machines. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { readArguments } from '../arguments.ts';
import { readSettings } from '../config.ts';
import { dataFolder, lifeline } from '../start/founding.ts';
import type { Command } from './index.ts';
import { inherit } from './signer.ts';

const apiEntry = fileURLToPath(new URL('../../../api/dist/main.js', import.meta.url));

export const startApi: Command = {
  name: 'api start',
  usage: 'api start',
  summary: 'starts the api without signers; the roster of the cluster must be in the data folder',
  async run(args) {
    readArguments(args, {});
    const { data: root, port } = readSettings(process.env);
    const data = dataFolder(root);
    if (!existsSync(data.roster)) throw new Error(`${data.roster} is missing: make it with "cluster found"`);
    await inherit([apiEntry], { HOLDFAST_DATA: root, HOLDFAST_PORT: String(port), ...lifeline }, 'lifeline');
  },
};
