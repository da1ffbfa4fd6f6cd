/** Imported first by threads that work in the background: on Linux a thread has a priority of its own. */
import { constants, setPriority } from 'node:os';

if (process.platform === 'linux') {
  try {
    setPriority(0, constants.priority.PRIORITY_LOW);
  } catch {
    // A sandbox may forbid it; the work is the same, only less polite.
  }
}
