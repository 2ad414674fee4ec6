/** Payload metadata of ours. The signature travels; the mark never leaves the process that verified. */
export const SIGNATURE = 'parley-signature';
export const VERIFIED_MARK = 'parley-verified';
