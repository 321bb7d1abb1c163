import { createFarNode, startCluster, startReplicatedDatabases } from '@entangle/testkit/cluster'
import { createJumpingClock } from '@entangle/testkit/faults'
import type { SeededRandom } from '@entangle/testkit/harness'
import { type Run, runCampaign } from '../faults/campaign.ts'
import { FAULTS, type FaultName, type Lengths } from './faults.ts'

type Size = { readonly perSecond: number; readonly lengths: Lengths }

const isAnswering = (url: string) =>
  fetch(url, { signal: AbortSignal.timeout(5000) }).then(
    answer => answer.ok,
    () => false,
  )

/** Each service in processes of its own, chat in three, everybody's connection over NGINX to any of them. */
export async function runClusterFaults(
  random: SeededRandom,
  faults: readonly FaultName[],
  { perSecond, lengths }: Size,
): Promise<Run & { readonly gaps: readonly number[] }> {
  const opened: (() => Promise<unknown>)[] = []
  const keep = async <T>(opening: Promise<T>, close: (part: T) => Promise<unknown>): Promise<T> => {
    const part = await opening
    opened.push(() => close(part))
    return part
  }
  try {
    const clock = await keep(createJumpingClock(), each => each.remove())
    const farNode = await keep(createFarNode(), each => each.dispose())
    if (!farNode.hasNetwork) {
      process.stdout.write('cluster faults: no network namespaces; wires alone are parted\n')
    }
    const databases = await keep(startReplicatedDatabases(), each => each.dispose())
    const cluster = await keep(
      startCluster({
        size: { auth: 2, keys: 2, chat: 3, kafka: 3 },
        databases: databases.env,
        farNode,
        env: (service, index) => ({
          RATE_LIMITS: 'off-for-benchmarks',
          // Brokers on one machine have enough to do.
          NODE_SLOTS: '8',
          ...(service === 'chat' && index === 0 ? clock.env : {}),
        }),
      }),
      each => each.dispose(),
    )
    const { nginx, redis, kafka } = cluster
    const servers = [...cluster.auth, ...cluster.keys, ...cluster.chat]
    const addresses = [...servers.map(({ url }) => `${url}/readyz`), `${nginx.url}/healthz`]
    const programs = () => [nginx, redis, ...kafka.brokers, databases.primary(), databases.standby()]
    const gaps: number[] = []
    const complaints: string[] = []
    const run = await runCampaign(
      {
        url: cluster.url,
        openView: databases.openView,
        isReady: async () => (await Promise.all(addresses.map(isAnswering))).every(Boolean),
        commit: (name: FaultName, cast) =>
          FAULTS[name]({ cluster, databases, farNode, clock, cast, random, lengths, gaps, complaints }),
        output: () => servers.map(server => server.output().slice(-1000)).join('\n'),
        async written() {
          await redis.tell('SAVE')
          return {
            output: [...servers, ...programs()].map(each => each.output()).join('\n'),
            folders: [databases.folder, redis.folder, kafka.folder, cluster.folder],
          }
        },
      },
      { random, faults, perSecond, restMs: [100, 800] },
    )
    return { ...run, complaints: [...run.complaints, ...complaints], gaps }
  } finally {
    for (const close of opened.toReversed()) await close()
  }
}
