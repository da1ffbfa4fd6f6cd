/**
 * The look before the passkey: one sentence of what is about to be signed, made here from the exact text; every member of
 * it below; and only then the browser's own window, which shows nothing of it.
 */
import { visibleText } from '@holdfast/contract/wire';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { Session } from '../account/accounts.ts';
import { apiOf } from '../account/api.ts';
import { type ActionRequest, type Described, describeRequest, shortened } from '../words/actions.ts';
import { Button, Groups, Note, ProblemNote, Waiting } from './parts.tsx';
import { useTask } from './task.ts';

export interface Confirmation {
  readonly session: Session;
  readonly request: ActionRequest;
  /** What the page knows better; made in the browser like the rest. */
  readonly described?: Described;
}

/** What it says, without the buttons: shown by whoever asks for a signature. */
export function Request({ request, described }: { readonly request: ActionRequest; readonly described: Described }) {
  const { rows, caution, level } = described;
  return (
    <>
      {caution === undefined ? null : (
        <Note tone="caution" title={level === 'opaque' ? 'Nobody can read what this does' : 'Before you sign'}>
          <p class="prose">{caution}</p>
        </Note>
      )}
      <dl class="mb-4 grid gap-x-4 gap-y-1 text-sm sm:grid-cols-[auto_minmax(0,1fr)]">
        {rows.map(({ label, value, groups }, at) => (
          // Two members may have one label.
          <div key={`${at}-${label}`} class="contents">
            <dt class="text-muted">{label}</dt>
            <dd class="min-w-0 max-sm:mb-2">{groups === undefined ? shortened(value) : <Groups groups={groups} />}</dd>
          </div>
        ))}
      </dl>
      <details class="mb-4 text-sm">
        <summary class="text-muted">What exactly is signed</summary>
        <pre class="mt-2 rounded-sm bg-sunken p-3 font-mono text-xs break-all whitespace-pre-wrap">
          {`${request.method} ${request.path}\n\n${visibleText(request.payload)}`}
        </pre>
      </details>
    </>
  );
}

/** Opens while there is something to confirm; answers what the api answered, or undefined when the person turned back. */
export function ConfirmDialog({
  confirmation,
  onEnd,
}: {
  readonly confirmation: Confirmation | undefined;
  readonly onEnd: (result: unknown) => void;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  const task = useTask();
  const [knows, setKnows] = useState(false);
  useLayoutEffect(() => {
    if (confirmation !== undefined && dialog.current?.open === false) {
      dialog.current.showModal();
      dialog.current.querySelector('h2')?.focus();
    }
    if (confirmation === undefined) dialog.current?.close();
    setKnows(false);
    task.clear();
    // A new confirmation begins anew, nothing else does.
  }, [confirmation]);
  const described =
    confirmation === undefined ? undefined : (confirmation.described ?? describeRequest(confirmation.request));
  const sign = async () => {
    if (confirmation === undefined) return;
    const { session, request } = confirmation;
    const answer = await task.run(async (say) => {
      say('Your browser asks for your passkey now.');
      const { result } = await apiOf(session).signed<unknown>(
        request.method,
        request.path,
        JSON.parse(request.payload),
      );
      return { result };
    });
    if (answer !== undefined) onEnd(answer.result);
  };
  const mustKnow = described?.level === 'opaque' && !knows;
  // A server that wanted another signature gets no second chance from this page.
  const isOver = task.problem?.code === 'CHALLENGE_REFUSED';
  return (
    <dialog
      ref={dialog}
      aria-labelledby="confirm-title"
      onCancel={(event) => {
        event.preventDefault();
        if (!task.isBusy) onEnd(undefined);
      }}
      class="m-auto w-[min(40rem,calc(100vw-2rem))] rounded-md border border-line bg-surface p-6 text-text"
    >
      {confirmation === undefined || described === undefined ? null : (
        <>
          <p class="text-sm text-muted">You are about to sign</p>
          <h2 id="confirm-title" tabIndex={-1} class="mb-4 text-lg font-semibold">
            {described.sentence}
          </h2>
          <Request request={confirmation.request} described={described} />
          {described.level === 'opaque' ? (
            <label class="mb-4 flex items-start gap-2 text-sm">
              <input
                type="checkbox"
                class="mt-1 size-4"
                checked={knows}
                onChange={(event) => setKnows(event.currentTarget.checked)}
              />
              I know what this does
            </label>
          ) : null}
          <ProblemNote problem={task.problem} />
          {task.isBusy ? <Waiting step={task.step} /> : null}
          <div class="flex flex-wrap justify-end gap-3">
            <Button onClick={() => onEnd(undefined)} isDisabled={task.isBusy}>
              Go back
            </Button>
            <Button kind="primary" onClick={() => void sign()} isBusy={task.isBusy} isDisabled={mustKnow || isOver}>
              Sign with passkey
            </Button>
          </div>
        </>
      )}
    </dialog>
  );
}

/** `const [dialog, ask] = useConfirm(session)`: shows the dialog, and `ask(request)` waits for what became of it. */
export function useConfirm(session: Session) {
  const [open, setOpen] = useState<{ readonly confirmation: Confirmation; end(result: unknown): void }>();
  const opener = useRef<Element | null>(null);
  const ask = <T,>(request: ActionRequest, described?: Described): Promise<T | undefined> => {
    opener.current = document.activeElement;
    return new Promise((end) => {
      const confirmation = { session, request, ...(described === undefined ? {} : { described }) };
      setOpen({ confirmation, end: (result) => end(result as T | undefined) });
    });
  };
  const dialog = (
    <ConfirmDialog
      confirmation={open?.confirmation}
      onEnd={(result) => {
        open?.end(result);
        setOpen(undefined);
        if (opener.current instanceof HTMLElement) opener.current.focus();
      }}
    />
  );
  return [dialog, ask] as const;
}
