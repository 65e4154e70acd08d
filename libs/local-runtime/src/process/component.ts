/** How a process is started. */
export interface Launch {
  readonly command: string
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly cwd: string
  /** Another user, when this one is root and the program refuses that. */
  readonly uid?: number
  readonly gid?: number
}

/** A process of the system as the supervisor handles it: servers and roles alike. */
export interface Component {
  readonly name: string
  readonly role: string
  readonly url: string
  readonly stopSignal: NodeJS.Signals
  /** Longest a planned stop may take before SIGKILL. */
  readonly stop_ms: number
  /** What must be there before it is started. Idempotent. */
  prepare(): Promise<void>
  launch(): Launch
  /** Why it is not ready, or undefined; with what else is known of it. */
  check(): Promise<Check>
}

export interface Check {
  readonly reason: string | undefined
  readonly leader?: boolean
  /** It will never be ready as it is: it is stopped, and prepared and started anew. */
  readonly needsRestart?: boolean
  readonly facts?: Readonly<Record<string, unknown>>
}
