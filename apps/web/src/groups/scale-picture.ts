import { LIMITS } from '@entangle/protocol/limits'

const SIDE = 128
/** WebP is smallest; browsers that cannot write it answer with another kind, and JPEG comes next. */
const WAYS = [
  ['image/webp', 0.86],
  ['image/webp', 0.7],
  ['image/webp', 0.5],
  ['image/jpeg', 0.82],
  ['image/jpeg', 0.6],
  ['image/jpeg', 0.4],
] as const

export class PictureError extends Error {
  override readonly name = 'PictureError'
}

/** The largest square in the middle of a picture. */
export function centredSquare(width: number, height: number): { x: number; y: number; side: number } {
  const side = Math.min(width, height)
  return { x: Math.floor((width - side) / 2), y: Math.floor((height - side) / 2), side }
}

/** A picture file → a small square of it. Drawn anew, so that nothing of the file but its looks is passed on. */
export async function scalePicture(file: Blob): Promise<Uint8Array> {
  const whole = await createImageBitmap(file).catch(() => {
    throw new PictureError('This file cannot be read as a picture. Choose a JPEG, PNG or WebP.')
  })
  const { x, y, side } = centredSquare(whole.width, whole.height)
  const small = await createImageBitmap(whole, x, y, side, side, {
    resizeWidth: SIDE,
    resizeHeight: SIDE,
    resizeQuality: 'high',
  })
  whole.close()
  const canvas = document.createElement('canvas')
  canvas.width = SIDE
  canvas.height = SIDE
  const context = canvas.getContext('2d')
  if (context === null) throw new PictureError('This browser cannot draw pictures.')
  // What was transparent would turn black in a JPEG.
  context.fillStyle = '#ffffff'
  context.fillRect(0, 0, SIDE, SIDE)
  context.drawImage(small, 0, 0)
  small.close()
  for (const [kind, quality] of WAYS) {
    const blob = await new Promise<Blob | null>(done => canvas.toBlob(done, kind, quality))
    if (blob !== null && blob.type === kind && blob.size <= LIMITS.groupPictureBytes) {
      return new Uint8Array(await blob.arrayBuffer())
    }
  }
  throw new PictureError('This picture cannot be made small enough. Choose another one.')
}
