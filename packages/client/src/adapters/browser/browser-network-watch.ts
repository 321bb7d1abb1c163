import type { NetworkWatch } from '../../ports/network-watch.ts'

/** What the browser says of the network, and waking up: a page that becomes visible tries at once. */
export function createBrowserNetworkWatch(): NetworkWatch & { readonly nudge: () => void } {
  const watchers = new Set<() => void>()
  const tell = () => {
    for (const watcher of [...watchers]) watcher()
  }
  self.addEventListener('online', tell)
  self.addEventListener('offline', tell)
  return {
    online: () => navigator.onLine,
    watch: changed => {
      watchers.add(changed)
      return () => watchers.delete(changed)
    },
    nudge: tell,
  }
}
