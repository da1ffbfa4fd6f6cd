// Finds the guards of one built file. A guard is
//   1. a call of `refuse`, `abort`, `check`, `invalid` or `malformed`, wherever it stands;
//   2. a statement that is nothing but a call of `refuseX(…)`, `checkX(…)` or `requireX(…)`: a named bundle of guards;
//   3. `throw new XError(…)` where XError is a class of ours: what remains of a refusal that needs a cause.
// Not guards: declarations, methods of other objects (`controller.abort()`), the inside of the functions named in 1
// when they do nothing but throw, and `Error`, `TypeError`, `RangeError`: those say "bug", which no input reaches.
// Removing a guard turns it into `(void 0)`, its arguments included: a check becomes nothing, a refusal in an
// expression becomes undefined.

const PLAIN = /^(?:refuse|abort|check|invalid|malformed)$/;
const BUNDLE = /^(?:refuse|check|require)[A-Z]\w*$/;
const BUGS = new Set(['Error', 'TypeError', 'RangeError']);
const REMOVED = '(void 0)';

/** Every guard of the text, in order: where it stands and what it says. */
export function guardsOf(text) {
  const tokens = tokenize(text);
  const helpers = helperBodies(tokens);
  const guards = [];
  for (const [at, token] of tokens.entries()) {
    const found = guardAt(tokens, at);
    if (found === undefined) continue;
    if (helpers.some(([from, to]) => token.start > from && token.start < to)) continue;
    guards.push({ start: token.start, end: found.end, says: text.slice(token.start, found.end).replace(/\s+/g, ' ') });
  }
  return guards;
}

/** The text without that guard. Line breaks stay, so that every other line keeps its number. */
export function without(text, { start, end }) {
  const breaks = text.slice(start, end).replace(/[^\n]/g, '');
  return text.slice(0, start) + REMOVED + breaks + text.slice(end);
}

function guardAt(tokens, at) {
  const [token, next] = [tokens[at], tokens[at + 1]];
  const before = tokens[at - 1]?.text;
  if (token.text === 'throw' && next?.text === 'new' && tokens[at + 3]?.text === '(') {
    if (BUGS.has(tokens[at + 2].text)) return undefined;
    return { end: tokens[closing(tokens, at + 3)].end };
  }
  if (token.type !== 'word' || next?.text !== '(' || before === 'function') return undefined;
  const ofThis = before === '.' && tokens[at - 2]?.text === 'this';
  if (before === '.' && !ofThis) return undefined;
  const close = closing(tokens, at + 1);
  if (tokens[close + 1]?.text === '{') return undefined; // A method's declaration.
  const first = ofThis ? at - 2 : at;
  const bare = token.text.replace(/^#/, '');
  if (PLAIN.test(bare)) return ofThis ? undefined : { end: tokens[close].end };
  const isStatement = startsStatement(tokens[first - 1]) && tokens[close + 1]?.text === ';';
  // `this.#checkX();` stays a property access on nothing: `this.(void 0)` would not parse.
  return BUNDLE.test(bare) && isStatement && !ofThis ? { end: tokens[close].end } : undefined;
}

function startsStatement(before) {
  return before === undefined || [';', '{', '}', ')', 'else', 'await'].includes(before.text);
}

/** Bodies of `function refuse(…) {…}` and its like that hold one throw or one call and nothing else to judge. */
function helperBodies(tokens) {
  const bodies = [];
  for (const [at, token] of tokens.entries()) {
    if (token.text !== 'function' || !PLAIN.test(tokens[at + 1]?.text ?? '')) continue;
    const open = closing(tokens, at + 2) + 1;
    const end = closing(tokens, open);
    const inside = tokens.slice(open, end);
    const judged = inside.filter((t, k) => t.text === 'throw' || (PLAIN.test(t.text) && inside[k + 1]?.text === '('));
    if (judged.length === 1) bodies.push([tokens[open].start, tokens[end].end]);
  }
  return bodies;
}

const PAIRS = { '(': ')', '{': '}', '[': ']' };

function closing(tokens, open) {
  const [opens, closes] = [tokens[open].text, PAIRS[tokens[open].text]];
  let depth = 0;
  for (let at = open; at < tokens.length; at += 1) {
    if (tokens[at].text === opens && tokens[at].type === 'sign') depth += 1;
    if (tokens[at].text === closes && tokens[at].type === 'sign') depth -= 1;
    if (depth === 0) return at;
  }
  throw new Error(`unbalanced ${opens} at ${tokens[open].start}`);
}

/** Words, signs and literals of what tsc writes. Comments are skipped; a template is one token, however nested. */
export function tokenize(text) {
  const tokens = [];
  let at = 0;
  while (at < text.length) {
    const char = text[at];
    const two = text.slice(at, at + 2);
    const start = at;
    let type = 'sign';
    if (/\s/.test(char)) {
      at += 1;
      continue;
    }
    if (two === '//') {
      at = until(text, '\n', at);
      continue;
    }
    if (two === '/*') {
      at = until(text, '*/', at + 2) + 2;
      continue;
    }
    if (char === "'" || char === '"') {
      at = quoted(text, at);
      type = 'literal';
    } else if (char === '`') {
      at = template(text, at);
      type = 'literal';
    } else if (char === '/' && startsRegExp(tokens.at(-1))) {
      at = regExp(text, at);
      type = 'literal';
    } else if (/[\w$#]/.test(char)) {
      while (at < text.length && /[\w$#]/.test(text[at])) at += 1;
      type = 'word';
    } else at += 1;
    tokens.push({ type, start, end: at, text: text.slice(start, at) });
  }
  return tokens;
}

function startsRegExp(before) {
  if (before === undefined) return true;
  if (before.type === 'literal') return false;
  if (before.type === 'word') return /^(?:return|typeof|case|in|of|void|throw|await|else)$/.test(before.text);
  return ![')', ']', '}'].includes(before.text);
}

function until(text, mark, from) {
  const at = text.indexOf(mark, from);
  return at === -1 ? text.length : at;
}

function quoted(text, from) {
  let at = from + 1;
  while (text[at] !== text[from]) at += text[at] === '\\' ? 2 : 1;
  return at + 1;
}

function regExp(text, from) {
  let at = from + 1;
  let isClass = false;
  while (isClass || text[at] !== '/') {
    if (text[at] === '[') isClass = true;
    if (text[at] === ']') isClass = false;
    at += text[at] === '\\' ? 2 : 1;
  }
  at += 1;
  while (/[a-z]/.test(text[at])) at += 1;
  return at;
}

function template(text, from) {
  let at = from + 1;
  while (text[at] !== '`') {
    if (text.startsWith('${', at)) at = interpolation(text, at + 2);
    else at += text[at] === '\\' ? 2 : 1;
  }
  return at + 1;
}

function interpolation(text, from) {
  let depth = 1;
  let at = from;
  while (depth > 0) {
    const char = text[at];
    if (char === '`') at = template(text, at);
    else if (char === "'" || char === '"') at = quoted(text, at);
    else {
      if (char === '{') depth += 1;
      if (char === '}') depth -= 1;
      at += 1;
    }
  }
  return at;
}
