/** Commands on a signer of this machine. They run the signer's own operator entry: this process reads no signer folder. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { readArguments, UsageError } from '../arguments.ts';
import { readSettings } from '../config.ts';
import { dataFolder, lifeline, localSigners, relayEnvironment, SIGNERS } from '../start/founding.ts';
import type { Command } from './index.ts';

export const operatorEntry = fileURLToPath(new URL('../../../signer/dist/operator.js', import.meta.url));
const signerEntry = fileURLToPath(new URL('../../../signer/dist/main.js', import.meta.url));

export const startSigner: Command = {
  name: 'signer start',
  usage: 'signer start N',
  summary: 'starts signer N (1 to 5) of this machine, for instance after it was stopped',
  async run(args) {
    const n = signerNumber(readArguments(args, {}, 1).positionals[0]);
    await inherit([signerEntry], { ...signerEnvironment(n), ...lifeline }, 'lifeline');
  },
};

export const trustOrg: Command = {
  name: 'signer trust',
  usage: 'signer trust ORG_ID SHA256 [--signer N]',
  summary:
    'pins the genesis of an organisation at the signers of this machine; without it they refuse the organisation',
  async run(args) {
    const given = readArguments(args, { signer: { type: 'string' } }, 2);
    const [orgId, sha256] = given.positionals;
    if (orgId === undefined || sha256 === undefined)
      throw new UsageError('give the organisation id and the SHA-256 of its genesis');
    const chosen = given.optional('signer');
    const numbers = chosen === undefined ? signersHere() : [signerNumber(chosen)];
    await trust(orgId, sha256, numbers);
  },
};

export const freeze = onEverySigner(
  'signer freeze',
  'freeze',
  'stops the signers of this machine from contributing to anything, within a second and across restarts',
);
export const unfreeze = onEverySigner('signer unfreeze', 'unfreeze', 'lets frozen signers work again');
export const doctor = onEverySigner(
  'doctor',
  'doctor',
  'checks the signers of this machine: folders, flushing, arithmetic backends',
);

export const named: Command = {
  name: 'signer named',
  usage: 'signer named [N] [--forgive M]',
  summary: 'who deviated in signing runs, how often and with what evidence; --forgive M lets signer M take part again',
  async run(args) {
    const given = readArguments(args, { forgive: { type: 'string' } }, 1);
    const [only] = given.positionals;
    const forgiven = given.optional('forgive');
    const forgive = forgiven === undefined ? [] : ['--forgive', String(signerNumber(forgiven))];
    for (const n of only === undefined ? signersHere() : [signerNumber(only)]) {
      console.log(`signer ${n}`);
      await inherit([operatorEntry, 'named', ...forgive], signerEnvironment(n));
    }
  },
};

/** Also used by `org create`, which on one machine writes the five pins itself and says so. */
export async function trust(orgId: string, sha256: string, numbers: readonly number[]): Promise<void> {
  for (const n of numbers) await inherit([operatorEntry, 'trust', orgId, sha256], signerEnvironment(n), 'quiet');
}

function onEverySigner(name: string, word: string, summary: string): Command {
  return {
    name,
    usage: `${name} [N]`,
    summary,
    async run(args) {
      const [only] = readArguments(args, {}, 1).positionals;
      const numbers = only === undefined ? signersHere() : [signerNumber(only)];
      for (const n of numbers) {
        const env = signerEnvironment(n);
        console.log(`signer ${n}`);
        await inherit([operatorEntry, word], env);
      }
    },
  };
}

function signersHere(): readonly number[] {
  const data = dataFolder(readSettings(process.env).data);
  const numbers = localSigners(data);
  if (numbers.length > 0) return numbers;
  throw new Error(`${data.root} holds no signer; run npm start first, or set HOLDFAST_DATA to the data folder it uses`);
}

/** Settings under which a process of signer N of this machine runs. */
export function signerEnvironment(
  n: number,
  o: { readonly mayBeNew?: boolean } = {},
): Readonly<Record<string, string>> {
  const settings = readSettings(process.env);
  const data = dataFolder(settings.data);
  if (o.mayBeNew !== true && !existsSync(data.signer(n)))
    throw new Error(
      `${data.signer(n)} does not exist; run npm start first, or set HOLDFAST_DATA to the data folder it uses`,
    );
  return {
    HOLDFAST_SIGNER_DIR: data.signer(n),
    HOLDFAST_ROSTER: data.roster,
    ...relayEnvironment(data, settings.relayUrl),
  };
}

export function signerNumber(text: string | undefined): number {
  const n = Number(text);
  if (!Number.isInteger(n) || n < 1 || n > SIGNERS) throw new UsageError(`a signer is a number from 1 to ${SIGNERS}`);
  return n;
}

export async function inherit(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  how: 'plain' | 'quiet' | 'lifeline' = 'plain',
): Promise<void> {
  const child = spawn(process.execPath, args, {
    env: { ...process.env, ...env },
    stdio: [how === 'lifeline' ? 'pipe' : 'ignore', how === 'quiet' ? 'ignore' : 'inherit', 'inherit'],
  });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal));
  const code = await new Promise<number>((done) =>
    child.once('exit', (status, signal) => done(status ?? (signal === null ? 1 : 0))),
  );
  if (code !== 0) process.exit(code);
}
