import { randomBytes } from 'node:crypto'
import process from 'node:process'
import type { SeededDevice } from './seed.ts'

/** As large as a short message is after padding and encryption. */
export const BODY_BYTES = 400
const TEXT_BYTES = 256
/** So many devices of each process encrypt for real; with all of them the load would be what is measured. */
const ENCRYPTING = 8

/** What a device writes into its next message. */
type Bodies = (sender: SeededDevice) => Uint8Array

const body = randomBytes(BODY_BYTES)

/** With `--mls`: each in a group of its own, in the WebAssembly that clients run. */
async function encryptSome(): Promise<Bodies> {
  const { buildGroup } = await import('../groups/group-of.ts')
  const groups = new Map<number, ReturnType<typeof buildGroup>>()
  const text = randomBytes(TEXT_BYTES)
  return ({ number }) => {
    if (!groups.has(number) && groups.size < ENCRYPTING) groups.set(number, buildGroup(2))
    const group = groups.get(number)
    return group === undefined ? body : group.founder.send(group.groupId, text)
  }
}

export const bodyOf: Bodies = process.argv.includes('--mls') ? await encryptSome() : () => body
