import type { EditReport } from "../../formats/edit/archive-edit.ts";
import { noted } from "../../formats/edit/obfuscator.ts";
import type { SubjectRule } from "../../formats/subjects/subject-map.ts";
import type { EditPlan } from "./edit-plan.ts";

/** What to know about an edited backup. `unnoted`: how often something was replaced that no key file tells. Sentences. Pure. */
export function editNotes(plan: EditPlan, report: EditReport, unnoted = 0): readonly string[] {
  const { config } = plan;
  const notes = [...plan.notes];
  for (const { name, reason } of report.droppedConsumers) notes.push(`consumer "${name}" is left out: ${reason}`);
  if (report.droppedPending > 0) {
    notes.push(
      `${report.droppedPending} messages that consumers had not acknowledged were dropped, and are waited for no more`,
    );
  }
  if (report.markersDropped > 0) {
    notes.push(
      `${report.markersDropped} markers of removed keys were dropped: older values of those keys are back, where they were kept`,
    );
  }
  if (unnoted > 0) {
    notes.push(
      `the key file holds the first ${noted.values} names and header values; of others, which were replaced as well, it cannot tell what they were`,
    );
  }
  if (report.messages === 0 && report.sourceMessages > 0)
    notes.push("no message is kept: it is the backup of an empty stream");
  const over = (limit: unknown, have: number): boolean => Number(limit ?? 0) > 0 && have > Number(limit);
  if (over(config.max_msgs, report.messages)) {
    notes.push(`max_msgs is ${config.max_msgs}: a restore discards the oldest of the ${report.messages} messages`);
  }
  if (over(config.max_bytes, report.bytes)) {
    notes.push(`max_bytes is ${config.max_bytes}: a restore discards the oldest messages until that is enough`);
  }
  const rules = plan.spec.subjectRules ?? [];
  if (rules.some(mayMerge) && Number(config.max_msgs_per_subject ?? 0) > 0) {
    notes.push(
      `max_msgs_per_subject is ${config.max_msgs_per_subject}: where several subjects have become one, a restore keeps no more of it`,
    );
  }
  const perSubject = plan.spec.newest?.count;
  if (perSubject !== undefined && over(config.max_msgs_per_subject, perSubject)) {
    notes.push(`max_msgs_per_subject is ${config.max_msgs_per_subject}: a restore keeps no more of each subject`);
  }
  return notes;
}

/** Whether a rule can give two subjects the same name: where it leaves out what a wildcard stands for. */
function mayMerge({ from, to }: SubjectRule): boolean {
  const wildcards = from.split(".").filter((token) => token === "*" || token === ">").length;
  const used = new Set(to.match(/\$\d+|\{\{[^}]*\}\}|(?:^|\.)>$/g) ?? []);
  return used.size < wildcards;
}
