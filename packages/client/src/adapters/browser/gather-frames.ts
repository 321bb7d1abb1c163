/**
 * Hands over in one go what has come while the page was busy, in its order: it draws once for all of it, and not
 * once for each.
 */
export function gatherFrames<Frame>(receive: (frame: Frame) => void): (frame: Frame) => void {
  const waiting: Frame[] = []
  // Behind what is in the page's queue already, and sooner than any timer.
  const turn = new MessageChannel()
  turn.port1.onmessage = () => {
    for (const frame of waiting.splice(0)) receive(frame)
  }
  return frame => {
    if (waiting.push(frame) === 1) turn.port2.postMessage(null)
  }
}
