/**
 * The browser's pages from end to end: `npm start`, a real Chromium with virtual authenticators, and people who have a keyboard
 * and nothing else. Every state is judged by axe in light and dark, wide and narrow.
 */
import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { toBase64Url, utf8 } from '@holdfast/contract/wire';
import { Cluster, until } from '../harness/index.ts';
import { Browser, browserIsOff } from '../passkeys/browser.ts';
import { Hand } from './hand.ts';

const skip = browserIsOff ? 'HOLDFAST_TEST_BROWSER=off: nothing here was shown in a browser' : false;

let cluster: Cluster;
let browser: Browser;
/** Maria founds the organisation; Ann is invited. */
let maria: Hand;
let ann: Hand;
const faults: string[] = [];
let orgId: string;
/** `ORG HASH`, as the page shows them. */
let pinned: string;
/** Of the cluster, as the page shows it. */
let fingerprint: string;

const judged = async (hand: Hand, state: string): Promise<void> => {
  faults.push(...(await hand.faults(state)));
};
const page = (path: string): string => `${cluster.apiUrl}/app/${path}`;
/** What another program would open: a request to look at, sign and send. */
const signLink = (method: string, path: string, body: object): string =>
  page(`sign#${new URLSearchParams({ method, path, body: toBase64Url(utf8(JSON.stringify(body))) })}`);

const open = async (hand: Hand, url: string): Promise<void> => {
  // A change after # alone would load nothing.
  await hand.goto('about:blank');
  await hand.goto(url);
};

/** Opens a link, signs what it asks for, and answers what the page shows of the answer. */
async function acted<T>(hand: Hand, method: string, path: string, body: object): Promise<T> {
  await open(hand, signLink(method, path, body));
  await hand.activate('Continue');
  await hand.activate('Sign with passkey');
  const shown = await hand.sees('The signers checked your signature over exactly this request');
  return JSON.parse(shown.slice(shown.indexOf('{'), shown.lastIndexOf('}') + 1)) as T;
}

/** The eight groups that two people compare. */
const spokenIn = (text: string): string | undefined =>
  /([0-9A-F]{4} ){7}[0-9A-F]{4}/.exec(text.replaceAll(/\s+/g, ' '))?.[0];

/** The last mail to somebody, as a mail service would find it. */
function mailTo(username: string): string {
  const folder = join(cluster.dir, 'data/api/outbox');
  if (!existsSync(folder)) return '';
  const mails = readdirSync(folder)
    .sort()
    .map((name) => readFileSync(join(folder, name), 'utf8'))
    .filter((text) => text.includes(`To: ${username}`));
  return mails.at(-1) ?? '';
}

