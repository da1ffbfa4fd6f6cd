/** A person's own credentials: what there is, a second passkey, the recovery kit, and switching one off. */
import { type CreationChallenge, createPasskey } from '@holdfast/client/passkey-signer';
import { useRef, useState } from 'preact/hooks';
import { comparedKey, type Session } from '../account/accounts.ts';
import { apiOf, type CredentialItem, origin, passkeyOptions } from '../account/api.ts';
import { fingerprintOf } from '../account/fingerprint.ts';
import { kitProblem } from '../account/kit.ts';
import type { MemberPageProps } from '../app.tsx';
import { useConfirm } from '../components/confirm.tsx';
import { useLoad } from '../components/load.ts';
import {
  Button,
  Chip,
  CopyButton,
  Field,
  Fingerprint,
  Moment,
  Note,
  ProblemNote,
  Section,
  Skeleton,
  Title,
  Waiting,
} from '../components/parts.tsx';
import { useTask } from '../components/task.ts';
import { go } from '../router.tsx';
import { describeRequest } from '../words/actions.ts';
import type { Problem } from '../words/problems.ts';
import { checkRegistration } from './register.tsx';

interface CredentialChallenge extends CreationChallenge {
  readonly challengeIdentifier: string;
}

type Ask = ReturnType<typeof useConfirm>[1];

export function CredentialsPage({ session, onSession }: MemberPageProps) {
  const list = useLoad(async () => {
    const { items } = await apiOf(session).plain<{ items: CredentialItem[] }>('GET', '/auth/credentials');
    return items;
  }, [session]);
  const [dialog, ask] = useConfirm(session);
  const [done, setDone] = useState('');
  const items = list.value ?? [];
  const passkeys = items.filter((item) => item.kind === 'Fido2' && item.isActive);
  const confirmed = items.filter((item) => item.isActive && item.isConfirmed !== false);
  const kits = items.filter((item) => item.kind === 'RecoveryKey' && item.isActive && item.isConfirmed !== false);
  const changed = (what: string) => {
    setDone(what);
    list.reload();
  };
  const isMember = list.value !== undefined && confirmed.some((item) => item.kind !== 'RecoveryKey');

  return (
    <>
      <Title lead="What signs for you. The server can use none of it.">My credentials</Title>
      <EndedSession problem={list.problem} onSession={onSession} />
      {list.problem === undefined || list.problem.endsSession === true ? null : (
        <ProblemNote problem={list.problem}>
          <div class="mt-2">
            <Button onClick={list.reload}>Ask again</Button>
          </div>
        </ProblemNote>
      )}
      {done === '' ? null : <Note tone="ok" title={done} />}
      {list.value !== undefined && !isMember ? <Unconfirmed items={items} session={session} /> : null}
      {isMember && passkeys.length === 1 ? (
        <Note tone="caution" title="You have one passkey">
          <p class="prose">Lose the device, and only a recovery kit brings you back. Add a passkey on another one.</p>
        </Note>
      ) : null}
      <Section title={list.value === undefined ? 'Credentials' : `Credentials (${items.length})`}>
        {list.value === undefined ? (
          list.isLoading ? (
            <Skeleton lines={2} onRetry={list.reload} />
          ) : (
            <p class="text-muted">Not known.</p>
          )
        ) : (
          <ul class="grid gap-3">
            {items.map((item) => (
              <Card key={item.credentialUuid} item={item} ask={ask} canChange={isMember} onChanged={changed} />
            ))}
          </ul>
        )}
      </Section>
      {isMember ? (
        <>
          <AddPasskey session={session} ask={ask} onChanged={changed} />
          <RecoveryKit session={session} ask={ask} items={items} hasKit={kits.length > 0} onChanged={changed} />
        </>
      ) : null}
      {dialog}
    </>
  );
}

/** A login that is over: the page stays, and one button leads through a new one. */
export function EndedSession({
  problem,
  onSession,
}: {
  readonly problem: Problem | undefined;
  readonly onSession: MemberPageProps['onSession'];
}) {
  if (problem?.endsSession !== true) return null;
  return (
    <ProblemNote problem={problem}>
      <div class="mt-2">
        <Button
          kind="primary"
          onClick={() => {
            onSession(undefined);
            go('login');
          }}
        >
          Sign in again
        </Button>
      </div>
    </ProblemNote>
  );
}

