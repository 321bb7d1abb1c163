export { type Attacker, attackerWith, attackerWithAll, createImpostor, type Impostor } from './attacker.ts'
export {
  type Distortion,
  type HostileServer,
  openHostileServer,
  Refusal,
  type Said,
} from './hostile-server.ts'
export { DIRECT_LIES, GROUP_LIES } from './lies/index.ts'
export type { GroupLie, GroupScene, Lie, Scene, Shown, Thief } from './scene.ts'
export { toldIdentity } from './told-identity.ts'
