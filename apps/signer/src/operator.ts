/**
 * What the operator of one signer types (rulings 24): init, status, doctor, trust, freeze, unfreeze. Speaks to the
 * folder only; nothing here talks to the cluster.
 */
import { resolve } from 'node:path';
import { ClusterError } from '@holdfast/cluster/commands';
import {
  indexOfIdentity,
  indexOfSignerId,
  proposeSuccession,
  type RosterEntry,
  replaceSigner,
  SUCCESSION_QUORUM,
} from '@holdfast/cluster/roster';
import {
  asJsonObject,
  fromBase64,
  fromHex,
  parseStrictJson,
  toBase64,
  toBase64Url,
  toHex,
} from '@holdfast/contract/wire';
import { backends } from '@holdfast/crypto/curves';
import { sha256 } from '@holdfast/crypto/transcript';
import {
  BACKUP_BYTES_MAX,
  createBackupKey,
  makeBackup,
  type Opener,
  proveBackup,
  readBackupPrivateKey,
  readBackupPublicKey,
  wipeBody,
} from './backup/index.ts';
import { NAMED_MAX } from './commands/named.ts';
import {
  acceptRoster,
  adoptRoster,
  type Config,
  checkEmptyFolder,
  createFolder,
  inspectFolder,
  measureFlush,
  openFolder,
  operatorEnv,
  readConfig,
  readNamedFile,
  readPins,
  readRoster,
  readRosterEntry,
  readSecretFile,
  readSeeds,
  restoreFolder,
  type SignerFolder,
  setFrozen,
  UnsafeSettings,
  writePin,
  writeSecretFile,
  writeSuccession,
} from './config.ts';
import { EVIDENCE_BYTES_MAX, judgeEvidence } from './evidence/index.ts';
import { Refused } from './refusal/index.ts';
import { openStore, type Store } from './store/index.ts';

const HELP = `holdfast signer: commands of one signer's operator (folder: --dir or HOLDFAST_SIGNER_DIR)

  init [--allow-import] [--allow-export]   make the folder and the identity; prints its line for the roster
  status                                   identity, running or not, frozen or not, what this signer allows
  doctor [--deep]                          folder, unseal secret, roster, disk, curve backends; --deep opens every share
  trust <orgId> <sha256>                   accept the organisation whose genesis has this hash
  freeze | unfreeze                        stop contributing to anything, at once; and back
  named [--forgive N]                      signers that deviated in signing runs, how often, and with what evidence,
                                           the signer being stopped; --forgive: sign with signer N again

  evidence list                            what was kept of runs in which somebody deviated, the signer being stopped
  evidence export K FILE                   write the K-th of that list into a file for anybody to judge
  evidence verify FILE                     judge such a file, offline; needs the roster, no folder; exit code 7 if it
                                           convicts nobody
  init --replace N                         (with HOLDFAST_ROSTER) as init, with an identity for the place of signer N
  succession FILE --replace N --by LINE    write the step to the roster in which LINE, printed by init, replaces signer N
  accept-roster FILE FINGERPRINT           sign that step; give the fingerprint of the next roster, as you were told it
  adopt-roster FILE                        put the next roster in the place of this one, once three signers accepted it

  backup key FILE                          make a key pair to seal backups to: FILE gets the private part, for a safe
  backup create FILE [--to PUBLIC]         seal this signer's data, the signer being stopped; to a key of "backup key",
                                           or to HOLDFAST_BACKUP_PASSPHRASE
  backup verify FILE [--key FILE]          open a backup and prove every share in it; needs the roster, no folder
  restore FILE --index N [--key FILE] [--survivors 2]
                                           make this signer again from its backup, in an empty folder; --survivors 2
                                           only where three of five signers are lost for good
`;

const NOT_PROVED = /E_BACKUP_|E_EVIDENCE/;
/** As elsewhere on the command line: something that had to be proved was not. */
const EXIT_NOT_PROVED = 7;

type Print = (line: string) => void;

/** Flags that are followed by their value. */
const VALUED: ReadonlySet<string> = new Set([
  ...['--dir', '--forgive', '--to', '--key', '--index', '--survivors', '--replace', '--by'],
]);
const env = operatorEnv();
const { random } = env;

