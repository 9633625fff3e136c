import Docker from "dockerode";
import { buildBusyboxImage } from "./busybox-image.ts";

/** The image of the demonstration and its removal, or why this machine cannot build it. */
export type DemoImage =
  | { readonly image: string; remove(): Promise<void> }
  | { readonly image: undefined; readonly why: string };

const name = "shoal-demo/busybox:1";

/** Builds the image of the demonstration's container if a Docker engine responds. Never throws. */
export async function prepareDemoImage(): Promise<DemoImage> {
  const docker = new Docker();
  try {
    await docker.ping();
  } catch (failure) {
    return {
      image: undefined,
      why: `no Docker engine answers (${failure instanceof Error ? failure.message : failure})`,
    };
  }
  try {
    const built = await buildBusyboxImage(docker, name);
    if (built.image === undefined) return built;
    return {
      image: built.image,
      remove: async () => {
        // Another process may use it, or may have removed it: then there is nothing to clean up.
        await docker
          .getImage(name)
          .remove({ force: true })
          .catch(() => undefined);
      },
    };
  } catch (failure) {
    return {
      image: undefined,
      why: `its image cannot be built: ${failure instanceof Error ? failure.message : failure}`,
    };
  }
}
