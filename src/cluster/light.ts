/** A traffic light. "unknown" is a state of its own: what could not be seen is neither well nor broken. */
export type Light = "green" | "yellow" | "red" | "unknown";

const severity: Readonly<Record<Light, number>> = { green: 0, unknown: 1, yellow: 2, red: 3 };

export function worstLight(lights: readonly Light[]): Light {
  return lights.reduce((worst, light) => (severity[light] > severity[worst] ? light : worst), "green");
}

/** For sorting: what is worst comes first. */
export function byLight(a: Light, b: Light): number {
  return severity[b] - severity[a];
}
