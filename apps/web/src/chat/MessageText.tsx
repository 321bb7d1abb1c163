import { invitationOf } from '../join/invitation.ts'
import { useAppContext } from '../state/app-context.ts'
import { linkify } from '../text/linkify.ts'
import styles from './MessageText.module.css'

/** Text with its line breaks and safe links; nothing in it is ever read as markup. */
export function MessageText({ text }: { readonly text: string }) {
  const { invitation } = useAppContext()
  let offset = 0
  return linkify(text).map(token => {
    const key = offset++
    if (token.kind === 'text') return token.text
    return (
      <a
        key={key}
        className={styles.link}
        href={token.href}
        title={token.href}
        target="_blank"
        rel="noopener noreferrer"
        dir="ltr"
        onClick={event => {
          // An invitation into a group of this place is answered here and not in a new window.
          const link = invitationOf(token.href, location.origin)
          if (link === null) return
          event.preventDefault()
          invitation.setState({ link })
        }}
      >
        {token.shown}
      </a>
    )
  })
}