function run(args: readonly string[], print: Print): void {
  const [command = 'help', ...rest] = args;
  const valueAfter = (flag: string): string | undefined => {
    const at = rest.indexOf(flag);
    return at < 0 ? undefined : rest[at + 1];
  };
  const words = rest.filter((word, k) => !word.startsWith('--') && !VALUED.has(rest[k - 1] ?? ''));
  const has = (flag: string): boolean => rest.includes(flag);
  if (command === 'help' || command === '--help') {
    print(HELP);
    return;
  }
  if (command === 'backup' && words[0] === 'key') {
    print(makeBackupKey(words[1]));
    return;
  }
  if (command === 'backup' && words[0] === 'verify') {
    verifyBackup(words[1], { keyFile: valueAfter('--key'), print });
    return;
  }
  if (command === 'succession') {
    propose(words[0], { replace: valueAfter('--replace'), line: valueAfter('--by'), print });
    return;
  }
  if (command === 'adopt-roster') {
    if (words[0] === undefined) throw new UnsafeSettings('say which: adopt-roster FILE');
    const { to } = adoptRoster(rosterFileOf(process.env), resolve(words[0]));
    print(`roster        epoch ${to.epoch}, fingerprint ${toBase64Url(to.fingerprint)}`);
    return;
  }
  if (command === 'evidence' && words[0] === 'verify') {
    verifyEvidenceFile(words[1], print);
    return;
  }
  const config = readConfig({
    ...process.env,
    HOLDFAST_SIGNER_DIR: valueAfter('--dir') ?? process.env.HOLDFAST_SIGNER_DIR,
  });

  switch (command) {
    case 'init': {
      const settings = { allowImport: has('--allow-import'), allowExport: has('--allow-export') };
      const entry = createFolder({
        dir: config.dir,
        unseal: config.unseal,
        settings,
        random,
        ...(valueAfter('--replace') === undefined
          ? {}
          : { place: { roster: readRoster(config.rosterFile), index: placeOf(valueAfter('--replace')) } }),
      });
      print(rosterLine(entry));
      return;
    }
    case 'status': {
      const seen = inspectFolder(config);
      print(`folder        ${config.dir} (${seen.mode})`);
      print(`running       ${seen.pid === undefined ? 'no' : `yes, process ${seen.pid}`}`);
      print(`frozen        ${seen.frozen ? 'yes: contributes to nothing until unfreeze' : 'no'}`);
      print(
        `allows        import ${seen.settings.allowImport ? 'yes' : 'no'}, export ${seen.settings.allowExport ? 'yes' : 'no'}`,
      );
      print(`roster line   ${rosterLine(readRosterEntry(config))}`);
      return;
    }
    case 'doctor':
      doctor(config, { deep: has('--deep'), print });
      return;
    case 'trust': {
      const [orgId, sha256] = words;
      if (orgId === undefined || sha256 === undefined)
        throw new UnsafeSettings('say which: trust <orgId> <sha256>, as printed by "org create"');
      writePin(config.dir, orgId, sha256.toLowerCase());
      print(`${orgId} is trusted by this signer`);
      return;
    }
    case 'freeze':
    case 'unfreeze':
      setFrozen(config.dir, command === 'freeze');
      print(command === 'freeze' ? 'frozen: this signer contributes to nothing' : 'unfrozen');
      return;
    case 'named':
      named(config, { forgive: valueAfter('--forgive'), print });
      return;
    case 'evidence':
      evidence(config, { what: words[0], which: words[1], file: words[2], print });
      return;
    case 'accept-roster': {
      const [file, fingerprint] = words;
      if (file === undefined || fingerprint === undefined)
        throw new UnsafeSettings('say which: accept-roster FILE FINGERPRINT');
      const { signatures } = acceptRoster(config, { file: resolve(file), fingerprint });
      print(`accepted by ${signatures.length} of the four that stay; it takes ${SUCCESSION_QUORUM}`);
      return;
    }
    case 'backup':
      if (words[0] !== 'create') throw new UnsafeSettings('say what: backup key, backup create or backup verify');
      createBackup(config, { file: words[1], to: valueAfter('--to'), print });
      return;
    case 'restore':
      restore(config, {
        file: words[0],
        index: Number(valueAfter('--index')),
        survivors: valueAfter('--survivors'),
        keyFile: valueAfter('--key'),
        print,
      });
      return;
    default:
      throw new UnsafeSettings(`"${command}" is not a command; see: operator help`);
  }
}

