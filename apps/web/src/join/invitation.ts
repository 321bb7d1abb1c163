import { createStore, type StoreApi } from 'zustand/vanilla'

/** The part of a link behind the `#`, while it waits for an answer. Kept in memory alone. */
export type Invitation = { readonly link: string | null }
export type InvitationStore = StoreApi<Invitation>

export const JOIN_PATH = '/join'

type Place = Pick<Location, 'pathname' | 'hash'>

/** What the address bar says of an invitation; null where it is none. */
export function invitationIn(place: Place): string | null {
  const secret = place.hash.slice(1)
  return place.pathname === JOIN_PATH && secret !== '' ? secret : null
}

/**
 * Takes an invitation out of the address bar, so that its secret is neither in the history nor read over a
 * shoulder. Behind the `#` it was never sent anywhere.
 */
export function createInvitationStore(place: Place, history: Pick<History, 'replaceState'>): InvitationStore {
  const link = invitationIn(place)
  if (place.pathname === JOIN_PATH) history.replaceState(null, '', '/')
  return createStore<Invitation>(() => ({ link }))
}

/** An invitation into a group of this very place, among the links that people write. */
export function invitationOf(href: string, origin: string): string | null {
  if (!URL.canParse(href)) return null
  const url = new URL(href)
  return url.origin === origin ? invitationIn(url) : null
}
