import { describe, expect, test } from '@jest/globals';
import { brokenHttp, committed, publishedFolder } from '../generate/documents.ts';
import { httpDocuments } from '../generate/open-api.ts';
import { brokenRoutes } from '../generate/open-api-compatibility.ts';

interface Schema {
  type?: string;
  properties?: Record<string, Schema>;
  required?: string[];
  enum?: string[];
  anyOf?: Schema[];
  items?: Schema;
  maxLength?: number;
}
interface Operation {
  parameters: { name: string; in: string; required: boolean; schema: Schema }[];
  requestBody?: { content: Record<string, { schema: Schema }> };
  responses: Record<string, { content: Record<string, { schema: Schema }> }>;
}
interface Document {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Schema> };
  [keyword: string]: unknown;
}
const inbox = JSON.parse(committed('openapi/inbox.json') ?? '{}') as Document;

/** What the committed document of inbox says of itself with one thing deliberately changed. */
function withChanged(change: (document: Document) => unknown): string[] {
  const changed = structuredClone(inbox);
  change(changed);
  return brokenRoutes(inbox, changed);
}

const CLOSE = '/inbox/v1/conversations/{conversationId}/close';
const LIST = '/inbox/v1/conversations';
const PRESENCE = '/inbox/v1/agents/me/presence';
const at = ({ paths }: Document, path: string, method: string): Operation => {
  const operation = paths[path]?.[method];
  if (operation === undefined) throw new Error(`${method} ${path} is not there`);
  return operation;
};
const JSON_TYPE = 'application/json';
const body = (document: Document, path: string, method: string): Required<Pick<Schema, 'properties'>> & Schema =>
  at(document, path, method).requestBody?.content[JSON_TYPE]?.schema as never;
const answer = (document: Document, path: string, method: string): Required<Schema> =>
  at(document, path, method).responses['200']?.content[JSON_TYPE]?.schema as never;

test('the present routes keep every promise of the published documents', async () => {
  expect(brokenHttp(await httpDocuments())).toEqual([]);
});

test('a service that is gone breaks all of its routes', () => {
  const files = ['inbox', 'admin', 'stats', 'notifications'].map((service) => `openapi/${service}.json`);
  const documents = new Map(files.map((file) => [file, committed(file, publishedFolder) ?? '']));
  expect(brokenHttp(documents)).toEqual([]);
  documents.delete('openapi/admin.json');
  const broken = brokenHttp(documents);
  expect(broken).toContain('openapi/admin.json POST /admin/v1/conversations/{conversationId}/cancel is gone');
  expect(broken.every((fault) => fault.startsWith('openapi/admin.json'))).toBe(true);
});

