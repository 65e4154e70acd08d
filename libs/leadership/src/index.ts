export { clearTerm } from './clear-term.js'
export { Leadership, type LeadershipOptions } from './leadership.js'
export { LEASES_SQL } from './sql.js'
