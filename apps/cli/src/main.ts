/** `npm run holdfast -- …`: what users and operators type. One file per command in commands/. */
import { readFileSync } from 'node:fs';
import { ApiError } from '@holdfast/client/api';
import { UsageError } from './arguments.ts';
import { type Command, commands } from './commands/index.ts';

/** EX_USAGE of sysexits.h. */
const EXIT_USAGE = 64;
const SEE = 'see: npm run holdfast -- help';

const words = process.argv.slice(2);
const [first = 'help', second] = words;

await main();

async function main(): Promise<void> {
  if (first === '--version' || first === 'version') return console.log(ownVersion());
  if (first === 'help' || first === '--help' || first === '-h') return help(words.slice(1));
  const command = find();
  if (words.includes('--help') || words.includes('-h')) return help(command === undefined ? [first] : [command.name]);
  if (command === undefined) return refuseWord();
  try {
    await command.run(words.slice(command.name.split(' ').length));
  } catch (cause) {
    report(cause, command);
  }
}

function find(): Command | undefined {
  return commands.find(({ name }) => name === `${first} ${second}`) ?? commands.find(({ name }) => name === first);
}

/** `wallet` alone is the beginning of several commands: which, is what somebody who typed it wants to know. */
function refuseWord(): never {
  const family = commands.filter(({ name }) => name.startsWith(`${first} `)).map(({ name }) => name);
  console.error(
    family.length === 0
      ? `holdfast: there is no command "${words.slice(0, 2).join(' ')}"; ${SEE}`
      : `holdfast: "${first}" goes on with ${family.map((name) => name.slice(first.length + 1)).join(', ')}; ${SEE} ${first}`,
  );
  process.exit(EXIT_USAGE);
}

function report(cause: unknown, command: Command): never {
  if (cause instanceof UsageError) {
    console.error(`holdfast: ${cause.message}\nusage: npm run holdfast -- ${command.usage}`);
    process.exit(EXIT_USAGE);
  }
  if (cause instanceof ApiError) {
    // Here the payload of the user action is what was typed: its name would only be in the way.
    console.error(`holdfast: ${cause.message.replace(/^userActionPayload: /, '')} (${cause.status} ${cause.code})`);
    process.exit(1);
  }
  console.error(`holdfast: ${sentenceOf(cause)}`);
  process.exit(1);
}

function sentenceOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  const under = cause.cause as { code?: string; message?: string } | undefined;
  if (under?.code === 'ECONNREFUSED') return 'nothing answers; is `npm start` running?';
  // fetch says only that it failed; why is underneath.
  if (cause.message === 'fetch failed') return `the api cannot be reached: ${under?.message ?? 'no reason given'}`;
  if (cause.name === 'TimeoutError') return 'the api did not answer in time';
  return cause.message;
}

function help(topic: readonly string[]): void {
  const wanted = topic.join(' ');
  const shown = commands.filter(({ name }) => wanted === '' || name === wanted || name.startsWith(`${wanted} `));
  if (shown.length === 0) {
    console.error(`holdfast: there is no command "${wanted}"; ${SEE}`);
    process.exit(EXIT_USAGE);
  }
  if (wanted === '') console.log('holdfast: self-hosted MPC wallets\n');
  for (const { usage, summary } of shown) console.log(`  npm run holdfast -- ${usage}\n      ${summary}\n`);
  if (wanted !== '') return;
  console.log(
    [
      '  npm start [-- --restart]',
      '      starts an api and five signers on this machine; with --restart, what stops is started again',
      '',
      '  npm run demo',
      '      imports a key, signs with it and exports it again, narrated',
      '',
      'HOLDFAST_PORT (8787) and HOLDFAST_DATA (./data) say which api and which folder.',
    ].join('\n'),
  );
}

function ownVersion(): string {
  const file = new URL('../package.json', import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}
