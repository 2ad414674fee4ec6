import { decode } from '@temporalio/common/lib/encoding.js';
import { proxySinks, type Sinks, type WorkflowInterceptors } from '@temporalio/workflow';

export interface WitnessSinks extends Sinks {
  witness: {
    /** What the workflow says to the outside, in the bytes in which it says it. */
    said(kind: string, json: string): void;
  };
}

/** In the bundle of the replay tests alone: replay compares which commands come, and not what they say. */
export const interceptors = (): WorkflowInterceptors => {
  const { witness } = proxySinks<WitnessSinks>();
  const say = (kind: string, payload: { data?: Uint8Array | null } | null | undefined): void => {
    if (payload) witness.said(kind, payload.data?.length ? decode(payload.data) : '');
  };
  return {
    internals: [
      {
        concludeActivation(input, next) {
          const output = next(input);
          for (const command of output.commands) {
            const { scheduleActivity, updateResponse, continueAsNewWorkflowExecution, completeWorkflowExecution } =
              command;
            scheduleActivity?.arguments?.forEach((payload) =>
              say(`activity ${scheduleActivity.activityType}`, payload),
            );
            say('answer', updateResponse?.completed);
            continueAsNewWorkflowExecution?.arguments?.forEach((payload) => say('carried on', payload));
            say('result', completeWorkflowExecution?.result);
          }
          return output;
        },
      },
    ],
  };
};
