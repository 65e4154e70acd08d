import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query } from '@nestjs/common'
import { IsIn, IsInt, IsOptional, IsString, Matches, MaxLength, Min, ValidateIf } from 'class-validator'
import { validateDto } from '#http-api'
import { Builds, type BuildStatus, type Decision, type DecisionRecord } from '#read-models'
import { Caller, inBrief, type Principal, Problem, RequireScope } from '#runtime'
import { LogHead } from './log-head.js'

class RebuildOptions {
  /** `no`: the new build waits to be promoted. Default `yes`. */
  @IsOptional() @IsIn(['yes', 'no']) readonly promote?: 'yes' | 'no'
}

class DropOptions {
  /** One build of the installed version. */
  @ValidateIf(({ version }: DropOptions) => version === undefined)
  @IsIn(['next', 'previous'])
  readonly slot?: 'next' | 'previous'

  /** Instead: every build of an earlier version. */
  @IsOptional() @IsInt() @Min(1) readonly version?: number
}

class SkipOptions {
  /** Position of the event to leave out: the one at which the projection has stopped. */
  @IsString() @Matches(/^\d{1,18}$/) readonly position!: string
}

class Nothing {}

class DecisionsQuery {
  /** Of this projection only; it need not be installed any more. */
  @IsOptional() @IsString() @MaxLength(200) readonly projection?: string
}

/** A build, and where the log ends as decimal text: null when the log does not answer. */
export type ListedBuild = BuildStatus & { readonly head: string | null }

/**
 * `GET /v1/projections` and `POST /v1/projections/{name}/{action}`: blue and green builds, and what has stopped.
 * `GET /v1/projections/decisions?projection=`: what operators did, the newest 100, newest first. For operators.
 */
@Controller()
export class ProjectionsController {
  constructor(
    @Inject(Builds) private readonly builds: Builds,
    @Inject(LogHead) private readonly log: LogHead,
  ) {}

  @Get('/v1/projections')
  @RequireScope('operate')
  async list(): Promise<{ readonly projections: readonly ListedBuild[] }> {
    const all = await this.builds.list()
    const head = await this.log.find().then(String, () => null)
    return { projections: all.map((build) => ({ ...build, head })) }
  }

  @Get('/v1/projections/decisions')
  @RequireScope('operate')
  async decisions(@Query() query: unknown): Promise<{ readonly decisions: readonly DecisionRecord[] }> {
    const { projection } = validateDto(DecisionsQuery, query, 'query')
    return { decisions: await this.builds.decisions(projection) }
  }

  @Post('/v1/projections/:name/:action')
  @HttpCode(200)
  @RequireScope('operate')
  async act(
    @Param('name') name: string,
    @Param('action') action: string,
    @Body() body: unknown,
    @Caller() principal: Principal,
  ): Promise<{ readonly projections: readonly ListedBuild[] }> {
    const given = body === undefined || body === null ? {} : body
    await this.run(name, action, given, { actor: principal.subject, action })
    const { projections } = await this.list()
    return { projections: projections.filter(({ projection }) => projection === name) }
  }

  private async run(name: string, action: string, given: unknown, by: Decision): Promise<void> {
    const { builds } = this
    switch (action) {
      case 'rebuild':
        return builds.rebuild(name, validateDto(RebuildOptions, given, 'body').promote !== 'no', by)
      case 'promote':
        validateDto(Nothing, given, 'body')
        return builds.promote(name, by)
      case 'rollback':
        validateDto(Nothing, given, 'body')
        return builds.rollback(name, by)
      case 'drop':
        return this.drop(name, validateDto(DropOptions, given, 'body'), by)
      case 'retry':
        validateDto(Nothing, given, 'body')
        return builds.retry(name, by)
      case 'skip':
        return builds.skip(name, BigInt(validateDto(SkipOptions, given, 'body').position), by)
      default:
        throw Problem.of(
          'not-found',
          `"${inBrief(action)}" is nothing that can be done with a projection: rebuild, promote, rollback, drop, retry, skip`,
        )
    }
  }

  private async drop(name: string, { slot, version }: DropOptions, by: Decision): Promise<void> {
    if (version !== undefined) await this.builds.dropVersion(name, version, by)
    else if (slot) await this.builds.drop(name, slot, by)
  }
}
