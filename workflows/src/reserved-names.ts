import { type WorkflowInterceptors } from '@temporalio/workflow';

const RESERVED = '__temporal_';

/**
 * Where a default signal handler is set, the SDK throws on a signal whose name it keeps for itself, before any handler
 * sees it, and the run is wedged by whoever sends one. Under another name it is an unknown signal like any other.
 */
export const interceptors = (): WorkflowInterceptors => ({
  internals: [
    {
      activate(input, next) {
        for (const { signalWorkflow } of input.activation.jobs ?? []) {
          if (signalWorkflow?.signalName?.startsWith(RESERVED)) signalWorkflow.signalName = 'reserved-name';
        }
        next(input);
      },
    },
  ],
});
