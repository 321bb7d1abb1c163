import { setTimeout as sleep } from 'node:timers/promises'
import {
  bubble,
  captureTraffic,
  chatLink,
  composer,
  createNeedles,
  createNetworkLink,
  expectSignedIn,
  fillSignUp,
  findNeedles,
  introduce,
  newPerson,
  openChat,
  ownMessage,
  type Person,
  type PersonDetails,
  send,
} from '@entangle/testkit/harness'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  actOnMember,
  confirm,
  foundGroup,
  groupLine,
  openGroupDetails,
  openMemberMenu,
} from './group-steps.ts'
import { signInElsewhere } from './second-device.ts'
import { expectWhole, NUMBERED, seriesOf } from './series.ts'
import { ANNA, BEN, CLEO, openStage, type Stage, somebody } from './stage.ts'

const DORA = somebody('dora', 'Dora Lind')
const EVE = somebody('eve', 'Eve Castell')
const BEFORE = { displayName: 'Island weekend' }
const GROUP = { displayName: 'A week on the island' }
const TOPIC = 'Ferry at 9:40, coffee included'
const LATER = { displayName: 'Boat shares' }

let stage: Stage
/** Anna and whoever comes by a link sit behind a wire that remembers what went over it. */
let wire: Awaited<ReturnType<typeof createNetworkLink>>
let wired: Browser
let anna: Person
let ben: Person
let cleo: Person
let dora: Person
let eve: Person
let link: string

beforeAll(async () => {
  stage = await openStage()
  wire = stage.keep(await createNetworkLink(stage.server.port))
  wired = await stage.openBrowser({ detour: { from: stage.server.port, to: wire.port } })
  anna = await newPerson(wired, stage.server.url, ANNA)
  ben = await stage.join(BEN)
  cleo = await stage.join(CLEO)
  await introduce(anna, ben)
})
afterAll(() => stage?.close())

/** A member's chat, whichever other one is open. */
async function say(person: Person, group: Pick<PersonDetails, 'displayName'>, text: string): Promise<void> {
  await openChat(person.page, group)
  await send(person.page, group, text)
}

async function sayAll(person: Person, texts: readonly string[]): Promise<void> {
  for (const text of texts) await say(person, BEFORE, text)
}

/** Numbered messages in the order in which they stand on the page: they are few enough to be there all. */
async function readNumbered(page: Page): Promise<string[]> {
  const texts = await page.getByRole('article').allInnerTexts()
  return texts.flatMap(text => text.match(NUMBERED)?.[0] ?? [])
}

/** Opens a link into a group with a browser that nobody has signed in at. */
async function followLink(context: Person['context']): Promise<Page> {
  const page = await context.newPage()
  await page.goto(link)
  await page.getByText(/^An invitation to a group waits for you/).waitFor()
  return page
}

async function acceptGroup(page: Page, group: Pick<PersonDetails, 'displayName'>): Promise<void> {
  await openGroupRequest(page, group)
  await page.getByRole('button', { name: 'Accept', exact: true }).click()
  await composer(page, group).waitFor()
}

async function openGroupRequest(page: Page, group: Pick<PersonDetails, 'displayName'>): Promise<void> {
  await page.getByRole('button', { name: '1 group request' }).click()
  await page
    .getByRole('list', { name: 'Message requests' })
    .getByRole('link', { name: group.displayName })
    .click()
  await page.getByRole('region', { name: 'Group request' }).waitFor()
}

test('P72 P54 a group is founded with people found by name; who knows its founder is in at once, who does not is asked', async () => {
  await foundGroup(anna.page, BEFORE, [BEN, CLEO])
  await bubble(anna.page, 'You created the group').waitFor()
  await groupLine(anna.page, 'Ben, Cleo and you').waitFor()
  await openChat(ben.page, BEFORE)
  await composer(ben.page, BEFORE).waitFor()
  await acceptGroup(cleo.page, BEFORE)
  await groupLine(cleo.page, 'Anna, Ben and you').waitFor()
})

