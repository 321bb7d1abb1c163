// node bench/src/main.ts NAME [--json] [--rounds N] [--seconds N] [--processes N] [--sockets N] [--rate N]
//   [--members N] [--conversations N] [--messages N] [--minutes N] [--mls]
import { availableParallelism } from 'node:os'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { benchCatchup } from './catchup/catchup.ts'
import { benchCluster } from './cluster/cluster.ts'
import { benchConnections } from './connections/connections.ts'
import { benchCrypto } from './crypto/crypto.ts'
import { benchEndToEnd } from './end-to-end/end-to-end.ts'
import { benchFanout } from './fanout/fanout.ts'
import { benchGroups } from './groups/groups.ts'
import { benchHold } from './hold/hold.ts'
import { benchIngest } from './ingest/ingest.ts'
import { benchNewDevice } from './new-device/new-device.ts'
import { createReport, type Report } from './report.ts'
import { benchWeb } from './web/web.ts'

type Options = {
  readonly members: number
  readonly conversations: number
  readonly messages: number
  readonly minutes: number
  readonly mls: boolean
  readonly rounds: number
  readonly seconds: number
  readonly processes: number
  readonly sockets: number
  readonly rate: number
}

const BENCHES: Readonly<Record<string, (report: Report, options: Options) => void | Promise<void>>> = {
  crypto: benchCrypto,
  groups: (report, { members }) => benchGroups(report, members),
  catchup: benchCatchup,
  cluster: benchCluster,
  connections: (report, options) => benchConnections(report, { ...options, steps: 5 }),
  'end-to-end': benchEndToEnd,
  fanout: benchFanout,
  hold: benchHold,
  ingest: benchIngest,
  'new-device': benchNewDevice,
  web: benchWeb,
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'boolean', default: false },
    mls: { type: 'boolean', default: false },
    members: { type: 'string', default: '1000' },
    conversations: { type: 'string', default: '50' },
    messages: { type: 'string', default: '20000' },
    minutes: { type: 'string', default: '30' },
    sockets: { type: 'string', default: '10000' },
    rate: { type: 'string', default: '500' },
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '2' },
    processes: { type: 'string', default: String(Math.max(1, availableParallelism() - 1)) },
  },
})
const [name = ''] = positionals
const bench = Object.hasOwn(BENCHES, name) ? BENCHES[name] : undefined
if (bench === undefined) {
  process.stderr.write(`Which benchmark? There are: ${Object.keys(BENCHES).join(', ')}\n`)
  process.exitCode = 2
} else {
  const report = createReport(name, { json: values.json })
  await bench(report, {
    members: Number(values.members),
    conversations: Number(values.conversations),
    messages: Number(values.messages),
    minutes: Number(values.minutes),
    mls: values.mls,
    sockets: Number(values.sockets),
    rate: Number(values.rate),
    rounds: Number(values.rounds),
    seconds: Number(values.seconds),
    processes: Number(values.processes),
  })
  process.exitCode = report.held ? 0 : 1
}
