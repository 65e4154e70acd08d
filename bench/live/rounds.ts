import { setTimeout as sleep } from 'node:timers/promises'
import { type Acknowledged, type CommandsTask } from '../support/post-commands.js'
import { Latencies } from '../support/latencies.js'
import { processorOf } from '../support/processor.js'
import { type Worker } from '../support/workers.js'
import { type Crowd, SETTLE_MS } from './crowd.js'

export type Source = Worker<CommandsTask, Acknowledged>

/** Who is measured: the process that holds the sockets, and what makes events for it. */
export interface Subject {
  readonly group: string
  readonly pid: number
  readonly source: Source
}

export interface Measured {
  /** Delivered to sockets, per second. */
  readonly messages_per_s: number
  /** Of those that there would be if each watcher were told of each event. */
  readonly delivered: number
  /** From the acknowledgement at its sender, which a busy one comes to late. */
  readonly p50_ms: number
  readonly p99_ms: number
  /** From the moment in which it was sent, before its commit. */
  readonly since_sent_p50_ms: number
  readonly since_sent_p99_ms: number
  /** Of the server's processor, per message. */
  readonly server_us: number
}

/** One round of events at a steady rate. */
export async function measureRound(
  crowd: Crowd,
  { group, pid, source }: Subject,
  task: CommandsTask,
  watchers: number,
): Promise<Measured> {
  const before_us = processorOf(pid)
  const sent = await source.run(task)
  await sleep(SETTLE_MS)
  const { messages, sinceSent_ms, sinceAcked_ms } = await crowd.collect(group, sent)
  const used_us = processorOf(pid) - before_us
  return {
    messages_per_s: (messages / sent.positions.length) * sent.reached_per_s,
    delivered: messages / (sent.positions.length * watchers),
    p50_ms: Latencies.percentile(sinceAcked_ms, 0.5),
    p99_ms: Latencies.percentile(sinceAcked_ms, 0.99),
    since_sent_p50_ms: Latencies.percentile(sinceSent_ms, 0.5),
    since_sent_p99_ms: Latencies.percentile(sinceSent_ms, 0.99),
    server_us: used_us / messages,
  }
}
