/** Where the person is: the page named by the path below /app/. The part after `#` may hold a code: never kept, never sent. */
import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';

export type PageName = 'setup' | 'register' | 'login' | 'credentials' | 'confirmations' | 'recover' | 'sign';

const names: readonly PageName[] = ['setup', 'register', 'login', 'credentials', 'confirmations', 'recover', 'sign'];

const listeners = new Set<() => void>();

export function pageOf(path: string): PageName | undefined {
  const [, name] = /^\/app\/([a-z]*)\/?$/.exec(path) ?? [];
  return names.find((each) => each === name);
}

export const addressOf = (page: PageName): string => `/app/${page}`;

export function go(page: PageName, o: { readonly replace?: boolean } = {}): void {
  if (o.replace === true) history.replaceState(null, '', addressOf(page));
  else history.pushState(null, '', addressOf(page));
  for (const listener of listeners) listener();
}

export function usePath(): string {
  const [path, setPath] = useState(location.pathname);
  useEffect(() => {
    const changed = () => setPath(location.pathname);
    listeners.add(changed);
    addEventListener('popstate', changed);
    return () => {
      listeners.delete(changed);
      removeEventListener('popstate', changed);
    };
  }, []);
  return path;
}

/** Members after `#`, as mails and `npm start` write them. */
export function fragment(): URLSearchParams {
  return new URLSearchParams(location.hash.slice(1));
}

export const dropFragment = (): void => history.replaceState(null, '', location.pathname);

export function PageLink({
  to,
  children,
  ...rest
}: { readonly to: PageName; readonly children: ComponentChildren } & Omit<JSX.AnchorHTMLAttributes, 'href'>) {
  return (
    <a
      {...rest}
      href={addressOf(to)}
      onClick={(event) => {
        // A new tab or window is the browser's business.
        if (event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
        event.preventDefault();
        go(to);
      }}
    >
      {children}
    </a>
  );
}
