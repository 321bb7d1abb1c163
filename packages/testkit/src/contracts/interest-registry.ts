import { describe, expect, test } from 'vitest'

/** The port as its users see it; adapters of the server fit it by shape. */
export type InterestRegistryUnderTest = {
  announce(node: string, firm: readonly string[], gathered: readonly string[]): Promise<void>
  withdraw(node: string, firm: readonly string[]): Promise<void>
  find(
    topics: readonly string[],
  ): Promise<{ readonly mark: string; readonly nodes: readonly (readonly string[] | undefined)[] }>
  gather(topic: string, parts: readonly string[]): Promise<readonly string[]>
  mark(): Promise<string>
}

export type RegistryMedium = {
  readonly registry: InterestRegistryUnderTest
  /** As if whatever keeps it had been started anew. */
  readonly loseAll: () => Promise<unknown>
}

/** What every registry of interest must do, whatever keeps it. */
export function interestRegistryContract(name: string, create: () => Promise<RegistryMedium>): void {
  describe(`interest registry contract: ${name}`, () => {
    const sorted = (nodes: readonly (readonly string[] | undefined)[]) =>
      nodes.map(found => found && [...found].sort())

    test('finds the nodes of each topic, and nothing for one that nobody knows', async () => {
      const { registry } = await create()
      await registry.announce('1.1', ['d:a', 'a:x'], [])
      await registry.announce('2.1', ['d:b', 'a:x'], [])
      const { nodes } = await registry.find(['a:x', 'd:a', 'd:c', 'd:b'])
      expect(sorted(nodes)).toEqual([['1.1', '2.1'], ['1.1'], undefined, ['2.1']])
    })

    test('a node that withdraws is not found, others are', async () => {
      const { registry } = await create()
      await registry.announce('1.1', ['d:a', 'a:x'], [])
      await registry.announce('2.1', ['a:x'], [])
      await registry.withdraw('1.1', ['d:a', 'a:x', 'd:never'])
      expect((await registry.find(['d:a', 'a:x'])).nodes).toEqual([undefined, ['2.1']])
    })

    test('gathers from many topics, also from none, and answers with what it has gathered', async () => {
      const { registry } = await create()
      const devices = Array.from({ length: 3000 }, (_, index) => `d:${String(index)}`)
      await registry.announce('1.1', devices.slice(0, 2000), [])
      await registry.announce('2.1', devices.slice(1000), [])
      expect([...(await registry.gather('c:all:1', devices))].sort()).toEqual(['1.1', '2.1'])
      expect(await registry.gather('c:nobody:1', ['d:unknown'])).toEqual([])
      const { nodes } = await registry.find(['c:all:1', 'c:nobody:1', 'c:never:1'])
      expect(sorted(nodes)).toEqual([['1.1', '2.1'], [], undefined])
    })

    test('whoever comes later adds to a gathered topic, and makes none', async () => {
      const { registry } = await create()
      await registry.gather('c:a:1', [])
      await registry.announce('1.1', [], ['c:a:1', 'c:b:1'])
      expect((await registry.find(['c:a:1', 'c:b:1'])).nodes).toEqual([['1.1'], undefined])
    })

    test('takes empty questions', async () => {
      const { registry } = await create()
      await registry.announce('1.1', [], [])
      await registry.withdraw('1.1', [])
      expect((await registry.find([])).nodes).toEqual([])
    })

    test('its mark stays until everything is lost', async () => {
      const { registry, loseAll } = await create()
      const mark = await registry.mark()
      await registry.announce('1.1', ['d:a'], [])
      expect((await registry.find(['d:a'])).mark).toBe(mark)
      await loseAll()
      const after = await registry.find(['d:a'])
      expect(after.nodes).toEqual([undefined])
      expect(after.mark).not.toBe(mark)
      expect(await registry.mark()).toBe(after.mark)
    })
  })
}
