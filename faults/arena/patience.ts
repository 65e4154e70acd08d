/** How long a test waits for what must come before it gives up: no statement about speed, but for a machine with much else to do. */
export const PATIENCE_MS = 180_000
