import { ShieldAlert } from 'lucide-react'
import { Notice } from '../ui/Notice.tsx'
import styles from './IdentityWarning.module.css'

type Props = { readonly name: string; readonly onCompare: () => void }

export function IdentityWarning({ name, onCompare }: Props) {
  return (
    <div className={styles.place}>
      <Notice tone="danger" icon={<ShieldAlert size={18} aria-hidden="true" />} role="alert">
        <b>{name}’s identity changed and does not match the one you knew.</b> Nothing is sent until this is
        cleared up. Ask {name} in person or by phone what happened.{' '}
        <button type="button" className={styles.link} onClick={onCompare}>
          Show safety number
        </button>
      </Notice>
    </div>
  )
}
