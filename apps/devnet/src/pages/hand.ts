/**
 * A person at a page who has a keyboard and nothing else. Goes from control to control by Tab, counts what is activated and how
 * many passkey windows opened, and hears everything the browser complains about. What has to be seen is waited for.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { until } from '../harness/index.ts';
import type { Browser, Page } from '../passkeys/browser.ts';

const SEEN_MS_MAX = 20_000;
const TABS_MAX = 80;
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
/** A folder for pictures of every state, to be looked at by people. */
const pictures = process.env['HOLDFAST_TEST_SCREENSHOTS'];

export interface Look {
  readonly theme: 'light' | 'dark';
  readonly width: number;
}

/** The design width, and the narrowest that must work. */
const looks: readonly Look[] = [
  { theme: 'light', width: 1280 },
  { theme: 'dark', width: 320 },
];

export class Hand {
  readonly page: Page;
  /** Buttons, links and choices used since the last count. */
  activations = 0;
  /** What the browser complained about: refused by the content policy, thrown by a script. */
  readonly complaints: string[] = [];
  /** Names of the buttons and links that were used. */
  readonly used = new Set<string>();

  private constructor(page: Page) {
    this.page = page;
  }

  static async on(browser: Browser): Promise<Hand> {
    const page = await browser.page({ apart: true });
    const hand = new Hand(page);
    await page.send('Log.enable');
    await page.send('Emulation.setScrollbarsHidden', { hidden: true });
    page.on('Log.entryAdded', ({ entry }) => {
      const { source, level, text } = entry as { source: string; level: string; text: string };
      // Answers of 4xx are logged too; a refusal by the api is no fault of the page.
      if (level === 'error' && source !== 'network') hand.complaints.push(text);
    });
    page.on('Runtime.exceptionThrown', ({ exceptionDetails }) => {
      hand.complaints.push(JSON.stringify(exceptionDetails).slice(0, 400));
    });
    await page.send('Page.addScriptToEvaluateOnNewDocument', { source: `(${countWindows.toString()})()` });
    await hand.look({ theme: 'light', width: 1280 });
    return hand;
  }

  async goto(url: string): Promise<void> {
    await this.page.goto(url);
  }

  /** Waits until the page shows a text; answers everything it shows. */
  async sees(wanted: string | RegExp): Promise<string> {
    let shown = '';
    await until(
      `the page shows ${wanted}; it shows:\n${shown}`,
      async () => {
        shown = await this.text();
        return typeof wanted === 'string' ? shown.includes(wanted) : wanted.test(shown);
      },
      SEEN_MS_MAX,
    ).catch((cause: unknown) => {
      throw new Error(`the page does not show ${wanted}, but:\n${shown}`, { cause });
    });
    return shown;
  }

  text(): Promise<string> {
    return this.page.run(shownText, []);
  }

  async press(key: 'Tab' | 'Enter' | 'Space' | 'Escape', modifiers = 0): Promise<void> {
    const keys = {
      Tab: { key: 'Tab', code: 'Tab', windowsVirtualKeyCode: 9 },
      Enter: { key: 'Enter', code: 'Enter', windowsVirtualKeyCode: 13, text: '\r' },
      Space: { key: ' ', code: 'Space', windowsVirtualKeyCode: 32, text: ' ' },
      Escape: { key: 'Escape', code: 'Escape', windowsVirtualKeyCode: 27 },
    } as const;
    await this.page.send('Input.dispatchKeyEvent', { type: 'keyDown', modifiers, ...keys[key] });
    await this.page.send('Input.dispatchKeyEvent', { type: 'keyUp', modifiers, ...keys[key] });
  }

  /** Moves the focus by Tab until it is on the control of this name. */
  async reach(name: string | RegExp): Promise<void> {
    const met: string[] = [];
    for (let tabs = 0; tabs < TABS_MAX; tabs += 1) {
      const focused = await this.page.run(focusedName, []);
      if (typeof name === 'string' ? focused === name : name.test(focused)) return;
      met.push(focused);
      await this.press('Tab');
    }
    throw new Error(`no control ${name} is reached by Tab; these are: ${[...new Set(met)].join(' · ')}`);
  }

  /** A button or a link. */
  async activate(name: string | RegExp): Promise<void> {
    await this.reach(name);
    this.activations += 1;
    this.used.add(await this.page.run(focusedName, []));
    await this.press('Enter');
  }

  async tick(name: string): Promise<void> {
    await this.reach(name);
    this.activations += 1;
    await this.press('Space');
  }

  async fill(label: string, text: string): Promise<void> {
    await this.reach(label);
    await this.page.run(selectAll, []);
    await this.page.send('Input.insertText', { text });
  }

  /** Gives a file to the field of this label. */
  async choose(label: string, file: string): Promise<void> {
    await this.reach(label);
    const { result } = await this.page.send<{ result: { objectId: string } }>('Runtime.evaluate', {
      expression: 'document.activeElement',
    });
    await this.page.send('DOM.setFileInputFiles', { files: [file], objectId: result.objectId });
  }

  /** How many windows for passkeys the page has opened since it was loaded. */
  windows(): Promise<number> {
    return this.page.run(async () => (globalThis as unknown as { passkeyWindows: number }).passkeyWindows, []);
  }