function Unconfirmed({ items, session }: { readonly items: readonly CredentialItem[]; readonly session: Session }) {
  const waiting = items.filter((item) => item.isActive && item.isConfirmed === false && item.kind !== 'RecoveryKey');
  if (waiting.some((item) => comparedKey(item) === 'other'))
    return (
      <Note tone="stop" title="Stop: the server lists another key than this browser made" isAlert>
        <p class="prose">
          Nobody must confirm it: it would sign in your name. Tell whoever runs this installation, and your
          administrator.
        </p>
      </Note>
    );
  const isOwn = waiting.every((item) => comparedKey(item) === 'same');
  const groups = waiting.map((item) => fingerprintOf(item.publicKey));
  const request = `Please confirm my passkey in Holdfast: ${session.account.username}, ${session.account.userId}, fingerprint ${groups
    .map((each) => each.join(' '))
    .join(' or ')}. ${origin}/app/confirmations`;
  return (
    <Note tone="caution" title="Signers do not know your passkey yet">
      <p class="prose">
        You can read, but not sign. Ask an administrator to compare this fingerprint with you, by voice or face to face,
        and to confirm it.
        {isOwn
          ? null
          : ' It was not made in this browser, which has only the server’s word for it: the browser that made it knows.'}
      </p>
      {groups.map((each) => (
        <Fingerprint key={each.join('')} groups={each} label="Fingerprint of your passkey" />
      ))}
      <CopyButton text={request} label="Copy request" />
    </Note>
  );
}

const kinds: Readonly<Record<string, string>> = {
  Fido2: 'Passkey',
  Key: 'Key',
  RecoveryKey: 'Recovery kit',
  PasswordProtectedKey: 'Password-protected key',
  Password: 'Password',
  Totp: 'One-time codes',
};

function Card({
  item,
  ask,
  canChange,
  onChanged,
}: {
  readonly item: CredentialItem;
  readonly ask: Ask;
  readonly canChange: boolean;
  readonly onChanged: (what: string) => void;
}) {
  const switchIt = async () => {
    const verb = item.isActive ? 'deactivate' : 'activate';
    const request = {
      method: 'PUT',
      path: `/auth/credentials/${verb}`,
      payload: JSON.stringify({ credentialUuid: item.credentialUuid }),
    } as const;
    const sentence = item.isActive ? `Switch off “${item.name}”` : `Switch on “${item.name}” again`;
    const plain = describeRequest(request);
    const rows = item.publicKey === '' ? plain.rows : [...plain.rows, fingerprintRow(item.publicKey)];
    const answer = await ask<object>(request, { ...plain, sentence, rows });
    if (answer !== undefined) onChanged(`“${item.name}” is switched ${item.isActive ? 'off' : 'on'}`);
  };
  return (
    <li class="rounded-md border border-line p-3">
      <div class="flex flex-wrap items-center gap-2">
        <span class="min-w-0 flex-1 font-medium">{item.name}</span>
        {item.isActive ? null : <Chip kind="off">switched off</Chip>}
        {item.isActive && item.isConfirmed === false ? <Chip kind="caution">unconfirmed</Chip> : null}
        {item.isActive && item.isConfirmed !== false ? (
          <Chip kind="ok">{item.kind === 'RecoveryKey' ? 'recovers' : 'signs'}</Chip>
        ) : null}
      </div>
      <p class="text-sm text-muted">
        {kinds[item.kind] ?? item.kind} · made <Moment at={item.dateCreated} />
        {item.origin === '' || item.kind !== 'Fido2' ? null : ` · for ${item.origin}`}
      </p>
      <div class="flex flex-wrap items-end justify-between gap-2">
        {item.publicKey === '' ? <span /> : <Fingerprint groups={fingerprintOf(item.publicKey)} label="Fingerprint" />}
        {canChange ? (
          <Button onClick={() => void switchIt()}>
            {item.isActive ? 'Switch off' : 'Switch on'}
            <span class="sr-only"> {item.name}</span>
          </Button>
        ) : null}
      </div>
    </li>
  );
}

const fingerprintRow = (publicKey: string) => ({
  label: 'Fingerprint of its public key',
  value: publicKey,
  groups: fingerprintOf(publicKey),
});

function AddPasskey({
  session,
  ask,
  onChanged,
}: {
  readonly session: Session;
  readonly ask: Ask;
  readonly onChanged: (what: string) => void;
}) {
  const [name, setName] = useState('');
  const [isTried, setTried] = useState(false);
  const task = useTask();
  const problem = name.trim() === '' ? 'Name it after where it lives, such as “phone”.' : undefined;

  const add = async () => {
    setTried(true);
    if (problem !== undefined) return;
    const made = await task.run(async (say) => {
      const challenge = await apiOf(session).plain<CredentialChallenge>('POST', '/auth/credentials/init', {
        kind: 'Fido2',
      });
      checkRegistration(challenge, session.account);
      say('Your browser makes the passkey now. Choose another device or a security key there.');
      const rpName = session.account.orgName;
      const passkey = await createPasskey(navigator.credentials, challenge, { ...passkeyOptions, rpName });
      return { passkey, challengeIdentifier: challenge.challengeIdentifier };
    });
    if (made === undefined) return;
    const request = {
      method: 'POST',
      path: '/auth/credentials',
      payload: JSON.stringify({
        credentialKind: 'Fido2',
        credentialInfo: made.passkey.credentialInfo,
        credentialName: name.trim(),
        challengeIdentifier: made.challengeIdentifier,
      }),
    } as const;
    const plain = describeRequest(request);
    const rows = [fingerprintRow(made.passkey.publicKey)];
    if ((await ask<object>(request, { ...plain, rows })) === undefined) return;
    setName('');
    setTried(false);
    onChanged(`“${name.trim()}” signs for you now`);
  };

  return (
    <Section title="Add a passkey">
      <p class="prose mb-3">
        On another device or a security key. You make it first; then a passkey you have signs that it is yours.
      </p>
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          void add();
        }}
      >
        <Field label="Name of the new passkey" value={name} onInput={setName} problem={isTried ? problem : undefined} />
        <ProblemNote problem={task.problem} />
        {task.isBusy ? <Waiting step={task.step} /> : null}
        <Button type="submit" isBusy={task.isBusy}>
          Add a passkey
        </Button>
      </form>
    </Section>
  );
}

