/** What a page reads from the api: loading, failed, or there; read again on request and when the connection is back. */
import { useCallback, useEffect, useState } from 'preact/hooks';
import { type Problem, toProblem } from '../words/problems.ts';

export interface Loaded<T> {
  readonly value: T | undefined;
  readonly problem: Problem | undefined;
  readonly isLoading: boolean;
  reload(): void;
}

export function useLoad<T>(read: () => Promise<T>, inputs: readonly unknown[]): Loaded<T> {
  const [state, setState] = useState<{ value?: T; problem?: Problem; isLoading: boolean }>({ isLoading: true });
  const [turn, setTurn] = useState(0);
  // The caller names what its reading depends on.
  useEffect(() => {
    let isCurrent = true;
    const since = performance.now();
    setState((before) => ({ ...('value' in before ? { value: before.value as T } : {}), isLoading: true }));
    read().then(
      (value) => isCurrent && setState({ value, isLoading: false }),
      (cause: unknown) =>
        isCurrent &&
        setState((before) => ({
          // What was read before stays: reading goes on from memory while there is no connection.
          ...('value' in before ? { value: before.value as T } : {}),
          problem: toProblem(cause, performance.now() - since),
          isLoading: false,
        })),
    );
    return () => {
      isCurrent = false;
    };
  }, [turn, ...inputs]);
  const reload = useCallback(() => setTurn((before) => before + 1), []);
  useEffect(() => {
    addEventListener('online', reload);
    return () => removeEventListener('online', reload);
  }, [reload]);
  return { value: state.value, problem: state.problem, isLoading: state.isLoading, reload };
}
