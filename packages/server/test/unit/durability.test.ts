import { expect, test } from 'vitest'
import { risksOf } from '../../src/database/durability.ts'

const SAFE = {
  fsync: 'on',
  full_page_writes: 'on',
  synchronous_commit: 'on',
  synchronous_standby_names: 'ANY 1 (one, other)',
}

test.each([
  [{}, []],
  [{ synchronous_commit: 'remote_apply' }, []],
  [{ fsync: 'off' }, ['FSYNC_OFF']],
  [{ full_page_writes: 'off' }, ['FULL_PAGE_WRITES_OFF']],
  [{ synchronous_commit: 'off' }, ['COMMIT_NOT_AWAITED', 'STANDBY_NOT_AWAITED']],
  [{ synchronous_commit: 'local' }, ['STANDBY_NOT_AWAITED']],
  [{ synchronous_commit: 'remote_write' }, ['STANDBY_NOT_AWAITED']],
  [{ synchronous_standby_names: ' ' }, ['STANDBY_NOT_NAMED']],
])('a database set to %j bears the risks %j', (change, risks) => {
  expect(risksOf({ ...SAFE, ...change })).toEqual(risks)
})
