/**
 * A request that somebody else's program prepared: shown in words made here from its exact text, then signed and sent. The link
 * holds the request after `#`; opening it does nothing.
 */
import { isSignablePath } from '@holdfast/authority/challenge';
import { fromBase64Url, type JsonValue, parseStrictJson, utf8Decode, WireError } from '@holdfast/contract/wire';
import { useEffect, useState } from 'preact/hooks';
import { apiOf } from '../account/api.ts';
import type { MemberPageProps } from '../app.tsx';
import { Request, useConfirm } from '../components/confirm.tsx';
import { Button, CopyButton, Note, Section, Title } from '../components/parts.tsx';
import { fragment } from '../router.tsx';
import { type ActionRequest, type Described, describeRequest } from '../words/actions.ts';

export function SignPage({ session }: MemberPageProps) {
  const [request] = useState(() => readRequest(fragment()));
  const [described, setDescribed] = useState(() => (request === undefined ? undefined : describeRequest(request)));
  const [answer, setAnswer] = useState<unknown>();
  const [dialog, ask] = useConfirm(session);

  useEffect(() => {
    if (request === undefined || described === undefined) return;
    void read(request, described).then(setDescribed);
    // The request of this page never changes.
  }, []);

  async function read(wanted: ActionRequest, plain: Described): Promise<Described> {
    const { walletOf, describeSigning } = await import('../words/signing.ts');
    const walletId = walletOf(wanted.path);
    if (walletId === undefined) return plain;
    const wallet = await apiOf(session)
      .plain<Parameters<typeof describeSigning>[2]>('GET', `/wallets/${walletId}`)
      .catch(() => undefined);
    return wallet === undefined ? plain : describeSigning(wanted, plain, wallet);
  }

  if (request === undefined || described === undefined)
    return (
      <>
        <Title>Sign a request</Title>
        <Note tone="stop" title="This link holds no request that can be signed" isAlert>
          <p class="prose">
            It may have been cut on its way. Go back to the program that made it and open it from there.
          </p>
        </Note>
      </>
    );
  return (
    <>
      <Title lead={`${session.account.username} at ${session.account.orgName}`}>Sign a request</Title>
      {answer === undefined ? (
        <>
          <Note tone="note" title="A link brought you here">
            <p class="prose">Sign only what you asked for yourself, in the program you came from.</p>
          </Note>
          <Section title={described.sentence}>
            <Request request={request} described={described} />
            <Button kind="primary" onClick={() => void ask<object>(request, described).then(setAnswer)}>
              Continue
            </Button>
          </Section>
        </>
      ) : (
        <Section title="Done">
          <p class="mb-2 font-medium">{described.sentence}</p>
          <p class="mb-2">The signers checked your signature over exactly this request. The answer:</p>
          <pre class="rounded-sm bg-sunken p-3 font-mono text-xs break-all whitespace-pre-wrap">
            {JSON.stringify(answer, null, 2)}
          </pre>
          <div class="mt-2">
            <CopyButton text={JSON.stringify(answer, null, 2)} label="Copy the answer" />
          </div>
        </Section>
      )}
      {dialog}
    </>
  );
}

const REQUEST_CHARS_MAX = 64 * 1024;

/** `method`, `path`, and `body` as base64url of its JSON. What is signed is the text this page writes of it, and shows. */
function readRequest(members: URLSearchParams): ActionRequest | undefined {
  const method = members.get('method');
  const path = members.get('path') ?? '';
  const body = members.get('body') ?? '';
  if (method !== 'POST' && method !== 'PUT' && method !== 'DELETE') return undefined;
  if (!isSignablePath(path) || body.length > REQUEST_CHARS_MAX) return undefined;
  try {
    const value: JsonValue = body === '' ? {} : parseStrictJson(utf8Decode(fromBase64Url(body)));
    return { method, path, payload: JSON.stringify(value) };
  } catch (cause) {
    if (cause instanceof WireError) return undefined;
    throw cause;
  }
}
