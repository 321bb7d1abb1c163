import type { EngineConnection } from '../../api/engine-api.ts'
import type { CallerPort, EngineFrame } from '../../rpc/frames.ts'
import { createRemote } from '../../rpc/remote.ts'
import { connectionOf } from '../../rpc/subscriber.ts'
import { gatherFrames } from './gather-frames.ts'
import type { PageFrame } from './page-frames.ts'
import { randomId } from './random-id.ts'

/** The page's end: give it the worker whose script calls `startEngineWorker`. */
export function connectEngine(worker: Worker): EngineConnection {
  const port: CallerPort = {
    send: frame => worker.postMessage(frame),
    listen: receive => {
      const gather = gatherFrames(receive)
      const listener = (event: MessageEvent<EngineFrame>) => gather(event.data)
      worker.addEventListener('message', listener)
      return () => worker.removeEventListener('message', listener)
    },
  }
  const tell = () => {
    const frame: PageFrame = { t: 'page', visible: document.visibilityState === 'visible' }
    worker.postMessage(frame)
  }
  document.addEventListener('visibilitychange', tell)
  tell()

  const connection = connectionOf(createRemote(port), randomId)
  return {
    ...connection,
    close: () => {
      document.removeEventListener('visibilitychange', tell)
      connection.close()
    },
  }
}
