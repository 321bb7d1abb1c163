import { Menu as Base } from '@base-ui/react/menu'
import {
  createContext,
  type ReactElement,
  type ReactNode,
  useCallback,
  useContext,
  useEffect,
  useRef,
  useState,
} from 'react'
import { cx } from './cx.ts'
import styles from './Menu.module.css'

type Act = () => void

const ChoiceContext = createContext<(act: Act) => void>(act => act())

type MenuProps = { readonly trigger: ReactElement; readonly children: ReactNode }

/** A list of actions under its button. Always reached through a lazy chunk. */
export function Menu({ trigger, children }: MenuProps) {
  // Inside the part of the page that it belongs to, not beside all of them.
  const [home, setHome] = useState<HTMLElement | null>(null)
  const button = useRef<HTMLButtonElement>(null)
  useEffect(() => setHome(button.current?.closest<HTMLElement>('[role="dialog"], aside') ?? null), [])
  // What was chosen happens once the menu is gone and its button has the focus again: a dialog gives it back there.
  const chosen = useRef<Act | null>(null)
  const onClosed = (open: boolean) => {
    if (open) return
    const act = chosen.current
    chosen.current = null
    act?.()
  }
  const choose = useCallback((act: Act) => {
    chosen.current = act
  }, [])
  return (
    <Base.Root
      // Before the focused entry is gone: a dialog around it would take the focus for lost and to itself.
      onOpenChange={open => !open && button.current?.focus()}
      onOpenChangeComplete={onClosed}
    >
      <Base.Trigger ref={button} render={trigger} />
      <Base.Portal {...(home === null ? {} : { container: home })}>
        <Base.Positioner
          className={styles.place}
          align="end"
          sideOffset={4}
          collisionPadding={8}
          positionMethod="fixed"
        >
          <Base.Popup className={styles.menu}>
            <ChoiceContext value={choose}>{children}</ChoiceContext>
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  )
}

type ItemProps = {
  readonly icon: ReactNode
  readonly danger?: boolean
  readonly onChoose: Act
  readonly children: ReactNode
}

export function MenuItem({ icon, danger, onChoose, children }: ItemProps) {
  const choose = useContext(ChoiceContext)
  return (
    <Base.Item className={cx(styles.item, danger && styles.danger)} onClick={() => choose(onChoose)}>
      {icon}
      {children}
    </Base.Item>
  )
}
