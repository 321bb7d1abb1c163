import styles from './Logo.module.css'

/** Two interlocked loops. */
export function Logo({ size = 56 }: { readonly size?: number }) {
  return (
    <svg
      className={styles.logo}
      width={size}
      height={size}
      viewBox="0 0 32 32"
      fill="none"
      aria-hidden="true"
    >
      <rect className={styles.tile} width="32" height="32" rx="9" />
      <circle className={styles.left} cx="12.3" cy="16" r="6.3" />
      <circle
        className={styles.gap}
        cx="19.7"
        cy="16"
        r="6.3"
        pathLength="360"
        strokeDasharray="44 316"
        strokeDashoffset="-214"
      />
      <circle className={styles.right} cx="19.7" cy="16" r="6.3" />
      <circle
        className={styles.gap}
        cx="12.3"
        cy="16"
        r="6.3"
        pathLength="360"
        strokeDasharray="44 316"
        strokeDashoffset="-32"
      />
      <circle
        className={styles.left}
        cx="12.3"
        cy="16"
        r="6.3"
        pathLength="360"
        strokeDasharray="70 290"
        strokeDashoffset="-19"
      />
    </svg>
  )
}
