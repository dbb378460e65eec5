/**
 * Starts the worker that will check what a server sends, while the connection is made: it takes as long as connecting does, and
 * until it runs nothing of what has arrived is checked. It does not keep the process alive where no connection comes about.
 */
export function prepareCheck(): void {
  void import("../operations/archive-check/archive-check.ts").then(({ ArchiveCheck }) => ArchiveCheck.prepare());
}
