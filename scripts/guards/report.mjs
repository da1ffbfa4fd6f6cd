// docs/security/guards.md: the score of the guard-removal runs, room by room, from the counts they left.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export const countsFile = 'docs/security/guards.json';
export const reportFile = 'docs/security/guards.md';

export function writeReport(root) {
  writeFileSync(join(root, reportFile), report(root));
}

export function report(root) {
  const runs = existsSync(join(root, countsFile)) ? JSON.parse(readFileSync(join(root, countsFile), 'utf8')) : {};
  const rooms = ['packages', 'apps']
    .flatMap((top) => readdirSync(join(root, top)))
    .filter((room) => !['testkit', 'devnet'].includes(room))
    .sort();
  const done = rooms.map((room) => runs[room]).filter((run) => run !== undefined);
  const sum = (of) => done.reduce((total, run) => total + run[of], 0);
  const columns = ['guards', 'killed', 'accepted', 'survived', 'not tried'];
  const row = (cells) => `| ${cells.join(' | ')} |`;
  return [
    '# Score of the guard-removal runs',
    '',
    'Written by `npm run guards -- --report` from [guards.json](guards.json), where each run leaves its counts.',
    '[README.md](README.md#guards) says what a guard is and how they are removed. *Killed*: a test failed without',
    'it, in brackets those of them that ended by a time limit. *Accepted*: nothing failed, for the reason in',
    '[guards-accepted.json](guards-accepted.json). *Survived*: nothing failed, and there is no reason. *Not tried*: the run',
    'was of a part of the room. *By tests*: those of the room, or those of them whose path holds one of these words; what',
    'survives a part may be killed by the rest. A row holds for its commit; a later commit may have added guards. A row with',
    'a colon is of a later run of these parts of its room alone, and not in the sum.',
    '',
    row(['room', ...columns, 'by tests', 'run on', 'at commit']),
    row(['---', ...columns.map(() => '--:'), '---', '---', '---']),
    ...rooms
      .flatMap((room) => [room, ...partsOf(room, runs)])
      .map((room) => {
        const run = runs[room];
        if (run === undefined) return row([room, '', '', '', '', '', '', 'not run', '']);
        const killed = run.byTime > 0 ? `${run.killed} (${run.byTime})` : run.killed;
        return row([
          room,
          run.guards,
          killed,
          run.accepted,
          run.survived,
          run.notTried,
          run.tests,
          run.date,
          `\`${run.commit}\``,
        ]);
      }),
    row(['**all that ran**', ...columns.map((of) => sum(of === 'not tried' ? 'notTried' : of)), '', '', '']),
    '',
    ...untried(rooms, runs),
    ...survivors(rooms, runs),
  ].join('\n');
}

function untried(rooms, runs) {
  const parts = rooms.flatMap((room) => (runs[room]?.untried ?? '').split(', ')).filter((part) => part !== '');
  if (parts.length === 0) return [];
  return ['## Where guards were not tried, in rooms that ran in part', '', ...parts.map((part) => `- \`${part}\``), ''];
}

/** Later runs of parts of a room, by what they are kept under. */
function partsOf(room, runs) {
  return Object.keys(runs)
    .filter((name) => name.startsWith(`${room}: `))
    .sort();
}

function survivors(rooms, runs) {
  const found = rooms.flatMap((room) => [room, ...partsOf(room, runs)]).filter((room) => runs[room]?.survived > 0);
  if (found.length === 0) return [];
  return [
    '## What survived',
    '',
    ...found.flatMap((room) =>
      runs[room].survivors.map(({ where, says }) => `- \`${where}\` \`${says.replaceAll('`', "'")}\``),
    ),
    '',
  ];
}
