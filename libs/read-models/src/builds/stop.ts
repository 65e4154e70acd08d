/** A projection that does not go on in a lane, and because of which event. */
export interface Stop {
  readonly projection: string
  readonly version: number
  readonly build: number
  readonly lane: number
  readonly stopped: {
    readonly position: string
    readonly stream: string
    readonly revision: string
    readonly type: string
    readonly reason: string
    readonly at: string
  }
}
