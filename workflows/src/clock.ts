/** The run's clock: the instant of its workflow task, so the same again on every replay. */
export const nowMs = (): number => Date.now();

export const now = (): string => new Date(nowMs()).toISOString();

/** Milliseconds of an instant that may be none; NaN compares false with everything, so an unreadable one is never due. */
export const msOf = (instant: string): number => Date.parse(instant);
