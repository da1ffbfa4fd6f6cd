/** `GET /`: the state of the cluster, what it computes with, and the next step for somebody new. No script, no assets. */
import { createHash } from 'node:crypto';
import type { Context } from '../context.ts';
import { type ClusterState, clusterState, type StateWord } from '../domain/cluster-state.ts';

// Colours and scales of the design language (experience.md §9): every pair passes WCAG AA in both themes.
const style = `
:root{--bg:#F6F8F7;--surface:#FFF;--sunken:#EBEFEE;--line:#D3DBD9;--text:#13201E;--muted:#4A5A57;--focus:#0B57D0;--accent:#0A655C;--danger:#B1241C;--dangersoft:#FCE9E7;--warn:#7D4B00;--warnsoft:#FFF0D4;--ok:#17663A;--oksoft:#DFF3E6}
@media (prefers-color-scheme:dark){:root{--bg:#0D1413;--surface:#151D1C;--sunken:#1E2827;--line:#2E3B39;--text:#E7EEEC;--muted:#A8B7B4;--focus:#8AB8FF;--accent:#5FD3C4;--danger:#FF9C92;--dangersoft:#3B1714;--warn:#F1C167;--warnsoft:#36280A;--ok:#80D99C;--oksoft:#12321F}}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--text);font:1rem/1.5 ui-sans-serif,system-ui,"Segoe UI",Roboto,"Noto Sans",sans-serif}
main{max-width:46rem;margin:0 auto;padding:2rem 1rem}
h1{font-size:2rem;line-height:2.5rem;font-weight:600;margin:0}
h2{font-size:1.25rem;line-height:1.75rem;font-weight:600;margin:0 0 .5rem}
.lead{color:var(--muted);margin:.25rem 0 0}
section{background:var(--surface);border:1px solid var(--line);border-radius:.625rem;padding:1rem;margin-top:1.5rem}
p{margin:.5rem 0;max-width:68ch}
.state{margin:0;padding:.75rem;border-radius:.375rem;max-width:none;display:grid;grid-template-columns:auto 1fr;gap:0 .5rem}
.state span,.state strong{font-weight:600}.state small{grid-column:2;font-size:1rem;color:inherit}
.state.ok{background:var(--oksoft)}.state.ok span,.state.ok strong,li.ok span{color:var(--ok)}
.state.degraded{background:var(--warnsoft)}.state.degraded span,.state.degraded strong,li.down span{color:var(--warn)}
.state.down{background:var(--dangersoft)}.state.down span,.state.down strong{color:var(--danger)}
.signers{list-style:none;margin:.75rem 0 0;padding:0;display:grid;gap:.5rem}
.signers li{background:var(--sunken);border-radius:.375rem;padding:.5rem .75rem;display:grid;grid-template-columns:auto 1fr auto;gap:0 .5rem;align-items:baseline}
small{color:var(--muted);font-size:.875rem}
@media (min-width:44rem){.signers{grid-template-columns:repeat(5,1fr)}.signers li{grid-template-columns:auto 1fr}.signers small{grid-column:2}}
ol{margin:0;padding-left:1.25rem}
ol li{margin-top:.75rem}ol li::marker{color:var(--muted)}
pre{background:var(--sunken);border-radius:.375rem;padding:.5rem .75rem;margin:.5rem 0;white-space:pre-wrap;overflow-wrap:anywhere;-webkit-user-select:all;user-select:all}
pre span{white-space:nowrap}
code{font-family:ui-monospace,"SF Mono","Cascadia Mono","DejaVu Sans Mono",Menlo,monospace;font-size:.875rem}
dl{display:grid;gap:0 1rem;margin:0}
dt{color:var(--muted);font-size:.875rem}dd{margin:0 0 .5rem;overflow-wrap:anywhere}
@media (min-width:32rem){dl{grid-template-columns:auto 1fr;align-items:baseline;gap:.25rem 1rem}dt{font-size:1rem}dd{margin:0}}
a{color:var(--accent)}
:focus-visible{outline:2px solid var(--focus);outline-offset:2px;border-radius:.25rem}
footer{margin-top:1.5rem}
footer ul{list-style:none;display:flex;flex-wrap:wrap;gap:.5rem 1.5rem;margin:0;padding:0}
`;

