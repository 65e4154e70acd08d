const LENGTH_MAX = 100

/**
 * As much as an answer repeats of a text that was sent: 100 UTF-16 units. A name may be as long as a body, and stand in an answer many times; half
 * of a character is no JSON that everybody reads.
 */
export function inBrief(text: string): string {
  return text.length > LENGTH_MAX ? `${text.slice(0, LENGTH_MAX).toWellFormed()}…` : text.toWellFormed()
}
