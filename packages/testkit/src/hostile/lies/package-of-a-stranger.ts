import { randomBytes } from '@entangle/crypto'
import { readId } from '@entangle/protocol'
import { createImpostor } from '../attacker.ts'
import type { Lie } from '../scene.ts'

export const packageOfAStranger: Lie = {
  name: "gives out a stranger's key package as the peer's",
  rule: 'P33',
  stage: 'known',
  shows: { sending: 'stopped', warning: 'identity-changed', note: 'IDENTITY_MISMATCH' },
  async tell({ crypto, double, peer }) {
    const stranger = createImpostor(crypto, { accountId: readId(randomBytes(16)), handle: 'stranger' })
    const { keyPackage } = stranger
    double.lie({
      answers: {
        claimKeyPackages: async (request, truth) => {
          const { packages } = await truth()
          if (request.accountId !== peer.accountId) return { packages }
          return { packages: packages.map(({ deviceId }) => ({ deviceId, keyPackage, lastResort: false })) }
        },
      },
    })
    return stranger
  },
}
