import { createImpostor } from '../attacker.ts'
import type { Lie } from '../scene.ts'
import { toldIdentity } from '../told-identity.ts'

export const otherAccountKey: Lie = {
  name: 'puts another account key, device and key package in the place of a person who is known already',
  rule: 'P33',
  stage: 'known',
  shows: { sending: 'stopped', warning: 'identity-changed', note: 'IDENTITY_MISMATCH' },
  async tell({ crypto, double, peer }) {
    const impostor = createImpostor(crypto, peer)
    const { deviceId, identity, keyPackage } = impostor
    double.lie(toldIdentity(peer.accountId, identity))
    double.lie({
      answers: {
        claimKeyPackages: (request, truth) =>
          request.accountId === peer.accountId
            ? { packages: [{ deviceId, keyPackage, lastResort: false }] }
            : truth(),
        createConversation: async request => ({
          conversationId: request.conversationId,
          kind: request.kind,
          epoch: 1,
          lastSeq: 0,
          members: [],
          joined: true,
        }),
      },
      hears: () => false,
    })
    return impostor
  },
}
