import { type ConversationId, parseSend } from '@entangle/protocol'

export type SeenSend = {
  readonly conversationId: ConversationId
  readonly messageId: string
  readonly epoch: number
  readonly counter: number
  readonly body: Uint8Array
}

/** The first ciphertext of a life in an epoch in which an earlier life has encrypted too. */
export type DoubtfulSend = SeenSend & { readonly before: readonly SeenSend[] }

/** Every ciphertext that a device has put on the wire, also what the network then lost. */
export type SendWatch = {
  readonly sent: (frame: Uint8Array, deviceId: string) => void
  readonly died: () => void
  /** Those that came since the last call. */
  readonly takeDoubtful: () => readonly DoubtfulSend[]
}

const same = (one: Uint8Array, other: Uint8Array) => Buffer.from(one).equals(Buffer.from(other))

/** `breach` is told at once: bytes under one number never differ, and a message is encrypted once an epoch. */
export function createSendWatch(breach: (what: string) => void): SendWatch {
  const byPlace = new Map<string, SeenSend[]>()
  let doubtful: DoubtfulSend[] = []
  const byCounter = new Map<string, SeenSend>()
  const byMessage = new Map<string, SeenSend>()
  const lifeOfPlace = new Map<string, number>()
  let lives = 0

  return {
    takeDoubtful() {
      const taken = doubtful
      doubtful = []
      return taken
    },
    died() {
      lives += 1
    },
    sent(frame, deviceId) {
      const send = parseSend(frame)
      if (send === undefined) return
      const { conversationId, messageId, epoch, counter } = send
      // Signed in anew it is another device.
      const number = `${deviceId} ${String(counter)}`
      const known = byCounter.get(number)
      if (known !== undefined) {
        if (!same(known.body, send.body)) breach(`counter ${String(counter)} stands for two ciphertexts`)
        return
      }
      const key = `${conversationId} ${messageId} ${String(epoch)}`
      if (byMessage.has(key)) breach(`message ${messageId} was encrypted twice in epoch ${String(epoch)}`)
      const place = `${deviceId} ${conversationId} ${String(epoch)}`
      const life = lifeOfPlace.get(place)
      const entry: SeenSend = { conversationId, messageId, epoch, counter, body: send.body.slice() }
      const before = byPlace.get(place) ?? []
      if (life !== undefined && life !== lives) doubtful.push({ ...entry, before })
      lifeOfPlace.set(place, lives)
      byPlace.set(place, [...before, entry])
      byCounter.set(number, entry)
      byMessage.set(key, entry)
    },
  }
}