describe('what breaks a client', () => {
  test('a path, or one operation of it, that is gone', () => {
    expect(withChanged(({ paths }) => delete paths[CLOSE])).toEqual([`POST ${CLOSE} is gone`]);
    expect(withChanged(({ paths }) => delete paths[PRESENCE]?.['put'])).toEqual([`PUT ${PRESENCE} is gone`]);
  });

  test('a success or a media type that is gone', () => {
    expect(withChanged((document) => delete at(document, CLOSE, 'post').responses['200'])).toEqual([
      `POST ${CLOSE} 200: is gone`,
    ]);
    expect(withChanged((document) => delete at(document, CLOSE, 'post').responses['200']?.content[JSON_TYPE])).toEqual([
      `POST ${CLOSE} 200 ${JSON_TYPE}: is gone`,
    ]);
  });

  test('a field of an answer that is gone, that may be missing, or that is of another type or null now', () => {
    const field = (change: (schema: Required<Schema>) => unknown) =>
      withChanged((document) => change(answer(document, CLOSE, 'post')));
    expect(field(({ properties }) => delete properties['outcome'])).toEqual([`POST ${CLOSE} 200/outcome: is gone`]);
    expect(field(({ required }) => required.splice(required.indexOf('outcome'), 1))).toEqual([
      `POST ${CLOSE} 200/outcome: was required and is optional`,
    ]);
    expect(field(({ properties }) => (properties['sequence'] = { type: 'string' }))).toEqual([
      `POST ${CLOSE} 200/sequence: type was integer and is string`,
    ]);
    expect(
      field(({ properties }) => (properties['outcome'] = { anyOf: [{ type: 'string' }, { type: 'null' }] })),
    ).toEqual([`POST ${CLOSE} 200/outcome: type was string and is null or string`]);
  });

  test('a field of a problem that is gone', () => {
    const broken = withChanged(({ components }) => delete components.schemas['Problem']?.properties?.['reasonCode']);
    expect(broken).toContain(`POST ${CLOSE} 409/reasonCode: is gone`);
  });

  test('a field of a body that is gone, new and required, or required now', () => {
    const field = (change: (schema: { properties: Record<string, Schema> } & Schema) => unknown) =>
      withChanged((document) => change(body(document, CLOSE, 'post')));
    expect(field(({ properties }) => delete properties['note'])).toEqual([`POST ${CLOSE} body/note: is gone`]);
    expect(
      field((schema) => {
        schema.properties['reason'] = { type: 'string' };
        schema.required = ['reason'];
      }),
    ).toEqual([`POST ${CLOSE} body/reason: is new and required`]);
    expect(field((schema) => (schema.required = ['category']))).toEqual([
      `POST ${CLOSE} body/category: was optional and is required`,
    ]);
  });

  test('a body that takes fewer values, other types, shorter texts', () => {
    const field = (change: (properties: Record<string, Schema>) => unknown) =>
      withChanged((document) => change(body(document, PRESENCE, 'put').properties));
    expect(field(({ status }) => status?.enum?.pop())).toEqual([
      `PUT ${PRESENCE} body/status: value "offline" is gone`,
    ]);
    expect(field((properties) => (properties['status'] = { type: 'integer' }))).toEqual([
      `PUT ${PRESENCE} body/status: type was string and is integer`,
    ]);
    expect(
      withChanged((document) => {
        const { tags } = body(document, CLOSE, 'post').properties;
        if (tags?.items) tags.items.maxLength = 32;
      }),
    ).toEqual([`POST ${CLOSE} body/tags/*: maxLength is tighter`]);
  });

  test('a parameter that is gone, required now, or new and required', () => {
    const parameters = (change: (parameters: Operation['parameters']) => unknown) =>
      withChanged((document) => change(at(document, LIST, 'get').parameters));
    expect(
      parameters((all) =>
        all.splice(
          all.findIndex(({ name }) => name === 'limit'),
          1,
        ),
      ),
    ).toEqual([`GET ${LIST} parameters/query limit: is gone`]);
    expect(
      parameters((all) => all.filter(({ name }) => name === 'limit').forEach((limit) => (limit.required = true))),
    ).toEqual([`GET ${LIST} parameters/query limit: was optional and is required`]);
    expect(parameters((all) => all.push({ name: 'region', in: 'query', required: true, schema: {} }))).toEqual([
      `GET ${LIST} parameters/query region: is new and required`,
    ]);
  });
});

test('a new path, field, value, status and an optional parameter are welcome; so is to take more, or answer less than null', () => {
  const broken = withChanged((document) => {
    document.paths['/inbox/v1/more'] = {};
    const close = at(document, CLOSE, 'post');
    close.responses['418'] = { content: {} };
    delete close.responses['409'];
    close.parameters.push({ name: 'region', in: 'query', required: false, schema: { type: 'string' } });
    body(document, CLOSE, 'post').properties['reason'] = { type: 'string' };
    body(document, CLOSE, 'post').properties['note'] = { anyOf: [{ type: 'string' }, { type: 'null' }] };
    body(document, PRESENCE, 'put').properties['status']?.enum?.push('busy');
    answer(document, CLOSE, 'post').properties['more'] = { type: 'string' };
    answer(document, CLOSE, 'post').required.push('more');
    const { conversation } = answer(document, CLOSE, 'post').properties;
    if (conversation?.properties) conversation.properties['deadlineAt'] = { type: 'string' };
    conversation?.properties?.['status']?.enum?.push('asleep');
  });
  expect(broken).toEqual([]);
});
