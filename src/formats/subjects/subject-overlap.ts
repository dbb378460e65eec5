/**
 * True when some subject could match both patterns. Tokens are compared one by one; `*` matches one token, `>` one or
 * more at the end. Source: nats-server `server/sublist.go` (`SubjectsCollide`).
 */
export function subjectsOverlap(a: string, b: string): boolean {
  const left = a.split(".");
  const right = b.split(".");
  for (let index = 0; ; index++) {
    const [one, other] = [left[index], right[index]];
    if (one === undefined || other === undefined) return one === other;
    if (one === ">" || other === ">") return true;
    if (one !== other && one !== "*" && other !== "*") return false;
  }
}
