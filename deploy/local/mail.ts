import PostalMime from 'postal-mime';
import { SMTPServer } from 'smtp-server';
import { answerHtml, answerJson, escapeHtml, listen, routes, type Listening } from './http.ts';
import type { Profile } from './profile.ts';
import { page } from './sign-in.ts';

interface Mail {
  readonly from: string;
  readonly to: readonly string[];
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  readonly at: string;
}

const mostKept = 2_000;

/** Takes every mail and delivers none; GET /messages?to= answers what would have been sent, newest last. */
export async function mailCatcher({ ports }: Profile): Promise<Listening> {
  const caught: Mail[] = [];
  const smtp = await smtpServer(ports.smtp, (mail) => {
    caught.push(mail);
    if (caught.length > mostKept) caught.shift();
  });
  const api = await listen(
    'mail',
    ports.mail,
    routes({
      'GET /': (_request, response) => answerHtml(response, outbox(caught)),
      'GET /messages': (_request, response, url) => {
        const to = url.searchParams.get('to')?.toLowerCase();
        answerJson(response, 200, { items: to === undefined ? caught : caught.filter((mail) => mail.to.includes(to)) });
      },
      'DELETE /messages': (_request, response) => {
        caught.length = 0;
        response.writeHead(204).end();
      },
    }),
  );
  return {
    name: 'mail',
    close: async () => {
      await api.close();
      await smtp.close();
    },
  };
}

function smtpServer(port: number, take: (mail: Mail) => void): Promise<Listening> {
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    logger: false,
    onData: (stream, session, done) => {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const to = session.envelope.rcptTo.map(({ address }) => address.toLowerCase());
        mailOf(Buffer.concat(chunks), to).then(
          (mail) => {
            take(mail);
            done();
          },
          (error: unknown) => done(error instanceof Error ? error : new Error(String(error))),
        );
      });
    },
  });
  // A client that hangs up in the middle is the client's business.
  server.on('error', () => undefined);
  return new Promise((resolve, reject) => {
    server.server.once('error', reject);
    server.listen(port, '127.0.0.1', () =>
      resolve({ name: 'smtp', close: () => new Promise((closed) => server.close(() => closed())) }),
    );
  });
}

async function mailOf(raw: Uint8Array, to: readonly string[]): Promise<Mail> {
  const { from, subject, text, html } = await PostalMime.parse(raw);
  return {
    from: from?.address ?? '',
    to,
    subject: subject ?? '',
    text: text ?? '',
    html: html ?? '',
    at: new Date().toISOString(),
  };
}

const row = ({ at, to, subject, text }: Mail): string =>
  `<article><h2>${escapeHtml(subject)}</h2><small>${escapeHtml(`${at} to ${to.join(', ')}`)}</small><pre>${escapeHtml(text)}</pre></article>`;

const outbox = (mails: readonly Mail[]): string =>
  page('Outbox', mails.length === 0 ? '<p>No mail was sent yet.</p>' : mails.toReversed().map(row).join(''));
