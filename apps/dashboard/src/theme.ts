/** Light or dark: as the system says until the person chooses. */
export type Theme = 'system' | 'light' | 'dark';

const THEME = 'holdfast.theme';
const dark = matchMedia('(prefers-color-scheme: dark)');

export function chosenTheme(): Theme {
  const stored = localStorage.getItem(THEME);
  return stored === 'light' || stored === 'dark' ? stored : 'system';
}

export function chooseTheme(theme: Theme): void {
  if (theme === 'system') localStorage.removeItem(THEME);
  else localStorage.setItem(THEME, theme);
  show();
}

export function applyTheme(): void {
  show();
  dark.addEventListener('change', show);
}

function show(): void {
  const chosen = chosenTheme();
  document.documentElement.dataset['theme'] = chosen === 'system' ? (dark.matches ? 'dark' : 'light') : chosen;
}
