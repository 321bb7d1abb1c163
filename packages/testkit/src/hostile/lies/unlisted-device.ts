import { createImpostor } from '../attacker.ts'
import type { Lie } from '../scene.ts'

export const unlistedDevice: Lie = {
  name: "gives out, among the peer's key packages, one of a device that no list names",
  rule: 'P33',
  // A package that needs no entry in the list makes its holder a member from the start.
  mistake: 9,
  stage: 'known',
  shows: { sending: 'stopped', warning: 'identity-changed', note: 'IDENTITY_MISMATCH' },
  async tell({ crypto, double, peer }) {
    const impostor = createImpostor(crypto, peer)
    const { deviceId, keyPackage } = impostor
    double.lie({
      answers: {
        claimKeyPackages: async (request, truth) => {
          const { packages } = await truth()
          const mine = { deviceId, keyPackage, lastResort: false }
          return { packages: request.accountId === peer.accountId ? [...packages, mine] : packages }
        },
      },
    })
    return impostor
  },
}
