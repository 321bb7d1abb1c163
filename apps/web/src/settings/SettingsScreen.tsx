import { ArrowLeft } from 'lucide-react'
import { Link } from 'wouter'
import { DevicesSection } from '../devices/DevicesSection.tsx'
import { RecoverySection } from '../recovery/RecoverySection.tsx'
import { AboutSection } from './AboutSection.tsx'
import { AccountSection } from './AccountSection.tsx'
import { PasswordSection } from './PasswordSection.tsx'
import { ProfileSection } from './ProfileSection.tsx'
import { QuotaSection } from './QuotaSection.tsx'
import styles from './SettingsScreen.module.css'
import { ThemeSection } from './ThemeSection.tsx'

export function SettingsScreen() {
  return (
    <div className={styles.screen} data-region="settings">
      <header className={styles.head}>
        <Link href="/" className={styles.back} aria-label="Back to chats">
          <ArrowLeft size={22} />
        </Link>
        <h2 className={styles.title}>Settings</h2>
      </header>
      <div className={styles.scroller}>
        <div className={styles.sections}>
          <QuotaSection />
          <ProfileSection />
          <ThemeSection />
          <PasswordSection />
          <RecoverySection />
          <DevicesSection />
          <AboutSection />
          <AccountSection />
        </div>
      </div>
    </div>
  )
}
