import {
  type Campaign,
  type Category,
  type ChannelAccount,
  CONFIGURATION,
  type ConfigurationKind,
  type Group,
  type Person,
  type Subcategory,
} from '@parley/contracts/configuration';
import type { Policy } from '@parley/contracts/policy';
import { tagSlug } from '@parley/contracts/tag';

export interface StoredValue {
  kind: string;
  key: string;
  value: unknown;
}

/** The configuration of one tenant at one moment; what does not read as its kind is as good as absent. */
export class Snapshot {
  readonly #campaigns: Map<string, Campaign>;
  readonly #groups: Map<string, Group>;
  readonly #people: Map<string, Person>;
  readonly #policies: Map<string, Policy>;
  readonly #categories: Map<string, Category>;
  readonly #subcategories: Map<string, Subcategory>;
  readonly #tagNames: Map<string, string>;

  constructor(
    stored: readonly StoredValue[],
    private readonly accounts: ReadonlyMap<string, ChannelAccount>,
  ) {
    const named = <T>(kind: ConfigurationKind, read: (value: unknown) => { success: boolean; data?: T }) =>
      new Map(
        stored
          .filter((row) => row.kind === kind && row.value !== null)
          .flatMap(({ key, value }): [string, T][] => {
            const { data } = read(value);
            return data === undefined ? [] : [[key, data]];
          }),
      );
    this.#campaigns = named('campaign', (value) => CONFIGURATION.campaign.strip().safeParse(value));
    this.#groups = named('group', (value) => CONFIGURATION.group.strip().safeParse(value));
    this.#people = named('person', (value) => CONFIGURATION.person.strip().safeParse(value));
    this.#policies = named('policy', (value) => CONFIGURATION.policy.strip().safeParse(value));
    this.#categories = named('category', (value) => CONFIGURATION.category.strip().safeParse(value));
    this.#subcategories = named('subcategory', (value) => CONFIGURATION.subcategory.strip().safeParse(value));
    const spots = named('spot-tag', (value) => CONFIGURATION['spot-tag'].strip().safeParse(value));
    const tags = named('tag', (value) => CONFIGURATION.tag.strip().safeParse(value));
    this.#tagNames = new Map([...spots.values(), ...tags.values()].map(({ id, name }) => [id, name]));
  }

  account = (id: string): ChannelAccount | undefined => this.accounts.get(id);
  campaign = (id: string): Campaign | undefined => this.#campaigns.get(id);
  policy = (name: string): Policy | undefined => this.#policies.get(name);
  get hasPolicies(): boolean {
    return this.#policies.size > 0;
  }

  group = (id: string): Group | undefined => this.#groups.get(id);
  groups = (): Group[] => [...this.#groups.values()];
  category = (id: string): Category | undefined => this.#categories.get(id);
  knowsTag = (slug: string): boolean => this.#tagNames.has(slug);

  /** Sub-categories are keyed by themselves or under their category; the id alone may stand in several. */
  subcategory(id: string, category: string | undefined): Subcategory | undefined {
    const named = [...this.#subcategories.values()].filter((one) => one.id === id);
    return named.find((one) => one.category === category) ?? named[0];
  }

  /** Tags stand as slugs in events and as names in the API. */
  tagName = (slug: string): string => this.#tagNames.get(slug) ?? slug;

  /** The slugs of tags whose name holds the text. */
  tagsLike(text: string): string[] {
    const part = tagSlug(text);
    return part === '' ? [] : [...this.#tagNames.keys()].filter((slug) => slug.includes(part));
  }

  isMember = (agentId: string, group: string): boolean => this.#groups.get(group)?.members.includes(agentId) === true;
  groupsOf = (agentId: string): string[] =>
    this.groups()
      .filter((group) => group.members.includes(agentId))
      .map(({ id }) => id);

  /** A member of some group, or administered as an agent. */
  isAgent = (id: string): boolean => this.groupsOf(id).length > 0 || this.#people.get(id)?.role === 'agent';

  /** Which campaigns these groups serve. */
  campaignsOf = (groups: readonly string[]): string[] =>
    [...this.#campaigns.values()]
      .filter((one) => one.groups.some((group) => groups.includes(group)))
      .map(({ id }) => id);
}
