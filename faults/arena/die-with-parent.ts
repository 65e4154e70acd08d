/** Loaded before a program that is not ours to change: it ends at once when whoever forked it has ended, however that was. */
process.once('disconnect', () => process.kill(process.pid, 'SIGKILL'))
process.channel?.unref()
