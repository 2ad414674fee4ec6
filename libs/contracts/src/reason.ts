import { z } from 'zod';

/** Why a command was refused. The order is the order of checking (contract.md). */
export const REASON_CODES = [
  'FORBIDDEN_ROLE',
  'FORBIDDEN_SCOPE',
  'ERASED',
  'STALE_TARGET',
  'STALE_VERSION',
  'FEATURE_DISABLED',
  'NOT_ELIGIBLE_STATE',
  'CATEGORY_REQUIRED',
  'SUBCATEGORY_MISMATCH',
  'COMMENT_REQUIRED',
  'TARGET_UNAVAILABLE',
  'CAPACITY_FULL',
] as const;
export const ReasonCode = z.enum(REASON_CODES);
export type ReasonCode = z.infer<typeof ReasonCode>;
