/** Colleagues whose passkeys signers do not know yet. Whoever confirms one has compared its fingerprint with its owner. */
import { visibleText } from '@holdfast/contract/wire';
import { useState } from 'preact/hooks';
import { apiOf } from '../account/api.ts';
import { fingerprintOf } from '../account/fingerprint.ts';
import type { MemberPageProps } from '../app.tsx';
import { useConfirm } from '../components/confirm.tsx';
import { useLoad } from '../components/load.ts';
import { Button, Fingerprint, Moment, Note, ProblemNote, Section, Skeleton, Title } from '../components/parts.tsx';
import { describeRequest } from '../words/actions.ts';
import { EndedSession } from './credentials.tsx';

interface Pending {
  readonly userId: string;
  readonly username: string;
  readonly userKind: string;
  readonly credentialId: string;
  readonly credentialUuid: string;
  readonly kind: string;
  readonly name: string;
  readonly publicKey: string;
  readonly dateCreated: string;
}

export function ConfirmationsPage({ session, onSession }: MemberPageProps) {
  const list = useLoad(async () => {
    const reply = await apiOf(session).plain<{ items: Pending[] }>('GET', '/holdfast/credentials/pending');
    return reply.items;
  }, [session]);
  const [dialog, ask] = useConfirm(session);
  const [done, setDone] = useState('');
  const items = list.value ?? [];

  const confirm = async ({ userId, username, credentialId, kind, publicKey, name }: Pending) => {
    const request = {
      method: 'POST',
      path: '/holdfast/credentials/confirm',
      payload: JSON.stringify({ userId, credentialId, kind, publicKey, name }),
    } as const;
    if ((await ask<object>(request, describeRequest(request))) === undefined) return;
    setDone(`Signers accept “${visibleText(name)}” of ${visibleText(username)} from now on`);
    list.reload();
  };

  return (
    <>
      <Title lead="Somebody enrolled with a code from a mail can read. Signers take their signature once you say whose key it is.">
        Confirmations
      </Title>
      <EndedSession problem={list.problem} onSession={onSession} />
      {list.problem === undefined || list.problem.endsSession === true ? null : (
        <ProblemNote problem={list.problem}>
          <div class="mt-2">
            <Button onClick={list.reload}>Ask again</Button>
          </div>
        </ProblemNote>
      )}
      {done === '' ? null : <Note tone="ok" title={done} />}
      <Section title={list.value === undefined ? 'Waiting' : `Waiting (${items.length})`}>
        {list.value === undefined ? (
          list.isLoading ? (
            <Skeleton lines={2} onRetry={list.reload} />
          ) : (
            <p class="text-muted">Not known.</p>
          )
        ) : items.length === 0 ? (
          <p class="prose">
            Nobody waits. When somebody you invited has made a passkey, it appears here, and you compare its fingerprint
            with them.
          </p>
        ) : (
          <ul class="grid gap-3">
            {items.map((item) => (
              <li key={item.credentialUuid} class="rounded-md border border-line p-3">
                <p class="font-medium">
                  {visibleText(item.username)} <code class="font-mono text-sm">{item.userId}</code>
                </p>
                <p class="text-sm text-muted">
                  {item.kind === 'Fido2' ? 'Passkey' : item.kind === 'RecoveryKey' ? 'Recovery kit' : 'Key'} “
                  {visibleText(item.name)}” · made <Moment at={item.dateCreated} />
                </p>
                <div class="flex flex-wrap items-end justify-between gap-2">
                  <Fingerprint
                    groups={fingerprintOf(item.publicKey)}
                    label="Fingerprint, to compare by voice or face to face"
                  />
                  <Button kind="primary" onClick={() => void confirm(item)}>
                    It is the same
                    <span class="sr-only">: confirm the passkey of {item.username}</span>
                  </Button>
                </div>
              </li>
            ))}
          </ul>
        )}
      </Section>
      {dialog}
    </>
  );
}
