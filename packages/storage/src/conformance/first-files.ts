/** A process of its own, for `layFirstFiles`: makes an empty database in the folder it is given, and ends. */
import { openDatabase } from '../database/index.ts';

const [, , dataFolder] = process.argv;
if (dataFolder === undefined) throw new Error('needs the folder');
const db = await openDatabase({ dataFolder, now: Date.now });
await db.close();
