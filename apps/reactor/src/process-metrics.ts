import { Counter, Gauge, type Registry } from 'prom-client'
import { type Reactor, type ReactorOptions } from '#processes'

/** Counts each command by what became of it. */
export function sentCounter(metrics: Registry): NonNullable<ReactorOptions['onSent']> {
  const sent = new Counter({
    name: 'headwater_process_commands_total',
    help: 'Commands that process managers have sent, by what became of them',
    labelNames: ['process', 'outcome'],
    registers: [metrics],
  })
  return (process, outcome) => sent.inc({ process, outcome })
}

/** What says whether process managers come along. */
export function processMetrics(metrics: Registry, reactor: Reactor): void {
  const registers = [metrics]
  const labelNames = ['process'] as const
  new Gauge({
    name: 'headwater_process_position',
    help: 'Last position that a process manager has dealt with; 0 while another instance runs it',
    labelNames,
    registers,
    collect() {
      for (const { name, position } of reactor.status) this.set({ process: name }, Number(position ?? 0n))
    },
  })
  new Gauge({
    name: 'headwater_process_stuck_position',
    help: 'Position of the event at which a process manager stands still; 0 while it goes on',
    labelNames,
    registers,
    collect() {
      for (const { name, stuck } of reactor.status) this.set({ process: name }, Number(stuck?.position ?? 0n))
    },
  })
  new Gauge({
    name: 'headwater_process_held_back_events',
    help: 'Events of a process manager that wait until what their targets need is restored from an archive of the log',
    labelNames,
    registers,
    collect() {
      for (const { name, heldBack } of reactor.status) this.set({ process: name }, heldBack)
    },
  })
}
