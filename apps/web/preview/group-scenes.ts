import type { ChatId, GroupMember, GroupSummary, Notice, TimelineRow } from '@entangle/client'
import type { AccountSummary, InviteId, Role } from '@entangle/protocol'
import { ADA, JONAS, ME, nextId, person, STRANGER, textRow } from './people.ts'
import type { Scene } from './scenes.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

const PRIYA = person('priya.nair', 'Priya Nair')
const SAMIRA = person('samira', 'Samira El-Amin')
const YUKI = person('yuki', '田中 ゆき')
const LONG = person('maximilian', 'Maximilian-Alexander von und zu Hohenfels-Sternberg')

type Said = { who: AccountSummary; text?: string; notice?: Notice; at: number; over?: Partial<TimelineRow> }

type Sketch = {
  id: string
  name: string
  topic?: string
  members: readonly (readonly [AccountSummary, Role, GroupMember['basis']])[]
  said: readonly Said[]
  picture?: Uint8Array
  over?: Partial<Omit<GroupSummary, 'group'>>
  phase?: GroupSummary['group']['phase']
}

function addGroup(scene: Scene, sketch: Sketch): void {
  const id = `group-${sketch.id}` as ChatId
  const rows = sketch.said.map(({ who, text = '', notice, at, over }, index): TimelineRow => {
    const row = textRow(who.accountId, { own: who === ME, text, at }, index + 1)
    if (notice === undefined) return { ...row, ...over }
    return { ...row, content: { kind: 'notice', notice }, delivery: null }
  })
  const members = sketch.members.map(
    ([account, role, basis]): GroupMember => ({ account, role, basis, self: account === ME }),
  )
  const last = sketch.said.at(-1)
  const lastRow = rows.at(-1)
  scene.rows.set(id, rows)
  scene.members.set(id, members)
  scene.invites.set(id, [])
  for (const { account } of members) scene.people.set(account.accountId, account)
  for (const { who } of sketch.said) scene.people.set(who.accountId, who)
  scene.chats.push({
    id,
    kind: 'group',
    standing: 'accepted',
    unread: 0,
    last:
      last === undefined
        ? null
        : {
            text: last.text ?? '',
            notice: last.notice ?? null,
            own: last.who === ME,
            sender: last.who,
            time: last.at,
            delivery: lastRow?.delivery ?? null,
          },
    activity: last?.at ?? 0,
    draft: '',
    typing: [],
    warning: null,
    doubt: null,
    group: {
      name: sketch.name,
      topic: sketch.topic ?? '',
      picture: sketch.picture ?? null,
      memberCount: members.length,
      role: members.find(member => member.self)?.role ?? 'member',
      phase: sketch.phase ?? 'active',
      revision: 1,
    },
    addedBy: null,
    suspect: null,
    ...sketch.over,
  })
}

function allotment(now: number): Said[] {
  const start = now - DAY
  return [
    { who: ME, notice: { kind: 'group-created' }, at: start - 10 * HOUR },
    {
      who: ME,
      notice: { kind: 'added', people: [ADA.accountId, JONAS.accountId] },
      at: start - 10 * HOUR,
    },
    { who: ADA, text: 'Oh, this is better than three separate chats.', at: start - 9 * HOUR },
    { who: ADA, text: 'Who has the key to the shed?', at: start - 9 * HOUR + MINUTE },
    { who: JONAS, text: 'Me. I am there on Saturday from eight.', at: start - 8 * HOUR },
    {
      who: ME,
      text: 'Then I will bring the compost, and we can do the raised bed in one go.',
      at: start - 8 * HOUR + 2 * MINUTE,
    },
    { who: ADA, notice: { kind: 'renamed', name: 'Allotment 14' }, at: now - 3 * HOUR },
    {
      who: ADA,
      notice: { kind: 'topic-changed', topic: 'Beds, keys and who waters when' },
      at: now - 3 * HOUR,
    },
    { who: ADA, notice: { kind: 'picture-changed', removed: false }, at: now - 3 * HOUR },
    { who: ME, notice: { kind: 'role-changed', person: ADA.accountId, role: 'admin' }, at: now - 2 * HOUR },
    { who: ME, notice: { kind: 'links-changed', open: 1 }, at: now - 2 * HOUR },
    { who: SAMIRA, notice: { kind: 'joined-by-link' }, at: now - 100 * MINUTE },
    { who: SAMIRA, text: 'Hello everybody! Ada sent me the link 👋', at: now - 99 * MINUTE },
    { who: JONAS, text: 'Welcome!', at: now - 98 * MINUTE },
    { who: ADA, text: '🌱🌱', at: now - 97 * MINUTE },
    {
      who: SAMIRA,
      text: 'I have about forty tomato seedlings, far too many for my balcony. Black Krim, Green Zebra and a few whose label I lost. Take as many as you like, otherwise they end on the compost.',
      at: now - 50 * MINUTE,
    },
    { who: SAMIRA, text: 'Pictures tonight', at: now - 49 * MINUTE },
    {
      who: ADA,
      notice: { kind: 'identity-changed', person: JONAS.accountId, signed: true },
      at: now - 40 * MINUTE,
    },
    { who: ME, notice: { kind: 'repaired' }, at: now - 30 * MINUTE },
    {
      who: ME,
      text: 'Six for me, please. The ones without a name are the best ones.',
      at: now - 12 * MINUTE,
    },
    {
      who: ME,
      text: 'And Saturday at eight is fine.',
      at: now - 11 * MINUTE,
      over: { delivery: 'delivered' },
    },
    { who: JONAS, text: 'Bring gloves, the nettles are back.', at: now - 4 * MINUTE },
  ]
}

