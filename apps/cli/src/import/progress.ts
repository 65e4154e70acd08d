import { SingleBar } from 'cli-progress'

export interface Progress {
  show(done: number): void
  stop(): void
}

/** How many transactions are settled, on stderr: a bar on a terminal, a line every thousand elsewhere. */
export function importProgress(label: string): Progress {
  if (!process.stderr.isTTY) {
    let shown = 0
    return {
      show: (done) => {
        if (done - shown < 1_000) return
        shown = done
        process.stderr.write(`${label}: ${done} transactions\n`)
      },
      stop: () => undefined,
    }
  }
  // How many will come is known at the end only: the bar's total runs ahead of what is done.
  const bar = new SingleBar({
    format: `${label} {bar} {value} transactions, {duration_formatted}`,
    stream: process.stderr,
  })
  bar.start(100, 0)
  return {
    show: (done) => {
      if (done >= bar.getTotal()) bar.setTotal(done * 2)
      bar.update(done)
    },
    stop: () => {
      bar.setTotal(Math.max(1, bar.getProgress() * bar.getTotal()))
      bar.stop()
    },
  }
}
