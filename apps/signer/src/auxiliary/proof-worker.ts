/** A thread for the proofs of the auxiliary set-up: jobs as in runs/compute-worker.ts, behind everything else. */
import './lower-priority.ts';
import '../runs/compute-worker.ts';
