import { postgresWriter, scratchDatabase } from '#testing'
import { describeContract } from '../contract.js'

describeContract('postgres', async () => {
  const database = await scratchDatabase()
  const writer = await postgresWriter(database)
  await writer.leads()
  return {
    store: writer.store,
    close: async () => {
      await writer.close()
      await database.drop()
    },
  }
})
