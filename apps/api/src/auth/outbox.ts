/**
 * Mail to people, as files that an operator or a mail service picks up: this release sends none itself. One-time
 * codes go here and nowhere else; the log never sees them.
 */
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Context } from '../context.ts';
import { isoDate, randomId } from './ids.ts';

export interface Mail {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
}

/** Where mails wait: `<data>/api/outbox/*.eml`, readable by the owner alone. */
export const outboxFolder = (ctx: Pick<Context, 'config'>): string => join(ctx.config.dataFolder, 'api', 'outbox');

export async function deliver(ctx: Context, mail: Mail): Promise<void> {
  const folder = outboxFolder(ctx);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const date = isoDate(ctx.env.now());
  const name = `${date.replace(/[:.]/g, '-')}-${randomId(ctx, 'ml')}.eml`;
  const text = [
    `To: ${headerText(mail.to)}`,
    `Subject: ${headerText(mail.subject)}`,
    `Date: ${date}`,
    'Content-Type: text/plain; charset=utf-8',
    '',
    mail.text,
    '',
  ].join('\r\n');
  // Renamed when complete, so that whoever watches the folder never reads half a mail.
  const draft = join(folder, `.${name}.tmp`);
  await writeFile(draft, text, { mode: 0o600, flag: 'wx' });
  await rename(draft, join(folder, name));
}

/** A line break in a header would begin another header. */
const headerText = (text: string): string => text.replace(/[\r\n]+/g, ' ');
