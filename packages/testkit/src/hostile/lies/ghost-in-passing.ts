import { createImpostor } from '../attacker.ts'
import { enterAsGhost } from '../ghost.ts'
import type { Lie } from '../scene.ts'

export const ghostInPassing: Lie = {
  name: "pushes a commit that adds a ghost as a device of the peer's, and has it in no log",
  rule: 'P33',
  shows: { sending: 'stopped', warning: 'identity-changed', note: 'IDENTITY_MISMATCH' },
  async tell(scene) {
    const ghost = createImpostor(scene.crypto, scene.peer)
    const { event } = await enterAsGhost(scene, ghost)
    const { conversationId } = scene
    scene.double.tell({ kind: 'deliver', frame: { ...event, conversationId } })
    return ghost
  },
}
