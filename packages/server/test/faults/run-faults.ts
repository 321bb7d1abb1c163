import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { createJumpingClock, mountSmallDisk } from '@entangle/testkit/faults'
import { openDatabaseView, type SeededRandom, startServer } from '@entangle/testkit/harness'
import { type Run, runCampaign } from './campaign.ts'
import { FAULTS, type FaultName } from './faults.ts'

const isReady = (url: string) =>
  fetch(`${url}/readyz`).then(
    answer => answer.ok,
    () => false,
  )

/** One server with its own database. */
export async function runFaults(
  random: SeededRandom,
  faults: readonly FaultName[],
  { diskMiB, perSecond }: { readonly diskMiB: number; readonly perSecond: number },
): Promise<Run> {
  const clock = await createJumpingClock()
  const disk = await mountSmallDisk(diskMiB)
  const server = await startServer({
    ...(disk === undefined ? {} : { dataDir: join(disk.path, 'data') }),
    env: { RATE_LIMITS: 'off-for-benchmarks', LOG_LEVEL: 'error', ...clock.env },
  })
  if (disk === undefined) process.stdout.write('faults: no full disk, which takes Linux and root\n')
  const possible = faults.filter(name => disk !== undefined || name !== 'disk full')
  try {
    return await runCampaign(
      {
        url: server.url,
        openView: () => openDatabaseView(server.dataDir),
        isReady: () => isReady(server.url),
        commit: (name: FaultName, cast) => FAULTS[name]({ server, cast, random, clock, disk }),
        output: server.output,
        written: async () => ({ output: server.output(), folders: [server.dataDir] }),
      },
      { random, faults: possible, perSecond, restMs: [200, 1500] },
    )
  } finally {
    await server.dispose()
    if (disk !== undefined) {
      await rm(server.dataDir, { recursive: true, force: true })
      await disk.remove()
    }
    await clock.remove()
  }
}
