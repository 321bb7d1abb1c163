import { Camera } from 'lucide-react'
import { type ChangeEvent, useState } from 'react'
import { GroupAvatar } from '../ui/Avatar.tsx'
import { cx } from '../ui/cx.ts'
import styles from './PicturePicker.module.css'

type Props = {
  readonly name: string
  readonly seed: string
  readonly picture: Uint8Array | null
  readonly size: 'medium' | 'large'
  readonly onPick: (picture: Uint8Array | null) => void
  readonly onProblem: (message: string | null) => void
}

/** The group's picture, with a way to choose another. What was chosen is made small before it goes anywhere. */
export function PicturePicker({ name, seed, picture, size, onPick, onProblem }: Props) {
  const [busy, setBusy] = useState(false)
  const choose = async (event: ChangeEvent<HTMLInputElement>) => {
    const input = event.target
    const file = input.files?.[0]
    if (file === undefined) return
    setBusy(true)
    onProblem(null)
    try {
      const { scalePicture } = await import('./scale-picture.ts')
      onPick(await scalePicture(file))
    } catch (error) {
      onProblem(error instanceof Error ? error.message : 'This picture cannot be used.')
    } finally {
      setBusy(false)
      // The same file may be chosen again.
      input.value = ''
    }
  }
  return (
    <label className={cx(styles.picker, styles[size], busy && styles.busy)} title="Choose a picture">
      <GroupAvatar name={name} seed={seed} picture={picture} size={size} />
      <span className={styles.sign} aria-hidden="true">
        <Camera size={size === 'large' ? 16 : 13} />
      </span>
      <input
        type="file"
        className={styles.input}
        accept="image/jpeg,image/png,image/webp,image/gif,image/avif"
        aria-label="Group picture"
        onChange={event => void choose(event)}
      />
    </label>
  )
}
