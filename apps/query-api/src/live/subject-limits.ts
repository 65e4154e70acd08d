import { Problem } from '#runtime'

export interface SubjectLimitsOptions {
  /** Sockets that one token subject may have open on this instance. */
  readonly sockets_max: number
  /** Subscriptions that all sockets of one token subject may hold on this instance together. */
  readonly subscriptions_max: number
}

interface Held {
  sockets: number
  subscriptions: number
  /** Under way, or waiting for their turn. */
  reads: number
}

/** What each token subject holds on this instance: nobody takes it all. Knows as many subjects as have sockets, or reads in hand. */
export class SubjectLimits {
  private readonly subjects = new Map<string, Held>()

  constructor(private readonly options: SubjectLimitsOptions) {}

  /** @throws Problem `too-many-requests` */
  connect(subject: string): void {
    const { sockets_max } = this.options
    const held = this.subjects.get(subject) ?? { sockets: 0, subscriptions: 0, reads: 0 }
    if (held.sockets >= sockets_max)
      throw Problem.of(
        'too-many-requests',
        `the subject of this token has ${sockets_max} sockets here, the most it may; close one, or watch more on one socket`,
      )
    held.sockets += 1
    this.subjects.set(subject, held)
  }

  disconnect(subject: string): void {
    const held = this.subjects.get(subject)
    if (!held) return
    held.sockets -= 1
    this.forget(subject, held)
  }

  /** @throws Problem `too-many-requests` */
  subscribe(subject: string): void {
    const { subscriptions_max } = this.options
    const held = this.subjects.get(subject)
    if (!held) return
    if (held.subscriptions >= subscriptions_max)
      throw Problem.of(
        'too-many-requests',
        `the subject of this token holds ${subscriptions_max} subscriptions here, the most it may; unsubscribe from some`,
      )
    held.subscriptions += 1
  }

  unsubscribe(subject: string): void {
    const held = this.subjects.get(subject)
    if (held) held.subscriptions -= 1
  }

  /**
   * Reads the state of what a subject subscribes to. It counts until it has ended, also when the subscription or the socket has gone by then: as
   * many at a time as there may be subscriptions.
   *
   * @throws Problem `too-many-requests`; whatever `read` throws
   */
  async reading<T>(subject: string, read: () => Promise<T>): Promise<T> {
    const { subscriptions_max } = this.options
    const held = this.subjects.get(subject)
    if (!held) return read()
    if (held.reads >= subscriptions_max)
      throw Problem.of(
        'too-many-requests',
        `the subject of this token has ${subscriptions_max} subscribes in hand here, the most it may; wait for their answers`,
      )
    held.reads += 1
    try {
      return await read()
    } finally {
      held.reads -= 1
      this.forget(subject, held)
    }
  }

  private forget(subject: string, { sockets, reads }: Held): void {
    if (sockets === 0 && reads === 0) this.subjects.delete(subject)
  }
}
