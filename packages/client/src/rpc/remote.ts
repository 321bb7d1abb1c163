import { EngineError, type EngineEvents } from '../api/engine-api.ts'
import { engineFailure } from '../api/failures.ts'
import type { CallerPort, EngineFrame, RequestId } from './frames.ts'
import type { EngineSubscriber } from './subscriber.ts'
import { createWatchList } from './watch-list.ts'

type Pending = {
  readonly resolve: (value: unknown) => void
  readonly reject: (error: Error) => void
}

/** The caller's end of a port. */
export function createRemote(port: CallerPort): EngineSubscriber {
  const pending = new Map<RequestId, Pending>()
  const watches = createWatchList()
  const watched = new Set<keyof EngineEvents>()
  let closed = false

  const receive = (frame: EngineFrame) => {
    if (frame.t === 'event') {
      watches.publish(frame.name, frame.value as EngineEvents[typeof frame.name])
      return
    }
    const waiting = pending.get(frame.id)
    if (waiting === undefined) return
    pending.delete(frame.id)
    if (frame.t === 'result') waiting.resolve(frame.value)
    else waiting.reject(new EngineError(frame.error))
  }
  const stopListening = port.listen(receive)

  return {
    handle: (name, input, id) =>
      new Promise((resolve, reject) => {
        if (closed) {
          reject(engineFailure('ENGINE_CLOSED'))
          return
        }
        pending.set(id, { resolve, reject })
        port.send({ t: 'request', id, name, input })
      }),
    on: (name, listener) => {
      const stop = watches.add(name, listener)
      if (!watched.has(name)) {
        watched.add(name)
        port.send({ t: 'watch', name })
      }
      return stop
    },
    close: () => {
      if (closed) return
      closed = true
      port.send({ t: 'bye' })
      stopListening()
      watches.clear()
      for (const waiting of pending.values()) waiting.reject(engineFailure('ENGINE_CLOSED'))
      pending.clear()
    },
  }
}
