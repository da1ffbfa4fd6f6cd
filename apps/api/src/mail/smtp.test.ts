/** Mails through a mail server that listens on this machine: what arrives, and what a server that fails holds up. */
import { deepEqual, equal, match } from 'node:assert/strict';
import { createServer, type Server, type Socket } from 'node:net';
import { after, before, test } from 'node:test';
import { queuedMailer } from './index.ts';
import { createSmtp, parseSmtpUrl } from './smtp.ts';

/** Enough of RFC 5321 for one sender: greets, takes every recipient but one, keeps what it was given. */
interface Received {
  readonly from: string;
  readonly to: string;
  readonly text: string;
}

const received: Received[] = [];
const sockets = new Set<Socket>();
let refusals = 0;
let arrived: (() => void) | undefined;
let server: Server;
let port: number;

before(async () => {
  server = createServer(talk);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  port = (server.address() as { port: number }).port;
});
after(() => {
  for (const socket of sockets) socket.destroy();
  server.close();
});

function talk(socket: Socket): void {
  sockets.add(socket);
  let rest = '';
  let [from, to, body] = ['', '', undefined as string | undefined];
  const say = (line: string): void => void socket.write(`${line}\r\n`);
  say('220 test');
  socket.on('data', (bytes) => {
    rest += bytes.toString();
    for (let at = rest.indexOf('\r\n'); at >= 0; at = rest.indexOf('\r\n')) {
      const line = rest.slice(0, at);
      rest = rest.slice(at + 2);
      if (body !== undefined && line !== '.') body += `${line}\n`;
      else if (body !== undefined) {
        received.push({ from, to, text: body });
        body = undefined;
        say('250 taken');
        arrived?.();
      } else if (/^EHLO/i.test(line)) say('250 test');
      else if (/^MAIL FROM:/i.test(line)) {
        from = line;
        if (refusals > 0) {
          refusals -= 1;
          say('451 later, somebody@acme.example');
        } else say('250 ok');
      } else if (/^RCPT TO:/i.test(line)) {
        to = line;
        say('250 ok');
      } else if (/^DATA/i.test(line)) {
        body = '';
        say('354 go on');
      } else if (/^QUIT/i.test(line)) say('221 bye');
      else say('250 ok');
    }
  });
  socket.on('error', () => {});
}

const next = (): Promise<void> =>
  new Promise((resolve) => {
    arrived = resolve;
  });
const smtp = () => createSmtp({ host: '127.0.0.1', port, isTls: false, from: 'Holdfast <no-reply@holdfast.example>' });
const logged: string[] = [];
/** Waits take no time here. */
const env = {
  setTimer: (_ms: number, fn: () => void) => {
    setImmediate(fn);
    return () => {};
  },
  log: (event: string, facts: object) => void logged.push(JSON.stringify({ event, ...facts })),
};
const mail = { to: 'ann@acme.example', subject: 'Your login code', text: 'Login code: 1234-1234-1234-1234' };

test('a mail arrives with sender, recipient, subject and text', async () => {
  const mailer = queuedMailer(env, smtp());
  const arrives = next();

  await mailer.send(mail);
  await arrives;

  const one = received.at(-1);
  match(one?.from ?? '', /<no-reply@holdfast\.example>/);
  match(one?.to ?? '', /<ann@acme\.example>/);
  match(one?.text ?? '', /Subject: Your login code/);
  match(one?.text ?? '', /Login code: 1234-1234-1234-1234/);
  await mailer.close();
});

test('nothing in an address or a subject begins another header or another recipient', async () => {
  const mailer = queuedMailer(env, smtp());
  const arrives = next();

  await mailer.send({ ...mail, subject: 'one\r\nBcc: thief@evil.example', to: 'ann@acme.example' });
  await arrives;

  equal(/^Bcc:/m.test(received.at(-1)?.text ?? ''), false);
  const count = received.length;
  await mailer.send({ ...mail, to: 'ann@acme.example>\r\nRCPT TO:<thief@evil.example' });
  await mailer.close();
  equal(
    received.slice(count).some(({ to }) => to.includes('thief')),
    false,
  );
});

test('a server that says later is asked again, and nobody waits for it', async () => {
  refusals = 2;
  const mailer = queuedMailer(env, smtp());
  const arrives = next();

  await mailer.send(mail);
  await arrives;

  equal(refusals, 0);
  equal(logged.filter((line) => line.includes('mail.failed')).length >= 2, true);
  equal(
    logged.some((line) => line.includes('acme') || line.includes('1234')),
    false,
  );
  await mailer.close();
});

test('a mail that no server takes is given up, and the one behind it is sent', async () => {
  refusals = 4;
  const mailer = queuedMailer(env, smtp());
  const arrives = next();

  await mailer.send({ ...mail, text: 'never' });
  await mailer.send({ ...mail, text: 'behind' });
  await arrives;

  match(received.at(-1)?.text ?? '', /behind/);
  equal(
    received.some(({ text }) => text.includes('never')),
    false,
  );
  await mailer.close();
});

test('a server that demands nothing of TLS is taken on this machine only', async () => {
  const elsewhere = createSmtp({ host: 'localhost.', port, isTls: false, from: 'a@b.example' });
  const code = await elsewhere.send(mail).then(
    () => 'sent',
    (error: Error & { code?: string }) => error.code,
  );

  // 'localhost.' is this machine under a name that is not on the list: STARTTLS is demanded, and the server has none.
  equal(code === 'sent', false);
  elsewhere.close();
});

test('reads the address of a server, and nothing else for one', () => {
  const from = 'a@b.example';
  deepEqual(parseSmtpUrl('smtps://user:p%40ss@mail.example', from), {
    host: 'mail.example',
    port: 465,
    isTls: true,
    from,
    user: 'user',
    password: 'p@ss',
  });
  deepEqual(parseSmtpUrl('smtp://mail.example:2525', from), { host: 'mail.example', port: 2525, isTls: false, from });
  for (const bad of ['', 'mail.example', 'http://mail.example', 'smtp://']) equal(parseSmtpUrl(bad, from), undefined);
});
