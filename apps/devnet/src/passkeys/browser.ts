/**
 * A real Chromium, driven over its DevTools protocol, with a virtual authenticator (CTAP2, internal, resident keys,
 * user verification). Only what the tests of passkeys need; https://chromedevtools.github.io/devtools-protocol.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WebSocket } from 'ws';

/** `off` is for machines without a browser; the tests then say that they showed nothing. */
export const browserIsOff = process.env['HOLDFAST_TEST_BROWSER'] === 'off';
const program = process.env['HOLDFAST_TEST_CHROMIUM'] ?? 'chromium';

/** A busy machine with two cores needs seconds for what takes milliseconds otherwise. */
const ANSWER_MS_MAX = 30_000;
const START_MS_MAX = 60_000;
const END_MS_MAX = 10_000;

interface Answer {
  readonly id?: number;
  readonly sessionId?: string;
  readonly method?: string;
  readonly params?: Record<string, unknown>;
  readonly result?: unknown;
  readonly error?: { readonly message: string };
}

export class Browser {
  readonly #child: ChildProcess;
  readonly #socket: WebSocket;
  readonly #profile: string;
  readonly #waiting = new Map<number, { done(result: unknown): void; fail(cause: Error): void }>();
  readonly #listeners = new Set<(answer: Answer) => void>();
  #sent = 0;

