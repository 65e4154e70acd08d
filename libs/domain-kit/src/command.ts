import { type Aggregate, type IdRule } from './aggregate.js'
import { type Capability } from './capability.js'
import { type EventShape, type RecordedOf } from './event.js'
import { type Route, type RouteParams } from './route.js'

/** A class with class-validator decorators: what a body must be. */
export type DtoClass<T extends object = object> = new () => T

export type RejectionStatus = 404 | 409 | 422

/** One field's failure inside a rejection; `field` is a path such as `postings.1.amount`. */
export interface FieldError {
  readonly field: string
  readonly rule: string
  readonly message: string
}

/** The domain's no: which rule, in words a caller can act on. */
export interface Rejection<Code extends string = string> {
  readonly kind: 'rejection'
  readonly code: Code
  readonly detail: string
  readonly errors?: readonly FieldError[]
}

/** A name that may be taken once in its stream, for ever; `taken` is the rejection for whoever comes second. */
export interface Claim<Code extends string = string> {
  readonly name: string
  readonly taken: Code
}

export interface DecideContext<E extends EventShape, Code extends string, Found extends string> {
  /** The id of the aggregate that the command addresses. */
  readonly target: string
  /** ISO 8601 time of the request: the only clock a decider sees. */
  readonly now: string
  /** Does the stream hold any event yet? */
  readonly exists: boolean
  /** What the declared lookups found: the last event of the append that took the named claim. */
  readonly found: { readonly [Name in Found]: RecordedOf<E> | undefined }
  event<T extends E['type']>(type: T, data: NoInfer<Extract<E, { type: T }>['data']>): Extract<E, { type: T }>
  reject<C extends Code>(code: C, detail: string, errors?: readonly FieldError[]): Rejection<C>
}

/** The fields that a path can name: what stands there is text, and is not made into anything else. */
type TextFields<Body> = { [F in keyof Body]-?: Body[F] extends string | undefined ? F : never }[keyof Body]

/** Where each route parameter comes from: the target's own name, or a field of the body; what lacks a source is named. */
type Sourced<R extends string, Name extends string, Body> =
  Exclude<RouteParams<R>, Name | keyof Body> extends never
    ? Exclude<Name | RouteParams<R>, TextFields<Body>> & keyof Body extends never
      ? Name extends RouteParams<R> | keyof Body
        ? unknown
        : { readonly source: `neither the route nor the body names the target {${Name}}` }
      : {
          readonly source: `{${Exclude<Name | RouteParams<R>, TextFields<Body>> & keyof Body & string}} is no text in the body`
        }
    : { readonly source: `the body has no field for {${Exclude<RouteParams<R>, Name | keyof Body> & string}}` }

export interface CommandDefinition<
  Name extends string,
  S,
  E extends EventShape,
  Body extends object,
  R extends Route,
  Code extends string,
  Found extends string,
> {
  readonly body: DtoClass<Body>
  /**
   * `METHOD /path`; the parameter named like the aggregate is the target, the others are fields of the body, of type string.
   * Default `POST /<aggregate>s/{<aggregate>}/<name>`. No route at all when the domain lists the command as `internal`.
   */
  readonly route?: Sourced<R, Name, Body> & R
  /** Status of the answer. Default 201. */
  readonly status?: 200 | 201 | 202
  /** A sentence for the OpenAPI page. */
  readonly summary?: string
  /** A body that is taken, for the OpenAPI page: fields that the route names included. */
  readonly example?: NoInfer<Body>
  /** Every code that `decide` or a claim may refuse with, and its HTTP status. */
  readonly rejections: { readonly [C in Code]: RejectionStatus }
  /** Names this command takes once, for ever, within its stream. A claim taken with the same content replays. */
  readonly claims?: (body: Body) => readonly Claim<NoInfer<Code>>[]
  /** Claims whose event `decide` needs to see; resolved before `decide`, from the index and the stream's tail. */
  readonly lookups?: (body: Body) => { readonly [N in Found]: string }
  /** Path of a resource that this command starts and that the answer's `Location` names. */
  readonly location?: (body: Body, target: string) => string
  /** What the event store must be able to do beside what `claims` and `lookups` need of it anyway. */
  readonly needs?: readonly Capability[]
  readonly decide: (
    state: S,
    body: Body,
    context: DecideContext<E, NoInfer<Code>, NoInfer<Found>>,
  ) => readonly E[] | Rejection<NoInfer<Code>>
}

