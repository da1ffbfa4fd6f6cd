/**
 * Mails as files, where no mail server is configured: an operator or a mail service picks them up. One-time codes go here
 * or to the mail server and nowhere else; the log never sees them.
 */
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Context } from '../context.ts';
import type { Mail, Mailer } from '../mail/index.ts';
import { isoDate, randomId } from './ids.ts';

export type { Mail } from '../mail/index.ts';

type OutboxContext = Pick<Context, 'env' | 'config'>;

/** Where mails wait: `<data>/api/outbox/*.eml`, readable by the owner alone. */
export const outboxFolder = (ctx: Pick<Context, 'config'>): string => join(ctx.config.dataFolder, 'api', 'outbox');

export const deliver = (ctx: Pick<Context, 'mail'>, mail: Mail): Promise<void> => ctx.mail.send(mail);

export function fileMailer(ctx: OutboxContext): Mailer {
  return {
    async send(mail) {
      const { draft, name } = await write(ctx, mail);
      // Renamed when complete, so that whoever watches the folder never reads half a mail.
      await rename(draft, join(outboxFolder(ctx), name));
    },
    async pretend() {
      const { draft } = await write(ctx, { to: '', subject: '', text: '' });
      await rm(draft);
    },
    async close() {},
  };
}

async function write(ctx: OutboxContext, mail: Mail): Promise<{ draft: string; name: string }> {
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
  const draft = join(folder, `.${name}.tmp`);
  await writeFile(draft, text, { mode: 0o600, flag: 'wx' });
  return { draft, name };
}

/** A line break in a header would begin another header. */
const headerText = (text: string): string => text.replace(/[\r\n]+/g, ' ');
