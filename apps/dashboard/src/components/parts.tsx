/** The small parts every page is made of. Colour never stands alone: each has a word or a sign beside it. */
import type { ComponentChildren } from 'preact';
import { useEffect, useId, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { giveUp } from '../account/patience.ts';
import type { Problem } from '../words/problems.ts';

type Tone = 'ok' | 'caution' | 'stop' | 'note';

const tones: Readonly<Record<Tone, { readonly sign: string; readonly box: string; readonly ink: string }>> = {
  ok: { sign: '✓', box: 'bg-oksoft', ink: 'text-ok' },
  caution: { sign: '!', box: 'bg-warnsoft', ink: 'text-warn' },
  stop: { sign: '✕', box: 'bg-dangersoft', ink: 'text-danger' },
  note: { sign: 'i', box: 'bg-infosoft', ink: 'text-info' },
};

/** The focus comes here after a change of page, and the title says where one is. */
export function Title({ children, lead }: { readonly children: string; readonly lead?: ComponentChildren }) {
  const heading = useRef<HTMLHeadingElement>(null);
  // Before it is painted: a focus that moves later takes the key somebody has pressed in between.
  useLayoutEffect(() => {
    document.title = `${children} · Holdfast`;
    heading.current?.focus();
  }, [children]);
  return (
    <header class="mb-6">
      <h1 ref={heading} tabIndex={-1} class="text-2xl font-semibold">
        {children}
      </h1>
      {lead === undefined ? null : <p class="prose mt-1 text-muted">{lead}</p>}
    </header>
  );
}

export function Section({
  title,
  actions,
  children,
}: {
  readonly title: string;
  readonly actions?: ComponentChildren;
  readonly children: ComponentChildren;
}) {
  const id = useId();
  return (
    <section class="card mb-6" aria-labelledby={id}>
      <div class="mb-2 flex flex-wrap items-center justify-between gap-2">
        <h2 id={id} tabIndex={-1} class="text-lg font-semibold">
          {title}
        </h2>
        {actions}
      </div>
      {children}
    </section>
  );
}

export function Note({
  tone,
  title,
  children,
  isAlert = false,
}: {
  readonly tone: Tone;
  readonly title: string;
  readonly children?: ComponentChildren;
  readonly isAlert?: boolean;
}) {
  const { sign, box, ink } = tones[tone];
  return (
    <div role={isAlert ? 'alert' : 'status'} class={`mb-4 flex gap-3 rounded-md p-3 ${box}`}>
      <span aria-hidden="true" class={`w-4 flex-none text-center font-semibold ${ink}`}>
        {sign}
      </span>
      <div class="min-w-0 flex-1">
        <p class={`font-semibold ${ink}`}>{title}</p>
        {children}
      </div>
    </div>
  );
}

/** What · why · next, with the code and the raw words folded away. */
export function ProblemNote({
  problem,
  children,
}: {
  readonly problem: Problem | undefined;
  readonly children?: ComponentChildren;
}) {
  if (problem === undefined) return null;
  const { what, why, next, command, code, requestId, raw } = problem;
  const details = [`code: ${code}`, ...(requestId === undefined ? [] : [`request: ${requestId}`]), raw ?? '']
    .filter((line) => line !== '')
    .join('\n');
  return (
    <Note tone={code === 'PASSKEY_CLOSED' || code === 'OFFLINE' ? 'caution' : 'stop'} title={what} isAlert>
      {why === undefined ? null : <p class="prose">{why}</p>}
      <p class="prose">{next}</p>
      {command === undefined ? null : <CodeLine text={command} label="Copy command" />}
      {children}
      <details class="mt-2 text-sm">
        <summary class="text-muted">Details</summary>
        <pre class="mt-1 font-mono text-xs whitespace-pre-wrap">{details}</pre>
        <CopyButton text={details} label="Copy for support" />
      </details>
    </Note>
  );
}

const look = {
  primary: 'bg-accent text-onaccent border-transparent',
  plain: 'bg-surface text-text border-edge hover:bg-sunken',
  danger: 'bg-danger text-ondanger border-transparent',
} as const;

export function Button({
  children,
  onClick,
  kind = 'plain',
  type = 'button',
  isBusy = false,
  isDisabled = false,
  describedBy,
}: {
  readonly children: ComponentChildren;
  readonly onClick?: () => void;
  readonly kind?: keyof typeof look;
  readonly type?: 'button' | 'submit';
  readonly isBusy?: boolean;
  readonly isDisabled?: boolean;
  readonly describedBy?: string;
}) {
  return (
    <button
      type={type}
      onClick={isBusy || isDisabled ? (event) => event.preventDefault() : onClick}
      // Not `disabled`: it would lose the focus, and a reader of screens could not find out why it is off.
      aria-disabled={isBusy || isDisabled}
      aria-describedby={describedBy}
      class={`inline-flex min-h-10 items-center justify-center gap-2 rounded-sm border px-4 py-2 text-sm font-medium ${look[kind]} ${isDisabled ? 'border-dashed' : ''}`}
    >
      {isBusy ? <span class="busy-ring" aria-hidden="true" /> : null}
      {children}
    </button>
  );
}

export function Field({
  label,
  value,
  onInput,
  hint,
  problem,
  type = 'text',
  autocomplete = 'off',
  isMono = false,
  placeholder,
}: {
  readonly label: string;
  readonly value: string;
  readonly onInput: (value: string) => void;
  readonly hint?: string;
  /** Beside the field, in place of the hint. */
  readonly problem?: string | undefined;
  readonly type?: 'text' | 'email';
  readonly autocomplete?: string;
  readonly isMono?: boolean;
  readonly placeholder?: string;
}) {
  const id = useId();
  const says = problem ?? hint;
  return (
    <div class="mb-4">
      <label for={id} class="mb-1 block text-sm font-medium">
        {label}
      </label>
      <input
        id={id}
        type={type}
        value={value}
        autocomplete={autocomplete}
        spellcheck={false}
        placeholder={placeholder}
        aria-invalid={problem !== undefined}
        aria-describedby={says === undefined ? undefined : `${id}-says`}
        onInput={(event) => onInput(event.currentTarget.value)}
        class={`block min-h-10 w-full rounded-sm border border-edge bg-surface px-3 py-2 text-sm ${isMono ? 'font-mono' : ''}`}
      />
      {says === undefined ? null : (
        <p id={`${id}-says`} class={`mt-1 text-sm ${problem === undefined ? 'text-muted' : 'text-danger'}`}>
          {problem === undefined ? '' : '✕ '}
          {says}
        </p>
      )}
    </div>
  );
}

export function CopyButton({ text, label }: { readonly text: string; readonly label: string }) {
  const [isCopied, setCopied] = useState(false);
  useEffect(() => {
    if (!isCopied) return undefined;
    const timer = setTimeout(() => setCopied(false), 1_500);
    return () => clearTimeout(timer);
  }, [isCopied]);
  return (
    <span class="inline-flex">
      <Button
        onClick={() =>
          void navigator.clipboard.writeText(text).then(
            () => setCopied(true),
            () => undefined,
          )
        }
      >
        {isCopied ? 'Copied' : label}
      </Button>
      <span role="status" class="sr-only">
        {isCopied ? 'Copied' : ''}
      </span>
    </span>
  );
}

/** A command or a hash to take along. */
export function CodeLine({ text, label }: { readonly text: string; readonly label: string }) {
  return (
    <div class="my-2">
      <pre class="rounded-sm bg-sunken p-3 font-mono text-sm break-all whitespace-pre-wrap select-all">{text}</pre>
      <div class="mt-2">
        <CopyButton text={text} label={label} />
      </div>
    </div>
  );
}

/** Groups to read aloud and compare; copied without their spaces. */
export function Fingerprint({ groups, label }: { readonly groups: readonly string[]; readonly label: string }) {
  return (
    <p class="my-1">
      <span class="block text-sm text-muted">{label}</span>
      <Groups groups={groups} />
    </p>
  );
}

export function Groups({ groups }: { readonly groups: readonly string[] }) {
  return (
    <code class="inline-flex flex-wrap gap-x-2 font-mono text-sm">
      {groups.map((group, at) => (
        <span key={`${at}-${group}`} class={at % 2 === 0 ? '' : 'text-muted'}>
          {group}{' '}
        </span>
      ))}
    </code>
  );
}

const chips = {
  ok: { sign: '✓', look: 'bg-oksoft text-ok' },
  caution: { sign: '!', look: 'bg-warnsoft text-warn' },
  off: { sign: '○', look: 'bg-sunken text-muted' },
} as const;

export function Chip({ kind, children }: { readonly kind: keyof typeof chips; readonly children: string }) {
  const { sign, look: colours } = chips[kind];
  return (
    <span class={`inline-flex items-center gap-1 rounded-full px-2 py-0.5 text-xs font-medium ${colours}`}>
      <span aria-hidden="true">{sign}</span>
      {children}
    </span>
  );
}

/** Shown while the browser's own window is open: it says nothing of what will happen, so the page does. */
export function Waiting({ step }: { readonly step: string | undefined }) {
  return (
    <div role="status" class="mb-4 flex flex-wrap items-center gap-3 rounded-md bg-sunken p-3">
      <span class="busy-ring" aria-hidden="true" />
      <span class="flex-1">{step ?? 'Working'}</span>
      {step === undefined ? null : <Button onClick={giveUp}>Cancel</Button>}
    </div>
  );
}

/** In the final size, so that nothing moves when the answer is there; a sentence when it takes long. */
export function Skeleton({ lines, onRetry }: { readonly lines: number; readonly onRetry: () => void }) {
  const [isLate, setLate] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), 3_000);
    return () => clearTimeout(timer);
  }, []);
  return (
    <div aria-busy="true">
      <p role="status" class={isLate ? 'mb-2 text-muted' : 'sr-only'}>
        {isLate ? 'This takes longer than usual.' : 'Loading'}
      </p>
      {isLate ? <Button onClick={onRetry}>Ask again</Button> : null}
      {Array.from({ length: lines }, (_, at) => (
        <div key={at} aria-hidden="true" class="mb-3 h-16 rounded-md bg-sunken" />
      ))}
    </div>
  );
}

const units: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
];

/** Relative, exact on hover and for readers of the source. */
export function Moment({ at }: { readonly at: string }) {
  const seconds = (Date.parse(at) - Date.now()) / 1_000;
  const [unit, size] = units.find(([, each]) => Math.abs(seconds) >= each) ?? (['second', 1] as const);
  const words =
    unit === 'second'
      ? 'just now'
      : new Intl.RelativeTimeFormat('en', { numeric: 'auto' }).format(Math.round(seconds / size), unit);
  return (
    <time dateTime={at} title={new Date(at).toLocaleString('en', { timeZoneName: 'short' })}>
      {words}
    </time>
  );
}