export interface Command<
  Name extends string = string,
  S = unknown,
  E extends EventShape = EventShape,
  Body extends object = object,
  Code extends string = string,
> {
  readonly kind: 'command'
  readonly name: string
  readonly aggregate: Aggregate<Name, S, E>
  readonly body: DtoClass<Body>
  readonly route: Route
  readonly status: 200 | 201 | 202
  readonly summary: string
  readonly example: Body | undefined
  readonly rejections: { readonly [C in Code]: RejectionStatus }
  readonly claims: (body: Body) => readonly Claim<Code>[]
  readonly lookups: ((body: Body) => Readonly<Record<string, string>>) | undefined
  readonly location: ((body: Body, target: string) => string) | undefined
  readonly needs: readonly Capability[]
  readonly decide: (state: S, body: Body, context: DecideContext<E, Code, string>) => readonly E[] | Rejection<Code>
}

/** A command whose types have been forgotten: what the apps handle. Inputs were validated against `body`. */
export interface AnyCommand {
  readonly kind: 'command'
  readonly name: string
  readonly aggregate: AnyAggregate
  readonly body: DtoClass
  readonly route: Route
  readonly status: 200 | 201 | 202
  readonly summary: string
  readonly example: object | undefined
  readonly rejections: Readonly<Record<string, RejectionStatus>>
  claims(body: object): readonly Claim[]
  readonly lookups: ((body: never) => Readonly<Record<string, string>>) | undefined
  readonly location: ((body: never, target: string) => string) | undefined
  readonly needs: readonly Capability[]
  decide(state: unknown, body: object, context: AnyDecideContext): readonly EventShape[] | Rejection
}

export interface AnyAggregate {
  readonly kind: 'aggregate'
  readonly name: string
  readonly version: number
  readonly id?: IdRule
  readonly initial: unknown
  readonly evolve: object
  readonly upcasters?: object | undefined
  readonly snapshot?: { encode(state: never): unknown; decode(stored: unknown): unknown } | 'never'
}

export interface AnyDecideContext {
  readonly target: string
  readonly now: string
  readonly exists: boolean
  readonly found: Readonly<Record<string, RecordedOf<EventShape> | undefined>>
  event(type: string, data: object): EventShape
  reject(code: string, detail: string, errors?: readonly FieldError[]): Rejection
}

const CLAIMS: readonly Capability[] = ['claims']

/** Declares a use case: its input, its route, its rules. See {@link CommandDefinition} for each part. */
export function command<
  const Name extends string,
  S,
  E extends EventShape,
  Body extends object,
  const R extends Route,
  const Code extends string = never,
  const Found extends string = never,
>(
  of: Aggregate<Name, S, E>,
  name: string,
  definition: CommandDefinition<Name, S, E, Body, R, Code, Found>,
): Command<Name, S, E, Body, Code> {
  return {
    kind: 'command',
    name,
    aggregate: of,
    body: definition.body,
    route: definition.route ?? `POST /${of.name}s/{${of.name}}/${name}`,
    status: definition.status ?? 201,
    summary: definition.summary ?? name,
    example: definition.example,
    rejections: definition.rejections,
    claims: definition.claims ?? (() => []),
    lookups: definition.lookups,
    location: definition.location,
    needs: [...new Set([...(definition.needs ?? []), ...(definition.claims || definition.lookups ? CLAIMS : [])])],
    decide: definition.decide,
  }
}

export function isRejection(decision: readonly EventShape[] | Rejection): decision is Rejection {
  return 'kind' in decision
}

/** The context that `decide` gets; `found` holds what the lookups brought. */
export function decideContext(given: Pick<AnyDecideContext, 'target' | 'now' | 'exists' | 'found'>): AnyDecideContext {
  const { target, now, exists, found } = given
  return { target, now, exists, found, event, reject }
}

const event: AnyDecideContext['event'] = (type, data) => ({ type, data })
const reject: AnyDecideContext['reject'] = (code, detail, errors) => ({
  kind: 'rejection',
  code,
  detail,
  ...(errors ? { errors } : {}),
})