/** Who was shown to deviate (docs/specs/engine-controller.md §3). */
function named(config: Config, o: { forgive: string | undefined; print: Print }): void {
  const { print } = o;
  const folder = openFolder(config);
  const store = openOwnStore(folder);
  const indexOf = (signerId: Uint8Array): number | undefined =>
    folder.roster.signers.find((each) => Buffer.compare(each.signerId, signerId) === 0)?.index;
  try {
    if (o.forgive !== undefined) {
      const signer = folder.roster.signers.find(({ index }) => String(index) === o.forgive);
      if (signer === undefined) throw new UnsafeSettings('say which: named --forgive 1 … 5');
      store.transaction('forgive', () => {
        store.named.forgive(signer.signerId);
        store.journal.append('peer.forgiven', { peer: Buffer.from(signer.signerId).toString('hex') });
      });
      print(`signer ${signer.index} is forgiven: this signer signs with it again`);
      return;
    }
    for (const { signerId, times } of store.named.all())
      print(`signer ${indexOf(signerId) ?? '?'}      named ${times} times${times >= NAMED_MAX ? ', refused' : ''}`);
    for (const { signerId, code, time, execId } of store.named.evidence())
      print(
        `evidence      ${new Date(time).toISOString()} signer ${indexOf(signerId) ?? '?'} ${code} in run ${Buffer.from(execId).toString('hex')}`,
      );
  } finally {
    store.close();
  }
}

function doctor(config: ReturnType<typeof readConfig>, o: { deep: boolean; print: Print }): void {
  const { print } = o;
  const seen = inspectFolder(config);
  print(`folder        ok, ${config.dir} (${seen.mode})`);
  if (process.getuid?.() === 0) print('user          warning: running as root; give the signer a user of its own');
  const folder = openFolder(config);
  print('unseal        ok, the secret opens the identity');
  print(
    `roster        ok, signer ${folder.index} of ${folder.roster.signers.length}, cluster ${folder.roster.clusterId}`,
  );
  print(`flush         ${measureFlush(config.dir, () => performance.now()).toFixed(2)} ms for 256 bytes`);
  for (const [name, backend] of Object.entries(backends())) print(`curve         ${name}: ${backend}`);
  if (seen.pid !== undefined) {
    print(`store         in use by process ${seen.pid}; stop it to look inside`);
    return;
  }
  const store = openOwnStore(folder);
  try {
    const damagedAt = store.journal.damagedAt();
    print(
      `journal       ${damagedAt === undefined ? `ok, ${store.journal.length} rows` : `DAMAGED at row ${damagedAt}`}`,
    );
    print(`keys          ${store.keys.count()}`);
    const waiting = store.restored.pending();
    if (waiting !== undefined) print(`restored      waits until ${waiting.others} others have told it what it missed`);
    if (!o.deep) return;
    const problems = store.audit();
    for (const { keyId, problem } of problems) print(`key           ${keyId}: ${problem}`);
    print(problems.length === 0 ? 'shares        ok, every one opens' : `shares        ${problems.length} set aside`);
  } finally {
    store.close();
  }
}

function openOwnStore(folder: Pick<SignerFolder, 'storeFile' | 'signerId' | 'keys'>): Store {
  const { storeFile, signerId, keys } = folder;
  return openStore({ file: storeFile, signerId, ...keys, ...env });
}

function verifyEvidenceFile(name: string | undefined, print: Print): void {
  if (name === undefined) throw new UnsafeSettings('say which: evidence verify FILE');
  const roster = readRoster(rosterFileOf(process.env));
  const file = readNamedFile(resolve(name), { bytesMax: EVIDENCE_BYTES_MAX, code: 'E_EVIDENCE' });
  const { protocol, code, keyId, execId, clusterEpoch, convicted } = judgeEvidence(file, roster);
  for (const key of convicted) {
    const index = indexOfIdentity(roster, key);
    print(`convicts      ${index === undefined ? 'a signer that has left' : `signer ${index}`}, ${toBase64(key)}`);
  }
  print(`of            ${code} in ${protocol}`);
  print(`run           ${toHex(execId)}${keyId === '' ? '' : ` of ${keyId}`}, members of epoch ${clusterEpoch}`);
}

