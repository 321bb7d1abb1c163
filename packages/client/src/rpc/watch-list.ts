import type { EngineEvents } from '../api/engine-api.ts'

type Listener<Name extends keyof EngineEvents> = (value: EngineEvents[Name]) => void
type Listeners = { [Name in keyof EngineEvents]: Set<Listener<Name>> }

/** Listeners by event, with the latest state for those that come later. */
export function createWatchList() {
  const listeners: Listeners = {
    session: new Set(),
    connection: new Set(),
    chats: new Set(),
    timeline: new Set(),
    quota: new Set(),
    settings: new Set(),
  }
  const latest: Partial<EngineEvents> = {}

  return {
    add<Name extends keyof EngineEvents>(name: Name, listener: Listener<Name>): () => void {
      const group: Set<Listener<Name>> = listeners[name]
      group.add(listener)
      const present: EngineEvents[Name] | undefined = latest[name]
      if (present !== undefined) listener(present)
      return () => {
        group.delete(listener)
      }
    },
    publish<Name extends keyof EngineEvents>(name: Name, value: EngineEvents[Name]): void {
      // A window concerns whoever has it open now; it is not a state of the whole engine.
      if (name !== 'timeline') latest[name] = value
      const group: Set<Listener<Name>> = listeners[name]
      for (const listener of [...group]) listener(value)
    },
    clear(): void {
      for (const group of Object.values(listeners)) group.clear()
    },
  }
}
export type WatchList = ReturnType<typeof createWatchList>
