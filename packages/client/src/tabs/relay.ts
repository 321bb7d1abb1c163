import type { EngineEvents, EngineRequestName } from '../api/engine-api.ts'
import type { RequestId } from '../rpc/frames.ts'
import type { EngineSubscriber } from '../rpc/subscriber.ts'
import { createWatchList } from '../rpc/watch-list.ts'

type Waiting = {
  readonly name: EngineRequestName
  readonly input: unknown
  readonly resolve: (value: unknown) => void
  readonly reject: (error: unknown) => void
}

const chatOf = (input: unknown): string | undefined =>
  typeof input === 'object' && input !== null && 'chatId' in input && typeof input.chatId === 'string'
    ? input.chatId
    : undefined

/**
 * A subscriber whose engine may move (this tab becomes the leader, or another one does). Requests without
 * an answer are asked again under their id, listeners stay, open windows are opened anew.
 */
export function createRelay() {
  const watches = createWatchList()
  const watched = new Set<keyof EngineEvents>()
  const waiting = new Map<RequestId, Waiting>()
  const windows = new Map<string, { readonly id: RequestId; readonly input: unknown }>()
  let target: EngineSubscriber | undefined

  const forward = async (to: EngineSubscriber, id: RequestId, request: Waiting) => {
    try {
      const value = await to.handle(request.name, request.input, id)
      if (waiting.delete(id)) request.resolve(value)
    } catch (error) {
      // An answer from an engine that was left behind says nothing about the request.
      if (to !== target) return
      if (waiting.delete(id)) request.reject(error)
    }
  }

  const follow = <Name extends keyof EngineEvents>(to: EngineSubscriber, name: Name) => {
    to.on(name, value => {
      if (to === target) watches.publish(name, value)
    })
  }

  const remember = (name: EngineRequestName, input: unknown, id: RequestId) => {
    const chat = chatOf(input)
    if (chat === undefined) return
    if (name === 'openTimeline') windows.set(chat, { id, input })
    if (name === 'closeTimeline') windows.delete(chat)
  }

  return {
    attach(next: EngineSubscriber): void {
      const previous = target
      target = next
      previous?.close()
      for (const name of watched) follow(next, name)
      for (const [id, request] of [...waiting]) void forward(next, id, request)
      for (const { id, input } of windows.values()) {
        if (!waiting.has(id)) void next.handle('openTimeline', input, id).catch(() => undefined)
      }
    },
    /** The engine is about to end here: what it has not answered waits for the next one. */
    detach(): void {
      const previous = target
      target = undefined
      previous?.close()
    },
    handle(name: EngineRequestName, input: unknown, id: RequestId): Promise<unknown> {
      remember(name, input, id)
      return new Promise((resolve, reject) => {
        const request = { name, input, resolve, reject }
        waiting.set(id, request)
        if (target !== undefined) void forward(target, id, request)
      })
    },
    on<Name extends keyof EngineEvents>(name: Name, listener: (value: EngineEvents[Name]) => void) {
      const stop = watches.add(name, listener)
      if (!watched.has(name)) {
        watched.add(name)
        if (target !== undefined) follow(target, name)
      }
      return stop
    },
    close(): void {
      target?.close()
      watches.clear()
    },
  }
}
export type Relay = ReturnType<typeof createRelay>
