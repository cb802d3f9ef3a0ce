/** Events that somebody must answer with a call; losing one hangs a turn. */
const ANSWERABLE_EVENTS: ReadonlySet<string> = new Set([
  "permission.requested",
  "external_tool.requested",
  "elicitation.requested",
  "command.execute",
  "user_input.requested",
  "exit_plan_mode.requested",
  "auto_mode_switch.requested",
  "mcp.oauth_required",
]);

/** Must somebody answer this event? */
export function isAnswerable(event: { type: string }): boolean {
  return ANSWERABLE_EVENTS.has(event.type);
}

/**
 * How much it would hurt to lose an event: 0 for deltas and progress, which a later event makes up for, 2 for the start
 * of a session and for events that somebody must answer, 1 for the rest.
 */
export function eventRank(event: { type: string; ephemeral?: boolean }): 0 | 1 | 2 {
  if (event.type === "session.start" || ANSWERABLE_EVENTS.has(event.type)) return 2;
  const isDisposable = /(_delta|_progress|\.progress|_partial_result)$/.test(event.type);
  return isDisposable ? 0 : 1;
}
