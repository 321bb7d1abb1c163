import { Menu as Base } from '@base-ui/react/menu'
import { type ReactElement, type ReactNode, useCallback, useState } from 'react'
import { cx } from './cx.ts'
import styles from './Menu.module.css'

type MenuProps = { readonly trigger: ReactElement; readonly children: ReactNode }

/** A list of actions under its button. Always reached through a lazy chunk. */
export function Menu({ trigger, children }: MenuProps) {
  // Inside the part of the page that it belongs to, not beside all of them.
  const [home, setHome] = useState<HTMLElement | null>(null)
  const findHome = useCallback(
    (place: HTMLElement | null) => setHome(place?.closest<HTMLElement>('[role="dialog"], aside') ?? null),
    [],
  )
  return (
    <Base.Root>
      <span hidden ref={findHome} />
      <Base.Trigger render={trigger} />
      <Base.Portal {...(home === null ? {} : { container: home })}>
        <Base.Positioner
          className={styles.place}
          align="end"
          sideOffset={4}
          collisionPadding={8}
          positionMethod="fixed"
        >
          <Base.Popup className={styles.menu}>{children}</Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  )
}

type ItemProps = {
  readonly icon: ReactNode
  readonly danger?: boolean
  readonly onChoose: () => void
  readonly children: ReactNode
}

export function MenuItem({ icon, danger, onChoose, children }: ItemProps) {
  return (
    <Base.Item className={cx(styles.item, danger && styles.danger)} onClick={onChoose}>
      {icon}
      {children}
    </Base.Item>
  )
}
