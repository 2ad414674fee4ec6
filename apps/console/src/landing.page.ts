import { escape, page } from './html.js';

/** Where the parts beside the gateway can be looked at; only what somebody told us is linked. */
export interface Links {
  readonly temporalUi: string | undefined;
  readonly mail: string | undefined;
}

const SERVICES = [
  ['inbox', 'visitors, agents, channels, history'],
  ['admin', 'Live Activity; close, cancel, reassign; taxonomy; audit'],
  ['stats', 'reports'],
  ['notifications', 'surveys, transcripts, webhooks'],
] as const;

const link = (href: string, text: string): string => `<a href="${escape(href)}">${escape(text)}</a>`;

const serviceRow = ([name, what]: readonly [string, string]): string => `<tr>
<th scope="row">${name}</th><td>${escape(what)}</td>
<td>${link(`/${name}/openapi.json`, 'OpenAPI')} · ${link(`/${name}/health/ready`, 'health')}</td>
</tr>`;

/** `/`: what runs here and where to read on. It says no more than is so: the supervisors' and agents' screens are not built yet. */
export function landingPage({ temporalUi, mail }: Links): string {
  const beside = [
    temporalUi === undefined ? undefined : `<li>${link(temporalUi, 'Temporal')}: every conversation as a workflow</li>`,
    mail === undefined ? undefined : `<li>${link(mail, 'Mail')}: what was sent from here</li>`,
  ].filter((item) => item !== undefined);
  return page(
    'Parley',
    `<h1>Parley</h1>
<p>The lifecycle of customer conversations, from the visitor’s first message to the close and what follows from it.
It is used through its API and its event log; the screens for supervisors and agents are not built yet.</p>
<h2>Services</h2>
<table>
${SERVICES.map(serviceRow).join('\n')}
</table>
<h2>To read on</h2>
<ul>
<li>${link('/asyncapi.yaml', 'AsyncAPI')}: the event log in Kafka, ${link('/schemas', 'its JSON Schemas')}</li>
<li>${link('/problems', 'Problems')}: every refusal, what it means and what to do</li>
${beside.join('\n')}
</ul>
<p>An access token of a seeded account: <code>npm run --silent token -- manager-1</code></p>`,
  );
}
