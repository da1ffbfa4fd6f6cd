/** docs/guides/cluster-operations.md, followed from its first command to its last, on six machines that are folders. */
import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { createNatsHub, parseNatsUrl } from '@holdfast/cluster/relay';
import { parseRoster } from '@holdfast/cluster/roster';
import { withoutNats } from '@holdfast/cluster/test/nats';
import { freePort } from '../harness/index.ts';
import { type Machine, Machines, parseGuide, type Step } from './guide.ts';

const file = fileURLToPath(new URL('../../../../docs/guides/cluster-operations.md', import.meta.url));
const cli = fileURLToPath(new URL('../../../cli/dist/main.js', import.meta.url));
const guide = readFileSync(file, 'utf8');
const signers = ['one', 'two', 'three', 'four', 'five'] as const;
/** Comes later and takes the place, and the number, of another. */
const newcomer = { name: 'six', replaces: 'four' } as const;
/** An api and its database start within seconds; with a whole test suite beside them within a minute. */
const UNTIL_MS_MAX = 90_000;

let root: string;
let machines: Machines;

before(async () => {
  root = mkdtempSync(join(tmpdir(), 'holdfast-guide-'));
  const [natsPort, apiPort] = [await freePort(), await freePort()];
  machines = new Machines(root, ['nats', 'api', ...signers, newcomer.name], {
    prelude: [
      // The command line itself: `npm run` would build first, what the tests have just built.
      `holdfast() { "${process.execPath}" "${cli}" "$@"; }`,
      // biome-ignore lint/suspicious/noTemplateCurlyInString: bash, not JavaScript.
      'there() { case "$1" in *:*) echo "$MACHINES/${1%%.example:*}/${1#*:}" ;; *) echo "$1" ;; esac; }',
      // biome-ignore lint/suspicious/noTemplateCurlyInString: bash, not JavaScript.
      'scp() { local to="$(there "${@: -1}")"; for f in "${@:1:$#-1}"; do cp "$(there "$f")" "$to"; done; }',
    ].join('\n'),
    rewrite: (text) =>
      text.replaceAll('nats.example:4222', `127.0.0.1:${natsPort}`).replace('0.0.0.0:4222', `127.0.0.1:${natsPort}`),
  });
  for (const machine of machines.all.values())
    Object.assign(machine.variables, {
      MACHINES: root,
      NAME: machine.name,
      NATS: `127.0.0.1:${natsPort}`,
      API_PASSWORD: 'for-the-api-only',
      SIGNER_PASSWORD: 'for-signers-only',
      // Seconds of five processors that nothing here waits for.
      HOLDFAST_AUXILIARY_QUIET: 'off',
      ...(machine.name === 'api' ? { HOLDFAST_PORT: String(apiPort) } : {}),
    });
});
after(async () => {
  await machines.close();
  rmSync(root, { recursive: true, force: true });
});

test('the guide runs from its first command to its last, as it is printed', { skip: withoutNats }, async (t) => {
  const begun = performance.now();
  for (const step of parseGuide(guide)) {
    const started = performance.now();
    for (const output of await Promise.all(placesOf(step).map((machine) => follow(step, machine)))) learn(output);
    t.diagnostic(
      `line ${step.line}: ${step.act} on ${step.where} ${step.how} ${(performance.now() - started).toFixed(0)} ms`,
    );
  }
  t.diagnostic(`${((performance.now() - begun) / 1000).toFixed(0)} s`);
  // What the guide promises in words.
  match(machines.output, /restored +signer \d from [0-9a-f]{64}/);
  equal(machines.output.match(/^cluster +cl-[0-9a-v]{26}$/gm)?.length, 6);
});

test('what the guide warns of is refused: another fingerprint, another card', {
  skip: withoutNats,
}, async () => {
  const one = machines.at('one');
  const roster = join(one.home, 'roster.json');
  const fails = async (machine: Machine, script: string, says: RegExp) => {
    const refusal = await machines.run(machine, script).then(
      () => 'it was taken',
      (error: Error) => error.message,
    );
    match(refusal, says);
  };
  const other = 'A'.repeat(43);

  await fails(one, `holdfast cluster join ${roster} --fingerprint ${other}`, /somebody holds another roster/);
  await fails(
    one,
    `HOLDFAST_DATA=~/new holdfast cluster join ${roster} --fingerprint $FINGERPRINT`,
    /make a signer with/,
  );
  await fails(
    one,
    `HOLDFAST_DATA=~/new holdfast signer init --card ~/new.card
     HOLDFAST_DATA=~/new holdfast cluster join ${roster} --fingerprint $FINGERPRINT`,
    /does not name the signer of this machine/,
  );
  // A card whose transport key was exchanged on its way.
  const api = machines.at('api');
  const [card, mine] = ['one', 'two'].map((name) => JSON.parse(readFileSync(join(api.home, `${name}.card`), 'utf8')));
  writeFileSync(join(api.home, 'bad.card'), JSON.stringify({ ...card, transportKey: mine.transportKey }));
  const found = (first: string) =>
    `HOLDFAST_DATA=~/other holdfast cluster found ~/${first} ~/two.card ~/three.card ~/four.card ~/five.card --relay nats://h`;
  await fails(api, found('bad.card'), /transportSignature is not by its identityKey/);
  await fails(api, found('two.card'), /two signers of the roster have the same/);
  await fails(api, found('backup.public'), /is not the card of a signer/);
  await fails(api, found('nowhere.card'), /nowhere.card does not exist/);
});

