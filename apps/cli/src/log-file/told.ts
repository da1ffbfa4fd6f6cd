/** What is known of one signature of a log file, in lines for a terminal. */
import type { VerifiedSignature } from '@holdfast/authority/log-file';
import { visibleText } from '@holdfast/contract/wire';

/** Names and bodies are texts of others: none of them can say a line of its own, or take one back. */
export function toldSignature(one: VerifiedSignature): readonly string[] {
  const { user, credential, signed, request } = one;
  const time = (seconds: number) => new Date(seconds * 1000).toISOString();
  const lines = [
    `${one.id}  ${one.operation}`,
    `  asked by     ${user.username} (${user.userId})${user.isServiceAccount ? ', a service account' : ''}`,
    `  credential   ${credential.credentialId} (${credential.kind}, ${credential.name}), enrolled at height ${credential.enrolledAt}${credential.tokenId === undefined ? '' : `, of the token ${credential.tokenId}`}`,
    `  between      ${time(signed.from)} and ${time(signed.to)}, shown head ${one.head} (height ${one.height})`,
    ...one.permissions.flatMap(({ name, grants }) => [
      `  permission   ${name}`,
      ...grants.flatMap(({ permission, assignmentId, height, by, widened }) => [
        `               by ${permission} (${assignmentId}), ${by === undefined ? 'from the genesis' : `given at height ${height} by ${by.userId}`}`,
        ...(widened === undefined
          ? []
          : [
              `               which allows it since height ${widened.height}${widened.by === undefined ? '' : `, by ${widened.by.userId}`}`,
            ]),
      ]),
    ]),
    `  request      ${request.method} ${request.path}`,
    `               ${request.payload}`,
    `  key          ${one.keyId}, ${one.publicKey}${one.network === undefined ? '' : ` on ${one.network}`}`,
    ...one.digests.flatMap((digest, k) => [
      `  signed       ${digest}`,
      `               ${one.signatures[k] ?? 'no signature is known'}`,
    ]),
  ];
  return ['', ...lines.map(visibleText)];
}
