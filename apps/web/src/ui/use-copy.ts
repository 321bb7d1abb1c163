import { useEffect, useState } from 'react'

const SAID_MS = 2_500

export type Copying = {
  readonly said: 'copied' | 'refused' | null
  readonly copy: (text: string) => void
}

/** Puts text on the clipboard and says for a moment how it went. */
export function useCopy(): Copying {
  const [said, setSaid] = useState<Copying['said']>(null)
  useEffect(() => {
    if (said !== 'copied') return
    const timer = setTimeout(() => setSaid(null), SAID_MS)
    return () => clearTimeout(timer)
  }, [said])
  const copy = (text: string) =>
    void navigator.clipboard.writeText(text).then(
      () => setSaid('copied'),
      () => setSaid('refused'),
    )
  return { said, copy }
}