function everyNotice(now: number): Said[] {
  const at = now - 5 * HOUR
  const told = (who: AccountSummary, notice: Notice): Said => ({ who, notice, at })
  return [
    told(ADA, { kind: 'group-created' }),
    told(ADA, { kind: 'added', people: [ME.accountId, JONAS.accountId, PRIYA.accountId] }),
    told(ADA, { kind: 'added', people: [SAMIRA, YUKI, LONG, PRIYA, JONAS].map(one => one.accountId) }),
    told(ADA, { kind: 'removed', people: [YUKI.accountId] }),
    told(JONAS, { kind: 'left' }),
    told(ADA, { kind: 'role-changed', person: ME.accountId, role: 'owner' }),
    told(ME, { kind: 'role-changed', person: ADA.accountId, role: 'member' }),
    told(PRIYA, { kind: 'role-changed', person: PRIYA.accountId, role: 'member' }),
    told(ADA, { kind: 'links-changed', open: 0 }),
    told(ADA, { kind: 'picture-changed', removed: true }),
    told(ADA, { kind: 'topic-changed', topic: '' }),
    told(ADA, { kind: 'removed', people: [ME.accountId] }),
  ]
}

/** A small picture drawn on the spot: a sun over a field. */
async function drawPicture(): Promise<Uint8Array> {
  const canvas = document.createElement('canvas')
  canvas.width = 128
  canvas.height = 128
  const context = canvas.getContext('2d')
  if (context !== null) {
    const sky = context.createLinearGradient(0, 0, 0, 128)
    sky.addColorStop(0, '#f7c873')
    sky.addColorStop(1, '#e88d67')
    context.fillStyle = sky
    context.fillRect(0, 0, 128, 128)
    context.fillStyle = '#fff4d6'
    context.beginPath()
    context.arc(82, 48, 20, 0, Math.PI * 2)
    context.fill()
    for (const [y, colour] of [
      [78, '#5d8a4a'],
      [94, '#46733a'],
      [110, '#335a2c'],
    ] as const) {
      context.fillStyle = colour
      context.beginPath()
      context.ellipse(52, y + 40, 110, 44, -0.12, 0, Math.PI * 2)
      context.fill()
    }
  }
  const blob = await new Promise<Blob | null>(done => canvas.toBlob(done, 'image/webp', 0.8))
  return new Uint8Array((await blob?.arrayBuffer()) ?? new ArrayBuffer(0))
}

export const PICTURE = await drawPicture()

const crowd = (count: number) =>
  Array.from({ length: count }, (_, index) => {
    const first = ['Lena', 'Paul', 'Amir', 'Noor', 'Tove', 'Ines', 'Kofi', 'Mila', 'Arne', 'Zoë'][index % 10]
    const last = ['Brandt', 'Okoye', 'Silva', 'Novak', 'Ito', 'Kaya', 'Holm', 'Rossi'][(index * 3) % 8]
    return person(`${first?.toLowerCase()}${index}`, `${first} ${last}`)
  })

