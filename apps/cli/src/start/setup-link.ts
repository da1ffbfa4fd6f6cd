/** The link that lets a browser found an organisation, for an hour. */
import { SETUP_CODE_SECONDS, setupCode } from '@holdfast/authority/setup-code';

/** The code stands after `#`, so that it reaches no server's log. */
export function setupLink(apiUrl: string, operatorToken: string): string {
  const expires = Math.floor(Date.now() / 1000) + SETUP_CODE_SECONDS;
  return `${apiUrl}/setup#code=${setupCode(operatorToken, expires)}`;
}
