import type { HeldLock, Lock } from '../../ports/lock.ts'

function request(name: string, options: LockOptions): Promise<HeldLock> {
  return new Promise((resolve, reject) => {
    let release: () => void = () => undefined
    let lose: () => void = () => undefined
    const lost = new Promise<void>(settle => {
      lose = settle
    })
    navigator.locks
      .request(name, options, () => {
        resolve({ lost, release: () => release() })
        return new Promise<void>(settle => {
          release = settle
        })
      })
      // Rejects with AbortError when the lock is stolen, or when waiting was given up.
      .catch(error => {
        lose()
        reject(error)
      })
  })
}

export const createWebLock = (name: string): Lock => ({
  wait: () => {
    const patience = new AbortController()
    return { held: request(name, { signal: patience.signal }), cancel: () => patience.abort() }
  },
  steal: () => request(name, { steal: true }),
})
