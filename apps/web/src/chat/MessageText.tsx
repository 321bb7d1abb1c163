import { linkify } from '../text/linkify.ts'
import styles from './MessageText.module.css'

/** Text with its line breaks and safe links; nothing in it is ever read as markup. */
export function MessageText({ text }: { readonly text: string }) {
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
      >
        {token.shown}
      </a>
    )
  })
}