export function addGroups(scene: Scene, now: number, arriving: boolean): void {
  const three: Sketch['members'] = [
    [ME, 'owner', 'verified'],
    [ADA, 'admin', 'verified'],
    [JONAS, 'member', 'first-use'],
  ]
  const small: Sketch['members'] = [...three, [SAMIRA, 'member', null]]
  addGroup(scene, {
    id: 'allotment',
    name: 'Allotment 14',
    topic: 'Beds, keys and who waters when. The plan is at https://allotment.example/plan',
    picture: PICTURE,
    members: small,
    said: allotment(now),
    over: { typing: [ADA], unread: 1 },
  })
  scene.invites.set('group-allotment' as ChatId, [inviteOf()])
  const twelve = [
    [PRIYA, 'owner', 'first-use'],
    [ME, 'admin', 'verified'],
    [LONG, 'member', 'first-use'],
    [YUKI, 'member', 'verified'],
    ...crowd(8).map(one => [one, 'member', 'first-use'] as const),
  ] as const
  addGroup(scene, {
    id: 'studio',
    name: 'Studio',
    members: twelve,
    said: [
      { who: PRIYA, text: 'Proofs are on the table by the window.', at: now - 26 * MINUTE },
      {
        who: LONG,
        text: 'I would take the second one from the left, if nobody minds.',
        at: now - 25 * MINUTE,
      },
      { who: YUKI, text: 'いいですね', at: now - 24 * MINUTE },
    ],
    over: { unread: 3, typing: [LONG, YUKI] },
  })
  addGroup(scene, {
    id: 'city',
    name: 'Neighbours of the Lower Quay and the Streets behind It',
    topic: 'What is lost, found, broken and celebrated between the quay and the park.',
    members: [
      [PRIYA, 'owner', 'first-use'],
      [SAMIRA, 'admin', 'first-use'],
      ...crowd(397).map(one => [one, 'member', 'first-use'] as const),
      [ME, 'member', 'verified'],
    ],
    said: [
      { who: SAMIRA, text: 'The lift at number 9 works again.', at: now - 2 * HOUR },
      { who: PRIYA, text: 'Hallelujah', at: now - 110 * MINUTE },
      {
        who: PRIYA,
        notice: { kind: 'added', people: [JONAS.accountId, ADA.accountId] },
        at: now - 80 * MINUTE,
      },
    ],
  })
  addGroup(scene, {
    id: 'request',
    name: 'Seed swap',
    members: [
      [STRANGER, 'owner', 'first-use'],
      [SAMIRA, 'member', null],
      [ME, 'member', 'verified'],
    ],
    said: [
      { who: STRANGER, notice: { kind: 'added', people: [ME.accountId] }, at: now - 9 * MINUTE },
      { who: STRANGER, text: 'Here is the list of what everybody brings.', at: now - 8 * MINUTE },
    ],
    over: { standing: 'request', addedBy: STRANGER, unread: 1 },
  })
  addGroup(scene, {
    id: 'warning',
    name: 'Book club',
    members: three,
    said: [{ who: JONAS, text: 'Chapter nine, then?', at: now - 3 * HOUR }],
    over: { warning: 'identity-changed', suspect: JONAS },
  })
  addGroup(scene, {
    id: 'new',
    name: 'Fresh',
    members: [[ME, 'owner', 'verified']],
    said: [],
    phase: 'creating',
  })
  addGroup(scene, {
    id: 'notices',
    name: 'Every notice',
    members: three,
    said: everyNotice(now),
    phase: 'removed',
  })
  const quiet: Said[] = [{ who: ADA, text: 'See you there', at: now - 6 * HOUR }]
  addGroup(scene, {
    id: 'doubt',
    name: 'Doubtful',
    members: three,
    said: quiet,
    over: { doubt: 'record-contradicted' },
  })
  addGroup(scene, { id: 'checking', name: 'Choir', members: three, said: quiet, phase: 'checking' })
  addGroup(scene, { id: 'repairing', name: 'Ferry', members: three, said: quiet, phase: 'repairing' })
  addGroup(scene, {
    id: 'left',
    name: 'Old flat',
    members: three,
    said: [...quiet, { who: ME, notice: { kind: 'left' }, at: now - 5 * HOUR }],
    phase: 'left',
  })
  if (!arriving) return
  for (const name of ['Cabin', 'Thursday run', 'Family']) {
    addGroup(scene, {
      id: name.toLowerCase().replace(' ', '-'),
      name,
      members: three,
      said: [],
      phase: 'joining',
      over: { activity: now - 7 * HOUR },
    })
  }
}

export function inviteOf(): { inviteId: InviteId; link: string } {
  const id = nextId()
  return {
    inviteId: id as InviteId,
    link: `${location.origin}/join#AQ${id}kW3vY1nPzq8mJ4tR6sB0dLxHcGfUoEiTaVpQwXyZ${id}aBcDeFgHiJkLmNoPqRsTuVwXyZ`,
  }
}
