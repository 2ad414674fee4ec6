import type { IncomingMessage, ServerResponse } from 'node:http';
import { Transform } from 'node:stream';

/** What any service takes (contract.md): more is refused here, before a service hangs up in the middle of it. */
export const maxBodyBytes = 64 * 1024;
/** Whoever is told no in the middle of sending goes on for a moment. */
const lingerMs = 2_000;

/**
 * The body of a request on its way to a service, each piece after whatever the service has said until then was heard:
 * one that answers early and hangs up would else be met by a failing write, and its answer lost with the connection.
 * @param tooLarge called once, in place of the piece that is too much
 */
export function uploadOf(largest: number, tooLarge: () => void): Transform {
  let bytes = 0;
  return new Transform({
    transform(chunk: Uint8Array, _encoding, done): void {
      bytes += chunk.byteLength;
      if (bytes > largest) tooLarge();
      else setImmediate(done, null, chunk);
    },
  });
}

/**
 * Ends an answer once the rest of the request has come, and was thrown away: a connection that is closed while the other
 * side still sends is reset, and takes with it the answer that was not read yet.
 */
export function endAfterUpload(request: IncomingMessage, response: ServerResponse): void {
  request.resume();
  if (request.complete) {
    response.end();
    return;
  }
  const end = (): void => {
    clearTimeout(lingering);
    response.end();
  };
  const lingering = setTimeout(end, lingerMs);
  request.once('end', end);
  request.once('close', end);
}