function evidence(
  config: Config,
  o: { what: string | undefined; which: string | undefined; file: string | undefined; print: Print },
): void {
  const folder = openFolder(config);
  const store = openOwnStore(folder);
  try {
    const kept = store.named.evidence();
    if (o.what === 'list') {
      for (const [at, { signerId, code, time, execId, record }] of kept.entries())
        o.print(
          `${at + 1}  ${new Date(time).toISOString()}  signer ${indexOfSignerId(folder.roster, signerId) ?? '?'}  ${code}  run ${toHex(execId)}${fileIn(record) === undefined ? '  (shows a stranger nothing)' : ''}`,
        );
      o.print(`${kept.length} kept`);
      return;
    }
    if (o.what !== 'export' || o.file === undefined)
      throw new UnsafeSettings('say what: evidence list, evidence export K FILE or evidence verify FILE');
    const one = kept[Number(o.which) - 1];
    if (one === undefined) throw new UnsafeSettings(`there is no evidence ${o.which}; see: evidence list`);
    const file = fileIn(one.record);
    if (file === undefined) throw new UnsafeSettings(`evidence ${o.which} shows a stranger nothing: it has no file`);
    writeSecretFile(resolve(o.file), file);
    o.print(`written       ${o.file}, ${file.length} bytes; anybody with the roster judges it: evidence verify`);
  } finally {
    store.close();
  }
}

/** The record was written by this signer and is under its checksum. */
function fileIn(record: string): Uint8Array | undefined {
  const { evidence: file } = asJsonObject(parseStrictJson(record, { bytesMax: record.length * 4 }), 'record');
  return typeof file === 'string' ? fromHex(file) : undefined;
}

function rosterFileOf(env: NodeJS.ProcessEnv): string {
  if (env.HOLDFAST_ROSTER === undefined || env.HOLDFAST_ROSTER === '')
    throw new UnsafeSettings("HOLDFAST_ROSTER is not set: give the cluster's roster file");
  return resolve(env.HOLDFAST_ROSTER);
}

function placeOf(text: string | undefined): number {
  const place = Number(text);
  if (!(Number.isInteger(place) && place >= 1 && place <= 5))
    throw new UnsafeSettings('--replace takes the number of a signer, 1 to 5');
  return place;
}

function propose(
  file: string | undefined,
  o: { replace: string | undefined; line: string | undefined; print: Print },
): void {
  if (file === undefined || o.line === undefined)
    throw new UnsafeSettings('say what: succession FILE --replace N --by LINE');
  const roster = readRoster(rosterFileOf(process.env));
  const step = proposeSuccession(
    roster,
    replaceSigner(roster, { index: placeOf(o.replace), by: readRosterLine(o.line) }),
  );
  writeSuccession(resolve(file), step);
  o.print(`replaces      signer ${o.replace}, ${toBase64(step.leaves)}`);
  o.print(`by            ${toBase64(step.joins)}`);
  o.print(`fingerprint   ${toBase64Url(step.to.fingerprint)}`);
  o.print('next          tell it to the operators of the other four: accept-roster FILE FINGERPRINT');
}

function readRosterLine(text: string): RosterEntry {
  try {
    const line = asJsonObject(parseStrictJson(text), 'line');
    const read = (name: string, bytes: number): Uint8Array => fromBase64(line[name] as string, { bytes, name });
    return {
      identityKey: read('identityKey', 32),
      transportKey: read('transportKey', 32),
      transportSignature: read('transportSignature', 64),
    };
  } catch (cause) {
    throw new UnsafeSettings('--by takes the line that "init" printed on the new signer', { cause });
  }
}

function makeBackupKey(file: string | undefined): string {
  if (file === undefined) throw new UnsafeSettings('say where the private part goes: backup key FILE');
  const { publicText, privateText } = createBackupKey(random);
  writeSecretFile(resolve(file), `${privateText}\n`);
  return publicText;
}

function createBackup(config: Config, o: { file: string | undefined; to: string | undefined; print: Print }): void {
  if (o.file === undefined) throw new UnsafeSettings('say where the backup goes: backup create FILE');
  const to = o.to === undefined ? { passphrase: backupPassphrase() } : { publicKey: readBackupPublicKey(o.to) };
  const folder = openFolder(config);
  const store = openOwnStore(folder);
  let file: Uint8Array;
  let proved: number;
  try {
    const contents = store.contents();
    proved = contents.shares.length;
    file = makeBackup({
      head: { fingerprint: folder.roster.fingerprint, signerId: folder.signerId, madeAt: env.now() },
      body: { seeds: readSeeds(config), settings: folder.settings, pins: readPins(config.dir), contents },
      to,
      random,
    });
    const id = toHex(sha256(file));
    store.transaction('backup', () => store.journal.append('backup.created', { backup: id, shares: proved }));
  } finally {
    store.close();
  }
  writeSecretFile(resolve(o.file), file);
  o.print(`backup        ${toHex(sha256(file))}`);
  o.print(`signer        ${folder.index}, ${store.journal.length} journal rows`);
  o.print(`shares        ${proved}, every one proved`);
}