test("with a signer's password at NATS nobody can pose as an api", { skip: withoutNats }, async () => {
  const { lines, env } = realEnv();
  const roster = parseRoster(readFileSync(join(machines.at('api').home, 'holdfast', 'roster.json'), 'utf8'));
  const address = (who: string) => parseNatsUrl(`nats://${who}@${machines.at('api').variables['NATS']}`);
  const hubs = [
    createNatsHub({ roster, env, address: address('signer:for-signers-only') }),
    createNatsHub({ roster, env, address: address('api:for-the-api-only') }),
  ] as const;
  try {
    // The same program with the api's password is let in by five signers, so that waiting would be of no use.
    for (let k = 0; k < 200 && hubs[1].online().length < 5; k++) await wait(50);
    equal(hubs[1].online().length, 5);
    deepEqual(hubs[0].online(), []);
    equal(lines.filter((line) => line === 'relay.connected').length, 5);
  } finally {
    for (const hub of hubs) hub.close();
  }
});

function realEnv() {
  const lines: string[] = [];
  const env = {
    now: Date.now,
    random: (bytes: number) => new Uint8Array(randomBytes(bytes)),
    setTimer(ms: number, run: () => void) {
      const timer = setTimeout(run, ms);
      return () => clearTimeout(timer);
    },
    log: (event: string) => void lines.push(event),
  };
  return { lines, env };
}

/** What people read to each other in the guide, the test reads in the output. */
function learn({ machine, text }: { machine: Machine; text: string }): void {
  const n = /^this machine +signer (\d);/m.exec(text)?.[1];
  if (n !== undefined) {
    machine.variables['N'] = n;
    if (machine.name === newcomer.replaces)
      for (const name of [newcomer.name, 'api']) machines.at(name).variables['N'] = n;
  }
  const everywhere: Record<string, RegExp> = {
    FINGERPRINT: /^cluster .*\nfingerprint +(\S{43})$/m,
    WALLET: /(wa-[a-z0-9]{5}-[a-z0-9]{5}-[a-z0-9]{14,16})/,
    NEXT: /^replaces .*\nby .*\nfingerprint +(\S{43})$/m,
  };
  for (const [name, pattern] of Object.entries(everywhere)) {
    const value = pattern.exec(text)?.[1];
    // The first is the one the guide goes on with; the others only compare.
    if (value !== undefined) for (const each of machines.all.values()) each.variables[name] ??= value;
  }
}

/** Machines of a step, by name; the newcomer is prepared like the signers that were there before it. */
function placesOf({ where, how }: Step): readonly Machine[] {
  if (where === 'everywhere') return [...machines.all.values()];
  const names = where === 'signers' ? (how === 'profile' ? [...signers, newcomer.name] : signers) : where.split(',');
  return names.map((name) => machines.at(name));
}

async function follow(step: Step, machine: Machine): Promise<{ machine: Machine; text: string }> {
  return { machine, text: await outputOf(step, machine) };
}

async function outputOf({ act, how, name, text }: Step, machine: Machine): Promise<string> {
  if (act === 'file') machines.write(machine, name, text);
  else if (act === 'stop') await machines.stop(machine, name);
  // The roster is public and comes again from anybody.
  else if (act === 'lose') await machines.lose(machine, ['roster.json']);
  else
    switch (how) {
      case '':
        return machines.run(machine, text);
      case 'profile':
        machine.profile += `\n${text}`;
        break;
      case 'service':
        machines.start(machine, name, text);
        break;
      case 'background':
        machines.start(machine, name, text);
        await readTrust(machine, name);
        break;
      case 'after': {
        const before = await machines.finish(machine, name);
        return before + (await machines.run(machine, text));
      }
      case 'until':
        return repeat(machine, text);
      default:
        throw new Error(`nothing says what "${how}" means`);
    }
  return '';
}

async function repeat(machine: Machine, text: string): Promise<string> {
  const deadline = performance.now() + UNTIL_MS_MAX;
  for (;;) {
    try {
      return await machines.run(machine, text);
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await wait(300);
    }
  }
}

/** The founding of an organisation prints what the others are to trust, and waits for them. */
async function readTrust(machine: Machine, name: string): Promise<void> {
  for (let k = 0; k < 600; k++) {
    const [, org, sha256] = /holdfast signer trust (or-\S+) ([0-9a-f]{64})/.exec(machines.printed(machine, name)) ?? [];
    if (org !== undefined && sha256 !== undefined) {
      for (const each of machines.all.values()) Object.assign(each.variables, { ORG_ID: org, SHA256: sha256 });
      return;
    }
    await wait(50);
  }
  ok(false, `${name} says nothing to trust:\n${machines.printed(machine, name)}`);
}
