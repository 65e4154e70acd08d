/** What a client tells of itself while it runs. Times on the shared clock; 0 for never. */
export interface ClientNews {
  /** When the latest of those appends was asked for that are acknowledged. */
  readonly answered_ms: number
  /** When an append was last not taken, and to be sent again. */
  readonly refused_ms: number
}
