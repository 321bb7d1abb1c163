import type { ComponentProps, ReactElement } from 'react'
import { Virtualizer } from 'virtua'

function ChatsList(props: ComponentProps<'ul'>) {
  return <ul {...props} aria-label="Chats" />
}

/** The list for hundreds of chats: only what is visible is in the document. */
export function LongChatList({ children }: { readonly children: ReactElement[] }) {
  return (
    <Virtualizer as={ChatsList} item="li" itemSize={66}>
      {children}
    </Virtualizer>
  )
}
