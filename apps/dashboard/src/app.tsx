/** The frame around every page: who is signed in, where one can go, and what concerns all of them. */
import type { ComponentType } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { closeSession, currentSession, openSession, type Session } from './account/accounts.ts';
import { publicApi } from './account/api.ts';
import { Button, Note } from './components/parts.tsx';
import { go, PageLink, type PageName, pageOf, usePath } from './router.tsx';
import { chooseTheme, chosenTheme, type Theme } from './theme.ts';

export interface PageProps {
  readonly session: Session | undefined;
  /** Opens a login, or ends it. */
  readonly onSession: (session: Session | undefined) => void;
}

/** A page that is for members alone. */
export interface MemberPageProps extends PageProps {
  readonly session: Session;
}

type Loader = () => Promise<ComponentType<PageProps>>;

const guests: Partial<Readonly<Record<PageName, Loader>>> = {
  setup: async () => (await import('./pages/setup.tsx')).SetupPage,
  register: async () => (await import('./pages/register.tsx')).RegisterPage,
  login: async () => (await import('./pages/login.tsx')).LoginPage,
  recover: async () => (await import('./pages/recover.tsx')).RecoverPage,
};

const members: Partial<Readonly<Record<PageName, () => Promise<ComponentType<MemberPageProps>>>>> = {
  credentials: async () => (await import('./pages/credentials.tsx')).CredentialsPage,
  confirmations: async () => (await import('./pages/confirmations.tsx')).ConfirmationsPage,
  sign: async () => (await import('./pages/sign.tsx')).SignPage,
};

export function App() {
  const path = usePath();
  const [session, setSession] = useState(currentSession);
  const isOnline = useOnline();
  const name = pageOf(path);
  const wanted: PageName = name ?? (session === undefined ? 'login' : 'credentials');
  const isForMembers = members[wanted] !== undefined;
  const shown: PageName = isForMembers && session === undefined ? 'login' : wanted;
  const Page = useLoaded(shown);

  useEffect(() => {
    if (name === undefined) go(shown, { replace: true });
  }, [name, shown]);

  const onSession = (next: Session | undefined) => {
    if (next === undefined) closeSession();
    else openSession(next);
    setSession(next);
  };

  if (typeof PublicKeyCredential === 'undefined' || globalThis.crypto?.subtle === undefined)
    return (
      <main class="alone">
        <NoPasskeys />
      </main>
    );
  return (
    <>
      {/* In the flow of the page: laid over it, it would cover what stands there. */}
      <a href="#content" class="sr-only focus:not-sr-only focus:block focus:bg-surface focus:p-2">
        Skip to the content
      </a>
      <div class="md:grid md:min-h-dvh md:grid-cols-[16rem_1fr]">
        <Side session={session} shown={shown} onSession={onSession} />
        <main id="content" tabIndex={-1} class="mx-auto w-full max-w-[60rem] p-4 md:p-6">
          {isOnline ? null : (
            <Note tone="caution" title="You are offline">
              <p>What was read stays here. Changes wait until the connection is back.</p>
            </Note>
          )}
          {Page === 'failed' ? (
            <Note tone="stop" title="This page could not be loaded" isAlert>
              <p class="mb-2">The connection broke, or Holdfast was updated a moment ago.</p>
              <Button onClick={() => location.reload()}>Load again</Button>
            </Note>
          ) : Page === undefined ? null : (
            <Page key={shown} session={session} onSession={onSession} />
          )}
        </main>
      </div>
    </>
  );
}

/** The code of a page, while it is on its way: nothing, which lasts a few milliseconds. */
function useLoaded(name: PageName): ComponentType<PageProps> | 'failed' | undefined {
  const [loaded, setLoaded] = useState<{ name: PageName; page: ComponentType<PageProps> | 'failed' }>();
  useEffect(() => {
    let isCurrent = true;
    // A member's page is shown with a session only; see `shown`.
    const load = (guests[name] ?? members[name]) as Loader;
    load().then(
      (page) => isCurrent && setLoaded({ name, page }),
      () => isCurrent && setLoaded({ name, page: 'failed' }),
    );
    return () => {
      isCurrent = false;
    };
  }, [name]);
  return loaded?.name === name ? loaded.page : undefined;
}