  private constructor(child: ChildProcess, socket: WebSocket, profile: string) {
    this.#child = child;
    this.#socket = socket;
    this.#profile = profile;
    socket.on('message', (data) => this.#receive(JSON.parse(String(data)) as Answer));
    socket.on('close', () => {
      for (const { fail } of this.#waiting.values()) fail(new Error('the browser closed its connection'));
      this.#waiting.clear();
    });
  }

  static async launch(): Promise<Browser> {
    const found = spawnSync(program, ['--version'], { encoding: 'utf8' });
    if (found.status !== 0)
      throw new Error(
        `passkeys are tested in a real browser and "${program}" is not here: apt-get install chromium, name one by HOLDFAST_TEST_CHROMIUM, or set HOLDFAST_TEST_BROWSER=off to go without`,
      );
    const profile = mkdtempSync(join(tmpdir(), 'holdfast-browser-'));
    const child = spawn(
      program,
      [
        '--headless',
        // Tests run as root in containers, where the sandbox has no user namespaces; only our own pages are shown.
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--disable-dev-shm-usage',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
        `--user-data-dir=${profile}`,
        '--remote-debugging-port=0',
        'about:blank',
      ],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    );
    const socket = new WebSocket(await devToolsUrl(child), { perMessageDeflate: false });
    await new Promise<void>((done, fail) => {
      socket.once('open', done);
      socket.once('error', fail);
    });
    return new Browser(child, socket, profile);
  }

  /** `apart`: in a profile of its own, as another person's browser. */
  async page(o: { readonly apart?: true } = {}): Promise<Page> {
    const profile =
      o.apart === true ? await this.send<{ browserContextId: string }>('Target.createBrowserContext') : undefined;
    const { targetId } = await this.send<{ targetId: string }>('Target.createTarget', {
      url: 'about:blank',
      ...profile,
    });
    const { sessionId } = await this.send<{ sessionId: string }>('Target.attachToTarget', { targetId, flatten: true });
    return Page.open(this, sessionId, profile);
  }

  /** Asks it to end, so that its helpers end with it, and takes its profile away. */
  async close(): Promise<void> {
    const gone = new Promise((done) => this.#child.once('exit', done));
    const late = setTimeout(() => this.#child.kill('SIGKILL'), END_MS_MAX);
    await this.send('Browser.close').catch(() => this.#child.kill('SIGKILL'));
    await gone;
    clearTimeout(late);
    this.#socket.close();
    rmSync(this.#profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  }

  send<T>(method: string, params: object = {}, sessionId?: string): Promise<T> {
    this.#sent += 1;
    const id = this.#sent;
    return new Promise<T>((done, fail) => {
      const late = setTimeout(() => {
        this.#waiting.delete(id);
        fail(new Error(`the browser did not answer ${method}`));
      }, ANSWER_MS_MAX);
      this.#waiting.set(id, {
        done(result) {
          clearTimeout(late);
          done(result as T);
        },
        fail(cause) {
          clearTimeout(late);
          fail(cause);
        },
      });
      this.#socket.send(JSON.stringify({ id, method, params, ...(sessionId === undefined ? {} : { sessionId }) }));
    });
  }

  /** Calls back for each event of a session; returns how to stop. */
  on(sessionId: string, method: string, listener: (params: Record<string, unknown>) => void): () => void {
    const heard = (answer: Answer) => {
      if (answer.sessionId === sessionId && answer.method === method) listener(answer.params ?? {});
    };
    this.#listeners.add(heard);
    return () => this.#listeners.delete(heard);
  }

  #receive(answer: Answer): void {
    if (answer.id === undefined) {
      for (const listener of this.#listeners) listener(answer);
      return;
    }
    const waiting = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    if (answer.error === undefined) waiting?.done(answer.result);
    else waiting?.fail(new Error(`DevTools: ${answer.error.message}`));
  }
}

/** A credential as the authenticator keeps it; binary values are base64 (not base64url). */
export interface StoredCredential {
  readonly credentialId: string;
  readonly isResidentCredential: boolean;
  readonly rpId: string;
  readonly privateKey: string;
  readonly userHandle?: string;
  readonly signCount: number;
}

export class Page {
  readonly #browser: Browser;
  readonly #session: string;
  readonly #profile: object;
  readonly #frames = new Map<string, number>();
  #authenticatorId = '';

  private constructor(browser: Browser, session: string, profile: object) {
    this.#browser = browser;
    this.#session = session;
    this.#profile = profile;
    browser.on(session, 'Runtime.executionContextsCleared', () => this.#frames.clear());
    browser.on(session, 'Runtime.executionContextCreated', ({ context }) => {
      const { id, origin, auxData } = context as { id: number; origin: string; auxData: { isDefault: boolean } };
      if (auxData.isDefault) this.#frames.set(origin, id);
    });
  }

  static async open(browser: Browser, session: string, profile: object = {}): Promise<Page> {
    const page = new Page(browser, session, profile);
    await page.send('Page.enable');
    await page.send('Runtime.enable');
    await page.send('WebAuthn.enable', { enableUI: false });
    await page.newAuthenticator();
    return page;
  }

  send<T>(method: string, params: object = {}): Promise<T> {
    return this.#browser.send<T>(method, params, this.#session);
  }

  /** Calls back for each event of this page. */
  on(method: string, listener: (params: Record<string, unknown>) => void): () => void {
    return this.#browser.on(this.#session, method, listener);
  }

  async goto(url: string): Promise<void> {
    const loaded = new Promise<void>((done) => {
      const stop = this.#browser.on(this.#session, 'Page.loadEventFired', () => {
        stop();
        done();
      });
    });
    const { errorText } = await this.send<{ errorText?: string }>('Page.navigate', { url });
    if (errorText !== undefined) throw new Error(`${url}: ${errorText}`);
    await loaded;
  }

  /** Runs a function of the test in the page (or in its frame of this origin) with arguments that are plain JSON. */
  async run<A extends readonly unknown[], T>(fn: (...args: A) => Promise<T>, args: A, origin?: string): Promise<T> {
    const contextId = origin === undefined ? undefined : this.#frames.get(origin);
    if (origin !== undefined && contextId === undefined) throw new Error(`the page has no frame of ${origin}`);
    // Passkeys are for the page that has the focus.
    await this.send('Page.bringToFront');
    const { result, exceptionDetails } = await this.send<{
      result: { value: T };
      exceptionDetails?: { exception?: { description?: string }; text: string };
    }>('Runtime.evaluate', {
      expression: `(${fn.toString()})(...${JSON.stringify(args)})`,
      awaitPromise: true,
      returnByValue: true,
      userGesture: true,
      ...(contextId === undefined ? {} : { contextId }),
    });
    if (exceptionDetails !== undefined)
      throw new Error(`in the page: ${exceptionDetails.exception?.description ?? exceptionDetails.text}`);
    return result.value;
  }

  hasFrameOf(origin: string): boolean {
    return this.#frames.has(origin);
  }

  /** Another device: an authenticator of its own, the one before is taken away. */
  async newAuthenticator(): Promise<void> {
    if (this.#authenticatorId !== '')
      await this.send('WebAuthn.removeVirtualAuthenticator', { authenticatorId: this.#authenticatorId });
    const { authenticatorId } = await this.send<{ authenticatorId: string }>('WebAuthn.addVirtualAuthenticator', {
      options: {
        protocol: 'ctap2',
        transport: 'internal',
        hasResidentKey: true,
        hasUserVerification: true,
        isUserVerified: true,
        automaticPresenceSimulation: true,
      },
    });
    this.#authenticatorId = authenticatorId;
  }

  /** The authenticator's next answers leave the flag UV clear, and sign that. */
  async leaveUserVerificationOut(isLeftOut: boolean): Promise<void> {
    const { send } = this;
    await send.call(this, 'WebAuthn.setResponseOverrideBits', {
      authenticatorId: this.#authenticatorId,
      isBadUV: isLeftOut,
    });
  }

  /** Files that the page gives are put into this folder. */
  async downloadInto(folder: string): Promise<void> {
    await this.#browser.send('Browser.setDownloadBehavior', {
      behavior: 'allow',
      downloadPath: folder,
      ...this.#profile,
    });
  }

  /** A device without a screen lock offers no passkey. */
  async setUserVerified(isUserVerified: boolean): Promise<void> {
    await this.send('WebAuthn.setUserVerified', { authenticatorId: this.#authenticatorId, isUserVerified });
  }

  /** Beside what it holds already. */
  async add(credentials: readonly StoredCredential[]): Promise<void> {
    const authenticatorId = this.#authenticatorId;
    for (const credential of credentials) await this.send('WebAuthn.addCredential', { authenticatorId, credential });
  }

  async storedCredentials(): Promise<readonly StoredCredential[]> {
    const { credentials } = await this.send<{ credentials: StoredCredential[] }>('WebAuthn.getCredentials', {
      authenticatorId: this.#authenticatorId,
    });
    return credentials;
  }

  /** Puts credentials in place of those the authenticator has: a device restored from a copy. */
  async restore(credentials: readonly StoredCredential[]): Promise<void> {
    const authenticatorId = this.#authenticatorId;
    await this.send('WebAuthn.clearCredentials', { authenticatorId });
    for (const credential of credentials) await this.send('WebAuthn.addCredential', { authenticatorId, credential });
  }
}

async function devToolsUrl(child: ChildProcess): Promise<string> {
  return new Promise<string>((done, fail) => {
    let said = '';
    const late = setTimeout(() => fail(new Error(`the browser did not start:\n${said.slice(-2000)}`)), START_MS_MAX);
    child.once('exit', (code) => fail(new Error(`the browser ended with ${code}:\n${said.slice(-2000)}`)));
    child.stderr?.on('data', (chunk: Buffer) => {
      said += chunk.toString('utf8');
      const [, url] = /DevTools listening on (ws:\S+)/.exec(said) ?? [];
      if (url === undefined) return;
      clearTimeout(late);
      done(url);
    });
  });
}
