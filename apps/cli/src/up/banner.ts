import { type Status } from '#local-runtime'
import { type Local } from '../local.js'
import { reasonsIn } from './until-ready.js'

/** As one word of a shell, whatever is in it. */
function word(text: string): string {
  return /^[\w./:@%+-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
}

/** The one block that `up` prints when all runs. The curl lines work when pasted. */
export function banner({ controllerUrl, layout, config }: Local, status: Status): string {
  const { urls, instances, position, ready } = status
  const said = ready
    ? `Headwater is ready, at position ${position}.`
    : [`Headwater runs, at position ${position}. Not all is ready:`, ...reasonsIn(status)].join('\n')
  const settings = [
    process.env['HEADWATER_DATA'] ? `HEADWATER_DATA=${word(layout.root)} ` : '',
    process.env['HEADWATER_PORT_BASE'] ? `HEADWATER_PORT_BASE=${config.HEADWATER_PORT_BASE} ` : '',
  ].join('')
  const servers = instances
    .filter(({ role }) => role.startsWith('postgres') || role === 'redis')
    .map(({ id, url }) => `  ${id.padEnd(18)}${url}`)
  return `
${said}

  commands          ${urls.commands}
  queries           ${urls.queries}
  live (socket.io)  ${urls.live}/live
  docs              ${urls.docs.join('  ')}
  controller        ${controllerUrl}
${servers.join('\n')}
  data and logs     ${layout.root}

A token:   TOKEN=$(${settings}npx headwater token)
Try it:
  TOKEN=$(${settings}npx headwater token); curl -s -H "Authorization: Bearer $TOKEN" ${urls.queries}/v1/ledger/books/demo/balances
  curl -s -H "Authorization: Bearer $(${settings}npx headwater token)" -H 'content-type: application/json' -d '{"id":"coffee-'$RANDOM'","date":"2026-11-23","description":"coffee","postings":[{"account":"expenses:food","amount":"3.20","commodity":"EUR"},{"account":"assets:cash","amount":"-3.20","commodity":"EUR"}]}' ${urls.commands}/v1/ledger/books/demo/transactions
  curl -s -H "Authorization: Bearer $(${settings}npx headwater token)" '${urls.queries}/v1/ledger/books/demo/transactions?limit=3'

Ctrl-C drains and stops everything.
`
}
