import { execFile } from 'node:child_process'
import { randomBytes, randomInt } from 'node:crypto'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** A network of its own on this machine, with one wire to it. */
export type NetworkNamespace = {
  /** This machine, seen from inside. */
  readonly outerHost: string
  /** What runs inside, seen from here. */
  readonly innerHost: string
  /** Words before a command that has to run inside. */
  readonly enter: readonly string[]
  /** Nothing passes, and nobody is told. */
  part(): Promise<void>
  join(): Promise<void>
  remove(): Promise<void>
}

/** Undefined where it may not be made: that takes Linux and root. */
export async function createNetworkNamespace(): Promise<NetworkNamespace | undefined> {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return undefined
  const mark = randomBytes(4).toString('hex')
  const [name, outer, inner] = [`entangle-${mark}`, `en-${mark}-o`, `en-${mark}-i`]
  const network = `10.${String(randomInt(64, 128))}.${String(randomInt(256))}`
  const [outerHost, innerHost] = [`${network}.1`, `${network}.2`]
  const ip = (line: string) => run('ip', line.split(' '))
  const remove = async () => {
    await ip(`link delete ${outer}`).catch(() => undefined)
    await ip(`netns delete ${name}`).catch(() => undefined)
  }
  try {
    await ip(`netns add ${name}`)
    await ip(`link add ${outer} type veth peer name ${inner} netns ${name}`)
    await ip(`address add ${outerHost}/30 dev ${outer}`)
    await ip(`-n ${name} address add ${innerHost}/30 dev ${inner}`)
    await ip(`link set ${outer} up`)
    await ip(`-n ${name} link set ${inner} up`)
    await ip(`-n ${name} link set lo up`)
  } catch {
    await remove()
    return undefined
  }
  return {
    outerHost,
    innerHost,
    enter: ['ip', 'netns', 'exec', name],
    part: async () => void (await ip(`link set ${outer} down`)),
    join: async () => void (await ip(`link set ${outer} up`)),
    remove,
  }
}
