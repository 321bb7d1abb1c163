import { expect, test } from 'vitest'
import { refusalOf } from './support/api.ts'
import { Person } from './support/person.ts'
import { useServer } from './support/server.ts'

const server = useServer({ RATE_LIMITS: 'off-for-benchmarks' })
const url = () => server().url
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')

// Read and deleted in two statements, rivals get the same package.
test('P35 mistake 11: of a hundred parallel claims each gets another package, or the last resort', async () => {
  const [ann, ben] = [await Person.signUp(url()), await Person.signUp(url())]
  await ben.publishKeyPackages(50)
  await ben.publishKeyPackages(30, true)
  const claims = (await Promise.all(Array.from({ length: 100 }, () => ann.claim(ben)))).flat()
  const once = claims.filter(claim => !claim.lastResort).map(claim => hex(claim.keyPackage))
  const again = claims.filter(claim => claim.lastResort).map(claim => hex(claim.keyPackage))
  expect(once).toHaveLength(80)
  expect(new Set(once).size).toBe(80)
  expect(again).toHaveLength(20)
  expect(new Set(again).size).toBe(1)
  expect(await ben.api.call('keyPackageStatus', {})).toEqual({ available: 0, lastResort: 'used' })
}, 120_000)

test('P35 without a last resort an empty pool refuses', async () => {
  const [ann, ben] = [await Person.signUp(url()), await Person.signUp(url())]
  await ben.publishKeyPackages(3)
  const claims = await Promise.allSettled(Array.from({ length: 10 }, () => ann.claim(ben)))
  expect(claims.filter(claim => claim.status === 'fulfilled')).toHaveLength(3)
  expect(await refusalOf(ann.claim(ben))).toBe('KEYS_PACKAGES_EXHAUSTED')
})

test('P34 publishing again adds nothing twice, not even what was given out', async () => {
  const [ann, ben] = [await Person.signUp(url()), await Person.signUp(url())]
  const packages = ben.makeKeyPackages(2)
  const [lastResort] = ben.makeKeyPackages(1, true)
  if (lastResort === undefined) throw new Error('no package')
  const request = { packages, lastResort }
  expect(await ben.api.call('publishKeyPackages', request)).toEqual({ available: 2 })
  expect(await ben.api.call('publishKeyPackages', request)).toEqual({ available: 2 })
  for (let count = 0; count < 3; count++) await ann.claim(ben)
  expect(await ben.api.call('publishKeyPackages', request)).toEqual({ available: 0 })
  expect(await ben.api.call('keyPackageStatus', {})).toEqual({ available: 0, lastResort: 'used' })
  await ben.publishKeyPackages(1, true)
  expect(await ben.api.call('keyPackageStatus', {})).toEqual({ available: 1, lastResort: 'fresh' })
})

test('P34 a package that is broken, of another kind or of another device is refused', async () => {
  const [ann, ben] = [await Person.signUp(url()), await Person.signUp(url())]
  const [good] = ben.makeKeyPackages(1)
  const [ofAnother] = ann.makeKeyPackages(1)
  const [lastResort] = ben.makeKeyPackages(1, true)
  if (good === undefined || ofAnother === undefined || lastResort === undefined) throw new Error('no package')
  const broken = good.slice()
  broken[broken.length - 1] = (broken.at(-1) ?? 0) ^ 1
  for (const bad of [broken, ofAnother, lastResort, good.slice(0, -1), new Uint8Array(10)]) {
    expect(await refusalOf(ben.api.call('publishKeyPackages', { packages: [bad] }))).toBe(
      'KEYS_PACKAGE_INVALID',
    )
  }
  expect(await refusalOf(ben.api.call('publishKeyPackages', { packages: [], lastResort: good }))).toBe(
    'KEYS_PACKAGE_INVALID',
  )
})
