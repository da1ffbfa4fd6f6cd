// Makes every guard of a built file say when it is reached and when it says no, changing nothing else. Used on the
// private copy, before anything is removed, to learn which tests can notice the removal of which guard.
import { guardsOf } from './scan.mjs';

/** The text with every guard wrapped; `name` tells its guards from those of other files: `<name>#<number>`. */
export function instrumented(text, { name, recorder }) {
  if (text.startsWith('#!')) return text;
  const edits = [];
  for (const [number, { start, end }] of guardsOf(text).entries()) {
    const id = JSON.stringify(`${name}#${number}`);
    if (text.startsWith('throw', start)) {
      edits.push({ at: start + 'throw'.length, cut: 0, put: ` (__says(${id}),` }, { at: end, cut: 0, put: ')' });
    } else {
      // `check(a, b)` becomes `__call(__at("…"),check,a, b)`: arguments are evaluated where they stood.
      const call = isBundle(text, start) ? '__bundle' : '__call';
      edits.push(
        { at: start, cut: 0, put: `${call}(__at(${id}),` },
        { at: text.indexOf('(', start), cut: 1, put: ',' },
      );
    }
  }
  if (edits.length === 0) return text;
  edits.sort((a, b) => a.at - b.at);
  let made = `import { at as __at, bundle as __bundle, call as __call, says as __says } from ${JSON.stringify(recorder)};`;
  let from = 0;
  for (const { at, cut, put } of edits) {
    made += text.slice(from, at) + put;
    from = at + cut;
  }
  return made + text.slice(from);
}

/** Whether a guard does more than say no: then its removal may be noticed where it never said no. */
export function hasEffects(says) {
  return (
    isBundle(says, 0) ||
    /\bawait\b|\byield\b|\+\+|--|[^=!<>]=[^=>]|\.(?:add|set|delete|push|pop|shift|next|splice|take|read|write)\w*\(/.test(
      says.replace(/'(?:[^'\\]|\\.)*'|`[^`]*`/g, "''"),
    )
  );
}

function isBundle(text, start) {
  return /^(?:refuse|check|require)[A-Z]/.test(text.slice(start, start + 10));
}
