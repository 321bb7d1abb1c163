/** How things stand when a seed begins: two people who never wrote, the same two in a conversation, or a group. */
export type Opening = 'strangers' | 'friends' | 'group'
