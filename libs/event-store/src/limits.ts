import { StoreLimitExceeded, type StoreLimits } from './port.js'

/** @throws StoreLimitExceeded when there is more than the limit of that name allows. */
export function checkBound(limits: StoreLimits, limit: keyof StoreLimits, actual: number): void {
  if (actual > limits[limit]) throw new StoreLimitExceeded(limit, actual, limits[limit])
}
