import { createServer, connect } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import type { ISocketFactory } from 'kafkajs';

const PRODUCE = 0;

/** The frames of Kafka's protocol: four bytes of length, then so many bytes. */
class Frames {
  private left = Buffer.alloc(0);

  take(chunk: Buffer): Buffer[] {
    this.left = Buffer.concat([this.left, chunk]);
    const frames: Buffer[] = [];
    while (this.left.length >= 4 && this.left.length >= 4 + this.left.readInt32BE(0)) {
      const end = 4 + this.left.readInt32BE(0);
      frames.push(this.left.subarray(0, end));
      this.left = this.left.subarray(end);
    }
    return frames;
  }
}

/** A way to Kafka on which some acknowledgements get lost: the batch is written, and its sender never hears of it. */
export interface LossyNetwork {
  socketFactory: ISocketFactory;
  /** Acknowledgements that were lost. */
  lost(): number;
  close(): void;
}

/** To the one broker of the test stack. */
export async function lossyNetwork(broker: string, losesNow: () => boolean): Promise<LossyNetwork> {
  let lost = 0;
  const open = new Set<Socket>();
  const [host = '', port] = broker.split(':');
  const server: Server = createServer((client) => {
    const kafka = connect({ host, port: Number(port) });
    for (const socket of [client, kafka]) open.add(socket);
    const cut = (): void => void [client.destroy(), kafka.destroy()];
    for (const socket of [client, kafka]) socket.on('error', cut).on('close', cut);
    const produced = new Set<number>();
    const [requests, responses] = [new Frames(), new Frames()];
    client.on('data', (chunk: Buffer) => {
      for (const frame of requests.take(chunk))
        if (frame.readInt16BE(4) === PRODUCE) produced.add(frame.readInt32BE(8));
      kafka.write(chunk);
    });
    kafka.on('data', (chunk: Buffer) => {
      for (const frame of responses.take(chunk)) {
        if (produced.delete(frame.readInt32BE(4)) && losesNow()) {
          lost += 1;
          return cut();
        }
        client.write(frame);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port: proxyPort } = server.address() as AddressInfo;
  return {
    socketFactory: ({ onConnect }) => connect({ host: '127.0.0.1', port: proxyPort }, onConnect),
    lost: () => lost,
    close: () => {
      for (const socket of open) socket.destroy();
      server.close();
    },
  };
}
