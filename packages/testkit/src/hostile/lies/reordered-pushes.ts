import { createImpostor } from '../attacker.ts'
import type { Lie } from '../scene.ts'
import type { Told } from '../told.ts'

export const reorderedPushes: Lie = {
  name: 'pushes every two messages in the wrong order, loses every fifth and repeats others',
  rule: 'P63',
  shows: { sending: 'goes-on', rows: ['m1', 'm2', 'm3', 'm4', 'm5', 'm6', 'm7', 'm8', 'm9'] },
  async tell({ crypto, double, peer, peerSays }) {
    let count = 0
    let held: readonly Told[] = []
    double.lie({
      tells: told => {
        if (told.kind !== 'deliver') return [told]
        count += 1
        if (count % 5 === 0) return []
        const given = [told, ...held, ...held]
        if (held.length > 0) {
          held = []
          return given
        }
        held = [told]
        return []
      },
    })
    for (let index = 1; index < 10; index++) await peerSays(`m${index}`)
    return createImpostor(crypto, peer)
  },
}
