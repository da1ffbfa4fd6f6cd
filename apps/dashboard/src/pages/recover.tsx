/** The day all passkeys are gone: a code by mail, the recovery kit, and a new passkey that takes the place of the old ones. */

import { type CreationChallenge, createPasskey } from '@holdfast/client/passkey-signer';
import type { RecoveryKit } from '@holdfast/client/recovery-kit';
import { useState } from 'preact/hooks';
import { rememberAccount } from '../account/accounts.ts';
import { origin, passkeyOptions, publicApi } from '../account/api.ts';
import { Button, Field, Note, ProblemNote, Section, Title, Waiting } from '../components/parts.tsx';
import { useTask } from '../components/task.ts';
import { PageLink } from '../router.tsx';
import { Problematic } from '../words/problems.ts';

interface RecoveryChallenge extends CreationChallenge {
  readonly temporaryAuthenticationToken: string;
  readonly rp?: { readonly name: string };
}

export function RecoverPage() {
  const [kit, setKit] = useState<RecoveryKit>();
  const [code, setCode] = useState('');
  const [isSent, setSent] = useState(false);
  const [isTried, setTried] = useState(false);
  const [isDone, setDone] = useState(false);
  const reading = useTask();
  const sending = useTask();
  const task = useTask();
  const problem = /^\d{4}(-?\d{4}){3}$/.test(code.trim())
    ? undefined
    : 'The code has sixteen digits; it is in the mail.';

  const read = (chosen: File | undefined) => {
    setKit(undefined);
    if (chosen === undefined) return;
    void reading.run(async () => {
      const { KitRefused, readRecoveryKit } = await import('@holdfast/client/recovery-kit');
      setKit(
        await readRecoveryKit(await chosen.text()).catch((cause: unknown) => {
          if (!(cause instanceof KitRefused)) throw cause;
          throw new Problematic({
            what: 'This file does not recover an account',
            why: cause.message,
            next: 'Choose the file that was downloaded when the kit was made.',
            code: 'KIT',
          });
        }),
      );
    });
  };

  const recover = () => {
    setTried(true);
    if (kit === undefined || problem !== undefined) return;
    void task.run(async (say) => {
      const { signRecovery } = await import('@holdfast/client/recovery-kit');
      const { orgId, username, clusterFingerprint, credentialId } = kit;
      const challenge = await publicApi().plain<RecoveryChallenge>('POST', '/auth/recover/user/init', {
        orgId,
        username,
        credentialId,
        verificationCode: code.trim(),
      });
      say('Your browser makes the new passkey now.');
      const orgName = challenge.rp?.name ?? orgId;
      const passkey = await createPasskey(navigator.credentials, challenge, { ...passkeyOptions, rpName: orgName });
      const newCredentials = {
        firstFactorCredential: {
          credentialKind: 'Fido2',
          credentialInfo: { ...passkey.credentialInfo },
          credentialName: 'Passkey after a recovery',
        },
      };
      const recovery = await signRecovery(kit, challenge.challenge, newCredentials);
      await publicApi(challenge.temporaryAuthenticationToken).plain('POST', '/auth/recover/user', {
        recovery,
        newCredentials,
      });
      rememberAccount({ orgId, orgName, username, userId: challenge.user.id, clusterFingerprint });
      setDone(true);
    });
  };

  if (isDone)
    return (
      <>
        <Title lead="Every signer has taken the new passkey. All credentials you had before are switched off, the kit included.">
          Your account is yours again
        </Title>
        <Note tone="caution" title="Make a new recovery kit">
          <p>The one you used is spent.</p>
        </Note>
        <PageLink
          to="login"
          class="inline-flex min-h-10 items-center rounded-sm bg-accent px-4 py-2 text-sm font-medium text-onaccent"
        >
          Sign in
        </PageLink>
      </>
    );
  return (
    <>
      <Title lead="With your recovery kit and a code from your mail. Nobody else can do this for you.">
        Recover your account
      </Title>
      <Section title="1. Your recovery kit">
        <label class="block text-sm font-medium" for="kit">
          The file you kept
        </label>
        <input
          id="kit"
          type="file"
          accept="application/json,.json"
          class="mt-1 block w-full text-sm file:mr-3 file:min-h-10 file:rounded-sm file:border file:border-edge file:bg-surface file:px-4 file:text-text"
          onChange={(event) => read(event.currentTarget.files?.[0])}
        />
        <div class="mt-3">
          <ProblemNote problem={reading.problem} />
          {kit === undefined ? null : (
            <Note tone="ok" title={`This kit recovers ${kit.username}`}>
              <p class="break-words">
                {kit.orgId}
                {kit.apiUrl === origin ? '' : `, made for ${kit.apiUrl}`}
              </p>
            </Note>
          )}
        </div>
      </Section>
      <Section title="2. A code from your mail">
        <p class="prose mb-3">So that not everybody who finds the file can begin. It lasts fifteen minutes.</p>
        <Button
          isBusy={sending.isBusy}
          isDisabled={kit === undefined}
          onClick={() =>
            void sending.run(async () => {
              await publicApi().plain('POST', '/auth/recover/user/code', {
                orgId: kit?.orgId,
                username: kit?.username,
              });
              setSent(true);
            })
          }
        >
          Send the code
        </Button>
        <div class="mt-3">
          <ProblemNote problem={sending.problem} />
          {isSent ? <Note tone="ok" title="The code is on its way, if this account has a recovery kit" /> : null}
        </div>
      </Section>
      <Section title="3. A new passkey">
        <form
          noValidate
          onSubmit={(event) => {
            event.preventDefault();
            recover();
          }}
        >
          <Field
            label="Code from the mail"
            value={code}
            onInput={setCode}
            autocomplete="one-time-code"
            isMono
            problem={isTried ? problem : undefined}
          />
          {isTried && kit === undefined ? <Note tone="caution" title="Choose your recovery kit first" isAlert /> : null}
          <ProblemNote problem={task.problem} />
          {task.isBusy ? <Waiting step={task.step} /> : null}
          <Button kind="primary" type="submit" isBusy={task.isBusy}>
            Create the new passkey
          </Button>
        </form>
      </Section>
    </>
  );
}
