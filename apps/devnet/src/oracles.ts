/**
 * Each chain's own SDK, from the oracles workspace with its own lockfile: independent judges of what we build. Loaded
 * as `any` on purpose, as their types must not reach the product's build.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';

const folder = fileURLToPath(new URL('../../../oracles/', import.meta.url));
const require = createRequire(`${folder}package.json`);

export async function oracle(
  /** As imported; oracles/package.json lists the packages. */
  name: string,
  // biome-ignore lint/suspicious/noExplicitAny: a foreign library, used only to judge.
): Promise<any> {
  if (!existsSync(`${folder}node_modules/.package-lock.json`)) {
    const { status, stderr } = spawnSync(
      'npm',
      ['ci', '--workspaces=false', '--ignore-scripts', '--no-audit', '--no-fund'],
      { cwd: folder, encoding: 'utf8' },
    );
    if (status !== 0) throw new Error(`the oracles could not be installed: ${stderr.slice(-500)}`);
  }
  return import(pathToFileURL(resolve(name)).href);
}

/** Packages that name no entry for `require` are given by the path of a file. */
function resolve(name: string): string {
  const file = `${folder}node_modules/${name}`;
  return name.endsWith('.js') && existsSync(file) ? file : require.resolve(name);
}
