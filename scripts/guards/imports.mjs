// What a built file of the copy depends on, by its import statements: one hash over its own text and that of every
// file of ours behind it. Two runs with the same hash run the same code, files of data and other processes aside.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

export function makeHasher(place) {
  const files = new Map();
  return (path) => {
    const seen = new Set();
    const waiting = [path];
    while (waiting.length > 0) {
      const next = waiting.pop();
      if (seen.has(next) || !existsSync(next)) continue;
      seen.add(next);
      waiting.push(...read(next).imports);
    }
    const hash = createHash('sha256');
    for (const each of [...seen].sort()) hash.update(`${relative(place, each)} ${read(each).hash}\n`);
    return hash.digest('hex').slice(0, 32);
  };

  function read(path) {
    if (!files.has(path)) {
      const text = readFileSync(path, 'utf8');
      const named = [...text.matchAll(/(?:\bfrom|\bimport|\bimport\()\s*'([^']+)'/g)].map(([, name]) => name);
      const imports = named.map((name) => resolve(path, name)).filter((each) => each !== undefined);
      files.set(path, { hash: createHash('sha256').update(text).digest('hex'), imports });
    }
    return files.get(path);
  }

  function resolve(path, name) {
    if (name.startsWith('.')) return join(dirname(path), name);
    const [, room, inner] = /^@holdfast\/([^/]+)\/(.+)$/.exec(name) ?? [];
    if (room === undefined) return undefined;
    const top = ['packages', 'apps'].find((folder) => existsSync(join(place, folder, room)));
    const exported = JSON.parse(readFileSync(join(place, top, room, 'package.json'), 'utf8')).exports ?? {};
    const target = exported[`./${inner}`] ?? exported['./*']?.replace('*', inner);
    return typeof target === 'string' ? join(place, top, room, target) : undefined;
  }
}
