import { TestWorkflowEnvironment } from '@temporalio/testing';

// The SDK downloads the CLI only to run it: it is run once, on a free port, and its file stays in the folder.
const [downloadDir = '.', version = 'default'] = process.argv.slice(2);
const server = await TestWorkflowEnvironment.createLocal({
  server: { executable: { type: 'cached-download', downloadDir, version }, log: { format: 'json', level: 'never' } },
});
await server.teardown();
