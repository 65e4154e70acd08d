const { default: Sequencer } = require('@jest/test-sequencer')

/** Fault tests, then what needs servers, then the rest: no worker is left alone with a long one at the end. */
const RANKS = [/\/faults\//, /\.(int|e2e)\.spec\.ts$/, /./]
const rank = ({ path }) => RANKS.findIndex((each) => each.test(path))

module.exports = class LongestFirst extends Sequencer {
  sort(tests) {
    return [...super.sort(tests)].sort((one, other) => rank(one) - rank(other))
  }
}
