import type {
  AccountSettings,
  ChatId,
  ChatSummary,
  ConnectionState,
  DeviceSummary,
  DirectSummary,
  GroupInvite,
  GroupMember,
  QuotaState,
  SessionState,
  SignOutReason,
  TimelineRow,
} from '@entangle/client'
import type { AccountId, AccountSummary, DeviceId } from '@entangle/protocol'
import { addGroups } from './group-scenes.ts'
import { ADA, JONAS, type Line, ME, nextId, person, STRANGER, textRow } from './people.ts'

export type Scene = {
  session: SessionState
  connection: ConnectionState
  chats: ChatSummary[]
  rows: Map<ChatId, TimelineRow[]>
  me: AccountSummary
  /** Everybody whom rows and members name. */
  people: Map<AccountId, AccountSummary>
  members: Map<ChatId, GroupMember[]>
  invites: Map<ChatId, GroupInvite[]>
  devices: DeviceSummary[]
  settings: AccountSettings
  quota: QuotaState
  /** Milliseconds before reading the chats, to see what waiting looks like. */
  slow: number
  /** Milliseconds before older messages come, as if from the archive. */
  archiveMs: number
}

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

function chat(peer: AccountSummary, over: Partial<DirectSummary> = {}): DirectSummary {
  return {
    id: `direct-${peer.accountId}` as ChatId,
    kind: 'direct',
    peer: { ...peer, gone: false, blocked: false },
    standing: 'accepted',
    unread: 0,
    last: null,
    activity: 0,
    draft: '',
    typing: [],
    warning: null,
    doubt: null,
    ...over,
  }
}

function withRows(
  scene: Scene,
  made: DirectSummary,
  lines: readonly Line[],
  other?: (rows: TimelineRow[]) => void,
): void {
  const rows = lines.map((line, index) =>
    textRow(
      line.own ? ME.accountId : made.peer.accountId,
      line,
      line.delivery === 'queued' || line.delivery === 'failed' ? null : index + 1,
    ),
  )
  other?.(rows)
  scene.rows.set(made.id, rows)
  scene.people.set(made.peer.accountId, made.peer)
  const last = rows.at(-1)
  scene.chats.push({
    ...made,
    last:
      last === undefined
        ? null
        : {
            text: last.content.kind === 'text' ? last.content.text : '',
            notice: null,
            own: last.own,
            sender: last.own ? ME : made.peer,
            time: last.time,
            delivery: last.delivery,
          },
    activity: last?.time ?? 0,
  })
}

function conversation(now: number): Line[] {
  return [
    {
      text: 'The proofs came back from the printer this morning. The blue is a touch too warm, otherwise lovely.',
      at: now - DAY - 3 * HOUR,
    },
    { text: 'I can bring a set by on Thursday.', at: now - DAY - 3 * HOUR + MINUTE },
    { own: true, text: 'Thursday works. Before ten?', at: now - DAY - 2 * HOUR },
    { own: true, text: 'I have the studio until noon, so no hurry.', at: now - DAY - 2 * HOUR + MINUTE },
    { text: '👍', at: now - DAY - 2 * HOUR + 3 * MINUTE },
    {
      text: 'Seeds arrived too! Can someone open the shed before nine? The code is on the board, and the plan is at https://allotment.example/plan',
      at: now - 52 * MINUTE,
    },
    { own: true, text: 'I can, 08:45 works.', at: now - 50 * MINUTE },
    {
      own: true,
      text: 'Shopping, so that I do not forget:\n– twine\n– two bags of compost\n– the good gloves',
      at: now - 49 * MINUTE,
      delivery: 'read',
    },
    { text: 'Perfect', at: now - 20 * MINUTE },
    {
      text: 'Are those the cedar ones you told me about? The ones that do not rot after a single winter, I mean. My uncle swears by larch, but he also swears by astrology.',
      at: now - 19 * MINUTE,
    },
    { text: 'Anyway: see you there', at: now - 19 * MINUTE },
    { own: true, text: 'Ha. Offcuts from the sawmill, yes', at: now - 6 * MINUTE, delivery: 'delivered' },
    { own: true, text: 'On my way', at: now - 2 * MINUTE, delivery: 'sent' },
  ]
}

const HERE = nextId() as DeviceId

const REASONS: Readonly<Record<string, SignOutReason>> = {
  ended: 'session-ended',
  welcome: 'requested',
  removed: 'device-removed',
}

function devicesOf(name: string, now: number): DeviceSummary[] {
  const device = (deviceName: string, enrolledAt: number, lastSeenAt: number): DeviceSummary => ({
    deviceId: nextId() as DeviceId,
    name: deviceName,
    enrolledAt,
    lastSeenAt,
    lastAddress: '192.0.2.7',
    lastClient: deviceName.includes(' on ') ? deviceName : 'Edge on Windows',
    idle: now - lastSeenAt > 90 * DAY,
    current: false,
  })
  const here = { ...device('Firefox on Linux', now - 200 * DAY, now), deviceId: HERE, current: true }
  if (name === 'alone') return [here]
  return [
    here,
    device('Chrome on Android', now - 21 * DAY, now - 3 * HOUR),
    device('The old laptop in the workshop, under the window', now - 420 * DAY, now - 48 * DAY),
    ...(name === 'idle' ? [device('Safari on iPad', now - 300 * DAY, now - 130 * DAY)] : []),
  ]
}

