import { qualifiedName } from '#domain-kit'
import { reports, requestReport, settleReport, startReport } from '#reports'
import { domains } from './index.js'

test('commands are called what they were always called: the log remembers requests under these names', () => {
  const declared = domains.flatMap((of) => [...of.commands, ...of.internal].map((each) => qualifiedName(of, each)))
  const ofReports = [requestReport, startReport, settleReport].map((each) => qualifiedName(reports, each))
  expect([...declared, ...ofReports]).toEqual([
    'ledger.open-book',
    'ledger.open-account',
    'ledger.close-account',
    'ledger.post-transaction',
    'ledger.reverse-transaction',
    'ledger.place-hold',
    'ledger.capture-hold',
    'ledger.release-hold',
    'ledger.request-transfer',
    'ledger.receive-transfer',
    'ledger.decline-transfer',
    'ledger.complete-transfer',
    'ledger.refund-transfer',
    'reports.request-report',
    'reports.start-report',
    'reports.settle-report',
  ])
})
