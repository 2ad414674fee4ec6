import { writeFile } from 'node:fs/promises';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { payloadConverterPath } from './data-converter.js';

export interface BundleSources {
  workflowsPath: string;
  /** Paths of modules that export `interceptors`. */
  interceptors?: string[];
}

/**
 * The workflows and the total converter as one script for the sandbox; takes about 5 s, so production builds it once
 * and passes `{ codePath }` to the worker. From sources (`workflowsPath` ends in .ts) the rooms resolve to sources.
 */
export async function buildWorkflowBundle(options: BundleSources): Promise<{ code: string }> {
  const fromSources = options.workflowsPath.endsWith('.ts');
  const { code } = await bundleWorkflowCode({
    workflowsPath: options.workflowsPath,
    payloadConverterPath,
    // Webpack's list of 80 modules says nothing to anybody.
    logger: new DefaultLogger('WARN'),
    workflowInterceptorModules: options.interceptors ?? [],
    webpackConfigHook: (config) =>
      fromSources ? { ...config, resolve: { ...config.resolve, conditionNames: ['source', '...'] } } : config,
  });
  return { code };
}

export async function writeWorkflowBundle(options: BundleSources & { file: string }): Promise<void> {
  const { code } = await buildWorkflowBundle(options);
  await writeFile(options.file, code);
}
