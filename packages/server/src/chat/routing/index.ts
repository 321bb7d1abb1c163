/** What decides which node hears of what, and what stands behind it in one process: for simulations of many nodes. */

export { createInMemoryEventBus } from '../../adapters/in-memory-event-bus.ts'
export { createInMemoryInterestRegistry } from '../../adapters/in-memory-interest-registry.ts'
export { createLog } from '../../logging.ts'
export type { EventBus } from '../../ports/event-bus.ts'
export type { InterestRegistry } from '../../ports/interest-registry.ts'
export type { ChatEvent } from '../chat-event.ts'
export { deliveryOf } from '../deliver-frames.ts'
export { accountTopic, conversationTopic, deviceTopic, type Scope } from './audience.ts'
export { createInterest } from './interest.ts'
export { createRouter, type Nodes, type Router } from './router.ts'
