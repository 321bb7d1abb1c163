import { ensureDependencies } from './lib/dependencies.mjs'
import { inRoot } from './lib/paths.mjs'
import { underOurRuntime } from './lib/runtime.mjs'
import { runMain, say } from './lib/say.mjs'
import { ensureWebBuild } from './lib/web-build.mjs'

/** Makes the pictures of the README from the running application: two people, a real conversation. */

const CONVERSATION = [
  ['anna', 'Morning! The ferry is running again 🎉'],
  ['ben', 'Finally. Same island as last year?'],
  ['anna', 'The small one. Timetable: https://example.org/ferries'],
  ['anna', 'I would take the 9:40, then we have the whole day.'],
  ['ben', 'Good. I will bring the stove and the red kettle.'],
  ['ben', 'Do we need anything else?'],
  ['anna', 'Coffee. And a jumper: the wind turns in the evening.'],
  ['ben', '👍'],
  ['anna', 'See you at the quay on Saturday, half past nine.'],
]

async function talk(harness, anna, ben) {
  const people = { anna, ben }
  const other = { anna: ben, ben: anna }
  await harness.introduce(anna, ben, CONVERSATION[0][1])
  for (const [who, text] of CONVERSATION.slice(1)) {
    await harness.send(people[who].page, other[who], text)
    await harness.bubble(other[who].page, text).waitFor()
  }
}

await runMain(async () => {
  const code = await underOurRuntime()
  if (code !== undefined) return code
  await ensureDependencies()
  await ensureWebBuild()
  const harness = await import('@entangle/testkit/harness')
  const server = await harness.startServer()
  const browser = await harness.launchBrowser()
  try {
    const join = (handle, name) => harness.newPerson(browser, server.url, harness.personDetails(handle, name))
    const anna = await join('anna', 'Anna Winter')
    const ben = await join('ben', 'Ben Okafor')
    const cleo = await join('cleo', 'Cleo Marsh')
    await harness.introduce(cleo, anna, 'The book is back on your desk, thank you!')
    await talk(harness, anna, ben)
    await harness.openChat(anna.page, ben)
    await harness.ownMessage(anna.page, CONVERSATION.at(-1)[1], 'read').waitFor()
    await take(anna.page, { width: 1280, height: 800, colorScheme: 'light', file: 'chat.png' })
    await take(anna.page, { width: 390, height: 844, colorScheme: 'dark', file: 'chat-dark-390.png' })
  } finally {
    await browser.close()
    await server.dispose()
  }
})

async function take(page, { width, height, colorScheme, file }) {
  await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
  await page.setViewportSize({ width, height })
  await page.waitForTimeout(500)
  await page.screenshot({ path: inRoot('docs', 'images', file) })
  say(`docs/images/${file}`)
}
