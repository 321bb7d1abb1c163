import { startEngine } from '../../engine.ts'
import { serveCaller } from '../../rpc/callee.ts'
import type { CallerFrame, EnginePort } from '../../rpc/frames.ts'
import { createCoordinator } from '../../tabs/coordinator.ts'
import { createRelay } from '../../tabs/relay.ts'
import { createOpaquePasswordProtocol } from '../opaque/opaque-password-protocol.ts'
import { browserClock } from './browser-clock.ts'
import { createBrowserKeyVault } from './browser-key-vault.ts'
import { createBrowserNetworkWatch } from './browser-network-watch.ts'
import { createBrowserTransport } from './browser-transport.ts'
import { openIndexedDbKeyValueStore } from './indexed-db-key-value-store.ts'
import { beginLoadingCrypto } from './load-browser-crypto.ts'
import { isPageFrame } from './page-frames.ts'
import { randomId } from './random-id.ts'
import { createTabBroadcastChannel } from './tab-broadcast-channel.ts'
import { createWebLock } from './web-lock.ts'

/** The part of a dedicated worker's global scope that the engine uses. */
export type EngineWorkerScope = {
  postMessage(message: unknown): void
  addEventListener(type: 'message', listener: (event: MessageEvent<unknown>) => void): void
  removeEventListener(type: 'message', listener: (event: MessageEvent<unknown>) => void): void
}

const NAME = 'entangle'
/** Key stretching blocks the thread for about a second on a slow phone. */
const STRETCHING_MS = 8_000

/** Called once in the application's worker script: runs the engine, or follows the tab that does. */
export function startEngineWorker(scope: EngineWorkerScope): void {
  const relay = createRelay()
  const network = createBrowserNetworkWatch()
  const coordinator = createCoordinator({
    tab: randomId(),
    lock: createWebLock(`${NAME}-engine`),
    channel: createTabBroadcastChannel(`${NAME}-tabs`),
    clock: browserClock,
    relay,
    startEngine: async () => {
      // Whoever has no account here sees how to get one before the cryptography has arrived.
      const crypto = beginLoadingCrypto()
      return startEngine({
        store: await openIndexedDbKeyValueStore(`${NAME}-store`),
        crypto,
        keyVault: createBrowserKeyVault(`${NAME}-keys`),
        clock: browserClock,
        network,
        transport: createBrowserTransport(self.location.origin),
        passwords: createOpaquePasswordProtocol({ busy: () => coordinator.expectSilence(STRETCHING_MS) }),
      })
    },
  })

  const port: EnginePort = {
    send: frame => scope.postMessage(frame),
    listen: receive => {
      const listener = ({ data }: MessageEvent<unknown>) => {
        if (isPageFrame(data)) {
          coordinator.setVisible(data.visible)
          if (data.visible) network.nudge()
        } else receive(data as CallerFrame)
      }
      scope.addEventListener('message', listener)
      return () => scope.removeEventListener('message', listener)
    },
  }
  serveCaller(port, relay)
  coordinator.start()
}
