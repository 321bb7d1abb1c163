import { Hidden } from './Hidden.tsx'

/** Password managers choose the entry by this field; people do not see it. */
export function HiddenUsername({ handle }: { readonly handle: string }) {
  return (
    <Hidden>
      <input
        type="text"
        name="username"
        autoComplete="username"
        value={handle}
        readOnly
        tabIndex={-1}
        aria-hidden="true"
      />
    </Hidden>
  )
}
