/** A process of its own: makes the files of a new embedded database in the folder it is given, and ends. */
import { PGlite } from '@electric-sql/pglite';
import { NodeFS } from '@electric-sql/pglite/nodefs';

const [, , folder] = process.argv;
if (folder === undefined) throw new Error('needs the folder');
const pglite = new PGlite({ fs: new NodeFS(folder) });
await pglite.waitReady;
await pglite.close();
