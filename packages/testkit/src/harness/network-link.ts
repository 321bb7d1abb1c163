import { createFrameReader } from './frame-reader.ts'
import { createRelay, type Relay } from './relay.ts'

/** A wire between a browser and a server that can be cut, and that remembers what went over it. */
export type NetworkLink = Pick<Relay, 'port' | 'cut' | 'heal' | 'close'> & {
  /** All bytes of both directions as they went over the wire; the frames of a browser are masked in it. */
  readonly bytes: Buffer[]
  /** WebSocket messages that the browser sent, unmasked and whole, by connection. */
  readonly sentFrames: readonly SentFrame[]
}

export type SentFrame = { readonly connection: number; readonly payload: Buffer }

export async function createNetworkLink(targetPort: number): Promise<NetworkLink> {
  const bytes: Buffer[] = []
  const sentFrames: SentFrame[] = []
  let connections = 0
  const remember = (chunk: Buffer) => void bytes.push(chunk)
  const witness = () => {
    const connection = ++connections
    const readFrames = createFrameReader(payload => sentFrames.push({ connection, payload }))
    const asked = (chunk: Buffer) => {
      remember(chunk)
      readFrames(chunk)
    }
    return { asked, answered: remember }
  }
  return { ...(await createRelay(targetPort, { witness })), bytes, sentFrames }
}