function Side({
  session,
  shown,
  onSession,
}: {
  readonly session: Session | undefined;
  readonly shown: PageName;
  readonly onSession: PageProps['onSession'];
}) {
  const signOut = () => {
    // The login ends here whatever the server says; it lasts some hours at most.
    if (session !== undefined)
      void publicApi(session.token)
        .plain('PUT', '/auth/logout', {})
        .catch(() => undefined);
    onSession(undefined);
    go('login');
  };
  return (
    <header class="flex flex-wrap items-center gap-x-4 gap-y-2 border-line bg-surface p-4 max-md:border-b md:flex-col md:items-stretch md:gap-4 md:border-r">
      <p class="grow text-lg font-semibold whitespace-nowrap md:grow-0">
        <a href="/app/">Holdfast</a>
      </p>
      {session === undefined ? null : (
        <>
          <nav aria-label="Pages" class="max-md:order-3 max-md:w-full">
            <ul class="flex flex-wrap gap-1 md:flex-col">
              {(
                [
                  ['credentials', 'My credentials'],
                  ['confirmations', 'Confirmations'],
                ] as const
              ).map(([to, label]) => (
                <li key={to}>
                  <PageLink
                    to={to}
                    aria-current={shown === to ? 'page' : undefined}
                    class={`block rounded-sm px-3 py-2 text-sm ${shown === to ? 'bg-accentsoft font-semibold text-accent' : 'hover:bg-sunken'}`}
                  >
                    {label}
                  </PageLink>
                </li>
              ))}
            </ul>
          </nav>
          <div class="flex w-full flex-wrap items-center justify-between gap-2 text-sm max-md:order-4 md:mt-auto md:flex-col md:items-start">
            <p class="min-w-0">
              <span class="block font-medium">{session.account.orgName}</span>
              <span class="block text-muted">{session.account.username}</span>
            </p>
            <Button onClick={signOut}>Sign out</Button>
          </div>
        </>
      )}
      <ThemeChoice isLast={session === undefined} />
    </header>
  );
}

function ThemeChoice({ isLast }: { readonly isLast: boolean }) {
  const [theme, setTheme] = useState<Theme>(chosenTheme);
  return (
    <label class={`flex items-center gap-2 text-sm text-muted ${isLast ? 'md:mt-auto' : ''}`}>
      Theme
      <select
        value={theme}
        onChange={(event) => {
          const chosen = event.currentTarget.value as Theme;
          chooseTheme(chosen);
          setTheme(chosen);
        }}
        class="min-h-8 rounded-sm border border-edge bg-surface px-2 text-text"
      >
        <option value="system">as the system</option>
        <option value="light">light</option>
        <option value="dark">dark</option>
      </select>
    </label>
  );
}

function useOnline(): boolean {
  const [isOnline, setOnline] = useState(navigator.onLine);
  useEffect(() => {
    const changed = () => setOnline(navigator.onLine);
    addEventListener('online', changed);
    addEventListener('offline', changed);
    return () => {
      removeEventListener('online', changed);
      removeEventListener('offline', changed);
    };
  }, []);
  return isOnline;
}

/** On a plain address of the local network there are no passkeys and no Web Crypto: said before anything else. */
function NoPasskeys() {
  return (
    <>
      <h1 class="mb-4 text-2xl font-semibold">Passkeys do not work at this address</h1>
      <p class="prose">
        Browsers allow them on <code>localhost</code>, or over https with a name. Nothing is wrong with your account.
      </p>
      <ul class="prose mt-4 list-disc pl-5">
        <li>
          On the machine that runs Holdfast, open the address that <code>npm start</code> printed.
        </li>
        <li>
          From another machine, put a proxy with TLS in front and set <code>HOLDFAST_PUBLIC_URL</code> to its name.
        </li>
        <li>
          Or work with the command line: <code>npm run --silent holdfast -- help</code>
        </li>
      </ul>
    </>
  );
}
