import type { Play } from '../play/play.ts'
import { checkAgreement, checkPromises } from './agreement.ts'
import { lookAround } from './looking.ts'
import { checkLog, checkMembership } from './membership.ts'
import { checkCalm, checkPresence } from './presence.ts'
import { findThefts } from './thefts.ts'
import { checkTimeline } from './timeline.ts'
import { readTruths } from './truth.ts'

/**
 * In what the devices do not agree with each other, or with what must hold; empty when all is well. What is cheap to
 * see comes first, because the answer is asked for again and again until it is empty.
 */
export async function findDisagreements(play: Play): Promise<string[]> {
  const absent = checkPresence(play)
  if (absent.length > 0) return absent
  const truths = await readTruths(play.world.server)
  if (truths.filter(({ kind }) => kind === 'direct').length > 1) {
    return ['two people have more than one conversation']
  }
  const apart = truths.flatMap(truth => [...checkLog(truth), ...checkMembership(play, truth)])
  if (apart.length > 0) return apart
  const views = await lookAround(play, truths)
  const found = [
    ...checkCalm(play),
    ...checkPromises(play, truths, views),
    ...truths.flatMap(truth => checkAgreement(play, truth, views)),
    ...views.flatMap(view => checkTimeline(play, view)),
  ]
  return found.length > 0 ? found : truths.flatMap(truth => findThefts(play, truth, play.stolen))
}
