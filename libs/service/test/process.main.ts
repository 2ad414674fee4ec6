import { once } from 'node:events';
import { Controller, Module } from '@nestjs/common';
import { Route, route } from '../src/route.js';
import { runService } from '../src/run-service.js';
import { Shutdown } from '../src/shutdown.js';

/** A whole service as it runs in production; its one answer takes until it is told to stop. */
@Controller()
class LastWordController {
  constructor(shutdown: Shutdown) {
    shutdown.on('database', () => void process.stdout.write('the last stage\n'));
  }

  @Route(route({ method: 'GET', path: 'last-word', summary: 'Answers when the process is told to stop' }))
  async read() {
    process.stdout.write('asked\n');
    await once(process, 'SIGTERM');
    return { word: 'goodbye' };
  }
}
@Module({ controllers: [LastWordController] })
class LastWordModule {}

await runService({ name: 'stats', module: () => LastWordModule });
