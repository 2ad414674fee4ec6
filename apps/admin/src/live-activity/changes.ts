/** The stream of positions and the channel on which every replica hears that it moved; its payload is the tenant. */
export const LIVE_ACTIVITY = 'live_activity';
