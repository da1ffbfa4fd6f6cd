/** Work that a person waits for: idle, busy, failed with a problem in words, or done. */
import { useRef, useState } from 'preact/hooks';
import { type Problem, toProblem } from '../words/problems.ts';

export interface Task {
  readonly isBusy: boolean;
  /** What is going on, where it has steps. */
  readonly step: string | undefined;
  readonly problem: Problem | undefined;
  /** Runs the work unless one is running; answers undefined when it failed. */
  run<T>(work: (say: (step: string) => void) => Promise<T>): Promise<T | undefined>;
  clear(): void;
}

export function useTask(): Task {
  const [state, setState] = useState<{ isBusy: boolean; step?: string; problem?: Problem }>({ isBusy: false });
  const running = useRef(false);
  return {
    isBusy: state.isBusy,
    step: state.step,
    problem: state.problem,
    async run(work) {
      if (running.current) return undefined;
      running.current = true;
      setState({ isBusy: true });
      let since = performance.now();
      try {
        const result = await work((step) => {
          since = performance.now();
          setState({ isBusy: true, step });
        });
        setState({ isBusy: false });
        return result;
      } catch (cause) {
        setState({ isBusy: false, problem: toProblem(cause, performance.now() - since) });
        return undefined;
      } finally {
        running.current = false;
      }
    },
    clear: () => setState({ isBusy: false }),
  };
}
