/** Entry of the browser's pages: theme, route, and the page, each in a file that loads when it is asked for. */
import { render } from 'preact';
import { App } from './app.tsx';
import { applyTheme } from './theme.ts';

applyTheme();
const root = document.getElementById('app');
if (root !== null) render(<App />, root);
