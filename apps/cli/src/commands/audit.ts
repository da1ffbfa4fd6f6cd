/** `audit shares`: every signer proves every share, and this process checks it against the cluster's own roster. */
import { randomBytes } from 'node:crypto';
import { ApiError, HoldfastApi } from '@holdfast/client/api';
import { type AuditPage, judgeShares, type KeyAudit, type SignerAnswer } from '@holdfast/client/share-audit';
import { readArguments } from '../arguments.ts';
import { readSettings } from '../config.ts';
import { readRoster } from '../roster.ts';
import { dataFolder, readOperatorToken } from '../start/founding.ts';
import type { Command } from './index.ts';

/** Something that had to be proved was not. */
const EXIT_NOT_PROVED = 7;
/** Pages of one signer: far more keys than a cluster is made for. */
const PAGES_MAX = 10_000;
const BUSY_MS = 2_000;
const BUSY_TIMES_MAX = 40;

interface Answer {
  readonly page?: AuditPage;
  readonly refused?: string;
}

export const auditShares: Command = {
  name: 'audit shares',
  usage: 'audit shares [--all]',
  summary:
    'makes every signer prove every share and checks the proofs here; names what is damaged or missing; exit code 7 then',
  async run(args) {
    const given = readArguments(args, { all: { type: 'boolean' } });
    const { audit, answers } = await auditCluster();
    for (const key of audit.keys) if (given.flag('all') || !isProved(key)) print(key);
    const { keys, proved, unheard, bad } = audit;
    console.log(`${keys.length} keys: ${proved} shares proved, ${bad} bad, ${unheard} not heard of`);
    for (const [index, answer] of answers)
      if ('unheard' in answer) console.log(`signer ${index} was not heard: ${answer.unheard}`);
    if (bad > 0 || unheard > 0) process.exit(EXIT_NOT_PROVED);
    // Nobody heard, nothing proved.
    if ([...answers.values()].some((answer) => 'unheard' in answer)) process.exit(EXIT_NOT_PROVED);
  },
};

/** Deals every key anew of which some signer of today has no share, a damaged one, or one of another epoch. */
export const repairKeys: Command = {
  name: 'cluster repair',
  usage: 'cluster repair',
  summary:
    'deals the keys anew of which a signer has no share, an old or a damaged one; needs all five; stopped, run it again',
  async run(args) {
    readArguments(args, {});
    const { api, audit, answers } = await auditCluster();
    const silent = [...answers].filter(([, answer]) => 'unheard' in answer).map(([index]) => index);
    if (silent.length > 0) throw new Error(`signer ${silent.join(', ')} was not heard; this needs all five`);
    const lacking = audit.keys.filter((key) => !isProved(key));
    let failed = 0;
    for (const { keyId } of lacking) {
      try {
        const { state } = await api.plain<{ state: string }>('POST', '/holdfast/cluster/reshare', { keyId });
        console.log(`${keyId}  ${state === 'Dealt' ? 'dealt anew' : 'all five hold it'}`);
      } catch (cause) {
        if (!(cause instanceof ApiError)) throw cause;
        failed += 1;
        console.log(`${keyId}  ${cause.code}: ${cause.message}`);
      }
    }
    console.log(`${lacking.length} of ${audit.keys.length} keys needed it; ${failed} failed`);
    if (failed === 0) return;
    console.log('what failed is in use as before; when all five are connected, run "cluster repair" again');
    process.exit(EXIT_NOT_PROVED);
  },
};

/** Asks all five and judges their answers against the roster of this data folder. */
async function auditCluster() {
  const { apiUrl, data: root } = readSettings(process.env);
  const data = dataFolder(root);
  const roster = readRoster(data.roster);
  const api = new HoldfastApi({ baseUrl: apiUrl, authToken: readOperatorToken(data) });
  const nonce = new Uint8Array(randomBytes(32));
  const asked = roster.signers.map(
    async ({ index }): Promise<[number, SignerAnswer]> => [index, await ask(api, { signer: index, nonce })],
  );
  const answers = new Map(await Promise.all(asked));
  const { fingerprint, signers } = roster;
  return { api, answers, audit: judgeShares({ fingerprint, nonce, signers, answers }) };
}

async function ask(api: HoldfastApi, o: { signer: number; nonce: Uint8Array }): Promise<SignerAnswer> {
  const pages: AuditPage[] = [];
  let after = '';
  let busy = 0;
  const nonce = Buffer.from(o.nonce).toString('hex');
  while (pages.length < PAGES_MAX) {
    const { page, refused } = await onePage(api, { signer: o.signer, nonce, after });
    if (refused === 'E_BUSY' && busy < BUSY_TIMES_MAX) {
      busy += 1;
      await new Promise((resolve) => setTimeout(resolve, BUSY_MS));
      continue;
    }
    if (page === undefined) return { unheard: refused ?? 'no answer' };
    pages.push(page);
    after = page.items.at(-1)?.keyId ?? after;
    if (!page.more) return { pages };
  }
  return { unheard: `more than ${PAGES_MAX} pages` };
}

async function onePage(api: HoldfastApi, question: { signer: number; nonce: string; after: string }): Promise<Answer> {
  try {
    return await api.plain<Answer>('POST', '/holdfast/cluster/audit', question);
  } catch (cause) {
    if (!(cause instanceof ApiError) || cause.status < 500) throw cause;
    return { refused: cause.code };
  }
}

function isProved({ shares }: KeyAudit): boolean {
  return shares.every(({ status }) => status === 'proved');
}

function print({ keyId, shares }: KeyAudit): void {
  console.log(keyId);
  for (const { signer, status, detail } of shares)
    console.log(`  signer ${signer}  ${status}${detail === undefined ? '' : `: ${detail}`}`);
}
