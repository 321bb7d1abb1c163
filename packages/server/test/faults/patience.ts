import { setTimeout as sleep } from 'node:timers/promises'
import type { OperationName } from '@entangle/protocol'
import { ApiError } from '../support/api.ts'
import type { Person } from '../support/person.ts'

/** Whatever the server may yet say another time. */
const isPassing = (error: unknown): boolean =>
  !(error instanceof ApiError) || error.status >= 500 || error.status === 429

const renewals = new Map<Person, Promise<void>>()

/** A new access token, by the cookie or, where that is lost or too old, by the password. */
function renew(person: Person): Promise<void> {
  const running = renewals.get(person)
  if (running !== undefined) return running
  const renewal = person.api
    .call('refreshSession', {})
    .catch(async error => {
      if (isPassing(error)) throw error
      const login = await person.logIn()
      if (login.kind !== 'session') throw new Error('the device is not listed')
      return login.session
    })
    .then(session => person.adopt(session))
    .finally(() => renewals.delete(person))
  renewals.set(person, renewal)
  return renewal
}

/** One call with a session that lives. Refusals that are final and failures of the moment are thrown. */
export async function callOnce<Name extends OperationName>(
  person: Person,
  name: Name,
  request: Parameters<typeof person.api.call<Name>>[1],
) {
  try {
    return await person.api.call(name, request)
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 401) throw error
    await renew(person)
    return person.api.call(name, request)
  }
}

/** Until there is an answer. A final refusal is thrown, and so is any failure once `ended` says so. */
export async function callUntilAnswered<Name extends OperationName>(
  person: Person,
  name: Name,
  request: Parameters<typeof person.api.call<Name>>[1],
  ended: () => boolean = () => false,
) {
  for (let attempt = 0; ; attempt++) {
    try {
      return await callOnce(person, name, request)
    } catch (error) {
      if (!isPassing(error) || ended()) throw error
      await sleep(Math.min(20 * 2 ** attempt, 500))
    }
  }
}
