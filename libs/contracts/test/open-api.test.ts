import { expect, test } from '@jest/globals';
import { committed, committedPaths } from '../generate/documents.ts';
import { httpDocuments, openApiDocuments } from '../generate/open-api.ts';

test('what is committed is what the routes say (else: npm run generate)', async () => {
  const documents = await httpDocuments();
  expect(committedPaths().filter((path) => path.startsWith('openapi/'))).toEqual([...documents.keys()].sort());
  for (const [path, text] of documents) expect({ path, text: committed(path) }).toEqual({ path, text });
});

test('every operation says who may not, and has a name of its own', async () => {
  for (const [service, document] of await openApiDocuments()) {
    const { openapi, paths } = document as { openapi: string; paths: Record<string, Record<string, Operation>> };
    expect(openapi).toBe('3.1.0');
    const operations = Object.values(paths).flatMap((methods) => Object.values(methods));
    const names = operations.map(({ operationId }) => operationId);
    expect({ service, names }).toEqual({ service, names: [...new Set(names)] });
    for (const { operationId, responses } of operations) {
      expect({ operationId, answers: Object.keys(responses) }).toEqual({
        operationId,
        answers: expect.arrayContaining(['401', '403']),
      });
    }
  }
});

interface Operation {
  operationId: string;
  responses: Record<string, unknown>;
}
