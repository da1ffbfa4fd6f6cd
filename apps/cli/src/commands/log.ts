/** An organisation's log in a file, and what that file proves: docs/specs/log-file.md. */
import { createReadStream, existsSync, renameSync, writeFileSync } from 'node:fs';
import { authorityDeps } from '@holdfast/authority/contract-rules';
import { AuthorityError } from '@holdfast/authority/errors';
import { findSignatures, LINE_CHARS_MAX, type Line, logFileText, verifyLogFile } from '@holdfast/authority/log-file';
import { nodeVerify } from '@holdfast/authority/verify-node';
import { type LogReader, logPins } from '@holdfast/client/log-file';
import { utf8Decode, visibleText, WireError } from '@holdfast/contract/wire';
import { apiAsAdmin, readAccountFile } from '../account-file.ts';
import { readArguments, UsageError } from '../arguments.ts';
import { readLines } from '../log-file/read.ts';
import { createSignedBytes } from '../log-file/signed-bytes.ts';
import { toldSignature } from '../log-file/told.ts';
import type { Command } from './index.ts';

/** What the file should prove it does not. */
const EXIT_NOT_PROVED = 7;

export const exportLog: Command = {
  name: 'log export',
  usage: 'log export FILE --as acme.json',
  summary: "writes the organisation's log and what authorised each signature into a file that proves itself",
  async run(args) {
    const given = readArguments(args, { as: { type: 'string' } }, 1);
    const [file] = given.positionals;
    if (file === undefined) throw new UsageError('say where it goes');
    if (existsSync(file)) throw new UsageError(`${file} exists`);
    const path = given.text('as');
    const account = readAccountFile(path);
    const lines = await readLines(apiAsAdmin(path, account), account.orgId);
    writeFileSync(`${file}.new`, `${[...logFileText(lines)].join('\n')}\n`, { mode: 0o600, flush: true });
    renameSync(`${file}.new`, file);
    const count = (line: Line['line']) => lines.filter((each) => each.line === line).length;
    console.log(
      `${file}: ${count('entry')} entries, ${count('signature')} signatures; it names users and what they asked for`,
    );
  },
};

export const verifyLog: Command = {
  name: 'verify',
  usage:
    'verify FILE (--as acme.json | --org ID --cluster FINGERPRINT) [--genesis SHA256] [--head HEAD] [--signature X [--json]]',
  summary:
    'checks such a file offline from the pinned signers alone; X is an id, digest or signature: says who asked; exit code 7 if not',
  async run(args) {
    const text = { type: 'string' } as const;
    const given = readArguments(
      args,
      { as: text, org: text, cluster: text, genesis: text, head: text, signature: text, json: { type: 'boolean' } },
      1,
    );
    const [file] = given.positionals;
    if (file === undefined) throw new UsageError('say which file');
    if (!existsSync(file)) throw new UsageError(`${file} does not exist`);
    const account = readerOf(given);
    const deps = authorityDeps({ clusterFingerprint: account.clusterFingerprint, verify: nodeVerify });
    try {
      const log = await verifyLogFile(() => linesOf(file), logPins(account, given.optional('head')), {
        ...{ deps, signedBytes: createSignedBytes() },
      });
      const wanted = given.optional('signature');
      console.log(`${visibleText(log.name)} (${log.org}): ${log.height + 1} entries hold, head ${log.head}`);
      console.log(`${log.signatures.length} requests for signatures, each authorised as its signers had to demand`);
      for (const one of wanted === undefined ? [] : findSignatures(log, wanted))
        if (given.flag('json')) console.log(JSON.stringify(one, null, 2));
        else for (const line of toldSignature(one)) console.log(line);
    } catch (cause) {
      if (!(cause instanceof AuthorityError)) throw cause;
      console.error(`holdfast: ${visibleText(cause.message)} (${cause.code})`);
      process.exit(EXIT_NOT_PROVED);
    }
  },
};

function readerOf(given: { optional(name: string): string | undefined }): LogReader {
  const [as, org, cluster] = [given.optional('as'), given.optional('org'), given.optional('cluster')];
  const genesisHash = given.optional('genesis');
  if (as !== undefined) return { ...readAccountFile(as), ...(genesisHash === undefined ? {} : { genesisHash }) };
  if (org === undefined || cluster === undefined) throw new UsageError('give --as, or --org and --cluster');
  return { orgId: org, clusterFingerprint: cluster, ...(genesisHash === undefined ? {} : { genesisHash }) };
}

/** Split at line feeds and nowhere else, every byte accounted for. */
async function* linesOf(file: string): AsyncGenerator<string> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of createReadStream(file)) {
    let text = Buffer.concat([rest, chunk as Buffer]);
    for (let end = text.indexOf(LINE_FEED); end >= 0; end = text.indexOf(LINE_FEED)) {
      yield readText(text.subarray(0, end));
      text = text.subarray(end + 1);
    }
    if (text.length > LINE_BYTES_MAX) throw new AuthorityError('E_LOG_FORM', 'a line of the log file is too long');
    rest = text;
  }
  if (rest.length > 0) throw new AuthorityError('E_LOG_FORM', 'the last line of the log file is cut off');
}

const LINE_FEED = 0x0a;
const LINE_BYTES_MAX = 2 * LINE_CHARS_MAX;

function readText(bytes: Uint8Array): string {
  try {
    return utf8Decode(bytes, 'line');
  } catch (cause) {
    if (cause instanceof WireError) throw new AuthorityError('E_LOG_FORM', cause.message, undefined, cause);
    throw cause;
  }
}
