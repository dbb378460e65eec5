import { Kernels } from "../../formats/kernels/kernels.ts";

/** Most archives need some 10 MiB; one that held a giant message leaves more. */
const keptBytes = 48 * 1024 * 1024;

let kept: Kernels | undefined;

/** Kernels for one task of a worker, in the memory of the last task's where that is not too large. One kind for each worker. */
export function taskKernels(options: { readonly shared?: boolean } = {}): Kernels {
  if (kept && kept.memoryBytes <= keptBytes) kept.reset();
  else kept = Kernels.create(options);
  return kept;
}
