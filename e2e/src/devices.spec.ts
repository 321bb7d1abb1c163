import {
  bubble,
  chatLink,
  introduce,
  openChat,
  ownMessage,
  type Person,
  send,
  waitUntil,
} from '@entangle/testkit/harness'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { devicesOf, openSettings, signInElsewhere } from './second-device.ts'
import { ANNA, BEN, CLEO, openStage, type Stage } from './stage.ts'

let stage: Stage
let anna: Person
let annasOther: Person
let ben: Person
let cleo: Person

beforeAll(async () => {
  stage = await openStage()
  anna = await stage.join(ANNA)
  ben = await stage.join(BEN)
  cleo = await stage.join(CLEO)
  await introduce(anna, ben, 'hello ben')
  await introduce(cleo, anna, 'hello anna')
})
afterAll(() => stage?.close())

test('P23 a second device signs in with the password alone and has both chats within ten seconds', async () => {
  annasOther = await signInElsewhere(stage, ANNA)
  const { page } = annasOther
  await chatLink(page, ben).waitFor({ timeout: 10_000 })
  await chatLink(page, cleo).waitFor({ timeout: 10_000 })
})

test('it is usable: what it writes arrives, what is written to it arrives, and the first device has both', async () => {
  const { page } = annasOther
  await openChat(page, ben)
  await send(page, ben, 'from the new one')
  await openChat(ben.page, anna)
  await bubble(ben.page, 'from the new one').waitFor()
  await send(ben.page, anna, 'to both of you')
  await bubble(page, 'to both of you').waitFor()

  await openChat(anna.page, ben)
  await bubble(anna.page, 'to both of you').waitFor()
  await ownMessage(anna.page, 'from the new one', 'read').waitFor()
  await send(anna.page, ben, 'from the old one')
  await ownMessage(page, 'from the old one', 'read').waitFor()
})

test('what was written before it came is there too', async () => {
  const { page } = annasOther
  await bubble(page, 'hello ben').waitFor()
  await openChat(page, cleo)
  await bubble(page, 'hello anna').waitFor()
})

test('both devices are in the list, this one first, and one can be given a name', async () => {
  const { page } = anna
  await openSettings(page)
  const devices = devicesOf(page)
  await waitUntil(
    'two devices',
    () => devices.count(),
    count => count === 2,
  )
  expect(await devices.first().innerText()).toContain('This device')
  expect(await devices.last().innerText()).not.toContain('This device')
  expect(await devices.last().innerText()).toContain('127.0.0.1')
  await devices
    .last()
    .getByRole('button', { name: /^Rename / })
    .click()
  await page.getByRole('textbox', { name: 'Device name' }).fill('The kitchen tablet')
  await page.getByRole('button', { name: 'Save', exact: true }).click()
  await devices.last().getByText('The kitchen tablet').waitFor()

  // The list is read when somebody comes to look at it.
  const other = annasOther.page
  await waitUntil(
    'its new name on the device itself',
    async () => {
      await openChat(other, ben)
      await openSettings(other)
      await devicesOf(other).first().waitFor()
      return devicesOf(other).first().innerText()
    },
    text => text.includes('The kitchen tablet'),
  )
})

test('a device is not put out without the password', async () => {
  const { page } = anna
  await page.getByRole('button', { name: 'Sign out The kitchen tablet' }).click()
  const dialog = page.getByRole('dialog', { name: 'Sign out The kitchen tablet' })
  await dialog.getByRole('textbox', { name: 'Password', exact: true }).fill('not-the-right-one-1')
  await dialog.getByRole('button', { name: 'Sign out this device' }).click()
  await dialog.getByText(/password is wrong/i).waitFor()
  await dialog.getByRole('textbox', { name: 'Password', exact: true }).fill(anna.password)
  await dialog.getByRole('button', { name: 'Sign out this device' }).click()
  await page.getByText('The kitchen tablet was signed out.').waitFor()
  expect(await devicesOf(page).count()).toBe(1)
})

test('it is signed out at once and told so, and the others write on', async () => {
  const { page } = annasOther
  await page.getByText(/^This device was signed out/).waitFor({ timeout: 10_000 })
  expect(await page.getByRole('navigation', { name: 'Conversations' }).count()).toBe(0)
  await openChat(anna.page, ben)
  await send(anna.page, ben, 'after the removal')
  await bubble(ben.page, 'after the removal').waitFor()
  await send(ben.page, anna, 'I read you')
  await bubble(anna.page, 'I read you').waitFor()
})