export const pageHeaders = {
  // The one style sheet by its hash, an empty picture so that no browser asks for an icon, and nothing else.
  'content-security-policy': `default-src 'none'; style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  'cross-origin-opener-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-store',
} as const;

export async function landingPage(ctx: Context, o: { readonly hasPages?: boolean } = {}): Promise<string> {
  const state = await clusterState(ctx);
  const { word, online, total } = state;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Holdfast: ${online} of ${total} signers, ${text(headline[word])}</title>
<link rel="icon" href="data:,">
<style>${style}</style>
</head>
<body>
<main>
<header><h1>Holdfast</h1><p class="lead">Wallets whose keys exist only as shares on five signers; any three hold a key, two learn nothing.</p></header>
<section aria-labelledby="cluster">
<h2 id="cluster">Cluster</h2>
<p class="state ${word}"><span aria-hidden="true">${mark[word]}</span> <strong>${online} of ${total} signers are connected: ${text(headline[word])}</strong> <small>${text(explain(state))}</small></p>
<ul class="signers">
${state.signers.map(({ index, isOnline }) => `<li class="${isOnline ? 'ok' : 'down'}"><span aria-hidden="true">${isOnline ? '●' : '○'}</span> signer ${index} <small>${isOnline ? 'online' : 'offline'}</small></li>`).join('\n')}
</ul>
</section>
${nextStep(state, commandLine(ctx.config.port), o)}
<section aria-labelledby="running">
<h2 id="running">What is running</h2>
<dl>
<dt>Version</dt><dd>${text(ctx.config.version)}</dd>
<dt>Cluster</dt><dd><code>${text(ctx.signers.roster.clusterId)}</code></dd>
<dt>Database</dt><dd>${ctx.db.kind === 'pglite' ? 'embedded, for trying things out; PostgreSQL by <code>DATABASE_URL</code>' : 'PostgreSQL'}</dd>
${arithmetic(state)}
</dl>
</section>
<footer><nav aria-label="More"><ul>${o.hasPages === true ? '<li><a href="/app/">Sign in</a></li>' : ''}<li><a href="/openapi.json">API description (OpenAPI)</a></li><li><a href="/health">Health</a></li><li><a href="/holdfast/cluster">Signers and their keys</a></li></ul></nav></footer>
</main>
</body>
</html>
`;
}

const headline: Readonly<Record<StateWord, string>> = {
  ok: 'everything works',
  degraded: 'some things work',
  down: 'not signing',
};
const mark: Readonly<Record<StateWord, string>> = { ok: '✓', degraded: '!', down: '✕' };

function explain({ word, total }: ClusterState): string {
  switch (word) {
    case 'ok':
      return 'Keys can be created, imported, used and exported.';
    case 'degraded':
      return `EdDSA and Schnorr keys sign. ECDSA signatures, new keys and imports need all ${total}.`;
    case 'down':
      return 'Nothing signs with fewer than 3. No key is lost: the shares are with the signers.';
    default:
      return word satisfies never;
  }
}

/** First what is wrong, then what somebody new would do. */
function nextStep(state: ClusterState, holdfast: (line: string) => string, o: { readonly hasPages?: boolean }): string {
  const mend = state.word === 'ok' ? '' : section('mend', 'Bring the missing signers back', mending(state, holdfast));
  if (state.word === 'down') return mend;
  const first = [
    ['Watch a real key being imported, used and exported:', 'demo'],
    [
      'Make an organisation. The file it writes holds the keys of its administrator and of a service account: keep it to yourself.',
      'org create --name Acme --admin admin@acme.example --out acme.json --allow-export',
    ],
    ['Switch import and export on; an organisation begins with both off:', 'org enable import export --as acme.json'],
    ['Make a wallet:', 'wallet create --network EthereumSepolia --as acme.json'],
  ] as const;
  const start = o.hasPages
    ? `<p>With a passkey, in this browser: this prints a link that sets up an organisation.</p>\n${command(holdfast('org setup-link'))}\n<p>Or on the command line:</p>\n`
    : '';
  return `${mend}
${section(
  'next',
  'Next steps',
  `${start}<p><small>In the folder that holds Holdfast. A click on a command selects all of it.</small></p>
<ol>
${first.map(([says, line]) => `<li>${says}${command(holdfast(line))}</li>`).join('\n')}
</ol>`,
)}`;
}

function mending({ word, signers, online }: ClusterState, holdfast: (line: string) => string): string {
  const missing = signers.filter(({ isOnline }) => !isOnline);
  const each = missing.map(({ index }) => command(holdfast(`signer start ${index}`))).join('\n');
  return [
    '<p>Signers connect a few seconds after they start: <a href="/">look again</a>.</p>',
    online === 0 ? '' : `<p>One that stopped is started by its number, in a terminal of its own:</p>\n${each}`,
    word === 'down'
      ? `<p>To start all of them together, end what runs with Ctrl-C, then:</p>\n${command(holdfast('start'))}`
      : '',
  ].join('\n');
}

/** As it is typed on the machine itself: a port of its own has to be named there, too. */
function commandLine(port: number): (words: string) => string {
  const env = port === 8787 ? '' : `HOLDFAST_PORT=${port} `;
  return (words) => {
    if (words === 'start') return `${env}npm start`;
    return `${env}npm run ${words === 'demo' ? words : `--silent holdfast -- ${words}`}`;
  };
}

const section = (id: string, title: string, content: string): string => `<section aria-labelledby="${id}">
<h2 id="${id}">${title}</h2>
${content}
</section>`;

/** Lines break between words only: a dash at the end of one could be two on the next. */
const command = (line: string): string =>
  `<pre><code>${line
    .split(' ')
    .map((word) => `<span>${text(word)}</span>`)
    .join(' ')}</code></pre>`;

function arithmetic({ backends }: ClusterState): string {
  return Object.entries(backends)
    .map(([curve, by]) => `<dt>Arithmetic on ${text(curve)}</dt><dd>${text(by)}</dd>`)
    .join('\n');
}

const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
const text = (value: string): string => value.replaceAll(/[&<>"']/g, (character) => escapes[character] ?? '');