function RecoveryKit({
  session,
  ask,
  items,
  hasKit,
  onChanged,
}: {
  readonly session: Session;
  readonly ask: Ask;
  readonly items: readonly CredentialItem[];
  readonly hasKit: boolean;
  readonly onChanged: (what: string) => void;
}) {
  const task = useTask();
  const proof = useTask();
  const [kitText, setKitText] = useState<string>();
  const [proved, setProved] = useState('');
  const file = useRef<HTMLInputElement>(null);

  const make = async () => {
    const made = await task.run(async () => {
      const { encodeRecoveryKit, makeRecoveryKit } = await import('@holdfast/client/recovery-kit');
      const challenge = await apiOf(session).plain<CredentialChallenge>('POST', '/auth/credentials/init', {
        kind: 'RecoveryKey',
      });
      checkRegistration(challenge, session.account);
      const { orgId, username, clusterFingerprint } = session.account;
      const account = { apiUrl: origin, orgId, username, clusterFingerprint };
      const { kit, credentialInfo } = await makeRecoveryKit(account, challenge.challenge);
      return { kit, credentialInfo, text: encodeRecoveryKit(kit), challengeIdentifier: challenge.challengeIdentifier };
    });
    if (made === undefined) return;
    const request = {
      method: 'POST',
      path: '/auth/credentials',
      payload: JSON.stringify({
        credentialKind: 'RecoveryKey',
        credentialInfo: made.credentialInfo,
        credentialName: 'Recovery kit',
        challengeIdentifier: made.challengeIdentifier,
      }),
    } as const;
    const plain = describeRequest(request);
    const rows = [fingerprintRow(made.kit.publicKey)];
    if ((await ask<object>(request, { ...plain, rows })) === undefined) return;
    setKitText(made.text);
    onChanged('Your recovery kit is made: download it now');
  };

  const check = (chosen: File | undefined) => {
    setProved('');
    if (chosen === undefined) return;
    void proof.run(async () => {
      const { KitRefused, readRecoveryKit } = await import('@holdfast/client/recovery-kit');
      const kit = await readRecoveryKit(await chosen.text()).catch((cause: unknown) => {
        if (cause instanceof KitRefused) return cause.message;
        throw cause;
      });
      if (typeof kit === 'string') return setProved(`✕ This kit is worth nothing: ${kit}.`);
      const problem = kitProblem(kit, session.account, items);
      setProved(problem === undefined ? '✓ This kit is valid: it recovers your account.' : `✕ ${problem}`);
    });
  };

  return (
    <Section title="Recovery kit" actions={hasKit ? <Chip kind="ok">made</Chip> : <Chip kind="caution">missing</Chip>}>
      <p class="prose mb-3">
        A key in a file, for the day all your passkeys are gone. It is made in this page and the server never sees it.
        Without it nobody can bring your account back, Holdfast's operators included. Keep the file where you keep
        valuables, and offline.
      </p>
      <ProblemNote problem={task.problem} />
      {kitText === undefined ? (
        <Button onClick={() => void make()} isBusy={task.isBusy}>
          {hasKit ? 'Make another recovery kit' : 'Make a recovery kit'}
        </Button>
      ) : (
        <Note tone="caution" title="This page keeps the kit until you leave it">
          <a
            class="mt-2 inline-flex min-h-10 items-center rounded-sm bg-accent px-4 py-2 text-sm font-medium text-onaccent"
            href={`data:application/json;charset=utf-8,${encodeURIComponent(kitText)}`}
            download={`holdfast-recovery-kit-${session.account.orgId}.json`}
          >
            Download the kit
          </a>
        </Note>
      )}
      <div class="mt-4">
        <label class="block text-sm font-medium" for="kit-file">
          Check a kit you have
        </label>
        <input
          id="kit-file"
          ref={file}
          type="file"
          accept="application/json,.json"
          class="mt-1 block w-full text-sm file:mr-3 file:min-h-10 file:rounded-sm file:border file:border-edge file:bg-surface file:px-4 file:text-text"
          onChange={(event) => check(event.currentTarget.files?.[0])}
        />
        <p role="status" class={`mt-2 text-sm ${proved.startsWith('✓') ? 'text-ok' : 'text-danger'}`}>
          {proved}
        </p>
        <ProblemNote problem={proof.problem} />
      </div>
    </Section>
  );
}
