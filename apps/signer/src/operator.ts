/**
 * What the operator of one signer types (rulings 24): init, status, doctor, trust, freeze, unfreeze. Speaks to the
 * folder only; nothing here talks to the cluster.
 */
import { randomBytes } from 'node:crypto';
import { toBase64 } from '@holdfast/contract/wire';
import { backends } from '@holdfast/crypto/curves';
import {
  createFolder,
  inspectFolder,
  measureFlush,
  openFolder,
  readConfig,
  readRosterEntry,
  setFrozen,
  UnsafeSettings,
  writePin,
} from './config.ts';
import { Refused } from './refusal/index.ts';
import { openStore } from './store/index.ts';

const HELP = `holdfast signer: commands of one signer's operator (folder: --dir or HOLDFAST_SIGNER_DIR)

  init [--allow-import] [--allow-export]   make the folder and the identity; prints its line for the roster
  status                                   identity, running or not, frozen or not, what this signer allows
  doctor [--deep]                          folder, unseal secret, roster, disk, curve backends; --deep opens every share
  trust <orgId> <sha256>                   accept the organisation whose genesis has this hash
  freeze | unfreeze                        stop contributing to anything, at once; and back
`;

type Print = (line: string) => void;

function run(args: readonly string[], print: Print): void {
  const [command = 'help', ...rest] = args;
  const dirAt = rest.indexOf('--dir');
  const dir = dirAt >= 0 ? rest[dirAt + 1] : process.env.HOLDFAST_SIGNER_DIR;
  const words = rest.filter((word, k) => !word.startsWith('--') && (dirAt < 0 || k !== dirAt + 1));
  const has = (flag: string): boolean => rest.includes(flag);
  if (command === 'help' || command === '--help') {
    print(HELP);
    return;
  }
  const config = readConfig({ ...process.env, HOLDFAST_SIGNER_DIR: dir });

  switch (command) {
    case 'init': {
      const settings = { allowImport: has('--allow-import'), allowExport: has('--allow-export') };
      const entry = createFolder({
        dir: config.dir,
        unseal: config.unseal,
        settings,
        random: (n) => new Uint8Array(randomBytes(n)),
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
    default:
      throw new UnsafeSettings(`"${command}" is not a command; see: operator help`);
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
  const store = openStore({
    file: folder.storeFile,
    signerId: folder.signerId,
    ...folder.keys,
    now: Date.now,
    random: (n) => new Uint8Array(randomBytes(n)),
    point: () => {},
  });
  try {
    const damagedAt = store.journal.damagedAt();
    print(
      `journal       ${damagedAt === undefined ? `ok, ${store.journal.length} rows` : `DAMAGED at row ${damagedAt}`}`,
    );
    print(`keys          ${store.keys.count()}`);
    if (!o.deep) return;
    const problems = store.audit();
    for (const { keyId, problem } of problems) print(`key           ${keyId}: ${problem}`);
    print(problems.length === 0 ? 'shares        ok, every one opens' : `shares        ${problems.length} set aside`);
  } finally {
    store.close();
  }
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
  if (!(error instanceof UnsafeSettings || error instanceof Refused)) throw error;
  process.stderr.write(`holdfast signer: ${error.message}\n`);
  process.exit(UnsafeSettings.exitCode);
}
