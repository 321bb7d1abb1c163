import { CircleAlert, CircleCheck } from 'lucide-react'
import styles from './SettingsScreen.module.css'

const PROTECTED = [
  'What you write is encrypted on your device and can be read only by you and the people you write to. Whoever runs this place cannot read it, nor the name, topic and picture of a group.',
  'The encryption is made to hold against today’s computers and, for reading messages, against future quantum computers.',
  'Your password never leaves this device, and your recovery phrase is never shown to anybody but you.',
  'A device that you sign out in the settings gets nothing new from that moment on.',
]

const NOT_PROTECTED = [
  'Who writes to whom and who is in which group, when and how much, and from which address, is visible to whoever runs this place.',
  'Whoever runs this place could guess at a weak password. A long one protects you.',
  'Whoever has an invite link can come into the group, until somebody who runs the group revokes it.',
  'You trust a new person’s identity the first time you meet it, until you compare safety numbers.',
  'This page comes from whoever runs this place each time you load it; if they were hostile, they could change it.',
  'Whoever has your recovery phrase can open your account. Without it and without the password nobody can, not even you.',
  'Someone who can use this device while it is unlocked can read what you can read.',
]

export function AboutSection() {
  return (
    <section className={styles.section} aria-label="About Entangle">
      <div>
        <h3 className={styles.heading}>What is protected</h3>
        <p className={styles.lead}>In plain words, and also what is not.</p>
      </div>
      <ul className={styles.points}>
        {PROTECTED.map(text => (
          <li key={text} className={styles.yes}>
            <CircleCheck size={18} role="img" aria-label="Protected:" />
            <span>{text}</span>
          </li>
        ))}
        {NOT_PROTECTED.map(text => (
          <li key={text} className={styles.no}>
            <CircleAlert size={18} role="img" aria-label="Not protected:" />
            <span>{text}</span>
          </li>
        ))}
      </ul>
    </section>
  )
}
