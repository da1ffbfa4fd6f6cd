/** A mail server, spoken to by nodemailer: TLS always, but to a server on this machine. */
import { createTransport } from 'nodemailer';
import type { SmtpPort } from './index.ts';

export interface SmtpAddress {
  readonly host: string;
  readonly port: number;
  /** TLS from the first byte; else STARTTLS, which is demanded. */
  readonly isTls: boolean;
  readonly user?: string;
  readonly password?: string;
  /** Sender of every mail. */
  readonly from: string;
}

const WAIT_MS = 10_000;
const LOCAL = ['localhost', '127.0.0.1', '[::1]', '::1'];

export function createSmtp({ host, port, isTls, user, password, from }: SmtpAddress): SmtpPort {
  const transport = createTransport({
    host,
    port,
    secure: isTls,
    requireTLS: !isTls && !LOCAL.includes(host),
    ...(user === undefined ? {} : { auth: { user, pass: password ?? '' } }),
    connectionTimeout: WAIT_MS,
    greetingTimeout: WAIT_MS,
    socketTimeout: WAIT_MS,
    // What a mail says comes from us alone; nothing in it names a file or an address to fetch.
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return {
    async send(mail) {
      await transport.sendMail({ from, to: { name: '', address: mail.to }, subject: mail.subject, text: mail.text });
    },
    close: () => transport.close(),
  };
}

/** `smtp://user:password@mail.example:587` or `smtps://…`; undefined for what is neither. */
export function parseSmtpUrl(text: string, from: string): SmtpAddress | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || (url.protocol !== 'smtp:' && url.protocol !== 'smtps:') || url.hostname === '')
    return undefined;
  const isTls = url.protocol === 'smtps:';
  return {
    host: url.hostname,
    port: url.port === '' ? (isTls ? 465 : 587) : Number(url.port),
    isTls,
    from,
    ...(url.username === ''
      ? {}
      : { user: decodeURIComponent(url.username), password: decodeURIComponent(url.password) }),
  };
}
