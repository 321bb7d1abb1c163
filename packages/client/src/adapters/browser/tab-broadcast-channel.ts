import type { TabChannel, TabMessage } from '../../tabs/tab-channel.ts'

export function createTabBroadcastChannel(name: string): TabChannel {
  const channel = new BroadcastChannel(name)
  return {
    post: message => channel.postMessage(message),
    listen: receive => {
      const listener = (event: MessageEvent<TabMessage>) => receive(event.data)
      channel.addEventListener('message', listener)
      return () => channel.removeEventListener('message', listener)
    },
    close: () => channel.close(),
  }
}