export function createScene(name: string): Scene {
  const now = Date.now()
  const scene: Scene = {
    session: {
      phase: 'signed-in',
      account: ME,
      deviceId: HERE,
      recoverySaved: name !== 'reminder' && name !== 'phrase',
    },
    connection: { phase: 'online' },
    chats: [],
    rows: new Map(),
    me: ME,
    people: new Map([[ME.accountId, ME]]),
    members: new Map(),
    invites: new Map(),
    devices: devicesOf(name, now),
    settings: {},
    quota: { historyFull: name.startsWith('full'), settingsFull: name === 'full-both' },
    slow: name === 'slow' ? 4_000 : 0,
    archiveMs: name === 'archive' ? 4_000 : 30,
  }
  if (name === 'sign-up' || name === 'welcome' || name === 'ended' || name === 'removed') {
    scene.session = {
      phase: 'signed-out',
      remembered: name === 'sign-up' ? null : ME,
      reason: REASONS[name] ?? null,
    }
  }
  if (name === 'empty') return scene
  if (name === 'connecting') scene.connection = { phase: 'connecting', since: now - 5_000 }
  if (name === 'offline') scene.connection = { phase: 'offline', since: now - 5_000 }

  const lines = conversation(now)
  const ada = chat(ADA, {
    typing: name === 'chats' ? [ADA] : [],
    unread: name === 'unread' ? 3 : 0,
    warning: name === 'warning' ? 'identity-changed' : null,
  })
  if (name === 'states') {
    lines.push(
      { own: true, text: 'I will bring the drill too', at: now - MINUTE, delivery: 'failed' },
      { own: true, text: 'And coffee', at: now, delivery: 'queued' },
    )
  }
  if (name === 'big' || name === 'archive') {
    const count = name === 'big' ? 10_000 : 400
    const many = Array.from({ length: count }, (_, index) => ({
      own: index % 7 > 3,
      text: `${index}: ${'A few words more or less, so that rows differ in height. '.repeat(1 + ((index * 7919) % 5))}`,
      at: now - (count - index) * 3 * MINUTE,
    }))
    withRows(scene, ada, many)
  } else if (name === 'unread') {
    withRows(scene, ada, lines.slice(0, 11))
  } else {
    withRows(scene, ada, lines, rows => {
      if (name !== 'states') return
      rows.splice(
        10,
        0,
        {
          ...textRow(ADA.accountId, { text: '', at: now - 19 * MINUTE }, 100),
          content: { kind: 'pending', state: 'waiting' },
        },
        {
          ...textRow(ADA.accountId, { text: '', at: now - 19 * MINUTE }, 101),
          content: { kind: 'pending', state: 'repairing' },
        },
        {
          ...textRow(ADA.accountId, { text: '', at: now - 18 * MINUTE }, 102),
          content: { kind: 'pending', state: 'lost' },
        },
        {
          ...textRow(ADA.accountId, { text: '', at: now - 18 * MINUTE }, 103),
          content: { kind: 'unsupported' },
        },
        ...[true, false].map((signed, at) => ({
          ...textRow(ADA.accountId, { text: '', at: now - (17 - at) * MINUTE }, 104 + at),
          seq: null,
          content: {
            kind: 'notice',
            notice: { kind: 'identity-changed', person: ADA.accountId, signed },
          } as const,
        })),
      )
    })
  }

  withRows(scene, chat(person('priya.nair', 'Priya Nair'), { unread: 2 }), [
    { text: 'Did you see the draft?', at: now - 31 * MINUTE },
    { text: 'Section three is the one I am unsure about, the rest reads well', at: now - 30 * MINUTE },
  ])
  withRows(scene, chat(JONAS, { draft: 'I was thinking we could' }), [
    { own: true, text: 'Talk later', at: now - 2 * HOUR },
  ])
  const oskar = person('oskar.l', 'Oskar Lindqvist')
  withRows(scene, chat(oskar, { typing: [oskar] }), [{ text: 'Train leaves at 17:12', at: now - DAY }])
  withRows(scene, chat(person('mum', 'Mum')), [
    { own: true, text: 'Happy birthday! 🎂', at: now - DAY - HOUR },
  ])
  withRows(scene, chat(person('yuki', '田中 ゆき'), { unread: 120 }), [
    { text: 'また明日ね', at: now - 3 * DAY },
  ])
  withRows(scene, chat(person('leila', 'Leila Haddad')), [
    { text: 'شكرا جزيلا، نراك غدا', at: now - 4 * DAY },
  ])
  const gone = chat(person('sam-old', 'Sam Okafor'))
  withRows(scene, { ...gone, peer: { ...gone.peer, gone: true } }, [
    { text: 'Moving on, take care', at: now - 40 * DAY },
  ])
  const blocked = chat(person('promo', 'Best Prices'), { standing: 'blocked' })
  withRows(scene, { ...blocked, peer: { ...blocked.peer, blocked: true } }, [
    { text: 'Limited offer!!!', at: now - 90 * DAY },
  ])
  withRows(scene, chat(STRANGER, { standing: 'request', unread: 1 }), [
    {
      text: 'Hello Mira, we met at the seed swap on Sunday. Is this you? I have the tomato seedlings.',
      at: now - 12 * MINUTE,
    },
  ])
  if (name === 'groups' || name === 'arriving') addGroups(scene, now, name === 'arriving')
  if (name === 'many') {
    for (let index = 0; index < 400; index++) {
      withRows(scene, chat(person(`p${index}`, `Person ${index}`)), [
        { text: 'Hello', at: now - (100 + index) * DAY },
      ])
    }
  }
  return scene
}