function verifyBackup(name: string | undefined, o: { keyFile: string | undefined; print: Print }): void {
  if (name === undefined) throw new UnsafeSettings('say which: backup verify FILE');
  const roster = readRoster(rosterFileOf(process.env));
  const backup = proveBackup(readBackupFile(name), { by: backupOpener(o.keyFile), roster });
  wipeBody(backup.body);
  o.print(`backup        ${backup.id}`);
  o.print(`signer        ${indexOfSignerId(roster, backup.head.signerId)}`);
  o.print(`made          ${new Date(backup.head.madeAt).toISOString()}`);
  o.print(`keys          ${backup.keys}`);
  o.print(`shares        ${backup.shares}, every one proved`);
}

/** Nothing is written before the whole file is proved. */
function restore(
  config: Config,
  o: {
    file: string | undefined;
    index: number;
    survivors: string | undefined;
    keyFile: string | undefined;
    print: Print;
  },
): void {
  if (o.file === undefined) throw new UnsafeSettings('say which: restore FILE --index N');
  if (!(Number.isInteger(o.index) && o.index >= 1 && o.index <= 5))
    throw new UnsafeSettings('say which signer this is: restore FILE --index N, with N from 1 to 5');
  const others = Number(o.survivors ?? OTHERS_TO_ANSWER);
  if (others !== 2 && others !== OTHERS_TO_ANSWER) throw new UnsafeSettings('--survivors is 2 or is left out');
  checkEmptyFolder(config);
  const roster = readRoster(config.rosterFile);
  const file = readBackupFile(o.file);
  const backup = proveBackup(file, { by: backupOpener(o.keyFile), roster, index: o.index });
  const { body, head, id } = backup;
  try {
    restoreFolder({
      config,
      settings: body.settings,
      pins: body.pins,
      seeds: Buffer.from(body.seeds),
      random,
      fill({ storeFile, keys, signerId }) {
        const store = openOwnStore({ storeFile, keys, signerId });
        try {
          store.restore(body.contents, { others, backup: id });
        } finally {
          store.close();
        }
      },
    });
  } finally {
    wipeBody(body);
  }
  o.print(`restored      signer ${o.index} from ${id}, made ${new Date(head.madeAt).toISOString()}`);
  o.print(`shares        ${backup.shares}, every one proved`);
  o.print(`next          start it; it takes part once ${others} others have told it what it missed`);
}

function readBackupFile(name: string): Uint8Array {
  return readNamedFile(resolve(name), { bytesMax: BACKUP_BYTES_MAX, code: 'E_BACKUP_SIZE' });
}

/** With three of the four others, one of them knows of everything that was ever committed (docs/specs/backup.md §5). */
const OTHERS_TO_ANSWER = 3;

function backupPassphrase(): string {
  const passphrase = process.env.HOLDFAST_BACKUP_PASSPHRASE;
  if (passphrase === undefined || passphrase === '')
    throw new UnsafeSettings('set HOLDFAST_BACKUP_PASSPHRASE, or give a key: --to to create, --key to open');
  return passphrase;
}

function backupOpener(keyFile: string | undefined): Opener {
  if (keyFile === undefined) return { passphrase: backupPassphrase() };
  return { privateKey: readBackupPrivateKey(readSecretFile(resolve(keyFile))) };
}

function rosterLine(entry: {
  identityKey: Uint8Array;
  transportKey: Uint8Array;
  transportSignature: Uint8Array;
}): string {
  return JSON.stringify({
    identityKey: toBase64(entry.identityKey),
    transportKey: toBase64(entry.transportKey),
    transportSignature: toBase64(entry.transportSignature),
  });
}

try {
  run(process.argv.slice(2), (line) => process.stdout.write(`${line}\n`));
} catch (error) {
  const isSaid = error instanceof UnsafeSettings || error instanceof Refused || error instanceof ClusterError;
  if (!isSaid) throw error;
  const code = error instanceof Refused || error instanceof ClusterError ? ` (${error.code})` : '';
  process.stderr.write(`holdfast signer: ${error.message}${code}\n`);
  process.exit(NOT_PROVED.test(code) ? EXIT_NOT_PROVED : UnsafeSettings.exitCode);
}
