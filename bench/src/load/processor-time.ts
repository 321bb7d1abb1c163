import { readdir, readFile } from 'node:fs/promises'

/** What Linux counts processor time in. */
const TICKS_PER_SECOND = 100

type Stat = { readonly parent: number; readonly ownTicks: number; readonly endedTicks: number }

async function readStat(pid: number): Promise<Stat | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined)
  if (text === undefined) return undefined
  // The name of the program, in brackets, may contain anything.
  const fields = text
    .slice(text.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number)
  const [parent = 0, user = 0, system = 0, endedUser = 0, endedSystem = 0] = [1, 11, 12, 13, 14].map(
    at => fields[at],
  )
  return { parent, ownTicks: user + system, endedTicks: endedUser + endedSystem }
}

/** Processor seconds that a process has used so far. */
export async function processorSeconds(pid: number): Promise<number> {
  return ((await readStat(pid))?.ownTicks ?? 0) / TICKS_PER_SECOND
}

/** The same of a process with all its children, those that have ended included. */
export async function treeProcessorSeconds(root: number): Promise<number> {
  const names = await readdir('/proc')
  const stats = await Promise.all(
    names
      .filter(name => /^\d+$/.test(name))
      .map(async name => [Number(name), await readStat(Number(name))] as const),
  )
  const known = new Map(stats)
  let ticks = 0
  for (const [pid, stat] of stats) {
    if (stat === undefined || (pid !== root && stat.parent !== root)) continue
    ticks += stat.ownTicks + (pid === root ? stat.endedTicks : 0)
  }
  return known.has(root) ? ticks / TICKS_PER_SECOND : 0
}

/** Resident memory of a process, in bytes. */
export async function residentBytes(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/status`, 'utf8')
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(text)?.[1] ?? 0) * 1024
}
