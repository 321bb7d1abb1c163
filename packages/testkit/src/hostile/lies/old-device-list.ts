import { createImpostor } from '../attacker.ts'
import type { Lie } from '../scene.ts'
import { toldIdentity } from '../told-identity.ts'

export const oldDeviceList: Lie = {
  name: "goes on serving an earlier device list of the peer's, while a new device comes in",
  rule: 'P31',
  shows: { sending: 'stopped', warning: 'identity-changed', note: 'IDENTITY_MISMATCH' },
  async tell({ crypto, double, peer, peerAddsDevice }) {
    const earlier = await double.ask('readIdentity', { accountId: peer.accountId })
    await peerAddsDevice()
    double.lie(toldIdentity(peer.accountId, earlier))
    await peerAddsDevice()
    return createImpostor(crypto, peer)
  },
}
