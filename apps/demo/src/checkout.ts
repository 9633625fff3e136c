import { fileURLToPath } from "node:url";
import { DemoFailure } from "./demo-failure.ts";

/** The absolute path of a file of the repository; the demo runs from a checkout only. */
export const checkoutPath = (path: string): string => fileURLToPath(new URL(`../../../${path}`, import.meta.url));

/** Calls a function of a file of the checkout outside all packages. */
export async function callCheckout(path: string, name: string): Promise<unknown> {
  const module: unknown = await import(new URL(`../../../${path}`, import.meta.url).href);
  const entry =
    typeof module === "object" && module !== null ? Object.entries(module).find(([key]) => key === name) : undefined;
  if (typeof entry?.[1] !== "function") throw new DemoFailure(`${path} has no ${name}`);
  return await entry[1]();
}
