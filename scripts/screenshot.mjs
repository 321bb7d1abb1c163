import { ensureDependencies } from './lib/dependencies.mjs'
import { inRoot } from './lib/paths.mjs'
import { underOurRuntime } from './lib/runtime.mjs'
import { runMain, say } from './lib/say.mjs'
import { ensureWebBuild } from './lib/web-build.mjs'

/** Makes the pictures of the README from the running application: three people, a real group. */

const GROUP = { displayName: 'Island weekend' }

const CONVERSATION = [
  ['anna', 'Morning! The ferry is running again 🎉'],
  ['ben', 'Finally. Same island as last year?'],
  ['anna', 'The small one. Timetable: https://example.org/ferries'],
  ['anna', 'I would take the 9:40, then we have the whole day.'],
  ['cleo', 'I am in. Who has the stove?'],
  ['ben', 'Me, and the red kettle.'],
  ['ben', 'Do we need anything else?'],
  ['cleo', 'Coffee. And a jumper: the wind turns in the evening.'],
  ['anna', 'See you at the quay on Saturday, half past nine.'],
]

/** An island at sunset, as a file to choose. */
async function drawPicture(page) {
  const base64 = await page.evaluate(() => {
    const canvas = Object.assign(document.createElement('canvas'), { width: 256, height: 256 })
    const brush = canvas.getContext('2d')
    const fill = (colour, ...ellipse) => {
      brush.fillStyle = colour
      brush.beginPath()
      brush.ellipse(...ellipse, 0, 0, Math.PI * 2)
      brush.fill()
    }
    const sky = brush.createLinearGradient(0, 0, 0, 256)
    sky.addColorStop(0, '#f6c177')
    sky.addColorStop(1, '#ea8a6a')
    brush.fillStyle = sky
    brush.fillRect(0, 0, 256, 256)
    fill('#fff1cf', 160, 96, 40, 40)
    fill('#2f5d50', 104, 172, 96, 44)
    brush.fillStyle = '#2b7a86'
    brush.fillRect(0, 168, 256, 88)
    return canvas.toDataURL('image/png').split(',')[1]
  })
  return { name: 'island.png', mimeType: 'image/png', buffer: Buffer.from(base64, 'base64') }
}

async function foundGroup({ page }, others) {
  await page.getByRole('button', { name: 'New chat' }).click()
  await page.getByRole('button', { name: 'New group' }).click()
  await page.getByRole('textbox', { name: 'Group name' }).fill(GROUP.displayName)
  await page.getByLabel('Group picture').setInputFiles(await drawPicture(page))
  for (const { displayName } of others) await page.getByRole('checkbox', { name: displayName }).check()
  await page.getByRole('button', { name: 'Create group' }).click()
}

async function talk(harness, people) {
  for (const [who, text] of CONVERSATION) {
    const { page } = people[who]
    await harness.openChat(page, GROUP)
    await harness.send(page, GROUP, text)
    for (const person of Object.values(people)) await harness.bubble(person.page, text).waitFor()
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
    await harness.introduce(ben, anna, 'Have you seen the weather for Saturday?')
    await foundGroup(anna, [ben, cleo])
    for (const { page } of [anna, ben, cleo]) await harness.openChat(page, GROUP)
    await talk(harness, { anna, ben, cleo })
    await harness.ownMessage(anna.page, CONVERSATION.at(-1)[1], 'read').waitFor()
    await anna.page.getByRole('button', { name: 'Later' }).click()
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
