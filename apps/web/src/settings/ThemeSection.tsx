import { Monitor, Moon, Sun } from 'lucide-react'
import { chooseTheme, type Theme, useTheme } from '../theme/theme.ts'
import styles from './SettingsScreen.module.css'

const THEMES: readonly { readonly value: Theme; readonly label: string; readonly Icon: typeof Sun }[] = [
  { value: 'system', label: 'System', Icon: Monitor },
  { value: 'light', label: 'Light', Icon: Sun },
  { value: 'dark', label: 'Dark', Icon: Moon },
]

export function ThemeSection() {
  const theme = useTheme()
  return (
    <section className={styles.section} aria-label="Appearance">
      <h3 className={styles.heading}>Appearance</h3>
      <fieldset className={styles.themes} aria-label="Theme">
        {THEMES.map(({ value, label, Icon }) => (
          <label key={value} className={styles.theme}>
            <input
              type="radio"
              name="theme"
              value={value}
              checked={theme === value}
              onChange={() => chooseTheme(value)}
            />
            <Icon size={17} aria-hidden="true" />
            {label}
          </label>
        ))}
      </fieldset>
    </section>
  )
}
