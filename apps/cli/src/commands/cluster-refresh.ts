import { HoldfastApi } from '@holdfast/client/api';
import { readArguments } from '../arguments.ts';
import { readSettings } from '../config.ts';
import { dataFolder, readOperatorToken } from '../start/founding.ts';
import type { Command } from './index.ts';

interface Round {
  readonly state: 'Never' | 'Running' | 'Waiting' | 'Stopped' | 'Done';
  readonly cause?: string;
  readonly dateStarted?: string;
  readonly dateEnded?: string;
  readonly keys: number;
  readonly refreshed: number;
  readonly failed: number;
  readonly reasons: readonly string[];
}

const PATH = '/holdfast/cluster/refresh';

export const refreshCluster: Command = {
  name: 'cluster refresh',
  usage: 'cluster refresh [--status | --stop]',
  summary: 'gives every key new shares, one after the other, while signing goes on; the keys stay as they are',
  async run(args) {
    const given = readArguments(args, { status: { type: 'boolean' }, stop: { type: 'boolean' } });
    const settings = readSettings(process.env);
    const authToken = readOperatorToken(dataFolder(settings.data));
    const api = new HoldfastApi({ baseUrl: settings.apiUrl, authToken });
    const method = given.flag('stop') ? 'DELETE' : given.flag('status') ? 'GET' : 'POST';
    console.log(told(await api.plain<Round>(method, PATH)).join('\n'));
  },
};

function told({ state, cause, dateStarted, dateEnded, keys, refreshed, failed, reasons }: Round): readonly string[] {
  if (state === 'Never') return ['no round of new shares has been made yet'];
  const when = dateEnded === undefined ? `since ${dateStarted}` : `from ${dateStarted} to ${dateEnded}`;
  const counts = `${refreshed} of ${keys} keys have new shares${failed === 0 ? '' : `, ${failed} failed so far and come again`}`;
  return [`${state.toLowerCase()}  ${when}  (${cause})`, counts, ...reasons.map((reason) => `  ${reason}`)];
}
