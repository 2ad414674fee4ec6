import type { ConversationView } from '@parley/contracts/conversation';

/** Slugs in events, names in the API. */
export const withTagNames = (view: ConversationView, tagName: (slug: string) => string): ConversationView => ({
  ...view,
  tags: view.tags.map(tagName),
});
