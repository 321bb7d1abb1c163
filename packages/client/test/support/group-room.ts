import { afterAll, inject } from 'vitest'
import type { Timing } from '../../src/account/timing.ts'
import { newPerson, openPerson, PASSWORD, type Person } from './person.ts'

export const QUICK: Partial<Timing> = {
  receiptDelay: 30,
  archiveDelay: 100,
  stateDelay: 30,
  selfUpdate: { min: 20, max: 100 },
  leaverSweep: { min: 20, max: 300 },
  headCheck: { min: 300, max: 500 },
}

/** Devices that commit nothing of their own accord within a test. */
export const CALM: Partial<Timing> = { ...QUICK, selfUpdate: { min: 3_600_000, max: 3_600_000 } }

/** Nobody listens there. */
export const NOWHERE = 'http://127.0.0.1:9'

/** People of the tests of one file. */
export function useRoom() {
  const people: Person[] = []
  afterAll(async () => {
    for (const person of people) await person.leave().catch(() => undefined)
  })

  const url = (): string => inject('server').url

  type People<Names extends readonly string[]> = { [K in keyof Names]: Person }

  async function signUpWith<Names extends readonly string[]>(timing: Partial<Timing>, ...names: Names) {
    const joined = await Promise.all(names.map(name => newPerson(url(), name, timing)))
    people.push(...joined)
    await Promise.all(joined.map(person => person.online()))
    return joined as People<Names>
  }

  return {
    url,
    signUpWith,
    signUp: <Names extends readonly string[]>(...names: Names): Promise<People<Names>> =>
      signUpWith(QUICK, ...names),
    /** One more device of somebody, by the password alone. */
    async addDevice(person: Person, timing: Partial<Timing> = {}): Promise<Person> {
      const device = await openPerson({
        serverUrl: url(),
        handle: person.handle,
        timing: { ...QUICK, ...timing },
      })
      people.push(device)
      await device.client.request('signIn', { handle: person.handle, password: PASSWORD })
      return device
    },
    /** The same device again, after its engine was closed. */
    async reopen(person: Person, serverUrl = url(), timing: Partial<Timing> = {}): Promise<Person> {
      const { handle, dataDir } = person
      const again = await openPerson({ serverUrl, handle, dataDir, timing: { ...QUICK, ...timing } })
      people.push(again)
      return again
    },
  }
}

export const codeOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'passed',
    error => error.code,
  )

/** What must never come about while everybody is honest. */
export const alarms = (person: Person): string[] =>
  person.notes.filter(note =>
    /UNREADABLE|NOT_FOLLOWED|MISMATCH|STEP_FAILED|PROPOSAL_REFUSED|CONTRADICTED/.test(note),
  )