test('P40 what three write at once stands in one order for all, with the names of who wrote; a closed tab catches up', async () => {
  const series = [seriesOf('anna', 2), seriesOf('ben', 2), seriesOf('cleo', 2)] as const
  await Promise.all([anna, ben, cleo].map((person, index) => sayAll(person, series[index] ?? [])))
  for (const text of series.flat()) await bubble(ben.page, text).waitFor()
  await bubble(ben.page, 'anna 0001, Anna Winter').waitFor()
  await bubble(ben.page, 'cleo 0002, Cleo Marsh').waitFor()
  await bubble(ben.page, 'ben 0001, You').waitFor()
  await ben.page.close()

  const missed = seriesOf('missed', 2)
  for (const text of missed) await say(anna, BEFORE, text)
  await bubble(cleo.page, 'missed 0002, Anna Winter').waitFor()
  await say(cleo, BEFORE, 'answer 0001')
  await bubble(anna.page, 'answer 0001, Cleo Marsh').waitFor()
  const order = await readNumbered(anna.page)
  expectWhole(order, ...series, missed, ['answer 0001'])
  expect(await readNumbered(cleo.page)).toEqual(order)

  ben = { ...ben, page: await ben.context.newPage() }
  await ben.page.goto(stage.server.url)
  await expectSignedIn(ben.page)
  await openChat(ben.page, BEFORE)
  await bubble(ben.page, 'answer 0001, Cleo Marsh').waitFor()
  expect(await readNumbered(ben.page)).toEqual(order)
})

test('P51 P77 an admin names the group and gives it a topic; who is an ordinary member cannot', async () => {
  await actOnMember(anna.page, BEN, 'Make admin', { title: 'Make admin', yes: 'Make admin' })
  await bubble(cleo.page, 'Anna Winter made Ben Okafor an admin').waitFor()
  await bubble(ben.page, 'Anna Winter made you an admin').waitFor()

  const bens = await openGroupDetails(ben.page)
  await bens.getByRole('button', { name: /^Edit name/ }).click()
  await bens.getByRole('textbox', { name: 'Group name', exact: true }).fill(GROUP.displayName)
  await bens.getByRole('textbox', { name: 'Topic', exact: true }).fill(TOPIC)
  await bens.getByRole('button', { name: 'Save', exact: true }).click()
  await bubble(cleo.page, `Ben Okafor changed the name to “${GROUP.displayName}”`).waitFor()
  await bubble(cleo.page, `Ben Okafor changed the topic to “${TOPIC}”`).waitFor()
  await cleo.page.getByRole('heading', { name: GROUP.displayName }).waitFor()
  await chatLink(cleo.page, GROUP).waitFor()

  const cleos = await openGroupDetails(cleo.page)
  await cleos.getByText(TOPIC).waitFor()
  for (const name of ['Add people', 'Create an invite link', /^Edit name/]) {
    expect(await cleos.getByRole('button', { name }).count()).toBe(0)
  }
  const menu = await openMemberMenu(cleo.page, BEN)
  expect(await menu.getByRole('menuitem').allInnerTexts()).toEqual(['Write directly', 'Safety number'])
  await cleo.page.keyboard.press('Escape')
})

test('P74 who is put out is told so, cannot write, and sees nothing of what comes after', async () => {
  const question = { title: `Remove ${CLEO.displayName}`, yes: 'Remove' }
  await actOnMember(ben.page, CLEO, 'Remove from the group', question)
  await cleo.page.getByText(/^You were removed from this group\. /).waitFor()
  await groupLine(cleo.page, /^You were removed from this group$/).waitFor()
  await bubble(cleo.page, 'Ben Okafor removed you').waitFor()
  expect(await composer(cleo.page, GROUP).count()).toBe(0)
  await bubble(anna.page, 'Ben Okafor removed Cleo Marsh').waitFor()
  await say(anna, GROUP, 'only for those who are left')
  await bubble(ben.page, 'only for those who are left').waitFor()
  for (const look of ['at once', 'after loading again']) {
    await sleep(1000)
    expect(await cleo.page.getByText('only for those who are left').count(), look).toBe(0)
    await cleo.page.reload()
    await expectSignedIn(cleo.page)
    await bubble(cleo.page, 'missed 0002').waitFor()
  }
})

test('P53 P76 a link brings a newcomer in, who sees what it leads to, writes, and reads nothing from before', async () => {
  const annas = await openGroupDetails(anna.page)
  await annas.getByRole('button', { name: 'Create an invite link' }).click()
  link = await annas.getByRole('textbox', { name: 'Invite link' }).inputValue()
  await bubble(ben.page, 'Anna Winter changed the invite links: 1 is open').waitFor()

  const context = await wired.newContext({ reducedMotion: 'reduce' })
  const capture = captureTraffic(context)
  const page = await followLink(context)
  expect(page.url()).toBe(`${stage.server.url}/`)
  await fillSignUp(page, DORA)
  dora = { ...DORA, context, page }
  const dialog = page.getByRole('dialog', { name: 'Invitation' })
  await dialog.getByText(`${ANNA.displayName} (@${ANNA.handle}) invites you.`).waitFor()
  expect(await dialog.innerText()).toContain(GROUP.displayName)
  expect(await dialog.innerText()).toContain(TOPIC)
  await dialog.getByRole('button', { name: 'Join', exact: true }).click()
  await bubble(anna.page, 'Dora Lind came in by an invite link').waitFor()
  await say(dora, GROUP, 'hello from outside')
  await bubble(anna.page, 'hello from outside, Dora Lind').waitFor()
  await bubble(ben.page, 'hello from outside, Dora Lind').waitFor()
  await say(ben, GROUP, 'welcome aboard')
  await bubble(page, 'welcome aboard, Ben Okafor').waitFor()
  expect(await page.getByText('only for those who are left').count()).toBe(0)

  const bytes = Buffer.from(new URL(link).hash.slice(1), 'base64url')
  const secret = createNeedles({ 'secret of the link': bytes.subarray(17, 49) })
  const open = createNeedles({ handle: DORA.handle })
  const went = Buffer.concat([
    ...wire.bytes,
    ...wire.sentFrames.map(({ payload }) => payload),
    ...capture.pieces,
  ])
  expect(wire.sentFrames.length).toBeGreaterThan(3)
  expect(findNeedles(Buffer.from(link), secret)).toEqual(['secret of the link'])
  expect(findNeedles(went, open)).toEqual(['handle'])
  expect(findNeedles(went, secret)).toEqual([])
  expect(page.url()).not.toContain('#')
})

