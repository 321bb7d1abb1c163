import type { EngineEvents, EngineRequestName } from '../api/engine-api.ts'
import { toEngineErrorData } from '../api/engine-errors.ts'
import type { CallerFrame, EnginePort, RequestId } from './frames.ts'
import type { EngineSubscriber } from './subscriber.ts'

/** The engine's end of a port. Returns what closes it. */
export function serveCaller(port: EnginePort, subscriber: EngineSubscriber): () => void {
  const watches = new Map<keyof EngineEvents, () => void>()

  const answer = async (id: RequestId, name: EngineRequestName, input: unknown) => {
    try {
      port.send({ t: 'result', id, value: await subscriber.handle(name, input, id) })
    } catch (error) {
      port.send({ t: 'failure', id, error: toEngineErrorData(error) })
    }
  }

  const watch = <Name extends keyof EngineEvents>(name: Name) => {
    if (watches.has(name)) return
    watches.set(
      name,
      subscriber.on(name, value => port.send({ t: 'event', name, value })),
    )
  }

  const receive = (frame: CallerFrame) => {
    switch (frame.t) {
      case 'request':
        void answer(frame.id, frame.name, frame.input)
        break
      case 'watch':
        watch(frame.name)
        break
      case 'bye':
        close()
        break
    }
  }

  const stopListening = port.listen(receive)
  const close = () => {
    stopListening()
    for (const stop of watches.values()) stop()
    watches.clear()
    subscriber.close()
  }
  return close
}
