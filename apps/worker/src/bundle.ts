import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { buildWorkflowBundle, writeWorkflowBundle, type BundleSources } from '@parley/temporal/workflow-bundle';

/** Beside the built files; a build writes it, so that starting takes no webpack and no memory for it. */
const file = fileURLToPath(new URL('./workflows.bundle.js', import.meta.url));

const sources: BundleSources = {
  workflowsPath: fileURLToPath(import.meta.resolve('@parley/workflows/registered')),
  interceptors: [fileURLToPath(import.meta.resolve('@parley/workflows/reserved-names'))],
};

export const writeBundle = (): Promise<void> => writeWorkflowBundle({ ...sources, file });

/** From sources there is none to find: it is made at the start. */
export const findBundle = async (): Promise<{ codePath: string } | { code: string }> =>
  existsSync(file) ? { codePath: file } : buildWorkflowBundle(sources);