test('P53 P76 a link that was revoked leads nowhere', async () => {
  const annas = await openGroupDetails(anna.page)
  await annas.getByRole('button', { name: 'Revoke link' }).click()
  await confirm(anna.page, 'Revoke the link', 'Revoke')
  await bubble(dora.page, 'Anna Winter changed the invite links: none is open').waitFor()

  const context = await stage.browser.newContext({ reducedMotion: 'reduce' })
  const page = await followLink(context)
  await fillSignUp(page, EVE)
  eve = { ...EVE, context, page }
  const dialog = page.getByRole('dialog', { name: 'Invitation' })
  await dialog.getByText('This link does not lead anywhere').waitFor()
  expect(await dialog.getByRole('button', { name: 'Join', exact: true }).count()).toBe(0)
  await page.keyboard.press('Escape')
  await expectSignedIn(page)
})

test('P77 another device of a member has the group by its name within ten seconds, and what was said in it', async () => {
  const other = await signInElsewhere(stage, ANNA)
  await chatLink(other.page, GROUP).waitFor({ timeout: 10_000 })
  await openChat(other.page, GROUP)
  await bubble(other.page, 'welcome aboard, Ben Okafor').waitFor()
  await bubble(other.page, 'anna 0001, You').waitFor()
  await say(other, GROUP, 'from my other device')
  await bubble(ben.page, 'from my other device, Anna Winter').waitFor()
  await ownMessage(anna.page, 'from my other device', 'read').waitFor()
  await other.context.close()
})

test('P52 P74 who leaves is out for everybody within seconds, and can take the group from the list', async () => {
  const bens = await openGroupDetails(ben.page)
  await bens.getByRole('button', { name: 'Leave group' }).click()
  await confirm(ben.page, `Leave ${GROUP.displayName}`, 'Leave')
  await ben.page.getByText(/^You left this group\. /).waitFor()
  expect(await composer(ben.page, GROUP).count()).toBe(0)
  for (const { page } of [anna, dora]) await bubble(page, 'Ben Okafor left').waitFor()
  await groupLine(anna.page, 'Dora and you').waitFor()
  await say(anna, GROUP, 'now we are two')
  await bubble(dora.page, 'now we are two').waitFor()
  expect(await ben.page.getByText('now we are two').count()).toBe(0)

  await ben.page.getByRole('button', { name: 'Delete from my list' }).first().click()
  await confirm(ben.page, `Delete ${GROUP.displayName}`, 'Delete')
  await chatLink(ben.page, GROUP).waitFor({ state: 'detached' })
  await ben.page.reload()
  await chatLink(ben.page, ANNA).waitFor()
  expect(await chatLink(ben.page, GROUP).count()).toBe(0)
})

test('P66 P75 taken in by a stranger, one is asked; who refuses has left and sees it no more', async () => {
  await foundGroup(eve.page, LATER, [DORA])
  await say(eve, LATER, 'all of you can win')
  const { page } = dora
  await openGroupRequest(page, LATER)
  await bubble(page, 'all of you can win').waitFor()
  expect(await composer(page, LATER).count()).toBe(0)
  await page.getByRole('region', { name: 'Group request' }).getByRole('button', { name: 'Leave' }).click()
  await bubble(eve.page, 'Dora Lind left').waitFor()
  await page.reload()
  await chatLink(page, GROUP).waitFor()
  // The page may have gone before its own log had the leaving.
  await expect.poll(() => page.getByText(LATER.displayName).count(), { timeout: 10_000 }).toBe(0)
  expect(await page.getByRole('button', { name: /request/ }).count()).toBe(0)
})
