import { readFileSync } from 'node:fs'

// Loaded into a server under test before anything else: its wall clock is off by what the file says.
let offsetMs = 0
const read = () => {
  offsetMs = Number(readFileSync(process.env.CLOCK_OFFSET_FILE, 'utf8')) || 0
}
read()
process.on('SIGUSR2', read)

const RealDate = Date
const now = () => RealDate.now() + offsetMs
globalThis.Date = class extends RealDate {
  constructor(...parts) {
    if (parts.length === 0) super(now())
    else super(...parts)
  }
  static now() {
    return now()
  }
}
