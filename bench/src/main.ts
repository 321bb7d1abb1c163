// node bench/src/main.ts NAME [--json] [--members N] [--conversations N] [--messages N]
import process from 'node:process'
import { parseArgs } from 'node:util'
import { benchGroups } from './groups/groups.ts'
import { benchNewDevice } from './new-device/new-device.ts'
import { createReport, type Report } from './report.ts'

type Options = {
  readonly members: number
  readonly conversations: number
  readonly messages: number
}

const BENCHES: Readonly<Record<string, (report: Report, options: Options) => void | Promise<void>>> = {
  groups: (report, { members }) => benchGroups(report, members),
  'new-device': benchNewDevice,
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'boolean', default: false },
    members: { type: 'string', default: '1000' },
    conversations: { type: 'string', default: '50' },
    messages: { type: 'string', default: '20000' },
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
  })
  process.exitCode = report.held ? 0 : 1
}
