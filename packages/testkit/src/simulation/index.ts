export { createSimClock, type SimClock } from './sim-clock.ts'
export type { SimConnection, SimNode } from './sim-node.ts'
export { createSimWorld, type SimWorld } from './sim-world.ts'
