/** Texts that others chose, for a screen or a terminal: what a person reads is what the text holds, in its order. */

/**
 * Controls (a terminal obeys them), what turns the direction of the text around it, and what takes no room at all:
 * with them a text shows something else than it says.
 */
const unseen = /[\p{Cc}\p{Cs}\p{Co}\p{Zl}\p{Zp}\p{Bidi_Control}\p{Default_Ignorable_Code_Point}]/gu;
const rightToLeft = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;
const [ISOLATE, POP] = ['\u2068', '\u2069'];

/** Each such character as `⟨U+202E⟩`. Text written from right to left is isolated: it moves no digit or word beside it. */
export function visibleText(text: string): string {
  const shown = text.replace(
    unseen,
    (each) => `⟨U+${(each.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}⟩`,
  );
  return rightToLeft.test(shown) ? `${ISOLATE}${shown}${POP}` : shown;
}
