import { describe, expect, it } from 'vitest'
import { isSame } from '../src/state/reconcile.ts'
import { pictureAddress } from '../src/text/picture.ts'

const JPEG = Uint8Array.of(0xff, 0xd8, 0xff, 1, 2, 3)

describe('a picture as an address', () => {
  it('names the kind that its bytes show', () => {
    expect(pictureAddress(JPEG)).toBe(`data:image/jpeg;base64,${btoa('\xff\xd8\xff\x01\x02\x03')}`)
    expect(pictureAddress(Uint8Array.of(0x89, 0x50, 0x4e, 0x47))).toMatch(/^data:image\/png;/)
  })

  it('is none for what is no picture, whatever it says it is', () => {
    expect(pictureAddress(new TextEncoder().encode('<svg onload="alert(1)"/>'))).toBeNull()
    expect(pictureAddress(new Uint8Array(0))).toBeNull()
  })
})

describe('equality of plain data', () => {
  it('looks into bytes', () => {
    expect(isSame({ picture: JPEG }, { picture: JPEG.slice() })).toBe(true)
    expect(isSame({ picture: JPEG }, { picture: JPEG.slice(1) })).toBe(false)
    expect(isSame({ picture: JPEG }, { picture: null })).toBe(false)
  })
})
