import { Controller, Get, HttpCode, Inject, Post } from '@nestjs/common'
import { type Status } from '#local-runtime'
import { RequireScope } from '#runtime'
import { Directory } from './status.js'
import { Supervisor } from './supervisor.js'

/** What the CLI asks: `status`, and the planned stop of everything. */
@Controller()
export class StatusController {
  constructor(
    @Inject(Directory) private readonly directory: Directory,
    @Inject(Supervisor) private readonly supervisor: Supervisor,
  ) {}

  @Get('/v1/status')
  @RequireScope('operate')
  async status(): Promise<Status> {
    await this.supervisor.refresh()
    return this.directory.status()
  }

  @Post('/v1/stop')
  @HttpCode(202)
  @RequireScope('operate')
  stop(): { readonly stopping: true } {
    void this.supervisor.stopAll().then(() => process.kill(process.pid, 'SIGTERM'))
    return { stopping: true }
  }
}