  async look({ theme, width }: Look): Promise<void> {
    await this.page.send('Emulation.setEmulatedMedia', {
      features: [
        { name: 'prefers-color-scheme', value: theme },
        { name: 'prefers-reduced-motion', value: 'reduce' },
      ],
    });
    await this.page.send('Emulation.setDeviceMetricsOverride', {
      width,
      height: 800,
      deviceScaleFactor: 1,
      mobile: false,
    });
  }

  /** Whether the judge is awake: a picture without words must not pass. */
  async judgeIsAwake(): Promise<boolean> {
    await this.page.send('Runtime.evaluate', { expression: AXE });
    return this.page.run(findsPicture, []);
  }

  /** Faults of the present state in both looks: what axe finds, and what does not fit into the narrow one. */
  async faults(state: string): Promise<readonly string[]> {
    const faults: string[] = [];
    await this.page.send('Runtime.evaluate', { expression: AXE });
    for (const look of looks) {
      await this.look(look);
      const found = await this.page.run(judge, []);
      faults.push(...found.map((fault) => `${state}, ${look.theme}, ${look.width} px: ${fault}`));
      if (pictures !== undefined) await this.picture(`${state}-${look.theme}-${look.width}`);
    }
    await this.look({ theme: 'light', width: 1280 });
    return faults;
  }

  async picture(name: string): Promise<void> {
    if (pictures === undefined) return;
    const { cssContentSize } = await this.page.send<{ cssContentSize: { width: number; height: number } }>(
      'Page.getLayoutMetrics',
    );
    const { data } = await this.page.send<{ data: string }>('Page.captureScreenshot', {
      captureBeyondViewport: true,
      clip: { x: 0, y: 0, width: cssContentSize.width, height: Math.max(cssContentSize.height, 600), scale: 1 },
    });
    mkdirSync(pictures, { recursive: true });
    writeFileSync(join(pictures, `${name.replaceAll(/[^a-z0-9]+/gi, '-')}.png`), Buffer.from(data, 'base64'));
  }

  /** The next passkey window fails at once, as where a device has no screen lock. */
  async loseUserVerification(isLost: boolean): Promise<void> {
    await this.page.setUserVerified(!isLost);
  }

  /** A server that puts another request in the place of the one the page wants signed. */
  async swapPayloads(swap: ((payload: string) => string) | undefined): Promise<void> {
    if (swap === undefined) return void (await this.page.send('Fetch.disable'));
    this.page.on('Fetch.requestPaused', ({ requestId, request }) => {
      const { postData = '{}' } = request as { postData?: string };
      const wish = JSON.parse(postData) as { userActionPayload: string };
      const altered = JSON.stringify({ ...wish, userActionPayload: swap(wish.userActionPayload) });
      void this.page
        .send('Fetch.continueRequest', { requestId, postData: Buffer.from(altered).toString('base64') })
        .catch(() => undefined);
    });
    await this.page.send('Fetch.enable', { patterns: [{ urlPattern: '*/auth/action/init', requestStage: 'Request' }] });
  }

  async offline(isOffline: boolean): Promise<void> {
    await this.page.send('Network.enable');
    await this.page.send('Network.emulateNetworkConditions', {
      offline: isOffline,
      latency: 0,
      downloadThroughput: -1,
      uploadThroughput: -1,
    });
  }
}

// The functions below are sent to the browser as their text: they can use nothing from around them.
// biome-ignore-start lint/suspicious/noExplicitAny: the types of the browser are not among ours.

function countWindows(): void {
  const page = globalThis as any;
  page.passkeyWindows = 0;
  const port = page.navigator.credentials;
  if (port === undefined) return;
  for (const name of ['create', 'get']) {
    const own = port[name].bind(port);
    port[name] = (options: unknown) => {
      page.passkeyWindows += 1;
      return own(options);
    };
  }
}

async function shownText(): Promise<string> {
  const { document } = globalThis as any;
  return document.body.innerText as string;
}

async function focusedName(): Promise<string> {
  const { document } = globalThis as any;
  const element = document.activeElement;
  if (element === null || element === document.body) return '';
  // Of a label around its control, the words beside it.
  const words = [...(element.labels?.[0]?.childNodes ?? [])].filter((node: any) => node.nodeType === 3);
  const label = words.length === 0 ? undefined : words.map((node: any) => node.textContent).join(' ');
  const spoken = element.getAttribute('aria-label') ?? label ?? element.textContent ?? '';
  return spoken.replace(/\s+/g, ' ').trim() as string;
}

async function selectAll(): Promise<void> {
  const { document } = globalThis as any;
  document.activeElement.select?.();
}

async function findsPicture(): Promise<boolean> {
  const page = globalThis as any;
  const picture = page.document.createElement('img');
  page.document.body.append(picture);
  const { violations } = await page.axe.run(picture);
  picture.remove();
  return violations.some((each: any) => each.id === 'image-alt');
}

async function judge(): Promise<string[]> {
  const page = globalThis as any;
  const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
  const { violations } = await page.axe.run(page.document, { runOnly: tags, resultTypes: ['violations'] });
  const faults = violations.map(
    (each: any) => `${each.id}: ${each.help} (${each.nodes.map((node: any) => node.html.slice(0, 160)).join(' | ')})`,
  );
  const { scrollWidth, clientWidth } = page.document.documentElement;
  if (scrollWidth > clientWidth) faults.push(`the page is ${scrollWidth} px wide where ${clientWidth} are shown`);
  return faults;
}
// biome-ignore-end lint/suspicious/noExplicitAny: as above.
