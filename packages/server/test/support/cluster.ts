import { type Cluster, startCluster } from '@entangle/testkit/cluster'
import { createSpareDatabases } from '@entangle/testkit/harness'
import { inject } from 'vitest'

/** Each service in processes of its own, chat in two, over databases of their own; the services count no limits. */
export async function openCluster({ withKong = false } = {}): Promise<Cluster> {
  const databases = await createSpareDatabases(inject('server').dataDir)
  try {
    const cluster = await startCluster({
      size: { auth: 1, keys: 1, chat: 2, kafka: 1 },
      databases: databases.env,
      env: { RATE_LIMITS: 'off-for-benchmarks' },
      withKong,
    })
    const dispose = async () => {
      await cluster.dispose()
      await databases.drop()
    }
    return { ...cluster, dispose }
  } catch (error) {
    await databases.drop()
    throw error
  }
}
