/** Say how long something still takes: seconds, then minutes. */
export function timeLeft(seconds) {
  return seconds < 90 ? `about ${Math.round(seconds)} seconds to go` : `about ${Math.round(seconds / 60)} minutes to go`;
}
