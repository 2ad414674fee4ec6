import { fileURLToPath } from 'node:url';
import { generatedDocuments } from './generated-documents.js';
import { consoleServer } from './server.js';

/** Longer than any page takes, shorter than a supervisor's patience. */
const FAREWELL_MS = 2000;

const given = (name: string): string | undefined => process.env[name] || undefined;
const folder = fileURLToPath(new URL('.', import.meta.resolve('@parley/contracts/generated/asyncapi.yaml')));
const server = consoleServer({
  links: { temporalUi: given('TEMPORAL_UI_URL'), mail: given('MAIL_URL') },
  documents: generatedDocuments(folder),
});
server.listen(Number(given('PORT') ?? 3000));

const stop = (): void => {
  server.close(() => process.exit(0));
  server.closeIdleConnections();
  setTimeout(() => process.exit(0), FAREWELL_MS).unref();
};
process.once('SIGTERM', stop);
process.once('SIGINT', stop);
