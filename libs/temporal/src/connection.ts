import { Connection } from '@temporalio/client';

/**
 * Connects lazily and keeps reconnecting; retries nothing by itself, for the SDK's own retry waits 1–5 s where
 * we have 25–200 ms, and repeats for 10 attempts what must become a 503 within 2 s.
 */
export class TemporalConnection extends Connection {
  static open(address: string): TemporalConnection {
    return new TemporalConnection(
      TemporalConnection.createCtorOptions({
        address,
        interceptors: [],
        channelArgs: {
          'grpc.initial_reconnect_backoff_ms': 100,
          // grpc-js would wait up to 2 min: an outage must be over for us when it is over.
          'grpc.max_reconnect_backoff_ms': 1000,
          'grpc.keepalive_permit_without_calls': 1,
          'grpc.keepalive_time_ms': 10_000,
          'grpc.keepalive_timeout_ms': 5_000,
        },
      }),
    );
  }

  /** Whether a channel stood within `waitMs`; at once when it stands already. Nothing was sent when it answers false. */
  async isReadyWithin(waitMs: number): Promise<boolean> {
    return this.untilReady(Date.now() + waitMs).then(
      () => true,
      () => false,
    );
  }
}