describe('pages', { skip }, () => {
  before(async () => {
    browser = await Browser.launch();
    cluster = await Cluster.start();
    [maria, ann] = [await Hand.on(browser), await Hand.on(browser)];
  });
  after(async () => {
    await browser?.close();
    await cluster?.stop();
    cluster?.remove();
  });

  test('the link that npm start prints founds an organisation: six activations, two passkey windows', async () => {
    await maria.goto(`${cluster.apiUrl}/setup`);
    await maria.sees('This page needs its whole link');
    await judged(maria, 'setup-no-code');
    await until('npm start has printed its link', async () => /\/setup#code=\S+/.test(cluster.output), 30_000);
    const [link = ''] = /http:\/\/localhost:\d+\/setup#code=\S+/.exec(cluster.output) ?? [];

    await maria.goto('about:blank');
    await maria.goto(link);
    await maria.sees('5 of 5 are connected');
    await judged(maria, 'setup');
    await maria.activate('Create passkey');
    await maria.sees('Give your organisation a name.');
    await judged(maria, 'setup-empty');
    await maria.loseUserVerification(true);
    await maria.fill('Name of the organisation', 'Acme');
    await maria.fill('Your e-mail address', 'maria@acme.example');
    await maria.activate('Create passkey');
    await maria.sees(/This device did not offer a passkey|The passkey window was closed/);
    await judged(maria, 'setup-no-passkey');
    await maria.loseUserVerification(false);

    maria.activations = 0;
    const windows = await maria.windows();
    await maria.activate('Create passkey');
    const shown = await maria.sees('Waiting until the signers have the hash');
    await judged(maria, 'setup-pin');
    const [, words = ''] = /holdfast -- (signer trust \S+ [0-9a-f]{64})/.exec(shown) ?? [];
    pinned = words.replace('signer trust ', '');
    [orgId = ''] = pinned.split(' ');
    await maria.activate('Copy command');
    [, fingerprint = ''] = /Fingerprint of the cluster\s+((?:[\w-]{4}\s+){10}[\w-]{3})/.exec(shown) ?? [];
    fingerprint = fingerprint.replaceAll(/\s/g, '');
    equal(cluster.cli(...words.split(' ')).status, 0);
    await maria.sees('You have one passkey');

    deepEqual([maria.activations <= 6, (await maria.windows()) - windows], [true, 2]);
    await judged(maria, 'credentials-one-passkey');
  });

  test('a second passkey is made on another device and signed for by the first', async () => {
    await maria.fill('Name of the new passkey', 'security key');
    await maria.activate('Add a passkey');
    await maria.sees('This device already has a passkey for you');
    await judged(maria, 'credentials-same-device');
    const first = await maria.page.storedCredentials();
    await maria.page.newAuthenticator();

    await maria.activate('Add a passkey');
    await maria.sees('Add the passkey “security key” to your account');
    await judged(maria, 'confirm-add-passkey');
    // Turning back leaves everything as it was.
    await maria.press('Escape');
    await until('the dialog is closed', async () => !(await maria.text()).includes('You are about to sign'), 5_000);
    await maria.page.newAuthenticator();
    await maria.activate('Add a passkey');
    await maria.sees('You are about to sign');
    await maria.page.add(first);
    await maria.activate('Sign with passkey');
    await maria.sees('“security key” signs for you now');

    const shown = await maria.sees('Credentials (2)');
    equal(shown.includes('You have one passkey'), false);
    await judged(maria, 'credentials-two-passkeys');
  });

  test('a server that puts another request in the place of the one shown gets no signature', async () => {
    await maria.swapPayloads((payload) => JSON.stringify({ ...JSON.parse(payload), keyExport: true }));
    await open(maria, signLink('PUT', `/orgs/${orgId}/settings`, { keyImport: true }));
    await maria.sees('Change what your organisation allows: key import on');
    const before = await maria.windows();
    await maria.activate('Continue');
    await maria.sees('You are about to sign');
    await maria.activate('Sign with passkey');

    await maria.sees('Stop: the server asked for a signature over something else');
    equal((await maria.windows()) - before, 0);
    await judged(maria, 'stop');
    await maria.swapPayloads(undefined);
    await maria.activate('Go back');
    await maria.activate('Continue');
    await maria.activate('Sign with passkey');
    await maria.sees('"keyImport": true');
    equal((await maria.windows()) - before, 1);
  });

  test('a link shows in words what it would sign, and opening it does nothing', async () => {
    await open(maria, page('sign#method=POST&path=/../auth'));
    await maria.sees('This link holds no request that can be signed');
    await judged(maria, 'sign-nothing');

    await open(maria, signLink('POST', '/auth/users', { email: 'ann@acme.example', kind: 'CustomerEmployee' }));
    await maria.sees('Invite ann@acme.example to your organisation');
    await judged(maria, 'sign');
    equal(mailTo('ann@acme.example'), '');
    const windows = await maria.windows();
    await maria.activate('Continue');
    await maria.activate('Sign with passkey');
    const answer = await maria.sees('The signers checked your signature over exactly this request');
    await judged(maria, 'sign-done');

    equal((await maria.windows()) - windows, 1);
    match(answer, /"userId": "us-/);
    match(mailTo('ann@acme.example'), /\/app\/register#org=or-/);
  });

  test('an invited person makes a passkey with the link of the mail and signs in: one window each', async () => {
    const [link = ''] = /http:\/\/localhost:\d+\/app\/register#\S+/.exec(mailTo('ann@acme.example')) ?? [];
    await ann.goto(page('register'));
    await ann.sees('Join your organisation');
    await ann.activate('Create passkey');
    await ann.sees('The code has sixteen digits');
    await judged(ann, 'register-empty');
    await ann.goto('about:blank');
    await ann.goto(link.replace(/code=\d{4}/, 'code=0000'));
    await ann.activate('Create passkey');
    await ann.sees('This code does not fit');
    await judged(ann, 'register-wrong-code');

    await ann.goto('about:blank');
    await ann.goto(link);
    ann.activations = 0;
    await ann.activate('Create passkey');
    const shown = await ann.sees('Your passkey is made');
    await judged(ann, 'register-done');
    deepEqual([ann.activations, await ann.windows()], [1, 1]);
    equal(
      await ann.page.run(async () => (globalThis as unknown as { location: { hash: string } }).location.hash, []),
      '',
    );

    await ann.activate('Sign in');
    await ann.sees('On this browser');
    await judged(ann, 'login-known');
    await ann.activate('Sign in with passkey');
    const waiting = await ann.sees('Signers do not know your passkey yet');
    await judged(ann, 'credentials-unconfirmed');
    ok(spokenIn(shown));
    equal(spokenIn(waiting), spokenIn(shown));
  });

  test('an administrator compares the fingerprint and confirms; then the invited person signs', async () => {
    const shown = await ann.text();
    await maria.activate('Confirmations');
    const waiting = await maria.sees('Waiting (1)');
    equal(spokenIn(waiting), spokenIn(shown));
    await judged(maria, 'confirmations');
    const windows = await maria.windows();
    await maria.activate(/^It is the same/);
    const asked = await maria.sees('Compare the fingerprint with its owner first');
    equal(spokenIn(asked.slice(asked.indexOf('You are about to sign'))), spokenIn(shown));
    await judged(maria, 'confirm-colleague');
    await maria.activate('Sign with passkey');
    await maria.sees('Nobody waits.');
    await judged(maria, 'confirmations-none');
    equal((await maria.windows()) - windows, 1);

    await ann.goto(page('credentials'));
    await ann.sees('You have one passkey');
  });

  test('who may not do something reads which permission it takes', async () => {
    await ann.goto(page('confirmations'));
    await ann.sees('It takes the permission “Auth:Users:Read”.');
    await judged(ann, 'confirmations-forbidden');
  });

  test('a transaction is read in the browser by the chain’s own code; a bare hash is called unreadable', async () => {
    const wallet = await acted<{ id: string }>(maria, 'POST', '/wallets', { network: 'EthereumSepolia', name: 'Till' });
    // To 0x3535…, 10^18 wei, EIP-1559 on Sepolia.
    const transaction = `0x02f283aa36a70184773594008477359400825208943535353535353535353535353535353535353535880de0b6b3a764000080c0`;
    await open(maria, signLink('POST', `/wallets/${wallet.id}/signatures`, { kind: 'Transaction', transaction }));
    const read = await maria.sees('Sign on EthereumSepolia');
    match(read, /0x3535353535353535353535353535353535353535/);
    match(read, /“Till” on EthereumSepolia/);
    await judged(maria, 'sign-transaction');
    await maria.activate('Continue');
    await maria.activate('Sign with passkey');
    match(await maria.sees('The signers checked your signature'), /"status": "Signed"/);

    await open(
      maria,
      signLink('POST', `/wallets/${wallet.id}/signatures`, { kind: 'Hash', hash: `0x${'07'.repeat(32)}` }),
    );
    await maria.sees('Nobody can read what this does');
    await maria.activate('Continue');
    await judged(maria, 'sign-hash');
    const windows = await maria.windows();
    await maria.activate('Sign with passkey');
    equal(await maria.windows(), windows, 'nothing is signed before the person says that they know');
    await maria.tick('I know what this does');
    await maria.activate('Sign with passkey');
    match(await maria.sees('The signers checked your signature'), /"status": "Signed"/);
  });

  test('the pages are static, cached by the hash in their names, and open nowhere but at their own name', async () => {
    const document = await fetch(page('login'));
    const html = await document.text();
    match(String(document.headers.get('content-security-policy')), /^default-src 'none'; script-src 'self'; /);
    equal(/unsafe|https?:/.test(String(document.headers.get('content-security-policy'))), false);
    equal(document.headers.get('x-content-type-options'), 'nosniff');
    equal(document.headers.get('access-control-allow-origin'), null);
    const [, script = ''] = /src="(\/app\/assets\/[^"]+)"/.exec(html) ?? [];
    const part = await fetch(`${cluster.apiUrl}${script}`);
    match(String(part.headers.get('cache-control')), /immutable/);
    equal(part.headers.get('content-type'), 'text/javascript; charset=utf-8');

    const again = await fetch(page('login'), { headers: { 'if-none-match': String(document.headers.get('etag')) } });
    equal(again.status, 304);
    const byAddress = await fetch(page('login').replace('localhost', '127.0.0.1'), { redirect: 'manual' });
    deepEqual([byAddress.status, byAddress.headers.get('location')], [307, page('login')]);
    for (const path of ['assets/none.js', '../package.json', 'index.html', 'assets/..%2findex.html'])
      equal((await fetch(page(path))).status, 404, path);
  });

  test('whoever is unknown, without a passkey, or offline reads what to do', async () => {
    await ann.activate('Sign out');
    await ann.sees('On this browser');
    await ann.activate('Use another account');
    await ann.activate(/^Sign in with passkey$/);
    await ann.goto(page('login'));
    await ann.activate('Forget');
    await ann.sees('This browser does not know this account yet');
    await judged(ann, 'login-unknown');
    await ann.fill('Organisation', orgId);
    await ann.fill('Your e-mail address', 'nobody@acme.example');
    await ann.activate('Sign in with passkey');
    // The api answers for strangers as for members, so that nobody learns who belongs.
    await ann.sees(/This device did not offer a passkey|The passkey window was closed/);
    await judged(ann, 'login-no-account');
    await ann.fill('Organisation', `${orgId.slice(0, -1)}${orgId.endsWith('0') ? '1' : '0'}`);
    await ann.activate('Sign in with passkey');
    await ann.sees('There is no such account in this organisation');
    await ann.fill('Organisation', orgId);

    await ann.offline(true);
    await ann.sees('You are offline');
    await ann.activate('Sign in with passkey');
    await ann.sees('What you typed stays here');
    await judged(ann, 'offline');
    await ann.offline(false);
    await ann.fill('Your e-mail address', 'ann@acme.example');
    const kept = await ann.page.storedCredentials();
    await ann.page.newAuthenticator();
    await ann.activate('Sign in with passkey');
    await ann.sees(/This device did not offer a passkey|The passkey window was closed/);
    await judged(ann, 'login-no-passkey');
    await ann.page.restore(kept);
    await ann.activate('Sign in with passkey');
    await ann.sees('My credentials');
  });

  test('a login that is over leads through a new one', async () => {
    await ann.page.run(async () => {
      // biome-ignore lint/suspicious/noExplicitAny: the types of the browser are not among ours.
      const { sessionStorage } = globalThis as any;
      const session = JSON.parse(sessionStorage.getItem('holdfast.session'));
      sessionStorage.setItem('holdfast.session', JSON.stringify({ ...session, token: 'ended' }));
    }, []);
    await ann.goto(page('credentials'));
    await ann.sees('You are not signed in any more');
    await judged(ann, 'session-ended');
    await ann.activate('Sign in again');
    await ann.sees('On this browser');
    await ann.activate('Sign in with passkey');
    await ann.sees('My credentials');
  });

  test('a recovery kit is made in the browser, downloaded, proved, and brings the account back', async () => {
    await maria.goto(page('credentials'));
    await maria.sees('Credentials (2)');
    await maria.page.downloadInto(cluster.dir);
    await maria.activate('Make a recovery kit');
    await maria.sees('Add the recovery key “Recovery kit” to your account');
    await judged(maria, 'confirm-kit');
    await maria.activate('Sign with passkey');
    await maria.sees('Your recovery kit is made: download it now');
    await judged(maria, 'kit-made');
    await maria.activate('Download the kit');
    const file = join(cluster.dir, `holdfast-recovery-kit-${orgId}.json`);
    await until('the kit is downloaded', async () => existsSync(file), 10_000);
    const kit = JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>;
    equal(cluster.output.includes(kit['privateKey'] ?? 'none'), false);

    const damaged = join(cluster.dir, 'damaged.json');
    writeFileSync(damaged, JSON.stringify({ ...kit, credentialId: 'A'.repeat(43) }));
    await maria.choose('Check a kit you have', damaged);
    await maria.sees('This kit is worth nothing');
    await maria.choose('Check a kit you have', file);
    await maria.sees('This kit is valid: it recovers your account.');
    await judged(maria, 'kit-proved');

    // Both devices are gone; what is left is the file and the mail.
    await maria.activate('Sign out');
    await maria.page.newAuthenticator();
    await maria.activate('Recover your account');
    await maria.sees('With your recovery kit and a code from your mail');
    await judged(maria, 'recover');
    await maria.choose('The file you kept', damaged);
    await maria.sees('This file does not recover an account');
    await maria.choose('The file you kept', file);
    await maria.sees('This kit recovers maria@acme.example');
    await maria.activate('Send the code');
    await maria.sees('The code is on its way');
    const [, code = ''] = /Recovery code: (\S+)/.exec(mailTo('maria@acme.example')) ?? [];
    await maria.fill('Code from the mail', '0000-0000-0000-0000');
    await maria.activate('Create the new passkey');
    await maria.sees('This code does not fit');
    await judged(maria, 'recover-wrong-code');
    await maria.fill('Code from the mail', code);
    await maria.activate('Create the new passkey');
    await maria.sees('Your account is yours again');
    await judged(maria, 'recover-done');
    await maria.activate('Sign in');
    await maria.activate('Sign in with passkey');
    await maria.sees('Passkey after a recovery');
  });

  test('the guide runs as it is printed, and names only buttons that were used here', async () => {
    const guide = readFileSync(new URL('../../../../docs/guides/first-organisation.md', import.meta.url), 'utf8');
    const blocks = [...guide.matchAll(/^<!-- run(?:: [A-Z ]+)? -->\n```sh\n([\s\S]*?)^```$/gm)].map(
      ([, text = '']) => text,
    );
    equal(blocks.length, guide.match(/^```sh$/gm)?.length);
    const [start, ...rest] = blocks;
    // What Cluster.start ran.
    equal(start, 'npm start\n');
    const lines = rest.flatMap((text) => text.trim().split('\n'));
    for (const line of lines) {
      const [, words = ''] = /^npm run --silent holdfast -- (.+)$/.exec(line) ?? [];
      const { status, stderr, stdout } = cluster.cli(...words.replace('ORG HASH', pinned).split(' '));
      equal(status, 0, `${line}\n${stderr}`);
      if (words === 'status') match(stdout, new RegExp(`fingerprint ${fingerprint}`));
      if (words === 'org setup-link') match(stdout, /\/setup#code=setup_/);
    }

    equal(fingerprint.length, 43);

    const named = [...guide.matchAll(/\*\*([^*]+)\*\*/g)].map(([, name = '']) => name);
    const used = [...maria.used, ...ann.used];
    deepEqual(
      named.filter((name) => !used.some((each) => each.startsWith(name))),
      [],
    );
  });

  test('the verifying signer of the client’s README makes a wallet, as it is printed', () => {
    const readme = readFileSync(new URL('../../../../packages/client/README.md', import.meta.url), 'utf8');
    const [, example = ''] = /^```js\n([\s\S]*?)^```$/m.exec(readme) ?? [];
    // Beside this file, so that packages are found; acme.json is the one that the guide made.
    const file = fileURLToPath(new URL('readme-example.mjs', import.meta.url));
    writeFileSync(file, example);

    const { stdout, stderr } = spawnSync(process.execPath, [file], { cwd: cluster.dir, encoding: 'utf8' });

    match(stdout, /^0x[0-9a-fA-F]{40}$/m, stderr);
  });

  test('every control is reached by Tab, and the browser had nothing to complain about', () => {
    deepEqual([...maria.complaints, ...ann.complaints], []);
  });

  test('axe finds nothing in any state, in light and dark, wide and narrow', async () => {
    equal(await maria.judgeIsAwake(), true);
    deepEqual(faults, []);
  });
});
