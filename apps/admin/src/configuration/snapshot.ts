import type {
  Campaign,
  Category,
  ChannelAccount,
  ConfigurationKind,
  Group,
  Subcategory,
} from '@parley/contracts/configuration';
import { CONFIGURATION } from '@parley/contracts/configuration';
import { tagSlug } from '@parley/contracts/tag';

export interface StoredValue {
  readonly kind: string;
  readonly key: string;
  readonly value?: object | null | undefined;
}

/** A sub-category's id may stand under several categories. */
export const subcategoryKey = (category: string, id: string): string => `${category}/${id}`;

/** The configuration of one tenant at one moment; what does not read as its kind is as good as absent. */
export class Snapshot {
  readonly #accounts: ReadonlyMap<string, ChannelAccount>;
  readonly #campaigns: ReadonlyMap<string, Campaign>;
  readonly #groups: ReadonlyMap<string, Group>;
  readonly #categories: ReadonlyMap<string, Category>;
  readonly #subcategories: ReadonlyMap<string, Subcategory>;
  readonly #tagNames: ReadonlyMap<string, string>;
  readonly #keys: ReadonlySet<string>;

  constructor(stored: readonly StoredValue[]) {
    const present = stored.filter(({ value }) => value !== null && value !== undefined);
    const read = <T>(kind: ConfigurationKind, parse: (value: unknown) => { data?: T | undefined }): Map<string, T> =>
      new Map(
        present
          .filter((row) => row.kind === kind)
          .flatMap(({ key, value }): [string, T][] => {
            const { data } = parse(value);
            return data === undefined ? [] : [[key, data]];
          }),
      );
    this.#accounts = read('channel-account', (value) => CONFIGURATION['channel-account'].strip().safeParse(value));
    this.#campaigns = read('campaign', (value) => CONFIGURATION.campaign.strip().safeParse(value));
    this.#groups = read('group', (value) => CONFIGURATION.group.strip().safeParse(value));
    this.#categories = read('category', (value) => CONFIGURATION.category.strip().safeParse(value));
    this.#subcategories = read('subcategory', (value) => CONFIGURATION.subcategory.strip().safeParse(value));
    const spots = read('spot-tag', (value) => CONFIGURATION['spot-tag'].strip().safeParse(value));
    const tags = read('tag', (value) => CONFIGURATION.tag.strip().safeParse(value));
    this.#tagNames = new Map([...spots.values(), ...tags.values()].map(({ id, name }) => [id, name]));
    this.#keys = new Set(present.map(({ kind, key }) => `${kind}/${key}`));
  }

  knows = (kind: ConfigurationKind, key: string): boolean => this.#keys.has(`${kind}/${key}`);
  campaign = (id: string): Campaign | undefined => this.#campaigns.get(id);
  campaigns = (): Campaign[] => [...this.#campaigns.values()];
  channelAccounts = (): ChannelAccount[] => [...this.#accounts.values()];
  category = (id: string): Category | undefined => this.#categories.get(id);

  /** Under this category, else under another: then it belongs elsewhere (D6). */
  subcategory(category: string, id: string): Subcategory | undefined {
    const here = this.#subcategories.get(subcategoryKey(category, id));
    return here ?? [...this.#subcategories.values()].find((one) => one.id === id);
  }

  /** Tags stand as slugs in events and as names in the API. */
  tagName = (slug: string): string => this.#tagNames.get(slug) ?? slug;

  /**
   * Another tag that people would take for the one of this name (B4: names are unique as slugs), as it is named. One that
   * keeps its name clashes with nobody: an agent's later tag is no reason to refuse its other fields.
   */
  tagLike(id: string, name: string): string | undefined {
    const slug = tagSlug(name);
    if (tagSlug(this.tagName(id)) === slug && this.#tagNames.has(id)) return undefined;
    const others = [...this.#tagNames].filter(([other]) => other !== id);
    return others.find(([other, itsName]) => other === slug || tagSlug(itsName) === slug)?.[1];
  }

  isMember = (agentId: string, group: string): boolean => this.#groups.get(group)?.members.includes(agentId) === true;
}
